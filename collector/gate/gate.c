/* gate -- see gate.h. */
#include "collector/gate/gate.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct gate_kind kinds[GATE_REASON_COUNT] = {
    [GATE_STARTING] = {"starting", PROBLEM_STARTING, GATE_STOP_LEAVES},
    [GATE_COMMIT_FAILING] = {"commit_failing", PROBLEM_COMMIT_FAILING, GATE_STOP_READS},
    [GATE_WAL_LOST] = {"wal_lost", PROBLEM_WAL_LOST, GATE_STOP_SAVES},
    [GATE_SPOOL_REPLACED] = {"spool_replaced", PROBLEM_SPOOL_REPLACED, GATE_STOP_SAVES},
    [GATE_SCHEMA_TOO_NEW] = {"schema_too_new", PROBLEM_SCHEMA_TOO_NEW, GATE_STOP_SAVES},
    [GATE_PAUSED_DISK] = {"paused_disk", PROBLEM_PAUSED_DISK, GATE_STOP_READS},
    [GATE_PAUSED_CEILING] = {"paused_ceiling", PROBLEM_PAUSED_CEILING, GATE_STOP_READS},
    [GATE_STOPPING] = {"stopping", PROBLEM_STOPPING, GATE_STOP_READS},
};

struct post {
    bool is_new, holds;
    char message[PROBLEM_TEXT_SIZE], remedy[PROBLEM_TEXT_SIZE];
};

struct gate {
    struct problems *problems;
    bool holds[GATE_REASON_COUNT];
    _Atomic unsigned seen; /* the same as bits, for other threads */
    int fd;

    pthread_mutex_t lock; /* guards the posts */
    struct post posts[GATE_REASON_COUNT];
};

const struct gate_kind *gate_kind(enum gate_reason reason)
{
    return &kinds[reason];
}

enum result gate_open(struct gate **out, struct problems *problems, struct why *why)
{
    *out = NULL;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return why_set(why, RES_RETRY, "eventfd: %s", strerror(errno));
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate) abort();
    gate->fd = fd;
    gate->problems = problems;
    pthread_mutex_init(&gate->lock, NULL);
    gate_raise(gate, GATE_STARTING, "the spool is being opened: nothing is read yet",
               "wait: this takes a moment");
    *out = gate;
    return RES_OK;
}

void gate_close(struct gate *gate)
{
    if (!gate) return;
    pthread_mutex_destroy(&gate->lock);
    close(gate->fd);
    free(gate);
}

void gate_raise(struct gate *gate, enum gate_reason reason, const char *message, const char *remedy)
{
    gate->holds[reason] = true;
    atomic_fetch_or(&gate->seen, 1U << reason);
    problems_raise(gate->problems, kinds[reason].problem, message, remedy);
}

void gate_clear(struct gate *gate, enum gate_reason reason)
{
    if (!gate->holds[reason]) return;
    gate->holds[reason] = false;
    atomic_fetch_and(&gate->seen, ~(1U << reason));
    problems_end(gate->problems, kinds[reason].problem);
}

bool gate_is_open(const struct gate *gate)
{
    for (int i = 0; i < GATE_REASON_COUNT; i++)
        if (gate->holds[i]) return false;
    return true;
}

bool gate_holds(const struct gate *gate, enum gate_reason reason)
{
    return gate->holds[reason];
}

const char *gate_code(const struct gate *gate)
{
    for (int i = 0; i < GATE_REASON_COUNT; i++)
        if (gate->holds[i]) return kinds[i].code;
    return NULL;
}

enum gate_stop gate_at_stop(const struct gate *gate)
{
    enum gate_stop least = GATE_STOP_READS;
    for (int i = 0; i < GATE_REASON_COUNT; i++)
        if (gate->holds[i] && kinds[i].at_stop > least) least = kinds[i].at_stop;
    return least;
}

int gate_fd(const struct gate *gate)
{
    return gate->fd;
}

static void lock(struct gate *gate)
{
    int code = pthread_mutex_lock(&gate->lock);
    assert(code == 0);
}

static void unlock(struct gate *gate)
{
    int code = pthread_mutex_unlock(&gate->lock);
    assert(code == 0);
}

/* All at one moment, so that a post is never seen without the ones before it. */
static void copy_posts(struct gate *gate, struct post posts[GATE_REASON_COUNT])
{
    lock(gate);
    memcpy(posts, gate->posts, sizeof gate->posts);
    for (int i = 0; i < GATE_REASON_COUNT; i++) gate->posts[i].is_new = false;
    unlock(gate);
}

/* What is raised comes before what is cleared: where one reason takes the place of another, the gate stays closed. */
void gate_take(struct gate *gate)
{
    struct post posts[GATE_REASON_COUNT];
    eventfd_t count = 0;
    (void)eventfd_read(gate->fd, &count); /* it may have been read already */
    copy_posts(gate, posts);
    for (int i = 0; i < GATE_REASON_COUNT; i++)
        if (posts[i].is_new && posts[i].holds)
            gate_raise(gate, (enum gate_reason)i, posts[i].message, posts[i].remedy);
    for (int i = 0; i < GATE_REASON_COUNT; i++)
        if (posts[i].is_new && !posts[i].holds) gate_clear(gate, (enum gate_reason)i);
}

unsigned gate_seen(const struct gate *gate)
{
    return atomic_load(&gate->seen);
}

void gate_post(struct gate *gate, enum gate_reason reason, bool holds, const char *message,
               const char *remedy)
{
    struct post *post = &gate->posts[reason];
    lock(gate);
    post->is_new = true;
    post->holds = holds;
    if (holds) {
        (void)snprintf(post->message, sizeof post->message, "%s", message);
        (void)snprintf(post->remedy, sizeof post->remedy, "%s", remedy);
    }
    unlock(gate);
    (void)eventfd_write(gate->fd, 1); /* cannot fail before 2^64 posts */
}
