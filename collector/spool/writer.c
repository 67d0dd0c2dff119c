/*
 * writer -- see writer.h. Between groups, and every now and then while nothing comes, it does all that needs the
 * writing connection: room on the disk, the write-ahead log, the cap of rejects, what commands request, the log line
 * about rejects, and memory that is no longer needed.
 */
#include "collector/spool/writer.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/intake/group.h"
#include "collector/spool/checkpointer.h"
#include "collector/spool/committer.h"
#include "collector/spool/opening.h"
#include "collector/spool/reject_cap.h"
#include "collector/spool/wal.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/thread.h"
#include "common/turn.h"

#define CALL_US        500  /* before a longer gap between groups ends, what has been read is asked for */
#define TICK_MS        2000 /* between two looks at room, log and schema while nothing comes */
#define REJECTS_LOG_MS 5000
#define SHRINK_MS      10000 /* of quiet, after which memory is given back */

struct writer {
    pthread_t thread;
    struct writer_parts parts;
    struct spool_in *spool;
    struct checkpointer *checkpointer;
    struct handlers *handlers;
    struct wal *wal; /* the spool's */
    struct space_keeper space;
    struct committer committer;
    struct collector_row row;
    struct turn turn;

    bool is_in_doubt;     /* at the end: the last commit, of whatever, failed by an I/O error */
    int64_t committed_at; /* monotonic ms; 0: memory has been given back since */
    int64_t rejects_logged_at;
    bool has_counted_rejects; /* what an earlier process has left, too */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bool is_open, is_closing, has_ended;
    enum result opened; /* RES_OK, or why the spool can never be used: `why` */
    struct why why;
};

/* ---- what the thread tells the others ---- */

