/*
 * intake -- see intake.h.
 *
 * Chunks on their way stand in a ring. Counters mark the positions: chunks that have been committed, taken by the writer,
 * offered, each at most the next; and those that validating threads have looked at, which may be behind the writer where
 * the chunks need no validating. Free chunks lie on a stack, so that a quiet system uses few of them.
 */
#include "collector/intake/intake.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "collector/intake/chunk.h"
#include "common/clock.h"

#define CHUNKS_MAX                                                                                           \
    (INTAKE_CHUNKS + 1) /* on their way, once nothing more is read and the last one is among them */
#define SPARE_PART  2   /* of the memory: chunks that are not in use keep no more than its half */
#define FEW_WAITING 2   /* with fewer chunks before it, a chunk is passed on though it has space */

struct intake {
    size_t memory_max;
    struct chunk *filling; /* used by the receiving thread alone; NULL after the end */
    int fd;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    pthread_cond_t to_validate;
    struct chunk *ring[CHUNKS_MAX];
    uint64_t committed, written, validating, offered;
    struct chunk *spare[CHUNKS_MAX];
    size_t spare_count;
    size_t memory;       /* of the chunks in the ring, and of the spare ones */
    size_t spare_memory; /* of the latter */
    uint64_t bare_bytes; /* were read, and gave nothing to commit */
    int64_t bare_due;    /* monotonic ms: when they are to be counted at the latest */
    struct group *bare;  /* without items: counts them if no other group comes */
    bool wants_wake_up;  /* the receiving thread waits to offer a chunk, or for space */
    bool is_called;      /* the writer is about to take */
    bool is_closing;     /* nothing more will be read */
    bool is_finished;    /* and the last chunk has been passed on */
};

static void open_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

enum result intake_open(struct intake **out, size_t memory_max, const struct validator_options *options,
                        struct why *why)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (!intake) abort();
    *out = intake;
    intake->memory_max = memory_max;
    pthread_mutex_init(&intake->lock, NULL);
    open_condition(&intake->changed);
    open_condition(&intake->to_validate);
    intake->filling = chunk_new(options);
    intake->bare = group_new();
    while (intake->spare_count < INTAKE_CHUNKS) intake->spare[intake->spare_count++] = chunk_new(options);
    intake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (intake->fd < 0) return why_set(why, RES_BROKEN, "eventfd: %s", strerror(errno));
    return RES_OK;
}

static struct chunk **slot_of(struct intake *intake, uint64_t number)
{
    return &intake->ring[number % CHUNKS_MAX];
}

void intake_close(struct intake *intake)
{
    if (!intake) return;
    chunk_free(intake->filling);
    group_free(intake->bare);
    for (uint64_t i = intake->committed; i < intake->offered; i++) chunk_free(*slot_of(intake, i));
    for (size_t i = 0; i < intake->spare_count; i++) chunk_free(intake->spare[i]);
    pthread_cond_destroy(&intake->changed);
    pthread_cond_destroy(&intake->to_validate);
    pthread_mutex_destroy(&intake->lock);
    if (intake->fd >= 0) close(intake->fd);
    free(intake);
}

static void lock(struct intake *intake)
{
    int res = pthread_mutex_lock(&intake->lock);
    assert(res == 0);
}

static void unlock(struct intake *intake)
{
    int res = pthread_mutex_unlock(&intake->lock);
    assert(res == 0);
}

/* Sleeps until something changes; the lock is held. False if `moment` has come. */
static bool wait_until(struct intake *intake, const struct timespec *moment)
{
    return pthread_cond_timedwait(&intake->changed, &intake->lock, moment) == 0;
}

static struct timespec moment_in(int ms)
{
    struct timespec moment;
    int res = clock_gettime(CLOCK_MONOTONIC, &moment);
    assert(res == 0);
    if (ms < 0) ms = 0;
    moment.tv_sec += ms / 1000;
    moment.tv_nsec += (long)(ms % 1000) * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000;
    }
    return moment;
}

/* To be called when the receiving thread may go on; the lock is held. */
static void wake_receiver(struct intake *intake)
{
    if (!intake->wants_wake_up) return;
    intake->wants_wake_up = false;
    (void)eventfd_write(intake->fd, 1);
}

/* ---- the receiving thread ---- */

struct chunk *intake_filling(struct intake *intake)
{
    return intake->filling;
}

/*
 * The lock is held. Payloads, and the work on them, may be large, so the number of chunks alone does not decide. What is
 * too large in any case goes alone.
 */
static bool can_pass_on(const struct intake *intake)
{
    bool is_alone = intake->offered == intake->committed;
    return intake->spare_count > 0 &&
           (is_alone || intake->memory + chunk_memory(intake->filling) <= intake->memory_max);
}

