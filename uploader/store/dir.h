/*
 * dir -- a store that keeps objects as files `<directory>/<key>`: the trial mode.
 *
 * Each file is written aside (common/aside.h), synced, named without replacing anything, and the directory is synced: a
 * reader sees it whole or not at all, and so does the next start after a power cut. If the process is killed meanwhile,
 * nothing is left; or, where files must have a name, what is left is removed by the next look or put there.
 */
#ifndef UPLOADER_STORE_DIR_H
#define UPLOADER_STORE_DIR_H

#include "uploader/store/store.h"

/* `directory` is borrowed; it is created with the first object. */
struct store *dir_open(const char *directory);

#endif
