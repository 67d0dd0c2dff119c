/* window -- see window.h. Nothing can fail but the end of memory. */
#include "collector/framing/window.h"

#include <assert.h>
#include <string.h>

#define SMALL ((size_t)64 << 10) /* memory of more than this grows in such steps; of less, it doubles */
/* While something is held, so much is kept; otherwise nothing is: there may be thousands of connections. */
#define KEPT_CAPACITY 4096

void window_fini(struct window *w)
{
    buf_fini(&w->held);
}

static uint64_t held_end(const struct window *w)
{
    return w->held_at + w->held.len;
}

/* Are the bytes at `at` and behind it all in the segment? */
static bool is_in_segment(const struct window *w, uint64_t at)
{
    return at >= w->segment_at;
}

void window_feed(struct window *w, const char *data, size_t len)
{
    assert(w->segment_at == w->end); /* the segment before has been kept */
    w->segment = data;
    w->end += len;
}

void window_drop(struct window *w, uint64_t start)
{
    assert(start >= w->start && start <= w->end);
    w->start = start;
}

/* Gives memory back of which little is used any more. */
static void shrink(struct buf *held)
{
    if (held->capacity <= KEPT_CAPACITY || held->len >= held->capacity / 4) return;
    struct buf smaller = BUF_EMPTY;
    buf_append(&smaller, held->data, held->len);
    buf_fini(held);
    *held = smaller;
}

void window_trim(struct window *w)
{
    if (is_in_segment(w, w->start)) {
        if (w->held.capacity > 0) buf_fini(&w->held);
        w->held_at = w->start;
        return;
    }
    size_t unneeded = (size_t)(w->start - w->held_at);
    if (unneeded == 0 || unneeded < w->held.len / 2) return;
    w->held.len -= unneeded;
    memmove(w->held.data, w->held.data + unneeded, w->held.len);
    w->held_at = w->start;
    shrink(&w->held);
}

/* Extends what is held up to `to`. */
static void hold(struct window *w, uint64_t to)
{
    uint64_t from = held_end(w);
    if (to <= from) return;
    size_t len = w->held.len + (size_t)(to - from) + 1; /* whoever gets the memory may want a NUL behind it */
    size_t most = len > SMALL ? (len + SMALL - 1) / SMALL * SMALL : SIZE_MAX;
    if (w->held_most >= len && w->held_most < most) most = w->held_most;
    buf_reserve_within(&w->held, (size_t)(to - from) + 1, most);
    buf_append(&w->held, w->segment + (from - w->segment_at), (size_t)(to - from));
}

void window_keep(struct window *w)
{
    window_trim(w);
    hold(w, w->end);
    w->segment = NULL;
    w->segment_at = w->end;
}

char window_byte(const struct window *w, uint64_t at)
{
    return *window_span(w, at).data;
}

struct slice window_span(const struct window *w, uint64_t at)
{
    assert(at >= w->start && at < w->end);
    if (is_in_segment(w, at)) return (struct slice){w->segment + (at - w->segment_at), (size_t)(w->end - at)};
    return (struct slice){w->held.data + (at - w->held_at), (size_t)(held_end(w) - at)};
}

struct slice window_view(struct window *w, uint64_t at, size_t wanted)
{
    assert(at >= w->start && at <= w->end);
    if (at == w->end) return (struct slice){NULL, 0};
    if (!is_in_segment(w, at)) hold(w, w->end - at < wanted ? w->end : at + wanted);
    return window_span(w, at);
}

struct slice window_range(struct window *w, uint64_t from, uint64_t to)
{
    return (struct slice){window_view(w, from, (size_t)(to - from)).data, (size_t)(to - from)};
}

bool window_give(struct window *w, const char *data, struct buf *memory)
{
    uintptr_t offset = (uintptr_t)data - (uintptr_t)w->held.data;
    size_t rest = is_in_segment(w, w->start) ? 0 : (size_t)(held_end(w) - w->start);
    if (w->held.len < SMALL || offset >= w->held.len || rest > w->held.len / 8) return false;
    const char *needed = w->held.data + (w->held.len - rest);
    *memory = w->held;
    w->held = BUF_EMPTY;
    buf_append(&w->held, needed, rest);
    w->held_at = w->start;
    return true;
}

size_t window_held_bytes(const struct window *w)
{
    return w->held.capacity;
}
