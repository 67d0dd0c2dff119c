/*
 * dir -- a store that keeps objects as files `<directory>/<key>`: the trial mode.
 *
 * Each file is written under another name, synced, linked to its name without replacing anything, and the directory is
 * synced: a reader sees it whole or not at all, and so does the next start after a power cut. If the process dies
 * meanwhile, the next try overwrites what it has left.
 */
#ifndef UPLOADER_STORE_DIR_H
#define UPLOADER_STORE_DIR_H

#include "uploader/store/store.h"

/* `directory` is borrowed; it is created with the first object. */
struct store *dir_open(const char *directory);

#endif