static void set_flag(struct writer *w, bool *flag)
{
    (void)pthread_mutex_lock(&w->lock);
    *flag = true;
    (void)pthread_cond_broadcast(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
}

static bool wait_for_flag(struct writer *w, const bool *flag, int timeout_ms)
{
    struct timespec due;
    int code = clock_gettime(CLOCK_MONOTONIC, &due);
    assert(code == 0);
    int64_t ns = due.tv_nsec + (int64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000;
    due = (struct timespec){due.tv_sec + ns / 1000000000, ns % 1000000000};
    (void)pthread_mutex_lock(&w->lock);
    while (!*flag && !w->has_ended && pthread_cond_timedwait(&w->changed, &w->lock, &due) == 0) {
    }
    bool is_set = *flag;
    (void)pthread_mutex_unlock(&w->lock);
    return is_set;
}

/* ---- opening ---- */

/* The parts that need an open spool. */
static enum result open_parts(struct writer *w, struct why *why)
{
    const struct writer_parts *p = &w->parts;
    enum result res = collector_row_load(&w->row, w->spool, why);
    if (res == RES_OK) res = checkpointer_start(&w->checkpointer, p->spool_path, why);
    if (res != RES_OK) return res;
    w->handlers = handlers_new(w->spool, &p->handlers);
    w->wal = spool_in_wal(w->spool);
    wal_watch(w->wal, &(struct wal_parts){w->checkpointer, p->problems, p->spool_path});
    spool_in_cap_rejects(w->spool, p->rejects_max_bytes);
    return RES_OK;
}

/* False if the program has to end: at a stop, or because the spool can never be used. */
static bool start(struct writer *w)
{
    const struct writer_parts *p = &w->parts;
    struct opening opening = {
        .path = p->spool_path, .node = p->node, .sync = p->sync, .must_settle = p->must_settle};
    struct opening_surroundings around = {p->gate, p->intake, &w->space, &w->turn};
    struct why why = {0};
    enum result res = opening_wait(&opening, &around, &why);
    w->spool = w->committer.spool = opening.spool;
    if (res == RES_OK) res = open_parts(w, &why);
    while (res == RES_RETRY && !intake_wait_for_close(p->intake, OPENING_PAUSE_MS)) {
        opening_report(&opening, p->gate, &why);
        committer_check(&w->committer); /* the schema may have become too new a moment ago */
        why_clear(&why);
        res = open_parts(w, &why);
    }
    if (res == RES_OK) opening_end(&opening, p->gate);
    if (res == RES_OK || res == RES_RETRY) return res == RES_OK;
    w->opened = res;
    w->why = why;
    signals_raise_stop();
    return false;
}

/* ---- between groups ---- */

/* At the start the problem may have been there, and no reject need come to show it. */
static void check_rejects(struct writer *w)
{
    struct why why = {0};
    struct problems *problems = w->parts.problems;
    int64_t max = w->parts.rejects_max_bytes;
    int64_t bytes = 0;
    bool was_present = problems_is_present(problems, PROBLEM_REJECTS_CAPPED);
    bool may_be_present = was_present || (max > 0 && !w->has_counted_rejects);
    if (may_be_present && spool_in_unshipped_rejects(w->spool, &bytes, &why) != RES_OK) return;
    w->has_counted_rejects = true;
    if (reject_cap_holds(may_be_present, w->committer.has_capped, bytes, max))
        problems_raise(
            problems, PROBLEM_REJECTS_CAPPED,
            "unshipped rejects have reached REJECTS_MAX_SIZE, or half of SPOOL_MAX_SIZE: of new ones 4 KB, "
            "the length and a checksum "
            "are kept, and one row stands for all of a sender and reason",
            "see who sends them (view rejects), ship them (REJECTS_PREFIX), dismiss them, or raise the "
            "setting");
    else if (was_present)
        problems_end(problems, PROBLEM_REJECTS_CAPPED);
    w->committer.has_capped = false;
}

/* What needs the writing connection, between groups (`has_committed`) or in a quiet moment. */
static void maintain_spool(struct writer *w, bool has_committed)
{
    turn_begin(&w->turn, "maintenance");
    committer_check(&w->committer);
    wal_maintain(w->wal, has_committed);
    check_rejects(w);
    space_keeper_update(&w->space, has_committed);
    turn_end(&w->turn);
}

static void keep_row(struct writer *w)
{
    turn_begin(&w->turn, "maintenance");
    collector_row_update(&w->row, w->spool);
    turn_end(&w->turn);
}

static int tick_ms(const struct writer *w)
{
    if (disk_guard_is_paused(&w->space.guard)) return DISK_GUARD_TICK_MS;
    int wal_ms = wal_tick_ms(w->wal);
    return wal_ms > 0 ? wal_ms : TICK_MS;
}

static void give_memory_back(struct writer *w)
{
    intake_shrink(w->parts.intake);
    spool_in_shrink(w->spool);
    (void)malloc_trim(0); /* what the threads have freed goes back to the system */
    w->committed_at = 0;
}

/* What else is due now and then. Returns how many ms the next time may wait. */
static int work(struct writer *w)
{
    int wait_ms = tick_ms(w);
    turn_begin(&w->turn, "a command's request");
    if (!w->committer.is_disowned)
        wait_ms = handlers_poll(w->handlers); /* else the other collector does it */
    turn_end(&w->turn);
    int64_t now = clock_monotonic_ms();
    if (now - w->rejects_logged_at >= REJECTS_LOG_MS) {
        committer_log_rejects(&w->committer);
        w->rejects_logged_at = now;
    }
    if (w->committed_at != 0 && now - w->committed_at >= SHRINK_MS) give_memory_back(w);
    int until_tick_ms = tick_ms(w);
    return wait_ms < until_tick_ms ? wait_ms : until_tick_ms;
}

static void sleep_us(int us)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = us * 1000L}, NULL);
}

/* Between groups, for other writers; longer while readers make the log grow. What comes meanwhile is the next group. */
static void leave_gap(struct writer *w)
{
    int gap_us = wal_gap_us(w->wal);
    if (gap_us > 2 * CALL_US) {
        sleep_us(gap_us - CALL_US);
        intake_call(w->parts.intake);
        gap_us = CALL_US;
    }
    sleep_us(gap_us);
}

static void commit_all(struct writer *w)
{
    struct group *group = NULL;
    enum intake_step step = INTAKE_QUIET;
    int wait_ms = tick_ms(w);
    while ((step = intake_take(w->parts.intake, wait_ms, &group)) != INTAKE_END) {
        if (step == INTAKE_GROUP) {
            if (group->item_count > 0) w->committed_at = clock_monotonic_ms(); /* else nobody took memory */
            (void)committer_commit(&w->committer, group); /* it has counted what could not be kept */
            intake_done(w->parts.intake);
        }
        if (committer_is_stopping(&w->committer)) continue; /* all the time is for committing */
        maintain_spool(w, step == INTAKE_GROUP);
        keep_row(w);
        wait_ms = work(w);
        if (step == INTAKE_GROUP) leave_gap(w);
    }
    committer_log_rejects(&w->committer);
}

