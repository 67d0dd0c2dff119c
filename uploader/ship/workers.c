/*
 * workers -- see workers.h. One lock guards the states of all jobs; a job's state says which thread may use the rest
 * of it.
 */
#include "uploader/ship/workers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "uploader/render/render.h"

struct worker {
    struct workers *workers;
    struct store *store;
    struct job job;
    pthread_t thread;
    bool is_running;
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t submitted;
    bool is_closing;
    int ended_fd;
    struct throttle *throttle;
    int count;
    struct worker list[WORKERS_MAX];
};

static void lock(struct workers *workers)
{
    int failed = pthread_mutex_lock(&workers->lock);
    assert(failed == 0);
}

static void unlock(struct workers *workers)
{
    int failed = pthread_mutex_unlock(&workers->lock);
    assert(failed == 0);
}

/* ---- the threads ---- */

static void hash(struct worker *worker)
{
    struct throttle_work work = throttle_begin(worker->workers->throttle);
    struct pause pause = throttle_pause(&work);
    render_hash(&worker->job.body, &worker->job.rendition, &pause);
}

static void do_task(struct worker *worker)
{
    struct job *job = &worker->job;
    struct object object = {&job->batch, &job->body, &job->rendition};
    why_clear(&job->why);
    job->stored = (struct stored){.is_verified = false};
    switch (job->task) {
    case TASK_HASH: hash(worker); break;
    case TASK_FIND: job->answer = store_find(worker->store, &object, &job->stored, &job->why); break;
    case TASK_PUT: job->answer = store_put(worker->store, &object, &job->stored, &job->why); break;
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct workers *workers = worker->workers;
    lock(workers);
    while (true) {
        while (worker->job.state != JOB_SUBMITTED && !workers->is_closing)
            (void)pthread_cond_wait(&workers->submitted, &workers->lock);
        if (worker->job.state != JOB_SUBMITTED) break;
        unlock(workers);
        do_task(worker);
        lock(workers);
        worker->job.state = JOB_ENDED;
        ssize_t n = write(workers->ended_fd, &(uint64_t){1}, sizeof(uint64_t));
        (void)n; /* fails only if the counter is full, and so readable */
    }
    unlock(workers);
    return NULL;
}

/* ---- the owner ---- */

static enum result start(struct workers *workers, struct worker *worker, const struct store *store,
                         struct why *why)
{
    worker->workers = workers;
    enum result res = store_open_another(&worker->store, store, why);
    if (res != RES_OK) return res;
    int code = pthread_create(&worker->thread, NULL, work, worker);
    if (code != 0) return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
    worker->is_running = true;
    return RES_OK;
}

enum result workers_open(struct workers **out, const struct store *store, int count,
                         struct throttle *throttle, struct why *why)
{
    struct workers *workers = calloc(1, sizeof *workers);
    enum result res = RES_OK;
    if (!workers) abort();
    assert(count >= 1 && count <= WORKERS_MAX);
    workers->count = count;
    workers->throttle = throttle;
    (void)pthread_mutex_init(&workers->lock, NULL); /* cannot fail with these attributes, likewise the next */
    (void)pthread_cond_init(&workers->submitted, NULL);
    workers->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (workers->ended_fd < 0) res = why_set(why, RES_BROKEN, "eventfd: %s", strerror(errno));
    for (int i = 0; i < count && res == RES_OK; i++) res = start(workers, &workers->list[i], store, why);
    if (res != RES_OK) {
        workers_close(workers);
        workers = NULL;
    }
    *out = workers;
    return res;
}

void workers_close(struct workers *workers)
{
    if (!workers) return;
    lock(workers);
    workers->is_closing = true;
    (void)pthread_cond_broadcast(&workers->submitted);
    unlock(workers);
    for (int i = 0; i < workers->count; i++) {
        struct worker *worker = &workers->list[i];
        if (worker->is_running) (void)pthread_join(worker->thread, NULL);
        store_close(worker->store);
        buf_fini(&worker->job.body);
    }
    if (workers->ended_fd >= 0) close(workers->ended_fd);
    (void)pthread_cond_destroy(&workers->submitted);
    (void)pthread_mutex_destroy(&workers->lock);
    free(workers);
}

int workers_fd(const struct workers *workers)
{
    return workers->ended_fd;
}

static struct job *find(struct workers *workers, enum job_state state)
{
    struct job *found = NULL;
    lock(workers);
    for (int i = workers->count - 1; i >= 0; i--)
        if (workers->list[i].job.state == state) found = &workers->list[i].job;
    unlock(workers);
    return found;
}

static void set_state(struct workers *workers, struct job *job, enum job_state state)
{
    lock(workers);
    assert(job->state != JOB_SUBMITTED);
    job->state = state;
    (void)pthread_cond_broadcast(&workers->submitted);
    unlock(workers);
}

struct job *workers_next_idle(struct workers *workers)
{
    return find(workers, JOB_IDLE);
}

void workers_submit(struct workers *workers, struct job *job)
{
    set_state(workers, job, JOB_SUBMITTED);
}

struct job *workers_next_ended(struct workers *workers)
{
    uint64_t ignored;
    struct job *job = find(workers, JOB_ENDED);
    if (job || read(workers->ended_fd, &ignored, sizeof ignored) < 0) return job;
    return find(workers, JOB_ENDED); /* a job may have ended between the two calls */
}

void workers_put_back(struct workers *workers, struct job *job)
{
    set_state(workers, job, JOB_IDLE);
}

int workers_busy_count(struct workers *workers)
{
    int busy = 0;
    lock(workers);
    for (int i = 0; i < workers->count; i++) busy += workers->list[i].job.state != JOB_IDLE;
    unlock(workers);
    return busy;
}

bool workers_have_batch(struct workers *workers, int64_t batch_id)
{
    bool is_held = false;
    lock(workers);
    for (int i = 0; i < workers->count; i++)
        is_held |= workers->list[i].job.state != JOB_IDLE && workers->list[i].job.batch.id == batch_id;
    unlock(workers);
    return is_held;
}
