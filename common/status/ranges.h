/*
 * ranges -- the rows that are not in the bucket, as ranges of ids: what the status document under STATUS_PREFIX adds, so
 * that whoever holds the objects can tell what is late from what is missing.
 */
#ifndef COMMON_STATUS_RANGES_H
#define COMMON_STATUS_RANGES_H

#include "common/status/status.h"

#define STATUS_RANGES_MAX 1000 /* of each list */

struct status_range {
    char kind[8];
    char state[12]; /* pending (in no batch yet), sealed, blocked, abandoned */
    int64_t first_id, last_id;
    char key[STATUS_KEY_SIZE]; /* of the object that they will be; "": none yet */
    int64_t since;             /* when the state began; of pending rows when the oldest was received */
};

struct status_range_list {
    struct status_range list[STATUS_RANGES_MAX];
    size_t count;
    bool is_cut; /* there are more */
};

struct status_ranges {
    struct status_range_list open, abandoned; /* those of events first, each in the order of ids */
};

#endif
