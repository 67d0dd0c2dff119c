/*
 * open -- opens the store that the options name.
 */
#ifndef UPLOADER_STORE_OPEN_H
#define UPLOADER_STORE_OPEN_H

#include "uploader/store/s3.h"

struct store_options {
    const char *directory; /* counts only if s3 names no bucket */
    struct s3_options s3;
};

/*
 * Copies the options, whose texts are borrowed, as are signals and lock. A long upload renews the lock's sign of life.
 *   RES_REFUSE   the options cannot work
 *   RES_RETRY    a file that they name cannot be read
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result store_open(struct store **store, const struct store_options *options,
                                  struct signals *signals, const struct lockfile *lock, struct why *why);

#endif
