/* workers -- see workers.h. One lock guards in whose hands each job is: only they may use it. */
#include "uploader/ship/workers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/thread.h"
#include "uploader/render/render.h"

enum hands { WITH_OWNER, WITH_WORKER, ENDED };

struct worker {
    struct workers *workers;
    struct store *store;
    struct job job;
    enum hands hands;
    pthread_t thread;
    struct turn turn;
    bool is_running;
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t submitted;
    bool is_closing;
    int ended_fd;
    struct throttle *throttle;
    int count;
    struct worker list[WORKERS_MAX + 1];
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
    struct throttle_work work = throttle_begin(worker->workers->throttle, &worker->turn);
    struct pause pause = throttle_pause(&work);
    render_hash(&worker->job.body, store_hashes(worker->store), &worker->job.rendition, &pause);
}

/* What may hang: a directory does for as long as its disk does. A server cannot, as each request has time limits. */
static const char *call_of(const struct worker *worker)
{
    if (worker->job.phase == JOB_HASHING) return "hashing an object";
    return store_is_trial(worker->store) ? "using DESTINATION_DIR" : NULL;
}

static void do_phase(struct worker *worker)
{
    const char *call = call_of(worker);
    struct job *job = &worker->job;
    struct throttle *throttle = worker->workers->throttle;
    struct object object = {&job->batch, &job->body, &job->rendition, throttle && throttle->is_gentle};
    why_clear(&job->why);
    job->stored = (struct stored){.is_verified = false};
    if (call) turn_begin(&worker->turn, call);
    switch (job->phase) {
    case JOB_HASHING: hash(worker); break;
    case JOB_LOOKING: job->answer = store_find(worker->store, &object, &job->stored, &job->why); break;
    case JOB_PUTTING: job->answer = store_put(worker->store, &object, &job->stored, &job->why); break;
    case JOB_PROVING: job->answer = store_prove(worker->store, &object, &job->stored, &job->why); break;
    case JOB_IDLE: break; /* it is never submitted */
    }
    turn_end(&worker->turn);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct workers *workers = worker->workers;
    lock(workers);
    while (true) {
        while (worker->hands != WITH_WORKER && !workers->is_closing)
            (void)pthread_cond_wait(&workers->submitted, &workers->lock);
        if (worker->hands != WITH_WORKER) break;
        unlock(workers);
        do_phase(worker);
        lock(workers);
        worker->hands = ENDED;
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
    int code = thread_start(&worker->thread, "worker", work, worker);
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
    assert(count >= 1 && count <= WORKERS_MAX + 1);
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

/* The first worker whose job is in these hands, and is busy or not; NULL: none. */
static struct worker *find(struct workers *workers, enum hands hands, bool is_idle)
{
    struct worker *found = NULL;
    lock(workers);
    for (int i = workers->count - 1; i >= 0; i--) {
        struct worker *worker = &workers->list[i];
        if (worker->hands == hands && (worker->job.phase == JOB_IDLE) == is_idle) found = worker;
    }
    unlock(workers);
    return found;
}

static struct worker *worker_of(struct workers *workers, const struct job *job)
{
    struct worker *worker = workers->list;
    while (&worker->job != job) worker++;
    return worker;
}

static void give(struct workers *workers, struct job *job, enum hands hands)
{
    struct worker *worker = worker_of(workers, job);
    lock(workers);
    assert(worker->hands != WITH_WORKER);
    worker->hands = hands;
    (void)pthread_cond_broadcast(&workers->submitted);
    unlock(workers);
}

struct job *workers_next_idle(struct workers *workers)
{
    struct worker *worker = find(workers, WITH_OWNER, true);
    return worker ? &worker->job : NULL;
}

void workers_submit(struct workers *workers, struct job *job)
{
    assert(job->phase != JOB_IDLE);
    give(workers, job, WITH_WORKER);
}

struct job *workers_next_ended(struct workers *workers)
{
    uint64_t ignored;
    struct worker *worker = find(workers, ENDED, false);
    if (worker || read(workers->ended_fd, &ignored, sizeof ignored) < 0) return worker ? &worker->job : NULL;
    worker = find(workers, ENDED, false); /* a job may have ended between the two calls */
    return worker ? &worker->job : NULL;
}

void workers_put_back(struct workers *workers, struct job *job)
{
    job_move(job, JOB_IDLE);
    give(workers, job, WITH_OWNER);
}

void workers_forget(struct workers *workers, const struct errand *errand)
{
    for (int i = 0; i < workers->count; i++)
        if (workers->list[i].job.errand == errand) workers->list[i].job.errand = NULL;
}

int64_t workers_longest_call(struct workers *workers, const char **call)
{
    int64_t longest_ms = 0;
    for (int i = 0; i < workers->count; i++) {
        const char *other = NULL;
        int64_t lasts_ms = turn_lasts(&workers->list[i].turn, &other);
        if (lasts_ms <= longest_ms) continue;
        longest_ms = lasts_ms;
        *call = other;
    }
    return longest_ms;
}

int workers_busy_count(struct workers *workers)
{
    int busy = 0;
    lock(workers);
    for (int i = 0; i < workers->count; i++) busy += workers->list[i].hands != WITH_OWNER;
    unlock(workers);
    return busy;
}