/* Counts `bytes` for a chunk, which grows while it is filled and validated; the lock is held. */
static void count_memory(struct intake *intake, struct chunk *chunk, size_t bytes)
{
    intake->memory += bytes - chunk->counted_bytes;
    chunk->counted_bytes = bytes;
}

/* The lock is held. */
static bool is_next_validated(struct intake *intake)
{
    return intake->written < intake->offered && (*slot_of(intake, intake->written))->is_validated;
}

/* The lock is held. */
static void enter_ring(struct intake *intake)
{
    struct chunk *chunk = intake->filling;
    count_memory(intake, chunk, chunk_memory(chunk));
    *slot_of(intake, intake->offered++) = chunk;
    intake->filling = NULL;
    chunk->is_validated = chunk->unvalidated == 0;
    if (!chunk->is_validated)
        pthread_cond_signal(&intake->to_validate);
    else if (is_next_validated(intake))
        pthread_cond_broadcast(&intake->changed);
}

/* The lock is held. */
static void pass_on(struct intake *intake)
{
    enter_ring(intake);
    intake->filling = intake->spare[--intake->spare_count];
    intake->spare_memory -= intake->filling->counted_bytes;
    count_memory(intake, intake->filling, 0);
}

/* The filled chunk has no items, and need not be passed on; the lock is held. */
static void take_bare_bytes(struct intake *intake)
{
    struct group *group = intake->filling->group;
    if (group->read_bytes == 0) return;
    if (intake->bare_bytes == 0) intake->bare_due = clock_monotonic_ms() + INTAKE_BARE_MS;
    intake->bare_bytes += group->read_bytes;
    group->read_bytes = 0;
}

static void offer_bare_bytes(struct intake *intake)
{
    if (intake->filling->group->read_bytes == 0) return;
    lock(intake);
    take_bare_bytes(intake);
    unlock(intake);
}

void intake_offer(struct intake *intake)
{
    if (chunk_is_empty(intake->filling)) {
        offer_bare_bytes(intake);
        return;
    }
    lock(intake);
    bool is_due = intake->is_called || intake->offered - intake->written < FEW_WAITING ||
                  !chunk_has_space(intake->filling);
    if (is_due && can_pass_on(intake))
        pass_on(intake);
    else
        intake->wants_wake_up = true;
    unlock(intake);
}

/* The lock is held. */
static bool make_space(struct intake *intake)
{
    if (!chunk_has_space(intake->filling) && can_pass_on(intake)) pass_on(intake);
    bool has_space = chunk_has_space(intake->filling);
    intake->wants_wake_up |= !has_space;
    return has_space;
}

size_t intake_memory(struct intake *intake, bool *is_empty)
{
    lock(intake);
    size_t memory = intake->memory + chunk_memory(intake->filling);
    *is_empty = intake->offered == intake->committed && chunk_is_empty(intake->filling);
    unlock(intake);
    return memory;
}

void intake_request_wake_up(struct intake *intake)
{
    lock(intake);
    intake->wants_wake_up = true;
    unlock(intake);
}

bool intake_is_full(struct intake *intake)
{
    return intake_wait_for_space(intake, 0);
}

bool intake_wait_for_space(struct intake *intake, int timeout_ms)
{
    struct timespec moment = moment_in(timeout_ms);
    lock(intake);
    bool has_space = make_space(intake);
    while (!has_space && timeout_ms > 0 && wait_until(intake, &moment)) has_space = make_space(intake);
    unlock(intake);
    return !has_space;
}

int intake_fd(const struct intake *intake)
{
    return intake->fd;
}

void intake_acknowledge(struct intake *intake)
{
    eventfd_t count = 0;
    (void)eventfd_read(intake->fd, &count); /* it may have been read already */
}

void intake_finish(struct intake *intake)
{
    lock(intake);
    intake->is_closing = true;
    pthread_cond_broadcast(&intake->changed);
    if (chunk_is_empty(intake->filling))
        take_bare_bytes(intake);
    else
        enter_ring(intake); /* nothing comes after it */
    intake->is_finished = true;
    pthread_cond_broadcast(&intake->changed);
    pthread_cond_broadcast(&intake->to_validate);
    unlock(intake);
}

uint64_t intake_uncommitted_bytes(struct intake *intake)
{
    uint64_t bytes = 0;
    lock(intake);
    for (uint64_t i = intake->committed; i < intake->offered; i++)
        bytes += (*slot_of(intake, i))->received_bytes;
    unlock(intake);
    return bytes;
}

/* ---- validating threads ---- */

