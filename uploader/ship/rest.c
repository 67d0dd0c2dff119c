/* rest -- see rest.h. */
#include "uploader/ship/rest.h"

#include <assert.h>

#define TO(state) (1u << (state))

static const unsigned next_states[] = {
    [REST_WELL] = TO(REST_RESTING),
    [REST_UNPROVEN] = TO(REST_WELL) | TO(REST_RESTING) | TO(REST_PROBING),
    [REST_RESTING] = TO(REST_WELL) | TO(REST_RESTING) | TO(REST_PROBING),
    [REST_PROBING] = TO(REST_WELL) | TO(REST_RESTING) | TO(REST_PROBING),
};

static void move(struct rest *rest, enum rest_state next)
{
    assert(next_states[rest->state] & TO(next));
    rest->state = next;
}

struct rest rest_start(const struct backoff *backoff, bool is_proven)
{
    assert(backoff->most_ms <= REST_MOST_MS);
    return (struct rest){
        .state = is_proven ? REST_WELL : REST_UNPROVEN, .backoff = backoff, .failed_at = -1, .well_at = -1};
}

/* When the state alone would allow a try. */
static int64_t allowed_from(const struct rest *rest)
{
    if (rest->state == REST_RESTING) return rest->until;
    return rest->state == REST_PROBING ? rest->probe_until : INT64_MIN;
}

bool rest_may_try(const struct rest *rest, int64_t now)
{
    return now >= rest->asked_until && now >= allowed_from(rest);
}

int64_t rest_due(const struct rest *rest, int64_t now)
{
    int64_t from = allowed_from(rest);
    if (rest_may_try(rest, now)) return INT64_MAX;
    return from > rest->asked_until ? from : rest->asked_until;
}

void rest_begin(struct rest *rest, const struct rest_try *a_try, int64_t now)
{
    assert(rest_may_try(rest, now));
    if (rest->state == REST_WELL) return;
    move(rest, REST_PROBING);
    rest->probe = a_try->id;
    rest->probe_until = now + REST_PROBE_MS;
}

static bool is_probe(const struct rest *rest, const struct rest_try *a_try)
{
    return rest->state == REST_PROBING && rest->probe == a_try->id;
}

/* A success counts if its try began after the last failure: what ran beside the failure shows nothing new. */
void rest_succeed(struct rest *rest, const struct rest_try *a_try, int64_t now)
{
    if (!is_probe(rest, a_try) && a_try->began < rest->failed_at) return;
    rest->well_at = now;
    rest->failures = 0;
    if (rest->state != REST_WELL) move(rest, REST_WELL);
}

/*
 * Tries that ran beside each other count as one failure. One that has got no answer tells of the time when it began: it
 * counts only if nothing has succeeded since then.
 */
void rest_fail(struct rest *rest, const struct rest_try *a_try, const struct rest_failure *failure,
               int64_t now)
{
    int64_t asked_ms = failure->asked_ms < REST_ASKED_MAX_MS ? failure->asked_ms : REST_ASKED_MAX_MS;
    if (asked_ms > 0 && now + asked_ms > rest->asked_until) rest->asked_until = now + asked_ms;
    bool was_probe = is_probe(rest, a_try);
    bool is_old = a_try->began < rest->failed_at || (failure->is_silent && a_try->began < rest->well_at);
    if (is_old && !was_probe) return;
    if (rest->failures == 0) rest->since = a_try->began;
    rest->failures++;
    rest->failed_at = now;
    if (rest->state == REST_PROBING && !was_probe && now < rest->probe_until) return;
    rest->until = now + backoff_ms(rest->backoff, rest->failures, failure->any);
    move(rest, REST_RESTING);
}

void rest_release(struct rest *rest, const struct rest_try *a_try, int64_t now)
{
    if (!is_probe(rest, a_try)) return;
    rest->until = now;
    move(rest, REST_RESTING);
}

void rest_hurry(struct rest *rest, int64_t now)
{
    rest->asked_until = 0;
    if (rest->state == REST_RESTING && rest->until > now) rest->until = now;
}
