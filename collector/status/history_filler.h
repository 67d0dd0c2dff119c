/*
 * history_filler -- fills a history backwards from what the spool knows, at the start, so that a restart does not empty the
 * charts: when events came from their rows, when they were shipped from their batches.
 *
 * The backlog of a past moment is computed from both, so events that were given up meanwhile count as if they still waited.
 * It costs some look-ups for each step, however large the spool is, and ends when its time is over.
 */
#ifndef COLLECTOR_STATUS_HISTORY_FILLER_H
#define COLLECTOR_STATUS_HISTORY_FILLER_H

#include "collector/status/history.h"
#include "common/db.h"

/*
 * `now` are the totals of the newest step, which has been added. What is not known stays so: before the oldest event that
 * is still in the spool, or once it is `due` (monotonic ms).
 *   RES_RETRY, RES_BROKEN   as common/db.h: the history is filled as far as it came
 */
MUST_CHECK enum result history_fill_from_spool(struct history *history, struct db *db,
                                               const struct history_totals *now, int64_t due,
                                               struct why *why);

#endif
