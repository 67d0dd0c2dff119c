/* watcher -- see watcher.h. */
#include "collector/status/watcher.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/status/board.h"
#include "collector/status/history.h"
#include "collector/status/history_filler.h"
#include "collector/status/rates.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/spool.h"
#include "common/status/gather.h"
#include "common/turn.h"

#define OPENING_MS 200   /* a step, until the spool is open */
#define STOP_S     1     /* for its end */
#define FILL_MS    1000  /* for filling both histories, in all */
#define CACHE_KIB  "256" /* of the connection's pages */
#define MINUTE_MS  60000
#define CALL_LOOKS "the watcher of the status, reading the spool"

struct watcher {
    char *spool_path;
    struct board *board;
    pthread_t thread;
    struct turn turn;
    struct db *db; /* NULL: not open now */
    bool has_filled;
    struct history hour, day;
    struct rates rates;
    struct board_facts facts; /* what the board has */
    struct status seen;       /* what is being gathered */

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    bool has_ended;
};

/* ---- looking ---- */

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
    int len = snprintf(path, sizeof path, "%s-wal", spool_path);
    if (len >= (int)sizeof path || stat(path, &st) != 0) return -1;
    return (int64_t)st.st_size;
}

/* What was given up counts as neither shipped nor waiting. */
static struct history_totals totals_of(const struct status *s)
{
    return (struct history_totals){
        s->events_received, s->events_received - s->backlog_events - s->abandoned_events, s->backlog_events};
}

static void note_history(struct watcher *w)
{
    struct why why = {0};
    struct history_totals totals = totals_of(&w->seen);
    int64_t due = clock_monotonic_ms() + FILL_MS;
    history_add(&w->hour, w->seen.now, &totals);
    history_add(&w->day, w->seen.now, &totals);
    if (!w->has_filled) {
        enum result res = history_fill_from_spool(&w->hour, w->db, &totals, due, &why);
        if (res == RES_OK) res = history_fill_from_spool(&w->day, w->db, &totals, due, &why);
        if (res != RES_OK)
            log_debug("the history of before the start is not complete", "why=%s", LOG_QUOTE(why.text));
        w->has_filled = true;
    }
    history_copy(&w->hour, &w->facts.hour);
    history_copy(&w->day, &w->facts.day);
}

static void keep(struct watcher *w)
{
    int64_t now = clock_monotonic_ms();
    struct board_facts *facts = &w->facts;
    note_history(w);
    rates_add(&w->rates, &w->seen, now);
    rates_copy(&w->rates, &w->seen, now, facts->events_per_minute);
    facts->status = w->seen;
    facts->gathered_at = now;
    facts->wal_bytes = measure_log(w->spool_path);
}

/* What is read is little, and much the same each time. */
static void open_spool(struct watcher *w, struct why *why)
{
    enum result res = spool_open(&w->db, w->spool_path, why);
    if (res == RES_OK) res = db_exec(w->db, "PRAGMA cache_size = -" CACHE_KIB, why);
    if (res != RES_OK) log_debug("the status cannot open the spool now", "why=%s", LOG_QUOTE(why->text));
}

static void look(struct watcher *w, bool has_opened)
{
    struct why why = {0};
    enum result res = RES_RETRY;
    if (!has_opened)
        (void)why_set(&why, RES_RETRY, "the collector has not opened the spool yet");
    else if (!w->db)
        open_spool(w, &why);
    if (w->db)
        res = status_gather(&w->seen, w->db, w->spool_path, &why);
    else
        status_gather_programs(&w->seen, w->spool_path, &why);
    if (res == RES_OK) {
        keep(w);
        return;
    }
    if (w->db) log_debug("the status cannot read the spool now", "why=%s", LOG_QUOTE(why.text));
    db_close(w->db);
    w->db = NULL;
    if (w->facts.gathered_at > 0)
        renew_programs(&w->facts.status, &w->seen);
    else
        w->facts.status = w->seen;
}

/* ---- the thread ---- */

/* How long until the next look. */
static int64_t step_ms(const struct watcher *w, bool has_opened)
{
    if (!has_opened) return OPENING_MS;
    return board_is_asked(w->board) ? BOARD_STEP_MS : BOARD_QUIET_MS;
}

static void *run(void *context)
{
    struct watcher *w = context;
    struct board_loop *loop = calloc(1, sizeof *loop);
    if (!loop) abort();
    do {
        board_copy_loop(w->board, loop);
        turn_begin(&w->turn, CALL_LOOKS);
        look(w, loop->has_opened);
        turn_end(&w->turn);
        board_post_facts(w->board, &w->facts);
    } while (board_wait(w->board, step_ms(w, loop->has_opened)));
    free(loop);
    db_close(w->db);
    (void)pthread_mutex_lock(&w->lock);
    w->has_ended = true;
    (void)pthread_cond_broadcast(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void watcher_free(struct watcher *w)
{
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    free(w->spool_path);
    free(w);
}

enum result watcher_start(struct watcher **out, const char *spool_path, struct board *board, struct why *why)
{
    struct watcher *w = calloc(1, sizeof *w);
    pthread_condattr_t monotonic;
    if (!w || !(w->spool_path = strdup(spool_path))) abort();
    w->board = board;
    w->facts.wal_bytes = -1;
    history_init(&w->hour, MINUTE_MS, LIVE_HOUR_POINTS);
    history_init(&w->day, 5 * MINUTE_MS, LIVE_DAY_POINTS);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    int code = pthread_create(&w->thread, NULL, run, w);
    *out = code == 0 ? w : NULL;
    if (code == 0) (void)pthread_setname_np(w->thread, "status-watcher"); /* for people: top -H */
    if (code == 0) return RES_OK;
    watcher_free(w);
    return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
}

static bool wait_for_end(struct watcher *w)
{
    struct timespec due;
    if (clock_gettime(CLOCK_MONOTONIC, &due) != 0) abort();
    due.tv_sec += STOP_S;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->has_ended && pthread_cond_timedwait(&w->changed, &w->lock, &due) == 0) {
    }
    bool has_ended = w->has_ended;
    (void)pthread_mutex_unlock(&w->lock);
    return has_ended;
}

bool watcher_stop(struct watcher *w)
{
    if (!w) return true;
    board_stop(w->board);
    if (!wait_for_end(w)) {
        (void)pthread_detach(w->thread);
        return false;
    }
    (void)pthread_join(w->thread, NULL);
    watcher_free(w);
    return true;
}

int64_t watcher_busy_ms(struct watcher *w, const char **call)
{
    return turn_lasts(&w->turn, call);
}
