/*
 * rest -- may something be tried now where a try has failed? One rest stands for one scope: the endpoint, the identity,
 * a kind, a group of refused batches, or the scouts of a kind. Pure: the caller brings the time and the chance.
 *
 *              .-------------------- it works -------------------.
 *              v                                                 |
 *   well --- it fails ---> resting --- its time is over, and ---> probing
 *              ^              ^        one try has begun             |
 *              |              `------ it fails, or says nothing -----'
 *   unproven --'   (at the start: as a rest that is over, without a failure)
 *
 * A rest ends by itself: at most REST_MOST_MS after the failure, or as late as the server asks for, at most
 * REST_ASKED_MAX_MS. Then one try is the probe. If the probe has not ended after REST_PROBE_MS, the next one may begin.
 */
#ifndef UPLOADER_SHIP_REST_H
#define UPLOADER_SHIP_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "uploader/ship/backoff.h"

#define REST_MOST_MS      60000
#define REST_PROBE_MS     60000
#define REST_ASKED_MAX_MS 300000

enum rest_state { REST_WELL, REST_UNPROVEN, REST_RESTING, REST_PROBING };

struct rest {
    enum rest_state state;
    const struct backoff *backoff; /* borrowed; its longest time is at most REST_MOST_MS */
    int failures;                  /* in a row */
    int64_t since;                 /* monotonic: when the first try of these failures began */
    int64_t failed_at, well_at;    /* when the last failure, and the last success, were known */
    int64_t until;                 /* resting: when the next try may begin */
    int64_t asked_until; /* the server has asked to be left alone until then, whatever else it said */
    int64_t probe;       /* probing: the try, and */
    int64_t probe_until; /* when another may begin */
};

/* One try. */
struct rest_try {
    int64_t id;    /* unique */
    int64_t began; /* monotonic */
};

/* How a try has failed. */
struct rest_failure {
    bool is_silent;   /* without any answer, so it tells of the time when it began */
    int64_t asked_ms; /* the pause that the server asks for; 0: none */
    uint32_t any;     /* a random number */
};

/* `is_proven`: tries may run beside each other at once; else the first one shows whether they can. */
struct rest rest_start(const struct backoff *backoff, bool is_proven);

bool rest_may_try(const struct rest *rest, int64_t now);

/* When rest_may_try() may become true if nothing ends before; INT64_MAX: it is true. */
int64_t rest_due(const struct rest *rest, int64_t now);

/* A try begins, which rest_may_try() has allowed. */
void rest_begin(struct rest *rest, const struct rest_try *a_try, int64_t now);

/* How it has ended: it works; it does not; nothing was learnt of it. */
void rest_succeed(struct rest *rest, const struct rest_try *a_try, int64_t now);
void rest_fail(struct rest *rest, const struct rest_try *a_try, const struct rest_failure *failure,
               int64_t now);
void rest_release(struct rest *rest, const struct rest_try *a_try, int64_t now);

/* A person, or new credentials, end a rest early; the server's wish, too. */
void rest_hurry(struct rest *rest, int64_t now);

#endif
