/*
 * in_place -- are the spool's files still where people and other programs look for them?
 *
 * What is written to a deleted file succeeds and is gone. Only a look at the path tells: stat(2) alone, never an open,
 * since closing any descriptor of a spool file would drop SQLite's locks.
 */
#ifndef COLLECTOR_SPOOL_IN_PLACE_H
#define COLLECTOR_SPOOL_IN_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/why.h"

struct place { /* one file, as it was when it was opened */
    const char *path;
    dev_t device;
    ino_t inode;
};

enum in_place {
    PLACE_OURS,
    PLACE_EMPTY,
    PLACE_NEW,   /* another file, with nothing in it yet */
    PLACE_TAKEN, /* another file */
};

/* `path` is borrowed. RES_BROKEN when there is no such file. */
MUST_CHECK enum result place_remember(struct place *place, const char *path, struct why *why);

/* Where it cannot be told (an I/O error) it counts as empty. */
enum in_place place_check(const struct place *place);

#endif
