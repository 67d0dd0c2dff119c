/*
 * intake -- see intake.h.
 *
 * Three groups go round: filling -> waiting -> (with the writer) -> spare -> filling. `waiting`, `spare` and the flags
 * are under the lock; `filling` is the receiving thread's alone.
 */
#include "collector/intake.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "collector/group.h"

#define GROUPS 3

struct intake {
    struct group *filling;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct group *waiting; /* NULL: none */
    struct group *spare[GROUPS];
    size_t spare_count;
    bool is_closing;  /* no more will be received */
    bool is_finished; /* and all of it has been handed over */

    int fd;
};

enum result intake_open(struct intake **out, struct why *why)
{
    struct intake *intake = calloc(1, sizeof *intake);
    pthread_condattr_t monotonic;
    if (!intake) abort();
    *out = intake;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&intake->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&intake->lock, NULL);
    intake->filling = group_new();
    while (intake->spare_count < GROUPS - 1) intake->spare[intake->spare_count++] = group_new();
    intake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (intake->fd < 0) return why_set(why, RES_BROKEN, "eventfd: %s", strerror(errno));
    return RES_OK;
}

void intake_close(struct intake *intake)
{
    if (!intake) return;
    group_free(intake->filling);
    group_free(intake->waiting);
    for (size_t i = 0; i < intake->spare_count; i++) group_free(intake->spare[i]);
    pthread_cond_destroy(&intake->changed);
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

/* Sleeps until something changes or the moment has come; the lock is held. False: the moment has come. */
static bool wait_until(struct intake *intake, const struct timespec *moment)
{
    return pthread_cond_timedwait(&intake->changed, &intake->lock, moment) == 0;
}

static struct timespec moment_in(int ms)
{
    struct timespec moment;
    int res = clock_gettime(CLOCK_MONOTONIC, &moment);
    assert(res == 0);
    moment.tv_sec += ms / 1000;
    moment.tv_nsec += (long)(ms % 1000) * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000;
    }
    return moment;
}

struct group *intake_filling(struct intake *intake)
{
    return intake->filling;
}

/* The lock is held. */
static bool can_hand_over(const struct intake *intake)
{
    return !intake->waiting && intake->spare_count > 0;
}

static void hand_over(struct intake *intake)
{
    intake->waiting = intake->filling;
    intake->filling = intake->spare[--intake->spare_count];
    pthread_cond_broadcast(&intake->changed);
}

void intake_offer(struct intake *intake)
{
    if (group_is_empty(intake->filling)) return;
    lock(intake);
    if (can_hand_over(intake)) hand_over(intake);
    unlock(intake);
}

bool intake_is_full(struct intake *intake)
{
    return intake_wait_for_room(intake, 0);
}

bool intake_wait_for_room(struct intake *intake, int timeout_ms)
{
    struct timespec moment = moment_in(timeout_ms);
    if (!group_is_full(intake->filling)) return false;
    lock(intake);
    while (!can_hand_over(intake) && timeout_ms > 0 && wait_until(intake, &moment)) {
    }
    bool is_full = !can_hand_over(intake);
    if (!is_full) hand_over(intake);
    unlock(intake);
    return is_full;
}

int intake_fd(const struct intake *intake)
{
    return intake->fd;
}

void intake_acknowledge(struct intake *intake)
{
    eventfd_t count = 0;
    (void)eventfd_read(intake->fd, &count); /* nothing to read is as good */
}

void intake_finish(struct intake *intake)
{
    lock(intake);
    intake->is_closing = true;
    pthread_cond_broadcast(&intake->changed);
    if (!group_is_empty(intake->filling)) {
        while (!can_hand_over(intake)) pthread_cond_wait(&intake->changed, &intake->lock);
        hand_over(intake);
    }
    intake->is_finished = true;
    pthread_cond_broadcast(&intake->changed);
    unlock(intake);
}

struct group *intake_take(struct intake *intake)
{
    lock(intake);
    while (!intake->waiting && !intake->is_finished) pthread_cond_wait(&intake->changed, &intake->lock);
    struct group *group = intake->waiting;
    intake->waiting = NULL;
    pthread_cond_broadcast(&intake->changed);
    unlock(intake);
    if (group) (void)eventfd_write(intake->fd, 1);
    return group;
}

void intake_done(struct intake *intake, struct group *group)
{
    group_clear(group);
    lock(intake);
    intake->spare[intake->spare_count++] = group;
    pthread_cond_broadcast(&intake->changed);
    unlock(intake);
    (void)eventfd_write(intake->fd, 1);
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
