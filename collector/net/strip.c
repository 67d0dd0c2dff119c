/* strip -- see strip.h. */
#include "collector/net/strip.h"

#define STRIP_MOST  ((size_t)2 << 20) /* so many senders of events of usual size at once */
#define STRIP_PART  8 /* of the memory, where this is less: a largest event has its place beside it */
#define FIRST_BYTES ((size_t)8 << 10)  /* a sender that holds less takes small steps, */
#define FIRST_STEP  ((size_t)4 << 10)  /* of so many bytes, */
#define FIRST_MOST  ((size_t)16 << 10) /* by which it may come to hold so much */

static const size_t most_of[STRIP_HALVES] = {FIRST_MOST, STRIP_LITTLE_MOST}; /* held, after a step in it */

void strip_init(struct strip *strip, size_t memory_bytes)
{
    size_t size = memory_bytes / STRIP_PART;
    *strip = (struct strip){.half_bytes = (size < STRIP_MOST ? size : STRIP_MOST) / 2};
}

size_t strip_size(const struct strip *strip)
{
    return 2 * strip->half_bytes;
}

/* ---- what counts ---- */

/* For which half it counts that a sender holds so much; STRIP_HALVES: for none. */
static enum strip_half half_of(size_t held_bytes)
{
    if (held_bytes <= FIRST_MOST) return STRIP_FIRST;
    return held_bytes <= STRIP_LITTLE_MOST ? STRIP_LATER : STRIP_HALVES;
}

static enum strip_half half_of_step(size_t held_bytes)
{
    return held_bytes < FIRST_BYTES ? STRIP_FIRST : STRIP_LATER;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Of one address. */
static size_t share_of(const struct strip *strip, enum strip_half half)
{
    return strip->half_bytes > most_of[half] ? strip->half_bytes - most_of[half] : 0;
}

static void set_bytes(struct strip *strip, struct strip_source *source, enum strip_half half, size_t bytes)
{
    size_t share = share_of(strip, half);
    strip->bytes[half] += least(bytes, share) - least(source->bytes[half], share);
    source->bytes[half] = bytes;
}

void strip_add(struct strip *strip, struct strip_source *source, size_t held_bytes)
{
    enum strip_half half = half_of(held_bytes);
    if (half < STRIP_HALVES) set_bytes(strip, source, half, source->bytes[half] + held_bytes);
}

void strip_remove(struct strip *strip, struct strip_source *source, size_t held_bytes)
{
    enum strip_half half = half_of(held_bytes);
    if (half < STRIP_HALVES) set_bytes(strip, source, half, source->bytes[half] - held_bytes);
}

/* ---- who has room ---- */

/* What other senders of the address hold. */
static size_t others_of(const struct strip_source *source, size_t held_bytes, enum strip_half half)
{
    return source->bytes[half] - (half_of(held_bytes) == half ? held_bytes : 0);
}

/* What counts for the half, but for the sender. */
static size_t bytes_without(const struct strip *strip, const struct strip_source *source, size_t held_bytes,
                            enum strip_half half)
{
    size_t share = share_of(strip, half);
    return strip->bytes[half] - least(source->bytes[half], share) +
           least(others_of(source, held_bytes, half), share);
}

size_t strip_used_without(const struct strip *strip, const struct strip_source *source, size_t held_bytes)
{
    return least(bytes_without(strip, source, held_bytes, STRIP_FIRST), strip->half_bytes) +
           least(bytes_without(strip, source, held_bytes, STRIP_LATER), strip->half_bytes);
}

size_t strip_used(const struct strip *strip)
{
    return least(strip->bytes[STRIP_FIRST], strip->half_bytes) +
           least(strip->bytes[STRIP_LATER], strip->half_bytes);
}

bool strip_is_shared(const struct strip_source *source, size_t held_bytes)
{
    return others_of(source, held_bytes, half_of_step(held_bytes)) > 0;
}

size_t strip_step(const struct strip *strip, const struct strip_source *source, size_t held_bytes,
                  bool is_first_in_line)
{
    enum strip_half half = half_of_step(held_bytes);
    size_t kept = is_first_in_line || !strip_is_shared(source, held_bytes) ? 0 : most_of[half];
    size_t wanted = most_of[half] + kept;
    if (others_of(source, held_bytes, half) + wanted > share_of(strip, half)) return 0;
    if (bytes_without(strip, source, held_bytes, half) + wanted > strip->half_bytes) return 0;
    return half == STRIP_FIRST ? FIRST_STEP : STRIP_GROWTH_BYTES;
}
