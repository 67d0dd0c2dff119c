/*
 * object_key -- the object's name, computed from the batch alone.
 *
 *   xml-events/20250729_161500-7f3a9c21d4-0000001001-0000005873.xml
 *
 * Prefix, UTC time of sealing, the spool's ten hex digits, first and last id in at least ten digits, extension. So a
 * listing proves completeness: each first is the previous last + 1. No two batches share a key.
 */
#ifndef UPLOADER_OBJECT_KEY_H
#define UPLOADER_OBJECT_KEY_H

#include "uploader/batch.h"

#define OBJECT_KEY_PREFIX_MAX 800

/* Fills batch->object_key from its ids, identity, format and sealed_at. `prefix` ends in a slash and is at most
 * OBJECT_KEY_PREFIX_MAX bytes long. */
void object_key_make(struct batch *batch, const char *prefix);

#endif
