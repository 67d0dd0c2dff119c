/* hands -- see hands.h. One lock for the states of all jobs; what else is in a job belongs to whom its state says. */
#include "uploader/ship/hands.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct hand {
    struct hands *hands;
    struct store *store;
    struct job job;
    pthread_t thread;
    bool is_running;
};

struct hands {
    pthread_mutex_t lock;
    pthread_cond_t given;
    bool is_closing;
    int ended_fd;
    struct pace *pace;
    int count;
    struct hand list[HANDS_MAX];
};

static void lock(struct hands *hands)
{
    int failed = pthread_mutex_lock(&hands->lock);
    assert(failed == 0);
}

static void unlock(struct hands *hands)
{
    int failed = pthread_mutex_unlock(&hands->lock);
    assert(failed == 0);
}

/* ---- the threads ---- */

static void do_task(struct hand *hand)
{
    struct job *job = &hand->job;
    struct object object = {&job->batch, &job->body, &job->rendition};
    why_clear(&job->why);
    job->stored = (struct stored){.is_verified = false};
    switch (job->task) {
    case TASK_HASH: render_hash(&job->body, &job->rendition, hand->hands->pace); break;
    case TASK_FIND: job->answer = store_find(hand->store, &object, &job->stored, &job->why); break;
    case TASK_PUT: job->answer = store_put(hand->store, &object, &job->stored, &job->why); break;
    }
}

static void *work(void *context)
{
    struct hand *hand = context;
    struct hands *hands = hand->hands;
    lock(hands);
    while (true) {
        while (hand->job.state != JOB_GIVEN && !hands->is_closing)
            (void)pthread_cond_wait(&hands->given, &hands->lock);
        if (hand->job.state != JOB_GIVEN) break;
        unlock(hands);
        do_task(hand);
        lock(hands);
        hand->job.state = JOB_ENDED;
        ssize_t n = write(hands->ended_fd, &(uint64_t){1}, sizeof(uint64_t));
        (void)n; /* fails only where the counter is full, and so readable */
    }
    unlock(hands);
    return NULL;
}

/* ---- the owner ---- */

static enum result start(struct hands *hands, struct hand *hand, const struct store *store, struct why *why)
{
    hand->hands = hands;
    enum result res = store_open_another(&hand->store, store, why);
    if (res != RES_OK) return res;
    int code = pthread_create(&hand->thread, NULL, work, hand);
    if (code != 0) return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
    hand->is_running = true;
    return RES_OK;
}

enum result hands_open(struct hands **out, const struct store *store, int count, struct pace *pace,
                       struct why *why)
{
    struct hands *hands = calloc(1, sizeof *hands);
    enum result res = RES_OK;
    if (!hands) abort();
    assert(count >= 1 && count <= HANDS_MAX);
    hands->count = count;
    hands->pace = pace;
    (void)pthread_mutex_init(&hands->lock, NULL); /* cannot fail with these attributes, likewise the next */
    (void)pthread_cond_init(&hands->given, NULL);
    hands->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (hands->ended_fd < 0) res = why_set(why, RES_BROKEN, "eventfd: %s", strerror(errno));
    for (int i = 0; i < count && res == RES_OK; i++) res = start(hands, &hands->list[i], store, why);
    if (res != RES_OK) {
        hands_close(hands);
        hands = NULL;
    }
    *out = hands;
    return res;
}

void hands_close(struct hands *hands)
{
    if (!hands) return;
    lock(hands);
    hands->is_closing = true;
    (void)pthread_cond_broadcast(&hands->given);
    unlock(hands);
    for (int i = 0; i < hands->count; i++) {
        struct hand *hand = &hands->list[i];
        if (hand->is_running) (void)pthread_join(hand->thread, NULL);
        store_close(hand->store);
        buf_fini(&hand->job.body);
    }
    if (hands->ended_fd >= 0) close(hands->ended_fd);
    (void)pthread_cond_destroy(&hands->given);
    (void)pthread_mutex_destroy(&hands->lock);
    free(hands);
}

int hands_fd(const struct hands *hands)
{
    return hands->ended_fd;
}

static struct job *find(struct hands *hands, enum job_state state)
{
    struct job *found = NULL;
    lock(hands);
    for (int i = hands->count - 1; i >= 0; i--)
        if (hands->list[i].job.state == state) found = &hands->list[i].job;
    unlock(hands);
    return found;
}

static void set_state(struct hands *hands, struct job *job, enum job_state state)
{
    lock(hands);
    assert(job->state != JOB_GIVEN);
    job->state = state;
    (void)pthread_cond_broadcast(&hands->given);
    unlock(hands);
}

struct job *hands_idle(struct hands *hands)
{
    return find(hands, JOB_IDLE);
}

void hands_give(struct hands *hands, struct job *job)
{
    set_state(hands, job, JOB_GIVEN);
}

struct job *hands_ended(struct hands *hands)
{
    uint64_t ignored;
    struct job *job = find(hands, JOB_ENDED);
    if (job || read(hands->ended_fd, &ignored, sizeof ignored) < 0) return job;
    return find(hands, JOB_ENDED); /* one that ended between the two */
}

void hands_put_back(struct hands *hands, struct job *job)
{
    set_state(hands, job, JOB_IDLE);
}

int hands_busy(struct hands *hands)
{
    int busy = 0;
    lock(hands);
    for (int i = 0; i < hands->count; i++) busy += hands->list[i].job.state != JOB_IDLE;
    unlock(hands);
    return busy;
}

bool hands_hold(struct hands *hands, int64_t batch_id)
{
    bool is_held = false;
    lock(hands);
    for (int i = 0; i < hands->count; i++)
        is_held |= hands->list[i].job.state != JOB_IDLE && hands->list[i].job.batch.id == batch_id;
    unlock(hands);
    return is_held;
}
