/* s3_conditions -- see s3_conditions.h. */
#include "uploader/store/s3_conditions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/store/s3_error.h"

#define INNOCENT_MAX 8 /* refusals that are known to have another cause; of more the oldest is forgotten */

/* A refusal with another cause. */
struct innocent {
    struct cause cause;
    int64_t until; /* monotonic; then it is tried again */
};

struct s3_conditions {
    const char *bucket;
    pthread_mutex_t mutex; /* guards what follows */
    bool are_given_up;
    bool has_warned_blind;
    struct innocent innocent[INNOCENT_MAX];
    unsigned innocent_count; /* ever noted */
};

struct s3_conditions *s3_conditions_new(const char *bucket)
{
    struct s3_conditions *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->bucket = bucket;
    (void)pthread_mutex_init(&c->mutex, NULL);
    return c;
}

void s3_conditions_free(struct s3_conditions *c)
{
    if (!c) return;
    (void)pthread_mutex_destroy(&c->mutex);
    free(c);
}

bool s3_conditions_are_used(struct s3_conditions *c)
{
    (void)pthread_mutex_lock(&c->mutex);
    bool are_used = !c->are_given_up;
    (void)pthread_mutex_unlock(&c->mutex);
    return are_used;
}

static bool is_same(const struct cause *a, const struct cause *b)
{
    return a->status == b->status && strcmp(a->code, b->code) == 0;
}

static bool is_innocent(const struct s3_conditions *c, const struct cause *refusal, int64_t now)
{
    for (unsigned i = 0; i < c->innocent_count && i < INNOCENT_MAX; i++)
        if (is_same(&c->innocent[i].cause, refusal) && now < c->innocent[i].until) return true;
    return false;
}

bool s3_conditions_may_be_cause(struct s3_conditions *c, const struct cause *refusal)
{
    if (!s3_error_may_be_condition(refusal)) return false;
    (void)pthread_mutex_lock(&c->mutex);
    bool may_be = !is_innocent(c, refusal, clock_monotonic_ms());
    (void)pthread_mutex_unlock(&c->mutex);
    return may_be;
}

void s3_conditions_give_up(struct s3_conditions *c, const struct cause *refusal)
{
    (void)pthread_mutex_lock(&c->mutex);
    bool is_news = !c->are_given_up;
    c->are_given_up = true;
    (void)pthread_mutex_unlock(&c->mutex);
    if (is_news)
        log_warn(
            "the store does not support conditional writes: plain writes from now on, each after a look",
            "bucket=%s status=%d code=%s remedy=\"see that nothing on the way (a proxy) refuses the header "
            "If-None-Match; see that nobody else writes under PREFIX and REJECTS_PREFIX\"",
            c->bucket, refusal->status, *refusal->code ? LOG_QUOTE(refusal->code) : "none");
}

void s3_conditions_note_refused(struct s3_conditions *c, const struct cause *refusal,
                                const struct cause *plain)
{
    int64_t now = clock_monotonic_ms();
    if (!is_same(refusal, plain)) return;
    (void)pthread_mutex_lock(&c->mutex);
    if (!is_innocent(c, refusal, now))
        c->innocent[c->innocent_count++ % INNOCENT_MAX] =
            (struct innocent){*refusal, now + S3_CONDITIONS_INNOCENT_MS};
    (void)pthread_mutex_unlock(&c->mutex);
}

void s3_conditions_note_blind(struct s3_conditions *c)
{
    (void)pthread_mutex_lock(&c->mutex);
    bool is_news = !c->has_warned_blind;
    c->has_warned_blind = true;
    (void)pthread_mutex_unlock(&c->mutex);
    if (is_news)
        log_warn("objects are written without a look at what is there: the store supports no conditional "
                 "writes, and "
                 "refuses to show what is under a key",
                 "bucket=%s remedy=\"allow these keys s3:GetObject and s3:ListBucket\"", c->bucket);
}
