/* writer -- see writer.h. */
#include "collector/writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/group.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/spool.h"

#define FIRST_PAUSE_MS 50
#define LAST_PAUSE_MS  1000
#define GAP_US         300 /* left between groups, so that the uploader's short transactions find a moment */

struct writer {
    pthread_t thread;
    struct spool_in *spool;
    struct intake *intake;
    struct checkpointer *checkpointer;
    _Atomic int64_t busy_since; /* monotonic ms; 0 while no try is going on */
    atomic_bool is_failing;
    int64_t give_up_at; /* monotonic ms; 0: no stop has met a failing disk */
    int64_t lost_events, lost_rejects;
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

static void tend_wal(struct writer *w)
{
    int64_t wal_bytes = spool_in_wal_bytes(w->spool);
    if (wal_bytes > SPOOL_WAL_FINISH_BYTES)
        spool_in_finish_checkpoint(w->spool);
    else if (wal_bytes > SPOOL_WAL_PASSIVE_BYTES)
        checkpointer_nudge(w->checkpointer);
}

static void *run(void *context)
{
    struct writer *w = context;
    struct group *group;
    while ((group = intake_take(w->intake))) {
        if (append_at_last(w, group) != RES_OK) {
            w->lost_events += (int64_t)group->event_count;
            w->lost_rejects += (int64_t)group->reject_count;
        }
        intake_done(w->intake, group);
        tend_wal(w);
        (void)nanosleep(&(struct timespec){.tv_nsec = GAP_US * 1000}, NULL);
    }
    return NULL;
}

enum result writer_start(struct writer **out, struct spool_in *spool, struct intake *intake,
                         struct checkpointer *checkpointer, struct why *why)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->spool = spool;
    w->intake = intake;
    w->checkpointer = checkpointer;
    *out = w;
    int code = pthread_create(&w->thread, NULL, run, w);
    if (code == 0) return RES_OK;
    free(w);
    *out = NULL;
    return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
}

enum result writer_join(struct writer *w, struct why *why)
{
    if (!w) return RES_OK;
    (void)pthread_join(w->thread, NULL);
    int64_t events = w->lost_events;
    int64_t rejects = w->lost_rejects;
    free(w);
    if (events + rejects == 0) return RES_OK;
    return why_set(why, RES_BROKEN,
                   "stopped while the disk refused: %" PRId64 " events and %" PRId64
                   " rejects that had been read could not be committed",
                   events, rejects);
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
