/*
 * directories -- makes directories and names durable: what is in them can be found after a power cut.
 */
#ifndef UPLOADER_STORE_DIRECTORIES_H
#define UPLOADER_STORE_DIRECTORIES_H

#include <stdbool.h>

/*
 * As mkdir -p for a path that ends in a slash. The names of directories that are made are durable then. So are those that
 * were there already, which a process that was killed may have made; but for those in a directory that may be passed and
 * not listed (mode 0711): others have made them. `was_synced`: not again.
 * False, with errno.
 */
bool directories_make(const char *path, bool was_synced);

/* Makes the name of `inside` durable, which this process has made or read in `directory`. False, with errno. */
bool directories_sync(const char *directory, const char *inside);

#endif