static void *run(void *context)
{
    struct writer *w = context;
    if (start(w)) {
        maintain_spool(w, false); /* where there is no room, reading is paused before it begins */
        gate_post(w->parts.gate, GATE_STARTING, false, NULL, NULL);
        set_flag(w, &w->is_open);
        keep_row(w); /* behind the flag: nobody waits for it */
        commit_all(w);
    }
    handlers_free(w->handlers);
    set_flag(w, &w->is_closing);
    checkpointer_stop(w->checkpointer);
    w->is_in_doubt = w->spool && spool_in_is_in_doubt(w->spool);
    spool_in_close(w->spool);
    set_flag(w, &w->has_ended);
    return NULL;
}

/* ---- for the other threads ---- */

static struct writer *writer_new(const struct writer_parts *parts)
{
    struct writer *w = calloc(1, sizeof *w);
    pthread_condattr_t monotonic;
    if (!w) abort();
    w->parts = *parts;
    w->row = (struct collector_row){.facts = parts->facts, .listening = parts->listening};
    w->space.guard = (struct disk_guard){.gate = parts->gate,
                                         .problems = parts->problems,
                                         .spool_path = parts->spool_path,
                                         .rules = parts->rules};
    space_keeper_init(&w->space, parts->in_flight_bytes);
    w->committer = (struct committer){.intake = parts->intake,
                                      .gate = parts->gate,
                                      .space = &w->space,
                                      .turn = &w->turn,
                                      .lock = parts->lock,
                                      .durations = parts->commits};
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return w;
}

static void writer_free(struct writer *w)
{
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

enum result writer_start(struct writer **out, const struct writer_parts *parts, struct why *why)
{
    struct writer *w = writer_new(parts);
    int code = thread_start(&w->thread, "writer", run, w);
    *out = code == 0 ? w : NULL;
    if (code == 0) return RES_OK;
    writer_free(w);
    return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
}

void writer_wait_until_open(struct writer *w, int timeout_ms)
{
    (void)wait_for_flag(w, &w->is_open, timeout_ms);
}

bool writer_is_open(struct writer *w)
{
    (void)pthread_mutex_lock(&w->lock);
    bool is_open = w->is_open;
    (void)pthread_mutex_unlock(&w->lock);
    return is_open;
}

void writer_set_stop(struct writer *w, int64_t due)
{
    committer_set_stop(&w->committer, due);
}

int64_t writer_lost_bytes(struct writer *w)
{
    return atomic_load(&w->committer.lost_bytes);
}

bool writer_has_ended(struct writer *w, int timeout_ms)
{
    return wait_for_flag(w, &w->has_ended, timeout_ms);
}

enum result writer_join(struct writer *w, struct writer_counts *counts, struct why *why)
{
    (void)pthread_join(w->thread, NULL);
    struct committer_counts kept = w->committer.kept;
    struct committer_counts lost = w->committer.lost;
    enum result opened = w->opened;
    *counts = (struct writer_counts){
        .events = kept.events,
        .rejects = kept.rejects,
        .has_opened = w->is_open,
        .is_clean = w->is_open && !w->is_in_doubt && lost.events + lost.rejects == 0,
    };
    if (opened != RES_OK) *why = w->why;
    writer_free(w);
    if (opened != RES_OK) return opened;
    if (lost.events + lost.rejects == 0) return RES_OK;
    return why_set(why, RES_BROKEN,
                   "%" PRId64 " events and %" PRId64 " rejects (%" PRId64
                   " bytes) that had been read could not be committed",
                   lost.events, lost.rejects, lost.bytes);
}

int64_t writer_watch(struct writer *w, const char **call)
{
    committer_watch(&w->committer);
    int64_t lasts_ms = turn_lasts(&w->turn, call);
    if (lasts_ms > 0 && strcmp(*call, COMMITTER_CALL) == 0) lasts_ms = 0;
    (void)pthread_mutex_lock(&w->lock);
    int64_t checkpoint_ms = w->is_open && !w->is_closing ? checkpointer_busy_ms(w->checkpointer) : 0;
    (void)pthread_mutex_unlock(&w->lock);
    if (checkpoint_ms > lasts_ms) *call = "a checkpoint";
    return checkpoint_ms > lasts_ms ? checkpoint_ms : lasts_ms;
}
