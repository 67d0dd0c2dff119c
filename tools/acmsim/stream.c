/*
 * stream -- the bytes of one connection, and how many of them the kernel has taken.
 * Happy path: fill in cn, gateway and times of the next run of templates, give out the run, count what was
 * taken. What can fail: nothing.
 *
 * Invariants:
 * 1. The ring is changed only between sends: send() has copied what it took when it returns.
 * 2. The rest of an event half taken is filled in again exactly as before, because its bytes follow from the
 *    connection and the event's number: nothing else, no clock, goes into them.
 */
#include "tools/acmsim/stream.h"

#include "tools/acmsim/stamp.h"

#include <string.h>

#define RUN_BYTES ((size_t)256 << 10)

/* 2025-08-04 06:00:00 UTC, and a second more with every event; again from there after 34 years. */
#define FIRST_EVENT_AT INT64_C(1754287200)
#define CYCLE_S        (UINT64_C(1) << 30)

/* Neighbouring connections start at different templates. */
#define TEMPLATES_APART 37u

enum { PURPOSE_GATEWAY = 3 };

static void write_hex(char *at, uint64_t value, int digits)
{
    static const char hex[] = "0123456789abcdef";

    for (int i = digits - 1; i >= 0; i--) {
        at[i] = hex[value & 15];
        value >>= 4;
    }
}

void stream_init(struct stream *s, unsigned connection, uint64_t share, uint64_t seed)
{
    struct rng rng = rng_of(seed, PURPOSE_GATEWAY, connection);

    *s = (struct stream){.connection = connection, .share = share};
    write_hex(s->gateway, rng_next(&rng), ID_DIGITS);
}

bool stream_is_due(const struct stream *s)
{
    return s->sent < s->granted;
}

static unsigned index_of(const struct stream *s, const struct ring *ring, uint64_t event)
{
    return (unsigned)((event + (uint64_t)s->connection * TEMPLATES_APART) % ring->count);
}

static void fill_in(char *bytes, const struct template *t, const struct stream *s, uint64_t event)
{
    int64_t at = FIRST_EVENT_AT + (int64_t)(event % CYCLE_S);

    if (t->is_fixed) return;
    write_hex(bytes + t->cn_at, ((uint64_t)s->connection << 48) + event + 1, ID_DIGITS);
    for (unsigned i = 0; i < t->gateway_count; i++) memcpy(bytes + t->gateway_at[i], s->gateway, ID_DIGITS);
    for (unsigned i = 0; i < t->stamp_count; i++)
        stamp_write(bytes + t->stamp[i].at, at + t->stamp[i].shift_s);
}

/* Fill in a run from the stream's next event on: not past what is granted, the ring's end, or the run's size.
 */
static void fill_run(const struct stream *s, struct filled_run *filled)
{
    struct ring *ring = filled->ring;
    unsigned index = index_of(s, ring, s->sent);
    uint64_t event = s->sent;
    size_t begin = ring->templates[index].begin;

    do { /* at least one event, be it larger than a run */
        fill_in(ring->bytes.data, &ring->templates[index], s, event);
        index++;
        event++;
    } while (event < s->granted && index < ring->count && ring->templates[index].end - begin <= RUN_BYTES);
    filled->owner = s;
    filled->first = s->sent;
    filled->end = event;
}

size_t stream_peek(const struct stream *s, struct filled_run *filled, const char **data)
{
    const struct ring *ring = filled->ring;
    uint64_t last = 0;
    size_t from = 0;

    if (!stream_is_due(s)) return 0;
    if (filled->owner != s || s->sent < filled->first || s->sent >= filled->end) fill_run(s, filled);
    last = (filled->end < s->granted ? filled->end : s->granted) - 1;
    from = ring->templates[index_of(s, ring, s->sent)].begin + s->offset;
    *data = ring->bytes.data + from;
    return ring->templates[index_of(s, ring, last)].end - from;
}

void stream_take(struct stream *s, const struct ring *ring, size_t length)
{
    unsigned index = index_of(s, ring, s->sent);

    s->bytes += length;
    length += s->offset;
    while (length > 0) {
        const struct template *t = &ring->templates[index];
        if (length < t->end - t->begin) break;
        length -= t->end - t->begin;
        s->taken[t->quality]++;
        s->sent++;
        index = index + 1 < ring->count ? index + 1 : 0;
    }
    s->offset = length;
}
