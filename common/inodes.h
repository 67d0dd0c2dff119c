/*
 * inodes -- a file system may have no place for another file although it has free space: its inodes are used up. For the
 * system both are ENOSPC; for a person they are not.
 */
#ifndef COMMON_INODES_H
#define COMMON_INODES_H

#include <stdint.h>

#include "common/why.h"

#define INODES_REMEDY                                                                                        \
    "delete files on the disk of SPOOL_PATH (`df -i` counts them), or make its file system anew with more "  \
    "inodes"

/* How many files can be made beside `path`, which need not be there. INT64_MAX where that is not limited, or unknown. */
int64_t inodes_left(const char *path);

/* After ENOSPC for a file at `path`: if no inodes are left, adds that to `why` with its remedy. Returns `res`. */
enum result inodes_explain(const char *path, enum result res, struct why *why);

#endif
