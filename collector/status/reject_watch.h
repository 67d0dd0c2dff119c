/*
 * reject_watch -- raises and ends the problems `rejects_arriving` and `unknown_elements`, from what the spool has of
 * rejects: what it means is decided by arrivals.h.
 */
#ifndef COLLECTOR_STATUS_REJECT_WATCH_H
#define COLLECTOR_STATUS_REJECT_WATCH_H

#include "collector/status/arrivals.h"
#include "common/problems.h"
#include "common/why.h"

#define REJECT_WATCH_ROWS 1000 /* the newest rows that are looked at, however many came */

struct db; /* common/db.h */

struct reject_watch {          /* all zeros but for `problems` at first */
    struct problems *problems; /* borrowed */
    struct arrivals arrivals;
};

/*
 * To be called every second or so, once the collector has opened its spool. While nothing arrives, it reads the counters
 * alone. `now` is in ms since 1970.
 *   RES_RETRY   the spool cannot be read now: the problems stay as they are
 */
MUST_CHECK enum result reject_watch_update(struct reject_watch *watch, struct db *db, int64_t now,
                                           struct why *why);

#endif
