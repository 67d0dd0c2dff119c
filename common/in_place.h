/*
 * in_place -- checks that the spool's open files are still the files at their paths.
 *
 * Writing to a deleted file succeeds, but nobody will find the data. Only the path shows that: it is checked by
 * stat(2), never by open(2), because closing any descriptor of a spool file would drop SQLite's locks.
 */
#ifndef COMMON_IN_PLACE_H
#define COMMON_IN_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/why.h"

struct place { /* one file, as it was when it was opened */
    const char *path;
    dev_t device;
    ino_t inode;
};

enum in_place {
    PLACE_OURS,  /* the same file */
    PLACE_EMPTY, /* no file, or it cannot be checked (an I/O error) */
    PLACE_NEW,   /* another file, which is empty */
    PLACE_TAKEN, /* another file with content */
};

/* Remembers the file at `path`, which is borrowed. RES_BROKEN if there is none. */
MUST_CHECK enum result place_remember(struct place *place, const char *path, struct why *why);

/* What is at the path now. */
enum in_place place_check(const struct place *place);

#endif
