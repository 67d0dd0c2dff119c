/* weather -- see weather.h. */
#include "tests/support/worlds/weather.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static int64_t between(struct chance *chance, int64_t least, int64_t most)
{
    return least + (int64_t)chance_below(chance, (size_t)(most - least + 1));
}

/* The bad modes of each layer: the first and the last. */
static const enum weather_mode bad_modes[WEATHER_LAYERS][2] = {
    [LAYER_ENDPOINT] = {MODE_CLOSED, MODE_PORTAL},
    [LAYER_IDENTITY] = {MODE_BAD_KEY, MODE_NO_KEYS},
    [LAYER_KIND + BATCH_EVENTS] = {MODE_DENIED, MODE_NO_BUCKET},
    [LAYER_KIND + BATCH_REJECTS] = {MODE_DENIED, MODE_NO_BUCKET},
    [LAYER_BATCH] = {MODE_PROXY_LIMIT, MODE_RANGE_REFUSED},
};

static void draw_layer(struct weather *w, int layer, int64_t now)
{
    struct chance *chance = w->chance;
    int64_t length = w->good_from - now;
    int64_t from = now + (chance_below(chance, 2) ? 0 : between(chance, 0, length));
    w->count[layer] = 0;
    while (w->count[layer] < WEATHER_PHASES && from < w->good_from) {
        struct weather_phase *phase = &w->phases[layer][w->count[layer]++];
        bool is_good = w->count[layer] % 2 == 0;
        int64_t range = bad_modes[layer][1] - bad_modes[layer][0];
        phase->from = from;
        phase->mode = is_good ? MODE_GOOD : bad_modes[layer][0] + (unsigned)between(chance, 0, range);
        phase->value = between(chance, 1, 6);
        from +=
            chance_below(chance, 4) == 0 ? between(chance, 1, length) : between(chance, 1, length / 4 + 1);
    }
}

void weather_draw(struct weather *weather, struct chance *chance, int64_t now, int64_t good_from)
{
    static const int64_t latencies[] = {2, 50, 50, 2 * SECOND, 2 * SECOND, 20 * SECOND, 4 * MINUTE};
    *weather = (struct weather){.chance = chance, .good_from = good_from};
    weather->latency_ms = latencies[chance_below(chance, sizeof latencies / sizeof *latencies)];
    for (int layer = 0; layer < WEATHER_LAYERS; layer++)
        if (chance_below(chance, 3) == 0) draw_layer(weather, layer, now);
    weather->range_first = between(chance, 1, 30);
    weather->range_last = weather->range_first + between(chance, 0, 30);
    if (chance_below(chance, 10) == 0) weather->poison_id = between(chance, 1, 20);
    if (chance_below(chance, 10) == 0) weather->denied_id = between(chance, 1, 20);
}

static const struct weather_phase *phase_at(const struct weather *w, int layer, int64_t now)
{
    static const struct weather_phase good = {0, MODE_GOOD, 0};
    const struct weather_phase *phase = &good;
    if (now >= w->good_from) return phase;
    for (int i = 0; i < w->count[layer] && w->phases[layer][i].from <= now; i++) phase = &w->phases[layer][i];
    return phase;
}

static bool holds(int64_t id, const struct weather_request *r)
{
    return id > 0 && r->kind == BATCH_EVENTS && r->first_id <= id && id <= r->last_id;
}

bool weather_is_hopeless(const struct weather *weather, enum batch_kind kind, int64_t first_id,
                         int64_t last_id)
{
    struct weather_request r = {.kind = kind, .first_id = first_id, .last_id = last_id};
    return holds(weather->poison_id, &r) || holds(weather->denied_id, &r);
}

bool weather_is_silence(const struct scheduler_answer *answer)
{
    return answer->outcome == SCHEDULER_FAILED && answer->cause.status == 0;
}

/* ---- answers ---- */

static struct weather_reply failed(int64_t takes_ms, enum scope scope, int status, const char *code)
{
    struct weather_reply reply = {takes_ms,
                                  {.outcome = SCHEDULER_FAILED, .cause = {.scope = scope, .status = status}}};
    (void)snprintf(reply.answer.cause.code, sizeof reply.answer.cause.code, "%s", code);
    return reply;
}

/* A refusal by the store itself. */
static struct weather_reply refused(int64_t takes_ms, enum scope scope, int status, const char *code)
{
    struct weather_reply reply = failed(takes_ms, scope, status, code);
    reply.answer.is_from_store = true;
    reply.answer.is_authentic = scope != SCOPE_IDENTITY;
    return reply;
}

static struct weather_reply silence(int64_t takes_ms)
{
    return failed(takes_ms, SCOPE_ENDPOINT, 0, "");
}

static struct weather_reply busy(const struct weather *w, int64_t takes_ms, int status)
{
    bool is_store = chance_below(w->chance, 2) == 0;
    struct weather_reply reply = failed(takes_ms, SCOPE_ENDPOINT, status, is_store ? "SlowDown" : "");
    int64_t asked[] = {0, 0, between(w->chance, 1, 20 * SECOND), between(w->chance, 1, 3 * HOUR)};
    reply.answer.asked_ms = asked[chance_below(w->chance, 4)];
    reply.answer.is_from_store = is_store;
    return reply;
}

