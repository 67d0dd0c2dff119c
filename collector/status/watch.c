/* watch -- see watch.h. Its connection is closed where reading fails, and opened anew at the next look. */
#include "collector/status/watch.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/status/board.h"
#include "collector/status/gatherer.h"
#include "collector/status/reject_watch.h"
#include "collector/status/silent_senders.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/log_place.h"
#include "common/spool.h"
#include "common/status/witness.h"
#include "common/thread.h"

#define SENDERS_MS 2000 /* between two looks at the senders: the whole table is read */
#define STOP_S     1    /* for its end */

/* What only others can find of the uploader. */
static const enum problem_code witnessed[] = {PROBLEM_UPLOADER_ABSENT};

struct watch {
    struct watch_parts parts;
    struct db *db; /* NULL: not open */
    struct reject_watch rejects;
    struct silent_senders senders;
    struct gatherer *gatherer; /* NULL: no status is served */
    struct witness *witness;
    int64_t senders_due; /* monotonic ms */
    struct turn turn;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_stopping, has_ended; /* guarded by the lock */
};

/*
 * The writer has checked that it is a spool, and of which version. No look is worth a long wait for a lock. Where somebody
 * has deleted the writer's log, opening the spool would put an empty one into its place.
 */
static enum result open_spool(struct watch *w, struct why *why)
{
    struct stat st;
    char log_path[PATH_MAX];
    if (stat(log_place_path(w->parts.spool_path, "-wal", log_path), &st) != 0)
        return why_set(why, RES_RETRY, "the spool's write-ahead log is not in its place");
    enum result res = db_open(&w->db, w->parts.spool_path, SPOOL_LOOK_BUSY_MS, why);
    return res == RES_OK ? db_exec(w->db, "PRAGMA cache_size = -64", why) : res;
}

static enum result find_problems(struct watch *w, int64_t now, struct why *why)
{
    enum result res = reject_watch_update(&w->rejects, w->db, clock_now_ms(), why);
    if (res != RES_OK || now < w->senders_due) return res;
    w->senders_due = now + SENDERS_MS;
    return silent_senders_update(&w->senders, w->db, clock_now_ms(), why);
}

/* Where no status is served, its memory is not kept between two looks. */
static enum result gather(struct watch *w, struct why *why)
{
    struct gatherer *gatherer = w->gatherer ? w->gatherer : gatherer_new(w->parts.spool_path, NULL);
    enum result res = gatherer_look(gatherer, w->db, why);
    witness_update(w->witness, gatherer_status(gatherer));
    if (gatherer != w->gatherer) gatherer_free(gatherer);
    return res;
}

static enum result look(struct watch *w, struct why *why)
{
    int64_t now = clock_monotonic_ms();
    enum result res = RES_OK;
    if (!w->parts.is_spool_open(w->parts.context))
        (void)why_set(why, RES_RETRY, "the collector has not opened the spool yet");
    else if (!w->db)
        res = open_spool(w, why);
    if (res == RES_OK && w->db) res = find_problems(w, now, why);
    enum result gathered = gather(w, why);
    return res == RES_OK ? gathered : res;
}

static void look_once(struct watch *w)
{
    struct why why = {0};
    turn_begin(&w->turn, "a look into the spool");
    if (look(w, &why) != RES_OK) {
        log_debug("cannot look into the spool now", "why=%s", LOG_QUOTE(why.text));
        db_close(w->db);
        w->db = NULL;
    }
    turn_end(&w->turn);
}

/* An idle collector is woken seldom; before the spool is open, soon again. */
static int64_t step_ms(const struct watch *w)
{
    bool is_asked = w->parts.board && board_is_asked(w->parts.board);
    return is_asked || !w->db ? BOARD_STEP_MS : BOARD_QUIET_MS;
}

/* Sleeps until the next look is due; false at the end. */
static bool wait_for_next(struct watch *w)
{
    struct timespec due;
    int code = clock_gettime(CLOCK_MONOTONIC, &due);
    assert(code == 0);
    due.tv_sec += step_ms(w) / 1000;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->is_stopping && pthread_cond_timedwait(&w->changed, &w->lock, &due) == 0) {
    }
    bool goes_on = !w->is_stopping;
    (void)pthread_mutex_unlock(&w->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct watch *w = context;
    do look_once(w);
    while (wait_for_next(w));
    db_close(w->db);
    (void)pthread_mutex_lock(&w->lock);
    w->has_ended = true;
    (void)pthread_cond_broadcast(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void watch_free(struct watch *w)
{
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    gatherer_free(w->gatherer);
    witness_free(w->witness);
    free(w);
}

enum result watch_start(struct watch **out, const struct watch_parts *parts, struct why *why)
{
    pthread_condattr_t monotonic;
    struct watch *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->parts = *parts;
    if (parts->board) w->gatherer = gatherer_new(parts->spool_path, parts->board);
    w->witness = witness_new(witnessed, sizeof witnessed / sizeof *witnessed);
    w->rejects.problems = parts->problems;
    w->senders = (struct silent_senders){parts->silence_ms, parts->listening, parts->problems};
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    int code = thread_start(&w->thread, "watch", run, w);
    *out = code == 0 ? w : NULL;
    if (code == 0) return RES_OK;
    watch_free(w);
    return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
}

static bool wait_for_end(struct watch *w)
{
    struct timespec due;
    if (clock_gettime(CLOCK_MONOTONIC, &due) != 0) abort();
    due.tv_sec += STOP_S;
    (void)pthread_mutex_lock(&w->lock);
    w->is_stopping = true;
    (void)pthread_cond_broadcast(&w->changed);
    while (!w->has_ended && pthread_cond_timedwait(&w->changed, &w->lock, &due) == 0) {
    }
    bool has_ended = w->has_ended;
    (void)pthread_mutex_unlock(&w->lock);
    return has_ended;
}

bool watch_stop(struct watch *w)
{
    if (!w) return true;
    if (!wait_for_end(w)) {
        log_warn("the watching thread could not be ended in time", "remedy=%s",
                 LOG_QUOTE("check the disk of SPOOL_PATH: it does not answer"));
        (void)pthread_detach(w->thread);
        return false;
    }
    (void)pthread_join(w->thread, NULL);
    watch_free(w);
    return true;
}

int64_t watch_busy_ms(struct watch *w, const char **call)
{
    return turn_lasts(&w->turn, call);
}
