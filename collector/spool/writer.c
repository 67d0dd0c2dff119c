/*
 * writer -- see writer.h. Between groups, and every now and then while nothing comes, it does all that needs the
 * writing connection: the disk guard, the write-ahead log, the cap of rejects, the log line about them, and memory that
 * is no longer needed.
 */
#include "collector/spool/writer.h"

#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/intake/group.h"
#include "collector/spool/disk_guard.h"
#include "collector/spool/wal.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/signals.h"

#define FIRST_PAUSE_MS 50
#define LAST_PAUSE_MS  500
#define CALL_US        500 /* before a longer gap ends, what has been read is asked for */
#define TICK_MS        2000
#define WAL_TICK_MS    1000 /* while a part of the log waits to be emptied */
#define REJECTS_LOG_MS 5000
#define SHRINK_MS      10000 /* of quiet, after which memory is given back */

struct writer {
    pthread_t thread;
    struct spool_in *spool;
    struct intake *intake;
    struct handlers *handlers;
    struct problems *problems;
    struct wal *wal;
    struct disk_guard guard;
    int64_t rejects_max_bytes;
    _Atomic int64_t busy_since; /* monotonic ms; 0 while no try is going on */
    int64_t give_up_at;         /* monotonic ms; 0: no stop has met a failing disk */
    int64_t committed_at;       /* monotonic ms; 0: memory has been given back since */
    int64_t rejects_logged_at;
    struct writer_counts kept, lost;
    struct why stop; /* why the program must end: a newer one has taken the spool over */
    uint64_t unlogged[REJECT_REASON_COUNT]; /* rejects since the last log line about them */
};

/* ---- committing ---- */

static enum result try_once(struct writer *w, struct group *group, struct why *why)
{
    atomic_store(&w->busy_since, clock_monotonic_ms());
    enum result res = spool_append(w->spool, group, why);
    atomic_store(&w->busy_since, 0);
    return res;
}

/* Once more where the disk is full and the reserve can be given up. */
static enum result try_append(struct writer *w, struct group *group, struct why *why)
{
    why_clear(why);
    enum result res = try_once(w, group, why);
    if (res != RES_OK && disk_guard_release_reserve(&w->guard)) res = try_once(w, group, why);
    return res;
}

/* At a stop: has the disk refused for long enough? All groups that are left share the time. */
static bool gives_up(struct writer *w)
{
    int64_t now = clock_monotonic_ms();
    if (w->give_up_at == 0) w->give_up_at = now + WRITER_GIVE_UP_MS;
    return now >= w->give_up_at;
}

static void begin_failing(struct writer *w, const struct why *why)
{
    problems_raise(w->problems, PROBLEM_COMMIT_FAILING, why->text,
                   *why->remedy ? why->remedy : "close the program that holds the spool, if it does not end");
    disk_guard_set_failing(&w->guard, true);
}

static void end_failing(struct writer *w)
{
    if (wal_is_lost(w->wal)) return; /* until a restart */
    problems_end(w->problems, PROBLEM_COMMIT_FAILING);
    disk_guard_set_failing(&w->guard, false);
}

/* The spool has got a schema that this program must not write: nobody can commit this group any more. */
static bool is_over(struct writer *w, const struct why *why)
{
    if (!spool_in_is_too_new(w->spool)) return false;
    if (!*w->stop.text) signals_raise_stop();
    w->stop = *why;
    return true;
}

/* Tries until the group is durable, or until a stop has waited long enough. */
static enum result append_at_last(struct writer *w, struct group *group)
{
    struct why why = {0};
    int pause_ms = FIRST_PAUSE_MS;

