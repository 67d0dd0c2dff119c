/* long_call -- see long_call.h. */
#include "common/long_call.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/thread.h"

struct long_call {
    const char *what;
    int64_t every_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* by the monotonic clock */
    bool has_ended;         /* guarded by the lock */
};

/* Sleeps until the next line is due; false if the call has ended. */
static bool wait_until_due(struct long_call *c, struct timespec *due)
{
    int code = 0;
    due->tv_sec += c->every_ms / 1000;
    due->tv_nsec += c->every_ms % 1000 * 1000000;
    if (due->tv_nsec >= 1000000000) {
        due->tv_sec++;
        due->tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&c->lock);
    while (!c->has_ended && code == 0) code = pthread_cond_timedwait(&c->changed, &c->lock, due);
    bool goes_on = !c->has_ended;
    pthread_mutex_unlock(&c->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct long_call *c = context;
    struct timespec due;
    int64_t began_at = clock_monotonic_ms();
    if (clock_gettime(CLOCK_MONOTONIC, &due) != 0) return NULL;
    while (wait_until_due(c, &due))
        log_info("the work goes on", "what=%s for_s=%" PRId64, LOG_QUOTE(c->what),
                 (clock_monotonic_ms() - began_at) / 1000);
    return NULL;
}

static void free_call(struct long_call *c)
{
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct long_call *long_call_begin(const char *what, int64_t every_ms)
{
    struct long_call *c = calloc(1, sizeof *c);
    pthread_condattr_t attributes;
    if (!c) abort();
    c->what = what;
    c->every_ms = every_ms;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int code = thread_start(&c->thread, "long-call", run, c);
    if (code == 0) return c;
    log_debug("no thread for the log of a long call", "why=%s", LOG_QUOTE(strerror(code)));
    free_call(c);
    return NULL;
}

void long_call_end(struct long_call *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->has_ended = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    free_call(c);
}
