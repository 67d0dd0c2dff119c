/* history_filler -- see history_filler.h. */
#include "collector/status/history_filler.h"

#include <stdbool.h>
#include <string.h>

#include "common/clock.h"
#include "common/sql.h"
#include "common/status/arrival.h"

#define BATCHES_MAX 10000 /* are read; before those, what was shipped is not known */

struct filler {
    struct history *history;
    const struct history_totals *now;
    int64_t due;
    struct stmt *event_at;                      /* load_event_at.sql */
    int64_t oldest_id;                          /* the first event that is still there; 0: there is none */
    int64_t shipped_after[LIVE_DAY_POINTS + 1]; /* events shipped after the end of the step so far back */
    int64_t shipped_known;                      /* up to how far back that is known */
};

/* ---- what was shipped ---- */

/* How many whole steps before the newest one lies `at`? 0: in the newest, or ahead. */
static int64_t steps_back(const struct history *h, int64_t at)
{
    int64_t back = h->newest - at / h->step_ms;
    return back > 0 ? back : 0;
}

/* The batches come newest first: what was shipped in one step is after the ends of all steps before it. */
static void sum_up(struct filler *f)
{
    for (int64_t back = 1; back <= f->history->points; back++)
        f->shipped_after[back] += f->shipped_after[back - 1];
    /* So far [n] has what was shipped in the steps 0 to n; after the end of step n there are those before it. */
    for (int64_t back = f->history->points; back > 0; back--)
        f->shipped_after[back] = f->shipped_after[back - 1];
    f->shipped_after[0] = 0;
}

static enum result load_shipped(struct filler *f, struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    int64_t count = 0;
    f->shipped_known = f->history->points;
    enum result res = stmt_prepare(&stmt, db, sql_load_shipped_times, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":from", history_end_at(f->history, f->history->points));
        stmt_set_int(stmt, ":most", BATCHES_MAX);
    }
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        int64_t back = steps_back(f->history, stmt_int(stmt, 0));
        if (back > f->history->points) continue;
        f->shipped_after[back] += stmt_int(stmt, 1);
        if (++count == BATCHES_MAX || clock_monotonic_ms() >= f->due) {
            f->shipped_known = back;
            break;
        }
    }
    stmt_free(stmt);
    sum_up(f);
    return res;
}

/* ---- what was received ---- */

/* What waited at a moment: what waits now, without what came later, with what was shipped later. */
static int64_t backlog_of(const struct filler *f, int64_t received, int64_t shipped_later)
{
    int64_t backlog = f->now->backlog - (f->now->received - received) + shipped_later;
    return backlog > 0 ? backlog : 0;
}

static void fill(const struct filler *f, int64_t back, int64_t received)
{
    bool is_known = back <= f->shipped_known;
    int64_t later = f->shipped_after[back];
    struct history_totals totals = {
        .received = received,
        .shipped = is_known && f->now->shipped >= later ? f->now->shipped - later : -1,
        .backlog = is_known ? backlog_of(f, received, later) : -1,
    };
    history_fill(f->history, back, &totals);
}

static enum result fill_all(struct filler *f, struct why *why)
{
    int64_t received = f->now->received;
    enum result res = RES_OK;
    for (int64_t back = 1; back <= f->history->points && clock_monotonic_ms() < f->due; back++) {
        int64_t first = 0; /* that came later */
        res = arrival_find(f->event_at, f->oldest_id, received + 1, history_end_at(f->history, back), &first,
                           why);
        if (res != RES_OK) break;
        received = first - 1;
        if (received < f->oldest_id && f->oldest_id > 1) break; /* the rows of then are gone */
        fill(f, back, received);
    }
    return res;
}

enum result history_fill_from_spool(struct history *history, struct db *db, const struct history_totals *now,
                                    int64_t due, struct why *why)
{
    struct filler f = {.history = history, .now = now, .due = due};
    struct arrival first = {.is_there = false};
    if (history->newest == 0) return RES_OK;
    enum result res = stmt_prepare(&f.event_at, db, sql_load_event_at, why);
    if (res == RES_OK) res = arrival_load(f.event_at, 1, &first, why);
    /* With all rows gone nothing is known but that nothing has come, where nothing ever has. */
    f.oldest_id = first.is_there ? first.id : now->received + 1;
    if (res == RES_OK) res = load_shipped(&f, db, why);
    if (res == RES_OK) res = fill_all(&f, why);
    stmt_free(f.event_at);
    return res;
}
