/*
 * arrival -- finds events by the time at which they came: by bisection, as ids follow the order of arrival.
 */
#ifndef COMMON_STATUS_ARRIVAL_H
#define COMMON_STATUS_ARRIVAL_H

#include <stdbool.h>

#include "common/db.h"

struct arrival {
    bool is_there;
    int64_t id, received_at;
    int64_t bytes_before; /* of all events that came before it */
};

/* The first event at or after `id` that is still in the spool. `stmt` is that of sql_load_event_at, as below. */
MUST_CHECK enum result arrival_load(struct stmt *stmt, int64_t id, struct arrival *arrival, struct why *why);

/*
 * The lowest id from `low` to `high` from which on all events came at or after `at`: `high` is known to be such a one, or is
 * behind the last.
 */
MUST_CHECK enum result arrival_find(struct stmt *stmt, int64_t low, int64_t high, int64_t at, int64_t *first,
                                    struct why *why);

#endif