/* Each returns whether its layer has answered. */
static bool endpoint_answers(const struct weather *w, int64_t takes_ms, int64_t now,
                             struct weather_reply *reply)
{
    const struct weather_phase *phase = phase_at(w, LAYER_ENDPOINT, now);
    switch (phase->mode) {
    case MODE_CLOSED: *reply = silence(between(w->chance, 1, 20)); return true;
    case MODE_HANGING: *reply = silence(between(w->chance, 30 * SECOND, MINUTE)); return true;
    case MODE_DRIPPING: *reply = silence(between(w->chance, HOUR / 2, 3 * HOUR)); return true;
    case MODE_BUSY: *reply = busy(w, takes_ms, 503); return true;
    case MODE_PORTAL: *reply = failed(takes_ms, SCOPE_ENDPOINT, 200, "NotS3"); return true;
    case MODE_SLOW_DOWN:
        if (chance_below(w->chance, (size_t)phase->value + 1) != 0) return false;
        *reply = busy(w, takes_ms, 429);
        return true;
    default: return false;
    }
}

static bool identity_answers(const struct weather *w, int64_t takes_ms, int64_t now,
                             struct weather_reply *reply)
{
    enum weather_mode mode = phase_at(w, LAYER_IDENTITY, now)->mode;
    if (mode == MODE_BAD_KEY) *reply = refused(takes_ms, SCOPE_IDENTITY, 403, "InvalidAccessKeyId");
    if (mode == MODE_NO_KEYS) *reply = failed(1, SCOPE_IDENTITY, 0, "NoCredentials");
    return mode != MODE_GOOD;
}

static bool kind_answers(const struct weather *w, enum batch_kind kind, int64_t takes_ms, int64_t now,
                         struct weather_reply *reply)
{
    enum weather_mode mode = phase_at(w, LAYER_KIND + (int)kind, now)->mode;
    if (mode == MODE_DENIED) *reply = refused(takes_ms, SCOPE_KIND, 403, "AccessDenied");
    if (mode == MODE_NO_BUCKET) *reply = refused(takes_ms, SCOPE_KIND, 404, "NoSuchBucket");
    return mode != MODE_GOOD;
}

static bool batch_answers(const struct weather *w, const struct weather_request *r, int64_t takes_ms,
                          int64_t now, struct weather_reply *reply)
{
    const struct weather_phase *phase = phase_at(w, LAYER_BATCH, now);
    int64_t rows = r->last_id - r->first_id + 1;
    bool is_refused = true;
    if (holds(w->poison_id, r))
        *reply = silence(between(w->chance, 30 * SECOND, 2 * MINUTE));
    else if (holds(w->denied_id, r) ||
             (phase->mode == MODE_SOME_DENIED && r->first_id % (phase->value + 1) == 0))
        *reply = refused(takes_ms, SCOPE_KIND, 403, "AccessDenied");
    else if (phase->mode == MODE_PROXY_LIMIT && rows > phase->value)
        *reply = failed(takes_ms, SCOPE_BATCH, 413, "");
    else if (phase->mode == MODE_STORE_LIMIT && rows > phase->value)
        *reply = refused(takes_ms, SCOPE_BATCH, 400, "EntityTooLarge");
    else if (phase->mode == MODE_INVALID)
        *reply = refused(takes_ms, SCOPE_BATCH, 400, "InvalidArgument");
    else if (phase->mode == MODE_RANGE_REFUSED && r->first_id <= w->range_last &&
             r->last_id >= w->range_first)
        *reply = refused(takes_ms, SCOPE_BATCH, 400, "KeyTooLongError");
    else
        is_refused = false;
    return is_refused;
}

static struct weather_reply taken(const struct weather *w, const struct weather_request *r, int64_t takes_ms)
{
    bool is_batch = r->action == SCHEDULER_SHIP;
    bool is_there = is_batch && r->may_be_stored && chance_below(w->chance, 3) == 0;
    bool is_found = r->action == SCHEDULER_ERRAND || r->is_look || is_there;
    return (struct weather_reply){takes_ms,
                                  {.outcome = is_found ? SCHEDULER_FOUND : SCHEDULER_TAKEN,
                                   .is_settled = is_batch && (is_there || !r->is_look)}};
}

struct weather_reply weather_answer(const struct weather *weather, const struct weather_request *request,
                                    int64_t now)
{
    int64_t takes_ms = between(weather->chance, 1, weather->latency_ms);
    bool is_batch = request->action == SCHEDULER_SHIP;
    struct weather_reply reply = taken(weather, request, takes_ms);
    if (now < weather->good_from && chance_below(weather->chance, 300) == 0) {
        bool is_unfit = is_batch && chance_below(weather->chance, 2) == 0;
        reply.answer = (struct scheduler_answer){.outcome = is_unfit ? SCHEDULER_UNFIT : SCHEDULER_LEFT};
        if (is_unfit) reply.answer.cause = (struct cause){SCOPE_BATCH, 0, "CannotRender"};
    } else if (!endpoint_answers(weather, takes_ms, now, &reply) &&
               !identity_answers(weather, takes_ms, now, &reply) && request->action != SCHEDULER_ERRAND &&
               !kind_answers(weather, request->kind, takes_ms, now, &reply) && is_batch &&
               !request->is_look) {
        (void)batch_answers(weather, request, takes_ms, now, &reply);
    }
    if (reply.answer.outcome == SCHEDULER_TAKEN || reply.answer.outcome == SCHEDULER_FOUND) return reply;
    bool is_doubtful = reply.answer.outcome == SCHEDULER_FAILED &&
                       reply.answer.cause.scope == SCOPE_ENDPOINT && chance_below(weather->chance, 2) == 0;
    reply.answer.may_be_stored = request->may_be_stored || (is_batch && !request->is_look && is_doubtful);
    return reply;
}
