/* admission -- see admission.h. */
#include "collector/net/admission.h"

#include <assert.h>

#define ON_ITS_WAY_PART 4    /* of the memory: unfinished events leave so much to what is on its way */
#define STEP_MAX_MS     1000 /* the caller was elsewhere for longer */
#define ITEMS_FACTOR    16   /* bytes that a byte read may take, where each few bytes are an item */

void admission_init(struct admission *a, const struct admission_options *options, int64_t now_ms)
{
    *a = (struct admission){.options = *options, .is_empty = true, .now_ms = now_ms};
    strip_init(&a->strip, options->memory_bytes);
    TAILQ_INIT(&a->waiting);
    TAILQ_INIT(&a->holders);
    TAILQ_INIT(&a->large);
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

/* All that unfinished events may take. One of the largest has its place beside the strip, and all connections. */
static size_t budget_of(const struct admission *a)
{
    size_t all = a->options.memory_bytes - a->options.memory_bytes / ON_ITS_WAY_PART;
    size_t budget = all > a->fixed_bytes ? all - a->fixed_bytes : 0;
    size_t least = most_of(a) + strip_size(&a->strip);
    return budget < least ? least : budget;
}

/* What would be free outside the strip if `others_bytes` were held, and so much of it in the strip. */
static size_t free_beside(const struct admission *a, size_t others_bytes, size_t strip_bytes)
{
    size_t used = others_bytes - strip_bytes;
    size_t budget = budget_of(a) - strip_size(&a->strip);
    return budget > used ? budget - used : 0;
}

static size_t free_for_all(const struct admission *a)
{
    return free_beside(a, a->held_bytes, strip_used(&a->strip));
}

/* What would be free without what the sender holds. */
static size_t free_without(const struct admission *a, const struct admission_sender *sender)
{
    return free_beside(a, a->held_bytes - sender->held_bytes,
                       strip_used_without(&a->strip, &sender->source->strip, sender->held_bytes));
}

/* For the rest of a largest event, behind `held_bytes` of it. */
static size_t need_of(const struct admission *a, size_t held_bytes)
{
    return held_bytes < most_of(a) ? most_of(a) - held_bytes : 0;
}

static bool is_safe(const struct admission *a, const struct admission_sender *sender)
{
    return sender->held_bytes >= most_of(a) || free_without(a, sender) >= most_of(a);
}

static struct admission_sender *find_oldest_little(const struct admission *a)
{
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (sender->held_bytes < STRIP_LITTLE_BYTES) return sender;
    return NULL;
}

/* The oldest one that is. Where new connections have taken the memory that made one safe, the oldest of all. */
static struct admission_sender *find_oldest_safe(const struct admission *a)
{
    struct admission_sender *sender = NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (is_safe(a, sender)) return sender;
    return TAILQ_FIRST(&a->holders);
}

/* What must stay free so that each one that is safe stays so: of the large ones, and of the oldest. */
static size_t find_needs(const struct admission *a)
{
    const struct admission_sender *sender = NULL;
    size_t needs = a->oldest_safe ? need_of(a, a->oldest_safe->held_bytes) : 0;
    TAILQ_FOREACH (sender, &a->large, in_large)
        if (need_of(a, sender->held_bytes) > needs && is_safe(a, sender))
            needs = need_of(a, sender->held_bytes);
    return needs;
}

static void note_oldest(struct admission *a)
{
    a->oldest_safe = find_oldest_safe(a);
    a->oldest_little = find_oldest_little(a);
    a->needs_bytes = find_needs(a);
}

/* ---- senders ---- */

void admission_add(struct admission *a, struct admission_sender *sender, struct admission_source *source,
                   size_t fixed_bytes)
{
    assert(sender->held_bytes == 0 && !sender->is_waiting);
    sender->source = source;
    sender->fixed_bytes = fixed_bytes;
    a->fixed_bytes += fixed_bytes;
    note_oldest(a);
}

static bool is_large(size_t held_bytes)
{
    return held_bytes >= STRIP_LITTLE_BYTES;
}

static void set_held(struct admission *a, struct admission_sender *sender, size_t held_bytes, bool is_new)
{
    if (sender->held_bytes > 0 && (is_new || held_bytes == 0)) {
        TAILQ_REMOVE(&a->holders, sender, by_age);
        if (a->turn == sender) a->turn = NULL;
    }
    if (held_bytes > 0 && (is_new || sender->held_bytes == 0)) TAILQ_INSERT_TAIL(&a->holders, sender, by_age);
    if (is_new || sender->held_bytes == 0) sender->began_ms = a->read_ms;
    if (is_large(sender->held_bytes) && !is_large(held_bytes)) TAILQ_REMOVE(&a->large, sender, in_large);
    if (!is_large(sender->held_bytes) && is_large(held_bytes)) TAILQ_INSERT_TAIL(&a->large, sender, in_large);
    a->held_bytes += held_bytes - sender->held_bytes;
    strip_remove(&a->strip, &sender->source->strip, sender->held_bytes);
    strip_add(&a->strip, &sender->source->strip, held_bytes);
    sender->held_bytes = held_bytes;
}

void admission_set_source(struct admission *a, struct admission_sender *sender,
                          struct admission_source *source)
{
    strip_remove(&a->strip, &sender->source->strip, sender->held_bytes);
    strip_add(&a->strip, &source->strip, sender->held_bytes);
    sender->source = source;
}

void admission_set_waiting(struct admission *a, struct admission_sender *sender, bool is_waiting)
{
    if (sender->is_waiting == is_waiting) return;
    sender->is_waiting = is_waiting;
    if (is_waiting)
        TAILQ_INSERT_TAIL(&a->waiting, sender, in_waiting);
    else
        TAILQ_REMOVE(&a->waiting, sender, in_waiting);
}

void admission_remove(struct admission *a, struct admission_sender *sender)
{
    set_held(a, sender, 0, false);
    admission_set_waiting(a, sender, false);
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
    return free_for_all(a) < most_of(a);
}

/* How many bytes of a sender that is not safe: only of one that holds little. */
static size_t little_step_of(const struct admission *a, const struct admission_sender *sender)
{
    if (sender->held_bytes >= STRIP_LITTLE_BYTES) return 0;
    size_t kept = a->needs_bytes > most_of(a) / 2 ? a->needs_bytes : most_of(a) / 2;
    if (free_for_all(a) >= kept + STRIP_LITTLE_MOST) return STRIP_GROWTH_BYTES;
    return strip_step(&a->strip, &sender->source->strip, sender->held_bytes, sender == a->oldest_little);
}

/* How many bytes of it memory allows. */
static size_t step_of(const struct admission *a, const struct admission_sender *sender)
{
    if (is_safe(a, sender)) {
        size_t free = free_without(a, sender);
        size_t share = free > sender->held_bytes ? free - sender->held_bytes : 0;
        return share > 2 * STRIP_GROWTH_BYTES ? share - STRIP_GROWTH_BYTES : share / 2;
    }
    if (a->oldest_safe == sender) return STRIP_GROWTH_BYTES;
    return little_step_of(a, sender);
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
    size_t step = step_of(a, sender);
    if (step == 0) return 0;
    if (step < ADMISSION_READ_MIN) step = ADMISSION_READ_MIN;
    return most < step ? most : step;
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
    if (a->turn->is_too_large && a->read_ms - a->turn_slow_ms >= ADMISSION_QUIET_MS) return true;
    if (a->read_ms - a->turn_slow_ms < ADMISSION_SLOW_MS) return false;
    if (a->turn_bytes < ADMISSION_LIVE_BYTES) return true;
    a->turn_slow_ms = a->read_ms;
    a->turn_bytes = 0;
    return false;
}

/*
 * Is anyone kept waiting for memory, but for those for whom there is only no room in the share of their address, where
 * this is noted? `*is_any_little`: for the strip or such a share. Those that wait do not grow old meanwhile.
 */
static bool find_kept_waiting(struct admission *a, bool *is_strip_full, bool *is_any_little)
{
    bool is_any_large = false;
    struct admission_sender *sender = NULL;
    *is_any_little = *is_strip_full = false;
    TAILQ_FOREACH (sender, &a->waiting, in_waiting) {
        sender->began_ms = a->read_ms;
        if (step_of(a, sender) > 0) continue;
        if (sender->held_bytes >= STRIP_LITTLE_BYTES) {
            is_any_large = true;
            continue;
        }
        if (!strip_is_shared(&sender->source->strip, sender->held_bytes)) *is_strip_full = true;
        sender->source->kept_waiting_ms = a->read_ms;
        *is_any_little = true;
    }
    return is_any_large || *is_strip_full;
}

/* One that holds more than little, and is not read any more, would be waiting if it had sent something. */
static bool is_slow_little(const struct admission *a, const struct admission_sender *sender)
{
    size_t periods = (size_t)((a->read_ms - sender->began_ms) / ADMISSION_SLOW_MS);
    if (periods == 0 || sender->held_bytes > STRIP_LITTLE_MOST) return false;
    if (sender->held_bytes >= STRIP_LITTLE_BYTES) return a->read_ms - sender->heard_ms >= ADMISSION_QUIET_MS;
    return sender->held_bytes < periods * ADMISSION_LIVE_BYTES;
}

/* The oldest little one of which no bytes wait, and that has sent too little, while others wait for the strip. */
static struct admission_sender *find_slow_little(struct admission *a, bool is_strip_full, bool is_any)
{
    struct admission_sender *sender = NULL;
    if (is_any && !a->is_little_waiting) a->little_waiting_ms = a->read_ms;
    a->is_little_waiting = is_any;
    if (!is_any || a->read_ms - a->little_waiting_ms < ADMISSION_SLOW_MS) return NULL;
    TAILQ_FOREACH (sender, &a->holders, by_age)
        if (is_slow_little(a, sender) && (is_strip_full || sender->source->kept_waiting_ms == a->read_ms))
            return sender;
    return NULL;
}

/* Of those that hold more than little, and have sent nothing for a while, the one that holds most. */
static struct admission_sender *find_silent(const struct admission *a)
{
    struct admission_sender *found = NULL;
    struct admission_sender *sender = NULL;
    if (a->read_ms - a->waiting_ms < ADMISSION_QUIET_MS) return NULL;
    TAILQ_FOREACH (sender, &a->large, in_large) {
        if (sender->is_waiting || sender->held_bytes <= STRIP_LITTLE_MOST) continue;
        if (a->read_ms - sender->heard_ms < ADMISSION_QUIET_MS) continue;
        if (!found || sender->held_bytes > found->held_bytes) found = sender;
    }
    return found;
}

static void begin_turn(struct admission *a, const struct admission_sender *sender)
{
    a->turn = sender;
    a->turn_heard_ms = sender->heard_ms > a->waiting_ms ? sender->heard_ms : a->waiting_ms;
    a->turn_slow_ms = a->read_ms;
    a->turn_bytes = 0;
}

struct admission_sender *admission_find_slow(struct admission *a)
{
    struct admission_sender *oldest = a->oldest_safe;
    bool is_strip_full = false;
    bool is_any_little = false;
    if (!a->is_waiting) a->waiting_ms = a->read_ms;
    a->is_waiting = !TAILQ_EMPTY(&a->waiting);
    if (!a->is_waiting) {
        a->turn = NULL;
        a->is_little_waiting = false;
    }
    if (!a->is_waiting || !oldest || !admission_has_room(a)) return NULL;
    bool is_any = find_kept_waiting(a, &is_strip_full, &is_any_little);
    struct admission_sender *slow = find_slow_little(a, is_strip_full, is_any_little);
    if (a->turn != oldest)
        begin_turn(a, oldest);
    else if (is_turn_over(a))
        slow = oldest;
    if (!slow && is_any) slow = find_silent(a);
    return slow;
}
