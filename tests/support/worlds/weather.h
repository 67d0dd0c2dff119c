/*
 * weather -- a store that was made up, and how it answers as time passes: outages, refusals of each scope, limits that
 * change, batches that are never taken. Everything is drawn once; from `good_from` on it takes everything but what it
 * refuses for ever.
 */
#ifndef TESTS_SUPPORT_WORLDS_WEATHER_H
#define TESTS_SUPPORT_WORLDS_WEATHER_H

#include "tests/support/chance.h"
#include "uploader/ship/scheduler.h"

#define WEATHER_PHASES 4
#define WEATHER_LAYERS 5

/* What may go wrong, one layer for each scope; a kind has one of its own. */
enum weather_layer {
    LAYER_ENDPOINT,
    LAYER_IDENTITY,
    LAYER_KIND,
    LAYER_BATCH = LAYER_KIND + BATCH_KIND_COUNT
};

enum weather_mode {
    MODE_GOOD,
    MODE_CLOSED,    /* the connection is refused at once */
    MODE_HANGING,   /* no answer for 30 to 60 s */
    MODE_DRIPPING,  /* no answer for hours */
    MODE_BUSY,      /* 503, with or without Retry-After */
    MODE_SLOW_DOWN, /* 429 for a share of the requests */
    MODE_PORTAL,    /* somebody else answers */
    MODE_BAD_KEY,   /* the store does not know the key */
    MODE_NO_KEYS,   /* there is nothing to sign with */
    MODE_DENIED,    /* AccessDenied for all */
    MODE_NO_BUCKET,
    MODE_PROXY_LIMIT,  /* 413 of a proxy above a size */
    MODE_STORE_LIMIT,  /* EntityTooLarge above a size */
    MODE_INVALID,      /* InvalidArgument for all */
    MODE_SOME_DENIED,  /* AccessDenied for some keys */
    MODE_RANGE_REFUSED /* KeyTooLongError in a range of ids */
};

struct weather_phase {
    int64_t from;
    enum weather_mode mode;
    int64_t value; /* a limit in rows, a divisor, a share */
};

struct weather {
    struct chance *chance; /* borrowed: the world's */
    struct weather_phase phases[WEATHER_LAYERS][WEATHER_PHASES];
    int count[WEATHER_LAYERS];
    int64_t good_from;
    int64_t latency_ms;              /* of an answer at most */
    int64_t range_first, range_last; /* for MODE_RANGE_REFUSED */
    int64_t poison_id;               /* a batch of events with this row hangs for ever; 0: none */
    int64_t denied_id;               /* a batch of events with this row is denied for ever; 0: none */
};

struct weather_request {
    enum scheduler_action action;
    enum batch_kind kind;
    int64_t first_id, last_id;
    bool may_be_stored, is_look;
};

struct weather_reply {
    int64_t takes_ms;
    struct scheduler_answer answer;
};

/* Draws the layers between `now` and `good_from`. */
void weather_draw(struct weather *weather, struct chance *chance, int64_t now, int64_t good_from);

/* Is the batch one that is never taken? */
bool weather_is_hopeless(const struct weather *weather, enum batch_kind kind, int64_t first_id,
                         int64_t last_id);

/* How a request that begins now will end. */
struct weather_reply weather_answer(const struct weather *weather, const struct weather_request *request,
                                    int64_t now);

/* The answer to a try is silence: it tells of the time when the try began. */
bool weather_is_silence(const struct scheduler_answer *answer);

#endif
