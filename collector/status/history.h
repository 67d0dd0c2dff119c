/*
 * history -- what happened in the last hour and in the last day, in steps, from running totals that are looked at now and
 * then. Pure: no clock, no I/O.
 *
 * A step is told by its end: the last totals that were seen in it. What happened in it is the difference to the end of the
 * step before; a step in which nobody looked is not known, and neither is the one after it. A clock that jumps ahead leaves
 * unknown steps, one that jumps back takes those away that have not happened yet.
 */
#ifndef COLLECTOR_STATUS_HISTORY_H
#define COLLECTOR_STATUS_HISTORY_H

#include <stdint.h>

#include "common/status/live.h"

#define HISTORY_CELLS (LIVE_DAY_POINTS + 1)

struct history_totals {
    int64_t received, shipped; /* events since some beginning; `shipped` -1: not known */
    int64_t backlog;           /* events that wait */
};

struct history_cell {
    int64_t step; /* its number: its end is (step + 1) * step_ms; 0: the cell is empty */
    struct history_totals end;
};

/* The newest `points` steps, the last of which is not over yet. */
struct history {
    int64_t step_ms;
    int64_t points;                           /* at most LIVE_DAY_POINTS */
    int64_t newest;                           /* the number of the newest step; 0: there is none */
    struct history_cell cells[HISTORY_CELLS]; /* of step n: n modulo HISTORY_CELLS */
};

void history_init(struct history *history, int64_t step_ms, int64_t points);

/* The totals at `at` (ms since 1970), which is now. */
void history_add(struct history *history, int64_t at, const struct history_totals *totals);

/*
 * The totals at the end of the step which is `back` (from 1 to `points`) before the newest one, for what happened before
 * the program was there to look. Does nothing where the step is known already, or before the first history_add().
 */
void history_fill(struct history *history, int64_t back, const struct history_totals *totals);

/* When that step ends, in ms since 1970. */
int64_t history_end_at(const struct history *history, int64_t back);

void history_copy(const struct history *history, struct live_series *series);

#endif
