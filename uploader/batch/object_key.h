/*
 * object_key -- the object's name, computed from the batch alone.
 *
 *   xml-events/20250729_161500-7f3a9c21d4-0000001001-0000005873.xml
 *
 * The parts are: prefix, perhaps a folder for the date, UTC time of sealing, the spool's ten hex digits, first and
 * last id in at least ten digits, extension (and .gz). So a listing proves completeness: each first is the previous
 * last + 1. No two batches share a key.
 */
#ifndef UPLOADER_BATCH_OBJECT_KEY_H
#define UPLOADER_BATCH_OBJECT_KEY_H

#include "uploader/batch/batch.h"

#define OBJECT_KEY_PREFIX_MAX 800

enum date_folders {
    DATE_FOLDERS_FALSE,
    DATE_FOLDERS_TRUE, /* 2025/07/29/ */
    DATE_FOLDERS_HIVE, /* dt=2025-07-29/ */
};

/* Fills batch->object_key from its ids, identity, format, compression and sealed_at. `prefix` ends in a slash and is at
 * most OBJECT_KEY_PREFIX_MAX bytes long. */
void object_key_make(struct batch *batch, const char *prefix, enum date_folders folders);

/*
 * Makes a key for the same rows once more: with -rN before the extension, replacing a -rN that is there. With the
 * number 3, a/b-0000000005.xml.gz becomes a/b-0000000005-r3.xml.gz. False: the key would be too long.
 */
bool object_key_again(char out[BATCH_KEY_MAX + 1], const char *key, int number);

#endif