/* Passes what needs no validating, of which the writer may have taken some already; the lock is held. */
static bool find_unvalidated(struct intake *intake)
{
    while (intake->validating < intake->offered &&
           (intake->validating < intake->written || (*slot_of(intake, intake->validating))->is_validated))
        intake->validating++;
    return intake->validating < intake->offered;
}

struct chunk *intake_take_unvalidated(struct intake *intake)
{
    struct chunk *chunk = NULL;
    lock(intake);
    while (!find_unvalidated(intake) && !intake->is_finished)
        pthread_cond_wait(&intake->to_validate, &intake->lock);
    if (intake->validating < intake->offered) chunk = *slot_of(intake, intake->validating++);
    unlock(intake);
    return chunk;
}

void intake_validated(struct intake *intake, struct chunk *chunk)
{
    lock(intake);
    chunk->is_validated = true;
    count_memory(intake, chunk, chunk_memory(chunk));
    if (chunk == *slot_of(intake, intake->written)) pthread_cond_broadcast(&intake->changed);
    unlock(intake);
}

/* ---- the writer ---- */

/* The groups that may be committed now, as a chain; the lock is held, and there is at least one. */
static struct group *chain_validated(struct intake *intake)
{
    struct group *first = NULL;
    struct group **link = &first;
    size_t bytes = 0;
    while (is_next_validated(intake) && bytes < INTAKE_COMMIT_SIZE) {
        const struct chunk *chunk = *slot_of(intake, intake->written++);
        bytes += chunk_memory(chunk);
        *link = chunk->group;
        link = &chunk->group->next;
    }
    *link = NULL;
    return first;
}

/* Has been read what no other group will count in time? The lock is held. */
static bool is_bare_due(const struct intake *intake, bool is_last)
{
    return intake->bare_bytes > 0 && (is_last || clock_monotonic_ms() >= intake->bare_due);
}

/* The group counts what was read and gave nothing to commit; the lock is held. */
static struct group *count_bare_bytes(struct intake *intake, struct group *group)
{
    group->read_bytes += intake->bare_bytes;
    intake->bare_bytes = 0;
    return group;
}

enum intake_step intake_take(struct intake *intake, int timeout_ms, struct group **first)
{
    struct timespec moment = moment_in(timeout_ms);
    enum intake_step step = INTAKE_QUIET;
    bool is_in_time = true;
    lock(intake);
    assert(intake->committed == intake->written);
    intake->is_called = false;
    while (!is_next_validated(intake) && is_in_time &&
           !(intake->is_finished && intake->written == intake->offered))
        is_in_time = wait_until(intake, &moment);
    if (is_next_validated(intake)) {
        *first = count_bare_bytes(intake, chain_validated(intake));
        step = INTAKE_GROUP;
        wake_receiver(intake);
    } else if (is_bare_due(intake, is_in_time)) {
        *first = count_bare_bytes(intake, intake->bare);
        step = INTAKE_GROUP;
    } else if (is_in_time) {
        step = INTAKE_END;
    }
    unlock(intake);
    return step;
}

/* The lock is held. */
static void add_spare(struct intake *intake, struct chunk *chunk)
{
    count_memory(intake, chunk, chunk_memory(chunk));
    intake->spare_memory += chunk->counted_bytes;
    intake->spare[intake->spare_count++] = chunk;
}

void intake_done(struct intake *intake)
{
    lock(intake);
    uint64_t from = intake->committed;
    uint64_t to = intake->written;
    size_t kept = intake->spare_memory;
    unlock(intake);
    group_clear(intake->bare);
    for (uint64_t i = from; i < to; i++) { /* no other thread uses them until they are spare */
        chunk_clear(*slot_of(intake, i));
        kept += chunk_memory(*slot_of(intake, i));
        if (kept > intake->memory_max / SPARE_PART) chunk_shrink(*slot_of(intake, i));
    }
    lock(intake);
    for (uint64_t i = from; i < to; i++) add_spare(intake, *slot_of(intake, i));
    intake->committed = to;
    pthread_cond_broadcast(&intake->changed);
    wake_receiver(intake);
    unlock(intake);
}

void intake_call(struct intake *intake)
{
    lock(intake);
    intake->is_called = true;
    wake_receiver(intake);
    unlock(intake);
}

bool intake_wait_for_close(struct intake *intake, int ms)
{
    struct timespec moment = moment_in(ms);
    lock(intake);
    while (!intake->is_closing && wait_until(intake, &moment)) {
    }
    bool is_closing = intake->is_closing;
    unlock(intake);
    return is_closing;
}

void intake_shrink(struct intake *intake)
{
    lock(intake);
    intake->spare_memory = 0;
    for (size_t i = 0; i < intake->spare_count; i++) {
        chunk_shrink(intake->spare[i]);
        count_memory(intake, intake->spare[i], 0);
    }
    unlock(intake);
}
