/* replacements -- see replacements.h. */
#include "collector/intake/replacements.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

struct replacements {
    pthread_mutex_t lock; /* over all below */
    size_t unlogged;      /* characters counted since the last line */
    char last[EVENT_SOURCE_MAX];
    bool has_logged;
    int64_t logged_at; /* monotonic ms */
};

struct replacements *replacements_new(void)
{
    struct replacements *r = calloc(1, sizeof *r);
    if (!r) abort();
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

static void log_count(struct replacements *r)
{
    if (r->unlogged == 0) return;
    log_warn("characters that XML forbids were replaced by U+FFFD", "replaced=%zu last_source=%s",
             r->unlogged, r->last);
    r->unlogged = 0;
}

static void log_if_due(struct replacements *r, int64_t now)
{
    if (r->unlogged == 0 || (r->has_logged && now - r->logged_at < REPLACEMENTS_PERIOD_MS)) return;
    log_count(r);
    r->has_logged = true;
    r->logged_at = now;
}

void replacements_free(struct replacements *r)
{
    if (!r) return;
    log_count(r);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void replacements_add(struct replacements *r, size_t count, struct slice source, int64_t now)
{
    if (count == 0) return;
    (void)pthread_mutex_lock(&r->lock);
    r->unlogged += count;
    (void)snprintf(r->last, sizeof r->last, "%.*s", (int)source.len, source.data);
    log_if_due(r, now);
    (void)pthread_mutex_unlock(&r->lock);
}

void replacements_log(struct replacements *r, int64_t now)
{
    (void)pthread_mutex_lock(&r->lock);
    log_if_due(r, now);
    (void)pthread_mutex_unlock(&r->lock);
}
