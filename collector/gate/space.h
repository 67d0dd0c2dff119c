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
    SPACE_LOW,        /* below twice the floor: a warning */
    SPACE_NO_DISK,    /* below the floor: do not read */
    SPACE_AT_CEILING, /* the spool is as large as it may be: do not read */
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
 * What holds now, where `before` held until now: to leave a state takes an eighth (the ceiling: a sixteenth) more room.
 */
enum space space_decide(enum space before, const struct space_sizes *sizes, const struct space_rules *rules);

/* Free space of the file system that holds `path`. RES_RETRY when it cannot be asked. */
MUST_CHECK enum result space_free_bytes(const char *path, int64_t *bytes, struct why *why);

#endif
