/*
 * credentials -- see credentials.h. The chain of sources, and the keys that it gave last.
 */
#include "uploader/credentials/credentials.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/credentials/source.h"

#define PAUSE_MS       30000 /* between two tries at renewing keys that are still good */
#define SAME_ANSWER_MS 1000  /* several threads that need keys at once share a failure */

struct credentials {
    const struct settings *settings;
    struct signals *signals;
    const struct lockfile *lock;
    struct http *http;
    char region[CRED_REGION_SIZE];

    pthread_mutex_t mutex; /* guards what follows, and the http above */
    struct keys keys;      /* the last ones */
    bool has_keys;
    bool is_rejected; /* by the server */
    bool has_logged;  /* that they cannot be renewed */
    char source[CREDENTIALS_SOURCE_SIZE];
    struct file_watch watch;
    int64_t asked_at;    /* by the caller's clock, as are all times here */
    int64_t pause_ms;    /* after that, before the next try */
    enum result failure; /* of the last try */
    struct why why;      /* of that failure */
};

void cred_set_source(struct source_query *query, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(query->source, sizeof query->source, format, args);
    va_end(args);
}

void cred_note_searched(struct source_query *query, const char *format, ...)
{
    va_list args;
    size_t len = strlen(query->searched);
    if (len > 0) len += (size_t)snprintf(query->searched + len, sizeof query->searched - len, "; ");
    if (len >= sizeof query->searched) return;
    va_start(args, format);
    (void)vsnprintf(query->searched + len, sizeof query->searched - len, format, args);
    va_end(args);
}

static enum result find_region(struct credentials *c, struct why *why)
{
    const char *set = c->settings->region ? c->settings->region : c->settings->default_region;
    enum result res = RES_OK;
    if (set)
        (void)snprintf(c->region, sizeof c->region, "%s", set);
    else
        res = cred_profile_region(c->settings, c->region, why);
    if (!*c->region) (void)snprintf(c->region, sizeof c->region, "us-east-1");
    return res;
}

enum result credentials_open(struct credentials **out, const struct settings *settings,
                             struct signals *signals, const struct lockfile *lock, struct why *why)
{
    struct credentials *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->settings = settings;
    c->signals = signals;
    c->lock = lock;
    (void)pthread_mutex_init(&c->mutex, NULL);
    enum result res = find_region(c, why);
    if (res == RES_OK) res = http_open(&c->http, settings->ca_bundle, signals, lock, HTTP_LIMITS(0), why);
    if (res != RES_OK) {
        credentials_close(c);
        c = NULL;
    }
    *out = c;
    return res;
}

void credentials_close(struct credentials *c)
{
    if (!c) return;
    http_close(c->http);
    (void)pthread_mutex_destroy(&c->mutex);
    keys_wipe(&c->keys);
    free(c);
}

const char *credentials_region(const struct credentials *c)
{
    return c->region;
}

/* ---- asking ---- */

static enum result query_all(struct credentials *c, struct source_query *query, struct keys *keys,
                             struct why *why)
{
    static cred_source *const chain[] = {cred_environment, cred_web_identity, cred_profile, cred_container,
                                         cred_imds};
    file_watch_clear(&c->watch);
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++) {
        bool is_set = false;
        enum result res = chain[i](query, keys, &is_set, why);
        if (res != RES_OK || is_set) return res;
    }
    (void)why_remedy(
        why, RES_REFUSE,
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, each also possible with _FILE or as a file "
        "in /run/secrets; or AWS_PROFILE; or give the machine, task or pod a role");
    return why_set(why, RES_REFUSE, "no credentials: looked for %s", query->searched);
}

/* When the keys end, for the log. */
static const char *show_end(const struct credentials *c, char until[CLOCK_ISO_SIZE])
{
    return c->keys.expires_at == KEYS_FOREVER ? "further_notice" : clock_iso(c->keys.expires_at, until);
}

/* Asks, and keeps what comes: new keys, or the failure. */
static void renew(struct credentials *c, int64_t now_at)
{
    char until[CLOCK_ISO_SIZE];
    struct keys keys;
    struct source_query query = {.settings = c->settings,
                                 .region = c->region,
                                 .http = c->http,
                                 .signals = c->signals,
                                 .lock = c->lock,
                                 .now_at = now_at,
                                 .watch = &c->watch};
    keys_wipe(&keys);
    why_clear(&c->why);
    c->failure = query_all(c, &query, &keys, &c->why);
    c->asked_at = now_at;
    c->pause_ms = c->failure == RES_OK ? PAUSE_MS : SAME_ANSWER_MS;
    if (c->failure == RES_OK) {
        bool is_new = !c->has_keys || !keys_are_same(&c->keys, &keys);
        c->keys = keys;
        c->has_keys = true;
        c->is_rejected = c->has_logged = false;
        (void)snprintf(c->source, sizeof c->source, "%s", query.source);
        if (is_new)
            log_info("credentials found", "source=%s until=%s", LOG_QUOTE(query.source), show_end(c, until));
    }
    keys_wipe(&keys);
}

/* The old keys serve on: says so, once. */
static void keep_old(struct credentials *c)
{
    char until[CLOCK_ISO_SIZE];
    c->pause_ms = PAUSE_MS;
    if (c->has_logged) return;
    c->has_logged = true;
    log_warn("credentials cannot be renewed; the old ones still hold", "until=%s why=%s remedy=%s",
             show_end(c, until), LOG_QUOTE(c->why.text),
             LOG_QUOTE(*c->why.remedy ? c->why.remedy : "none needed: trying again"));
}

static enum result get(struct credentials *c, int64_t now_at, struct keys *keys, struct why *why)
{
    enum keys_age age = c->has_keys && !c->is_rejected ? keys_age(&c->keys, now_at) : KEYS_ENDED;
    bool is_changed = file_watch_has_changed(&c->watch);
    bool is_pausing = now_at >= c->asked_at && now_at < c->asked_at + c->pause_ms && !is_changed;
    bool is_failing = is_pausing && c->failure != RES_OK;
    if (is_changed || (age == KEYS_AGEING && !is_pausing) || (age == KEYS_ENDED && !is_failing)) {
        renew(c, now_at);
        if (c->failure != RES_OK && age != KEYS_ENDED) keep_old(c);
        is_failing = c->failure != RES_OK;
    }
    if (is_failing && age == KEYS_ENDED) {
        *why = c->why;
        return c->failure;
    }
    *keys = c->keys;
    return RES_OK;
}

enum result credentials_get(struct credentials *c, int64_t now_at, struct keys *keys, struct why *why)
{
    (void)pthread_mutex_lock(&c->mutex);
    enum result res = get(c, now_at, keys, why);
    (void)pthread_mutex_unlock(&c->mutex);
    return res;
}

void credentials_reject(struct credentials *c, const struct keys *keys)
{
    (void)pthread_mutex_lock(&c->mutex);
    if (c->has_keys && keys_are_same(&c->keys, keys)) c->is_rejected = true;
    (void)pthread_mutex_unlock(&c->mutex);
}

void credentials_source(struct credentials *c, char source[CREDENTIALS_SOURCE_SIZE])
{
    (void)pthread_mutex_lock(&c->mutex);
    memcpy(source, c->source, CREDENTIALS_SOURCE_SIZE);
    (void)pthread_mutex_unlock(&c->mutex);
}
