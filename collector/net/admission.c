/* admission -- see admission.h. */
#include "collector/net/admission.h"

#include <assert.h>

#define ON_ITS_WAY_PART 4    /* of the memory: unfinished events leave so much to what is on its way */
#define STEP_MAX_MS     1000 /* the caller was elsewhere for longer */
#define GROWTH_BYTES                                                                                         \
    ((size_t)64 << 10) /* by which a sender's memory may grow beyond the bytes that it sends */
#define LITTLE_BYTES ((size_t)64 << 10)
#define ITEMS_FACTOR 16 /* bytes that a byte read may take, where each few bytes are an item */

void admission_init(struct admission *a, const struct admission_options *options, int64_t now_ms)
{
    *a = (struct admission){.options = *options, .is_empty = true, .now_ms = now_ms};
    TAILQ_INIT(&a->holders);
}

void admission_advance(struct admission *a, int64_t now_ms, bool is_reading)
{
    int64_t step_ms = now_ms - a->now_ms;
    if (step_ms > STEP_MAX_MS) step_ms = STEP_MAX_MS;
    if (a->was_reading && is_reading && step_ms > 0) a->read_ms += step_ms;
    a->now_ms = now_ms;
    a->was_reading = is_reading;
}

void admission_note_on_its_way(struct admission *a, size_t bytes, bool is_empty)
{
    a->on_its_way_bytes = bytes;
    a->is_empty = is_empty;
}

/* ---- who is safe ---- */

/* What a sender may come to hold. */
static size_t most_of(const struct admission *a)
{
    return a->options.max_message_bytes + ADMISSION_MARGIN;
}

/* What is free for unfinished events. One of the largest has its place, however many connections there are. */
static size_t free_bytes(const struct admission *a)
{
    size_t all = a->options.memory_bytes - a->options.memory_bytes / ON_ITS_WAY_PART;
    size_t budget = all > a->fixed_bytes ? all - a->fixed_bytes : 0;
    if (budget < most_of(a)) budget = most_of(a);
    return budget > a->held_bytes ? budget - a->held_bytes : 0;
}

/* For the rest of a largest event, behind `held_bytes` of it. */
static size_t need_of(const struct admission *a, size_t held_bytes)
{
    return held_bytes < most_of(a) ? most_of(a) - held_bytes : 0;
}

static bool is_safe(const struct admission *a, size_t held_bytes)
{
    return free_bytes(a) >= need_of(a, held_bytes);
}

/* The oldest one that is. Where new connections have taken the memory that made one safe, the oldest of all. */
static struct admission_sender *find_oldest_safe(const struct admission *a)
{
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (is_safe(a, sender->held_bytes)) return sender;
    return TAILQ_FIRST(&a->holders);
}

/* ---- senders ---- */

void admission_add(struct admission *a, struct admission_sender *sender, size_t fixed_bytes)
{
    assert(sender->held_bytes == 0);
    sender->fixed_bytes = fixed_bytes;
    a->fixed_bytes += fixed_bytes;
    a->oldest_safe = find_oldest_safe(a);
}

static void set_held(struct admission *a, struct admission_sender *sender, size_t held_bytes, bool is_new)
{
    if (sender->held_bytes > 0 && (is_new || held_bytes == 0)) {
        TAILQ_REMOVE(&a->holders, sender, by_age);
        if (a->turn == sender) a->turn = NULL;
    }
    if (held_bytes > 0 && (is_new || sender->held_bytes == 0)) TAILQ_INSERT_TAIL(&a->holders, sender, by_age);
    a->held_bytes += held_bytes - sender->held_bytes;
    sender->held_bytes = held_bytes;
}

void admission_remove(struct admission *a, struct admission_sender *sender)
{
    set_held(a, sender, 0, false);
    a->fixed_bytes -= sender->fixed_bytes;
    a->oldest_safe = find_oldest_safe(a);
}

void admission_note(struct admission *a, struct admission_sender *sender, size_t read_bytes,
                    size_t held_bytes, size_t fixed_bytes, bool is_new)
{
    set_held(a, sender, held_bytes, is_new);
    a->fixed_bytes += fixed_bytes - sender->fixed_bytes;
    sender->fixed_bytes = fixed_bytes;
    a->oldest_safe = find_oldest_safe(a);
    if (a->turn != sender || read_bytes == 0) return;
    a->turn_heard_ms = a->read_ms;
    a->turn_bytes += read_bytes;
}

/* ---- how much ---- */

bool admission_is_short(const struct admission *a)
{
    return !is_safe(a, 0);
}

/* What is free for it. */
static size_t share_of(const struct admission *a, const struct admission_sender *sender)
{
    size_t free = free_bytes(a);
    const struct admission_sender *oldest = a->oldest_safe;
    if (is_safe(a, sender->held_bytes)) return free;
    if (oldest == sender) return LITTLE_BYTES;
    size_t kept = need_of(a, oldest->held_bytes);
    if (kept < most_of(a) / 2) kept = most_of(a) / 2;
    bool is_little = sender->held_bytes < LITTLE_BYTES && free >= kept + LITTLE_BYTES + GROWTH_BYTES;
    return is_little ? LITTLE_BYTES : 0;
}

/* By what is on its way: each byte that is read may become an item, but a chunk has only so many of them. */
static size_t room_for_reading(const struct admission *a)
{
    size_t used = a->fixed_bytes + a->held_bytes + a->on_its_way_bytes;
    size_t room = a->options.memory_bytes > used ? a->options.memory_bytes - used : 0;
    if (room >= a->options.read_room_bytes) return SIZE_MAX;
    if (room / ITEMS_FACTOR >= ADMISSION_READ_MIN) return room / ITEMS_FACTOR;
    return a->is_empty ? ADMISSION_READ_MIN : 0; /* nothing will get free by waiting */
}

bool admission_has_room(const struct admission *a)
{
    return room_for_reading(a) > 0;
}

size_t admission_may_read(const struct admission *a, const struct admission_sender *sender)
{
    size_t most = room_for_reading(a);
    size_t share = share_of(a, sender);
    if (share == 0) return 0;
    share = share > 2 * GROWTH_BYTES ? share - GROWTH_BYTES : share / 2;
    if (share < ADMISSION_READ_MIN) share = ADMISSION_READ_MIN;
    return most < share ? most : share;
}

struct admission_sender *admission_next(struct admission *a)
{
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (sender->is_waiting && admission_may_read(a, sender) > 0) return sender;
    return NULL;
}

/* ---- who is in the way ---- */

static bool is_turn_over(struct admission *a)
{
    if (a->read_ms - a->turn_heard_ms >= ADMISSION_QUIET_MS) return true;
    if (a->read_ms - a->turn_slow_ms < ADMISSION_SLOW_MS) return false;
    if (a->turn_bytes < ADMISSION_LIVE_BYTES) return true;
    a->turn_slow_ms = a->read_ms;
    a->turn_bytes = 0;
    return false;
}

struct admission_sender *admission_find_slow(struct admission *a, bool has_waiting)
{
    struct admission_sender *oldest = a->oldest_safe;
    if (!has_waiting) a->turn = NULL;
    if (!has_waiting || !oldest || !admission_has_room(a)) return NULL;
    if (a->turn == oldest) return is_turn_over(a) ? oldest : NULL;
    a->turn = oldest;
    a->turn_heard_ms = a->turn_slow_ms = a->read_ms;
    a->turn_bytes = 0;
    return NULL;
}
