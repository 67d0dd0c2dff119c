/*
 * object_key -- the object's name, computed from the batch alone.
 *
 *   xml-events/20250729_161500-7f3a9c21d4-0000001001-0000005873.xml
 *
 * The parts are: prefix, perhaps a folder for the date, UTC time of sealing, the spool's ten hex digits, first and
 * last id in at least ten digits, -rN where an earlier object may hold some of these ids, extension (and .gz). So a
 * listing proves completeness: each first is the previous last + 1, and for each id the object with the highest N counts.
 * No two batches share a key.
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

/* What the settings say about keys; the text is borrowed. */
struct key_rules {
    const char *prefix; /* ends in a slash, and is at most OBJECT_KEY_PREFIX_MAX bytes long */
    enum date_folders folders;
};

/* Fills batch->object_key from its ids, identity, format, compression, sealed_at and repetition. */
void object_key_make(struct batch *batch, const struct key_rules *rules);

/*
 * Puts batch->repetition into the key that the batch has: -rN before the extension, in place of a -rN that is there; none
 * if it is 1. With 3, a/b-0000000005.xml.gz becomes a/b-0000000005-r3.xml.gz. False: the key would be too long, and is
 * as it was.
 */
bool object_key_renumber(struct batch *batch);

#endif
