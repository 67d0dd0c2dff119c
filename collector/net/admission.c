/* admission -- see admission.h. */
#include "collector/net/admission.h"

#include <assert.h>

#define ON_ITS_WAY_PART 4    /* of the memory: unfinished events leave so much to what is on its way */
#define STEP_MAX_MS     1000 /* the caller was elsewhere for longer */
#define GROWTH_BYTES                                                                                         \
    ((size_t)64 << 10) /* by which a sender's memory may grow beyond the bytes that it sends */
#define LITTLE_BYTES ((size_t)64 << 10)
/* What counts as little: a sender that holds less than LITTLE_BYTES, and what one read may make of it. */
#define LITTLE_MOST (LITTLE_BYTES + GROWTH_BYTES)
/* So many senders of events of usual size at once; yet a part so small that a largest event has its place beside it. */
#define STRIP_MOST   ((size_t)1 << 20)
#define STRIP_PART   16                 /* of the memory, where this is less */
#define FIRST_BYTES  ((size_t)8 << 10)  /* a sender that holds less is read in small steps */
#define FIRST_MOST   ((size_t)16 << 10) /* what it may come to hold by such a step */
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

/* All that unfinished events may take. One of the largest has its place, however many connections there are. */
static size_t budget_of(const struct admission *a)
{
    size_t all = a->options.memory_bytes - a->options.memory_bytes / ON_ITS_WAY_PART;
    size_t budget = all > a->fixed_bytes ? all - a->fixed_bytes : 0;
    return budget < most_of(a) ? most_of(a) : budget;
}

/* Of these the strip for those that hold little; a largest event has its place beside it. */
static size_t strip_of(const struct admission *a)
{
    size_t strip = a->options.memory_bytes / STRIP_PART;
    size_t room = budget_of(a) - most_of(a);
    if (strip > STRIP_MOST) strip = STRIP_MOST;
    return strip < room ? strip : room;
}

/* What counts for the two halves of the strip: of those that have sent a few bytes only, and of the other little ones. */
static size_t first_of(size_t held_bytes)
{
    return held_bytes <= FIRST_MOST ? held_bytes : 0;
}

static size_t later_of(size_t held_bytes)
{
    return held_bytes > FIRST_MOST && held_bytes <= LITTLE_MOST ? held_bytes : 0;
}

/* What would be free outside the strip without the sender that holds `own_bytes`. */
static size_t free_without(const struct admission *a, size_t own_bytes)
{
    size_t half = strip_of(a) / 2;
    size_t first = a->first_bytes - first_of(own_bytes);
    size_t later = a->later_bytes - later_of(own_bytes);
    size_t used = a->held_bytes - own_bytes - (first < half ? first : half) - (later < half ? later : half);
    size_t budget = budget_of(a) - 2 * half;
    return budget > used ? budget - used : 0;
}

/* For the rest of a largest event, behind `held_bytes` of it. */
static size_t need_of(const struct admission *a, size_t held_bytes)
{
    return held_bytes < most_of(a) ? most_of(a) - held_bytes : 0;
}

static bool is_safe(const struct admission *a, size_t held_bytes)
{
    return held_bytes >= most_of(a) || free_without(a, held_bytes) >= most_of(a);
}

static struct admission_sender *find_oldest_little(const struct admission *a)
{
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (sender->held_bytes < LITTLE_BYTES) return sender;
    return NULL;
}

/* The oldest one that is. Where new connections have taken the memory that made one safe, the oldest of all. */
static struct admission_sender *find_oldest_safe(const struct admission *a)
{
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (is_safe(a, sender->held_bytes)) return sender;
    return TAILQ_FIRST(&a->holders);
}

static void note_oldest(struct admission *a)
{
    a->oldest_safe = find_oldest_safe(a);
    a->oldest_little = find_oldest_little(a);
}

/* ---- senders ---- */

void admission_add(struct admission *a, struct admission_sender *sender, size_t fixed_bytes)
{
    assert(sender->held_bytes == 0);
    sender->fixed_bytes = fixed_bytes;
    a->fixed_bytes += fixed_bytes;
    note_oldest(a);
}

static void set_held(struct admission *a, struct admission_sender *sender, size_t held_bytes, bool is_new)
{
    if (sender->held_bytes > 0 && (is_new || held_bytes == 0)) {
        TAILQ_REMOVE(&a->holders, sender, by_age);
        if (a->turn == sender) a->turn = NULL;
    }
    if (held_bytes > 0 && (is_new || sender->held_bytes == 0)) TAILQ_INSERT_TAIL(&a->holders, sender, by_age);
    if (is_new || sender->held_bytes == 0) sender->began_ms = a->read_ms;
    a->held_bytes += held_bytes - sender->held_bytes;
    a->first_bytes += first_of(held_bytes) - first_of(sender->held_bytes);
    a->later_bytes += later_of(held_bytes) - later_of(sender->held_bytes);
    sender->held_bytes = held_bytes;
}