    if (w->give_up_at != 0 && gives_up(w)) return RES_RETRY;
    enum result res = try_append(w, group, &why);
    while (res != RES_OK) {
        begin_failing(w, &why);
        if (is_over(w, &why)) return res;
        bool is_closing = intake_wait_for_close(w->intake, pause_ms);
        if (is_closing && gives_up(w)) return res;
        if (is_closing) (void)nanosleep(&(struct timespec){.tv_nsec = FIRST_PAUSE_MS * 1000000L}, NULL);
        pause_ms = pause_ms * 2 < LAST_PAUSE_MS ? pause_ms * 2 : LAST_PAUSE_MS;
        disk_guard_update(&w->guard, false);
        res = try_append(w, group, &why);
        if (res == RES_OK) end_failing(w);
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

/* ---- between groups ---- */

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

/* What is committed is safe in the spool's file, but reading on is not: see wal_keep(). So until a restart. */
static void check_wal_file(struct writer *w)
{
    struct why why = {0};
    enum result res = wal_keep(w->wal, &why);
    if (!wal_is_lost(w->wal)) return;
    if (res == RES_OK)
        (void)why_set(
            &why, res,
            "the spool's write-ahead log was deleted or replaced while in use; what was committed has been "
            "saved into the spool's file");
    (void)why_remedy(&why, res, "stop the uploader and the collector, then start them again");
    begin_failing(w, &why);
}

/* More rejects than REJECTS_MAX_SIZE wait: until a sixteenth of that is free again. */
static void check_rejects(struct writer *w)
{
    struct why why = {0};
    int64_t bytes = 0;
    if (spool_in_caps_rejects(w->spool))
        problems_raise(
            w->problems, PROBLEM_REJECTS_CAPPED,
            "unshipped rejects have reached REJECTS_MAX_SIZE: of larger new ones 4 KB, the length and a "
            "checksum are kept",
            "see who sends them (view rejects), ship them (REJECTS_PREFIX), or raise REJECTS_MAX_SIZE");
    else if (problems_is_present(w->problems, PROBLEM_REJECTS_CAPPED) &&
             spool_in_unshipped_rejects(w->spool, &bytes, &why) == RES_OK &&
             bytes < w->rejects_max_bytes - w->rejects_max_bytes / 16)
        problems_end(w->problems, PROBLEM_REJECTS_CAPPED);
}

/* What needs the writing connection, between groups (`has_committed`) or in a quiet moment. */
static void maintain_spool(struct writer *w, bool has_committed)
{
    check_wal_file(w);
    wal_maintain(w->wal, has_committed);
    check_rejects(w);
    disk_guard_update(&w->guard, has_committed);
}

/* Until the next look at the room and the log. */
static int tick_ms(const struct writer *w)
{
    if (w->guard.is_held) return DISK_GUARD_TICK_MS;
    return wal_is_busy(w->wal) ? WAL_TICK_MS : TICK_MS;
}

/* What else is due now and then. Returns how many ms the next time may wait. */
static int work(struct writer *w)
{
    int wait_ms =
        w->guard.is_held ? DISK_GUARD_TICK_MS : handlers_poll(w->handlers); /* those need room, too */
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
    return wait_ms < tick_ms(w) ? wait_ms : tick_ms(w);
}

static void sleep_us(int us)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = us * 1000L}, NULL);
}

/* Between two groups. What comes in a long gap belongs to the next group, to its end. */
static void leave_gap(struct writer *w)
{
    int gap_us = wal_gap_us(w->wal);
    if (gap_us > 2 * CALL_US) {
        sleep_us(gap_us - CALL_US);
        intake_call(w->intake);
        gap_us = CALL_US;
    }
    sleep_us(gap_us);
}

static void *run(void *context)
{
    struct writer *w = context;
    struct group *group = NULL;
    enum intake_step step = INTAKE_QUIET;
    int wait_ms = tick_ms(w);
    while ((step = intake_take(w->intake, wait_ms, &group)) != INTAKE_END) {
        if (step == INTAKE_GROUP) commit(w, group);
        maintain_spool(w, step == INTAKE_GROUP);
        wait_ms = work(w);
        if (step == INTAKE_GROUP) leave_gap(w);
    }
    log_rejects(w);
    return NULL;
}

static struct writer *writer_new(const struct writer_parts *parts)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->spool = parts->spool;
    w->intake = parts->intake;
    w->handlers = parts->handlers;
    w->problems = parts->problems;
    w->rejects_max_bytes = parts->rejects_max_bytes;
    w->wal = spool_in_wal(parts->spool);
    wal_watch(w->wal, &(struct wal_parts){parts->checkpointer, parts->problems, parts->spool_path});
    w->guard = (struct disk_guard){
        .spool = parts->spool, .intake = parts->intake, .problems = parts->problems, .rules = parts->rules};
    disk_guard_init(&w->guard, parts->spool_path, parts->in_flight_bytes);
    spool_in_cap_rejects(w->spool, w->rejects_max_bytes);
    return w;
}

enum result writer_start(struct writer **out, const struct writer_parts *parts, struct why *why)
{
    struct writer *w = writer_new(parts);
    maintain_spool(w, false);
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
    struct why stop = w->stop;
    *counts = w->kept;
    free(w);
    if (lost.events + lost.rejects == 0) return RES_OK;
    if (!*stop.text)
        return why_set(why, RES_BROKEN,
                       "stopped while the disk refused: %" PRId64 " events and %" PRId64
                       " rejects that had been read could not be committed",
                       lost.events, lost.rejects);
    *why = stop;
    return why_wrap(why, RES_RETRY,
                    "%" PRId64 " events and %" PRId64 " rejects that had been read could not be committed",
                    lost.events, lost.rejects);
}

bool writer_is_turning(struct writer *w, int64_t limit_ms)
{
    int64_t since = atomic_load(&w->busy_since);
    return since == 0 || clock_monotonic_ms() - since < limit_ms;
}
