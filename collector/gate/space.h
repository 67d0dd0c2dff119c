/*
 * space -- is there room to go on reading? A pure decision from sizes and settings, with hysteresis, and the look at
 * the disk.
 */
#ifndef COLLECTOR_GATE_SPACE_H
#define COLLECTOR_GATE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

#define SPACE_CEILING_MIN (16 << 20) /* the smallest SPOOL_MAX_SIZE: the write-ahead log alone may need it */

enum space {
    SPACE_OK,
    SPACE_NEAR_CEILING, /* half of what the spool may hold is used: what is shipped need not be kept */
    SPACE_LOW,          /* below twice the floor: a warning */
    SPACE_NO_DISK,      /* below the floor: do not read */
    SPACE_AT_CEILING,   /* the spool is as large as it may be: do not read */
};

struct space_rules {
    int64_t max_bytes;      /* SPOOL_MAX_SIZE; 0: no ceiling */
    int64_t min_free_bytes; /* SPOOL_MIN_FREE; 0: no floor, and no warning */
};

struct space_sizes { /* in bytes */
    int64_t used;    /* the spool's pages that hold something */
    int64_t unused;  /* its free pages: as good as free space */
    int64_t wal;     /* the write-ahead log's frames */
    int64_t free;    /* of the file system, for this user */
    int64_t owed;    /* free space that is spoken for: the reserve that is not in place */
};

/*
 * What holds now, where `before` held until now: to leave a state takes more room. For the disk that is an eighth of the
 * floor; near the ceiling an eighth, and at it a quarter of the ceiling, so that a pause ends with room to read into.
 */
enum space space_decide(enum space before, const struct space_sizes *sizes, const struct space_rules *rules);

/* The ceiling's part of it: is the spool, with its log, as large as it may be? */
bool space_is_at_ceiling(enum space before, const struct space_sizes *sizes, const struct space_rules *rules);

/*
 * The write-ahead log counts against the ceiling, so it may take a quarter of that: what is above is to be copied, for the
 * log to begin again.
 */
bool space_is_log_long(const struct space_sizes *sizes, const struct space_rules *rules);

/* Free space of the file system that holds `path`. RES_RETRY when it cannot be asked. */
MUST_CHECK enum result space_free_bytes(const char *path, int64_t *bytes, struct why *why);

#endif