void admission_remove(struct admission *a, struct admission_sender *sender)
{
    set_held(a, sender, 0, false);
    a->fixed_bytes -= sender->fixed_bytes;
    note_oldest(a);
}

void admission_note(struct admission *a, struct admission_sender *sender, size_t read_bytes,
                    size_t held_bytes, size_t fixed_bytes, bool is_new)
{
    set_held(a, sender, held_bytes, is_new);
    a->fixed_bytes += fixed_bytes - sender->fixed_bytes;
    sender->fixed_bytes = fixed_bytes;
    note_oldest(a);
    if (read_bytes > 0) sender->heard_ms = a->read_ms;
    if (a->turn != sender || read_bytes == 0) return;
    a->turn_heard_ms = a->read_ms;
    a->turn_bytes += read_bytes;
}

/* ---- how much ---- */

bool admission_is_short(const struct admission *a)
{
    return !is_safe(a, 0);
}

/*
 * Half of the strip is for those that have sent a few bytes only, so that beginnings of large events leave room for events
 * of few bytes. The end of each half is for the oldest little one, so that it can always go on.
 */
static bool has_strip_room(const struct admission *a, const struct admission_sender *sender)
{
    size_t held_bytes = sender ? sender->held_bytes : 0;
    size_t half = strip_of(a) / 2;
    bool is_first = held_bytes < FIRST_BYTES;
    size_t used = is_first ? a->first_bytes - first_of(held_bytes) : a->later_bytes - later_of(held_bytes);
    size_t step = is_first ? FIRST_MOST : LITTLE_MOST;
    size_t kept = sender && sender == a->oldest_little ? 0 : step;
    return used + step + kept <= half;
}

/* By how much a sender that holds little, and is not safe, may grow in memory. NULL: one that holds nothing. */
static size_t little_share_of(const struct admission *a, const struct admission_sender *sender)
{
    size_t held_bytes = sender ? sender->held_bytes : 0;
    if (held_bytes >= LITTLE_BYTES) return 0;
    size_t kept = a->oldest_safe ? need_of(a, a->oldest_safe->held_bytes) : 0;
    if (kept < most_of(a) / 2) kept = most_of(a) / 2;
    if (free_without(a, 0) >= kept + LITTLE_BYTES + GROWTH_BYTES) return LITTLE_BYTES;
    if (!has_strip_room(a, sender)) return 0;
    return held_bytes < FIRST_BYTES ? ADMISSION_READ_MIN : LITTLE_BYTES;
}

/* What is free for it. */
static size_t share_of(const struct admission *a, const struct admission_sender *sender)
{
    size_t held_bytes = sender->held_bytes;
    size_t free = free_without(a, held_bytes);
    if (is_safe(a, held_bytes)) return free > held_bytes ? free - held_bytes : 0;
    if (a->oldest_safe == sender) return LITTLE_BYTES;
    return little_share_of(a, sender);
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

/* Is a little one kept waiting for the strip? Those that are do not grow old meanwhile. */
static bool find_strip_full(struct admission *a)
{
    bool is_full = little_share_of(a, NULL) == 0;
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age) {
        if (!sender->is_waiting) continue;
        sender->began_ms = a->read_ms;
        is_full = is_full || sender->held_bytes < LITTLE_BYTES;
    }
    return is_full;
}

/* One that is not read any more would be waiting if it had sent something. */
static bool is_slow_little(const struct admission *a, const struct admission_sender *sender)
{
    if (a->read_ms - sender->began_ms < ADMISSION_SLOW_MS || sender->held_bytes > LITTLE_MOST) return false;
    return sender->held_bytes < LITTLE_BYTES || a->read_ms - sender->heard_ms >= ADMISSION_QUIET_MS;
}

/* The oldest little one of which no bytes wait, and that has sent too little, while others wait for the strip. */
static struct admission_sender *find_slow_little(struct admission *a)
{
    struct admission_sender *sender = NULL;
    bool is_full = find_strip_full(a);
    if (is_full && !a->is_strip_full) a->strip_full_ms = a->read_ms;
    a->is_strip_full = is_full;
    if (!is_full || a->read_ms - a->strip_full_ms < ADMISSION_SLOW_MS) return NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (is_slow_little(a, sender)) return sender;
    return NULL;
}

struct admission_sender *admission_find_slow(struct admission *a, bool has_waiting)
{
    struct admission_sender *oldest = a->oldest_safe;
    if (!has_waiting) {
        a->turn = NULL;
        a->is_strip_full = false;
    }
    if (!has_waiting || !oldest || !admission_has_room(a)) return NULL;
    struct admission_sender *little = find_slow_little(a);
    if (a->turn == oldest && is_turn_over(a)) return oldest;
    if (a->turn == oldest) return little;
    a->turn = oldest;
    a->turn_heard_ms = a->turn_slow_ms = a->read_ms;
    a->turn_bytes = 0;
    return little;
}
