/* gatherer -- see gatherer.h. */
#include "collector/status/gatherer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/status/board.h"
#include "collector/status/history.h"
#include "collector/status/history_filler.h"
#include "collector/status/rates.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/log_place.h"
#include "common/status/gather.h"

#define FILL_MS   1000 /* for filling both histories, in all */
#define MINUTE_MS 60000

struct gatherer {
    const char *spool_path;
    struct board *board;
    bool has_filled;
    struct history hour, day;
    struct rates rates;
    struct board_facts facts; /* what the board has */
    struct status seen;       /* what is being gathered */
};

/* What the two programs say of themselves is in their lock files: it is there also while the spool cannot be read. */
static void renew_programs(struct status *status, const struct status *seen)
{
    struct status_program *const to[] = {&status->collector, &status->uploader};
    const struct status_program *const from[] = {&seen->collector, &seen->uploader};
    for (size_t i = 0; i < 2; i++) {
        struct status_program old = *to[i];
        *to[i] = *from[i];
        to[i]->started_at = old.started_at; /* this and the version are in the spool */
        memcpy(to[i]->version, old.version, sizeof old.version);
    }
    status->disk.free_bytes = seen->disk.free_bytes;
}

static int64_t measure_log(const char *spool_path)
{
    struct stat st;
    char path[PATH_MAX];
    return stat(log_place_path(spool_path, "-wal", path), &st) == 0 ? (int64_t)st.st_size : -1;
}

/* What was given up counts as neither shipped nor waiting. */
static struct history_totals totals_of(const struct status *s)
{
    return (struct history_totals){
        s->events_received, s->events_received - s->backlog_events - s->abandoned_events, s->backlog_events};
}

static void note_history(struct gatherer *g, struct db *db)
{
    struct why why = {0};
    struct history_totals totals = totals_of(&g->seen);
    int64_t due = clock_monotonic_ms() + FILL_MS;
    history_add(&g->hour, g->seen.now, &totals);
    history_add(&g->day, g->seen.now, &totals);
    if (!g->has_filled) {
        enum result res = history_fill_from_spool(&g->hour, db, &totals, due, &why);
        if (res == RES_OK) res = history_fill_from_spool(&g->day, db, &totals, due, &why);
        if (res != RES_OK)
            log_debug("the history of before the start is not complete", "why=%s", LOG_QUOTE(why.text));
        g->has_filled = true;
    }
    history_copy(&g->hour, &g->facts.hour);
    history_copy(&g->day, &g->facts.day);
}

static void keep(struct gatherer *g, struct db *db)
{
    int64_t now = clock_monotonic_ms();
    struct board_facts *facts = &g->facts;
    note_history(g, db);
    rates_add(&g->rates, &g->seen, now);
    rates_copy(&g->rates, &g->seen, now, facts->events_per_minute);
    facts->status = g->seen;
    facts->gathered_at = now;
    facts->wal_bytes = measure_log(g->spool_path);
}

/* Where no status is served, only whether the programs run is of interest: the rest would only take memory. */
static enum result look_at_programs(struct gatherer *g)
{
    struct why why = {0};
    (void)why_set(&why, RES_RETRY, "no status is served");
    status_gather_programs(&g->seen, g->spool_path, &why);
    return RES_OK;
}

enum result gatherer_look(struct gatherer *g, struct db *db, struct why *why)
{
    enum result res = RES_RETRY;
    if (!g->board) return look_at_programs(g);
    if (db)
        res = status_gather(&g->seen, db, g->spool_path, why);
    else
        status_gather_programs(&g->seen, g->spool_path, why);
    if (res == RES_OK)
        keep(g, db);
    else if (g->facts.gathered_at > 0)
        renew_programs(&g->facts.status, &g->seen);
    else
        g->facts.status = g->seen;
    board_post_facts(g->board, &g->facts);
    return db ? res : RES_OK;
}

const struct status *gatherer_status(const struct gatherer *g)
{
    return &g->seen;
}

struct gatherer *gatherer_new(const char *spool_path, struct board *board)
{
    struct gatherer *g = calloc(1, sizeof *g);
    if (!g) abort();
    g->spool_path = spool_path;
    g->board = board;
    g->facts.wal_bytes = -1;
    history_init(&g->hour, MINUTE_MS, LIVE_HOUR_POINTS);
    history_init(&g->day, 5 * MINUTE_MS, LIVE_DAY_POINTS);
    return g;
}

void gatherer_free(struct gatherer *g)
{
    free(g);
}
