/*
 * credentials -- see credentials.h. The chain of sources, and the keys that it gave last.
 */
#include "uploader/credentials/credentials.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/credentials/sources.h"

#define PAUSE_MS       30000 /* between two attempts to renew keys that are still valid */
#define SAME_ANSWER_MS 1000  /* so long a failure is shared by the threads that need keys */

struct credentials {
    struct credentials_options options; /* its texts are borrowed */
    struct signals *signals;
    const struct lockfile *lock;
    const struct connection *connection; /* borrowed */
    struct http *http;

    pthread_mutex_t mutex; /* guards what follows, and the http above */
    struct keys keys;      /* the last that were found */
    bool has_keys;
    bool is_rejected; /* by the server */
    bool has_logged;  /* that they cannot be renewed */
    size_t place;     /* of the source that gave them, in the chain */
    char source[KEYS_SOURCE_SIZE];
    struct file_watch watch;
    int64_t queried_at;  /* the last search, by the caller's clock, as are all times here */
    int64_t pause_ms;    /* from then to the next search */
    enum result failure; /* of the last search */
    struct why why;      /* of that failure */
};

enum result credentials_open(struct credentials **out, const struct credentials_options *options,
                             const struct connection *connection, struct signals *signals,
                             const struct lockfile *lock, struct http_limits limits, struct why *why)
{
    limits.stop_ms = 0;
    struct credentials *c = calloc(1, sizeof *c);
    if (!c) abort();
    const char *ca_bundle = *connection->ca_bundle ? connection->ca_bundle : NULL;
    c->keys = KEYS_NONE;
    c->options = *options;
    c->connection = connection;
    c->signals = signals;
    c->lock = lock;
    (void)pthread_mutex_init(&c->mutex, NULL);
    enum result res = http_open(&c->http, ca_bundle, signals, lock, limits, why);
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

/* ---- the search for keys ---- */

/*
 * The source that gave the keys has none now: its file may be empty only because it is being written. A later source would
 * give the keys of another identity, which nobody meant.
 */
static enum result refuse_later_source(const struct credentials *c, struct why *why)
{
    (void)why_remedy(why, RES_RETRY,
                     "put the keys back there; to use keys of another source, restart the uploader");
    return why_set(why, RES_RETRY, "the keys came from %s, and none are there now", c->source);
}

/* `*place`: of the source that answered, in the chain. */
static enum result query_all(struct credentials *c, struct source_query *query, struct keys *keys,
                             size_t *place, struct why *why)
{
    static source_get_keys *const chain[] = {environment_get_keys, web_identity_get_keys, profile_get_keys,
                                             container_get_keys, imds_get_keys};
    file_watch_clear(&c->watch);
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++) {
        bool is_set = false;
        enum result res = chain[i](query, keys, &is_set, why);
        *place = i;
        if (res != RES_OK || is_set) return res;
        if (c->has_keys && i == c->place && i + 1 < sizeof chain / sizeof *chain)
            return refuse_later_source(c, why);
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

static struct source_query make_query(struct credentials *c, int64_t now_at)
{
    return (struct source_query){.options = &c->options,
                                 .connection = c->connection,
                                 .http = c->http,
                                 .signals = c->signals,
                                 .lock = c->lock,
                                 .now_at = now_at,
                                 .watch = &c->watch};
}

/* Searches for keys, and keeps the result: new keys, or the failure. */
static void renew(struct credentials *c, int64_t now_at)
{
    char until[CLOCK_ISO_SIZE];
    struct keys keys = KEYS_NONE;
    struct source_query query = make_query(c, now_at);
    size_t place = 0;
    why_clear(&c->why);
    c->failure = query_all(c, &query, &keys, &place, &c->why);
    c->queried_at = now_at;
    c->pause_ms = c->failure == RES_OK ? PAUSE_MS : SAME_ANSWER_MS;
    if (c->failure == RES_OK) {
        bool is_new = !c->has_keys || !keys_are_same(&c->keys, &keys);
        keys_copy(&c->keys, &keys);
        c->has_keys = true;
        c->place = place;
        c->is_rejected = c->has_logged = false;
        (void)snprintf(c->source, sizeof c->source, "%s", query.name);
        if (is_new)
            log_info("credentials found", "source=%s until=%s", LOG_QUOTE(query.name), show_end(c, until));
    }
    keys_wipe(&keys);
}

/* The old keys stay in use; logs that once. */
static void keep_old(struct credentials *c)
{
    char until[CLOCK_ISO_SIZE];
    c->pause_ms = PAUSE_MS;
    if (c->has_logged) return;
    c->has_logged = true;
    log_warn("credentials cannot be renewed; the old ones are still valid", "until=%s why=%s remedy=%s",
             show_end(c, until), LOG_QUOTE(c->why.text),
             LOG_QUOTE(*c->why.remedy ? c->why.remedy : "none needed: trying again"));
}

static enum result get(struct credentials *c, int64_t now_at, struct keys *keys, struct why *why)
{
    enum keys_age age = c->has_keys && !c->is_rejected ? keys_age(&c->keys, now_at) : KEYS_ENDED;
    bool is_changed = file_watch_has_changed(&c->watch);
    bool is_pausing = now_at >= c->queried_at && now_at < c->queried_at + c->pause_ms && !is_changed;
    bool is_failing = is_pausing && c->failure != RES_OK;
    if (is_changed || (age == KEYS_AGEING && !is_pausing) || (age == KEYS_ENDED && !is_failing)) {
        renew(c, now_at);
        if (is_changed) c->has_logged = false; /* why it fails now is news */
        if (c->failure != RES_OK && age != KEYS_ENDED) keep_old(c);
        is_failing = c->failure != RES_OK;
    }
    if (is_failing && age == KEYS_ENDED) {
        *why = c->why;
        return c->failure;
    }
    keys_copy(keys, &c->keys);
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

bool credentials_have_changed(struct credentials *c)
{
    if (pthread_mutex_trylock(&c->mutex) != 0) return false;
    bool have_changed = file_watch_has_changed(&c->watch);
    (void)pthread_mutex_unlock(&c->mutex);
    return have_changed;
}

void credentials_source(struct credentials *c, char source[KEYS_SOURCE_SIZE])
{
    (void)pthread_mutex_lock(&c->mutex);
    memcpy(source, c->source, KEYS_SOURCE_SIZE);
    (void)pthread_mutex_unlock(&c->mutex);
}

bool credentials_describe(struct credentials *c, struct credentials_facts *facts)
{
    *facts = (struct credentials_facts){.tail = ""};
    (void)pthread_mutex_lock(&c->mutex);
    bool has_keys = c->has_keys;
    size_t len = strlen(c->keys.access_key_id);
    if (len >= CREDENTIALS_TAIL_SIZE) /* of a shorter one that would be all */
        memcpy(facts->tail, c->keys.access_key_id + len + 1 - sizeof facts->tail, sizeof facts->tail);
    facts->expires_at = c->keys.expires_at;
    (void)pthread_mutex_unlock(&c->mutex);
    return has_keys;
}

enum result credentials_identify(struct credentials *c, int64_t now_at, char arn[STS_ARN_SIZE],
                                 struct why *why)
{
    enum result res = RES_OK;
    arn[0] = '\0';
    (void)pthread_mutex_lock(&c->mutex);
    struct source_query query = make_query(c, now_at);
    if (c->has_keys && sts_identity_may_ask(c->connection))
        res = sts_identity_ask(&query, &c->keys, arn, why);
    (void)pthread_mutex_unlock(&c->mutex);
    return res;
}
