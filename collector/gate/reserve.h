/*
 * reserve -- a file of allocated space beside the spool (`<spool>-reserve`), given up when the disk is full: then what
 * has been read can still be committed, and the uploader can still note what it does and purge.
 */
#ifndef COLLECTOR_GATE_RESERVE_H
#define COLLECTOR_GATE_RESERVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

struct reserve {
    const char *spool_path; /* borrowed */
    char path[PATH_MAX];
    int64_t bytes;
    bool is_held;
    bool is_impossible;    /* this file system cannot allocate ahead: go on without */
    int64_t device, inode; /* of the file, while it is held */
};

/* Looks at what an earlier process has left. */
void reserve_init(struct reserve *reserve, const char *spool_path, int64_t bytes);

/*
 * Allocates it; does nothing where it is in place. Works on no file but its own.
 *   RES_RETRY    nothing is taken, try again: with a remedy, if something else than space is missing (what lies in its
 *                place can neither be used nor removed)
 *   RES_REFUSE   this file system cannot: `is_impossible` is set
 */
MUST_CHECK enum result reserve_make(struct reserve *reserve, struct why *why);

/*
 * Changes nothing: would reserve_make() find its place free?
 *   RES_RETRY    no, as above
 */
MUST_CHECK enum result reserve_check(const struct reserve *reserve, struct why *why);

/* Gives the space up, at once; needs none itself. */
void reserve_release(struct reserve *reserve);

/* Free space that is wanted for it and not taken yet. */
int64_t reserve_owed(const struct reserve *reserve);

#endif
