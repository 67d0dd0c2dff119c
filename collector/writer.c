/*
 * writer -- see writer.h. Between groups, and every now and then while nothing comes, it tends what needs the writing
 * connection: the write-ahead log, the log line about rejects, memory that is no longer needed.
 */
#include "collector/writer.h"

#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/group.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/spool.h"

#define FIRST_PAUSE_MS 50
#define LAST_PAUSE_MS  1000
#define GAP_US         300 /* left between groups, so that the uploader's short transactions find a moment */
#define TICK_MS        2000
#define REJECTS_LOG_MS 5000
#define SHRINK_MS      10000 /* of quiet, after which memory is given back */

struct writer {
    pthread_t thread;
    struct spool_in *spool;
    struct intake *intake;
    struct checkpointer *checkpointer;
    struct requests *requests;
    _Atomic int64_t busy_since; /* monotonic ms; 0 while no try is going on */
    atomic_bool is_failing;
    int64_t give_up_at;   /* monotonic ms; 0: no stop has met a failing disk */
    int64_t committed_at; /* monotonic ms; 0: memory has been given back since */
    int64_t rejects_logged_at;
    struct writer_counts kept, lost;
    uint64_t unlogged[REJECT_REASON_COUNT]; /* rejects that no log line has told of yet */
};

static enum result try_append(struct writer *w, struct group *group, struct why *why)
{
    atomic_store(&w->busy_since, clock_monotonic_ms());
    enum result res = spool_append(w->spool, group, why);
    atomic_store(&w->busy_since, 0);
    atomic_store(&w->is_failing, res != RES_OK);
    return res;
}

/* At a stop: has the disk refused for long enough? All groups that are left share the time. */
static bool gives_up(struct writer *w)
{
    int64_t now = clock_monotonic_ms();
    if (w->give_up_at == 0) w->give_up_at = now + WRITER_GIVE_UP_MS;
    return now >= w->give_up_at;
}

/* Tries until the group is durable, or until a stop has waited long enough. */
static enum result append_at_last(struct writer *w, struct group *group)
{
    struct why why = {0};
    int pause_ms = FIRST_PAUSE_MS;
    int64_t failing_since = clock_monotonic_ms();

    if (w->give_up_at != 0 && gives_up(w)) return RES_RETRY;
    enum result res = try_append(w, group, &why);
    if (res != RES_OK)
        log_error("cannot commit; reading stops until it works", "why=%s remedy=%s", LOG_QUOTE(why.text),
                  LOG_QUOTE(*why.remedy ? why.remedy
                                        : "close the program that holds the spool, if it does not end"));
    while (res != RES_OK) {
        bool is_closing = intake_wait_for_close(w->intake, pause_ms);
        if (is_closing && gives_up(w)) return res;
        if (is_closing) (void)nanosleep(&(struct timespec){.tv_nsec = FIRST_PAUSE_MS * 1000000L}, NULL);
        pause_ms = pause_ms * 2 < LAST_PAUSE_MS ? pause_ms * 2 : LAST_PAUSE_MS;
        res = try_append(w, group, &why);
        if (res == RES_OK)
            log_info("commits work again", "after_ms=%" PRId64, clock_monotonic_ms() - failing_since);
    }
    return res;
}

static void count(struct writer *w, const struct group *group, bool is_kept)
{
    struct writer_counts *counts = is_kept ? &w->kept : &w->lost;
    for (; group; group = group->next) {
        counts->events += (int64_t)group->event_count;
        counts->rejects += (int64_t)group->reject_count;
        for (size_t i = 0; i < group->reject_count; i++) w->unlogged[group->rejects[i].reason]++;
    }
}

static void commit(struct writer *w, struct group *group)
{
    bool is_kept = append_at_last(w, group) == RES_OK;
    count(w, group, is_kept);
    intake_done(w->intake);
    w->committed_at = clock_monotonic_ms();
}

/* One line for all rejects since the last one. */
static void log_rejects(struct writer *w)
{
    struct buf fields = BUF_EMPTY;
    for (int i = 0; i < REJECT_REASON_COUNT; i++) {
        if (w->unlogged[i] == 0) continue;
        buf_append_format(&fields, "%s%s=%" PRIu64, fields.len > 0 ? " " : "",
                          reject_reason_name((enum reject_reason)i), w->unlogged[i]);
        w->unlogged[i] = 0;
    }
    if (fields.len > 0) log_warn("rejects arrived", "%.*s", (int)fields.len, fields.data);
    buf_fini(&fields);
}

static void tend_wal(struct writer *w)
{
    int64_t wal_bytes = spool_in_wal_bytes(w->spool);
    if (wal_bytes > SPOOL_WAL_FINISH_BYTES)
        spool_in_finish_checkpoint(w->spool);
    else if (wal_bytes > SPOOL_WAL_PASSIVE_BYTES)
        checkpointer_nudge(w->checkpointer);
}

/* What is due now and then. Returns how many ms the next time may wait. */
static int tend(struct writer *w)
{
    int wait_ms = requests_tend(w->requests);
    int64_t now = clock_monotonic_ms();
    if (now - w->rejects_logged_at >= REJECTS_LOG_MS) {
        log_rejects(w);
        w->rejects_logged_at = now;
    }
    if (w->committed_at != 0 && now - w->committed_at >= SHRINK_MS) {
        intake_shrink(w->intake);
        spool_in_shrink(w->spool);
        (void)malloc_trim(0); /* what the threads have freed goes back to the system */
        w->committed_at = 0;
    }
    return wait_ms < TICK_MS ? wait_ms : TICK_MS;
}

static void *run(void *context)
{
    struct writer *w = context;
    struct group *group = NULL;
    enum intake_step step = INTAKE_QUIET;
    int wait_ms = TICK_MS;
    while ((step = intake_take(w->intake, wait_ms, &group)) != INTAKE_END) {
        if (step == INTAKE_GROUP) {
            commit(w, group);
            tend_wal(w);
            (void)nanosleep(&(struct timespec){.tv_nsec = GAP_US * 1000}, NULL);
        }
        wait_ms = tend(w);
    }
    log_rejects(w);
    return NULL;
}

enum result writer_start(struct writer **out, struct spool_in *spool, struct intake *intake,
                         struct checkpointer *checkpointer, struct requests *requests, struct why *why)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->spool = spool;
    w->intake = intake;
    w->checkpointer = checkpointer;
    w->requests = requests;
    *out = w;
    int code = pthread_create(&w->thread, NULL, run, w);
    if (code == 0) return RES_OK;
    free(w);
    *out = NULL;
    return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
}

enum result writer_join(struct writer *w, struct writer_counts *counts, struct why *why)
{
    (void)pthread_join(w->thread, NULL);
    struct writer_counts lost = w->lost;
    *counts = w->kept;
    free(w);
    if (lost.events + lost.rejects == 0) return RES_OK;
    return why_set(why, RES_BROKEN,
                   "stopped while the disk refused: %" PRId64 " events and %" PRId64
                   " rejects that had been read could not be committed",
                   lost.events, lost.rejects);
}

bool writer_is_failing(struct writer *w)
{
    return atomic_load(&w->is_failing);
}

bool writer_is_turning(struct writer *w, int64_t limit_ms)
{
    int64_t since = atomic_load(&w->busy_since);
    return since == 0 || clock_monotonic_ms() - since < limit_ms;
}
