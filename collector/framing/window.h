/*
 * window -- the bytes of a stream that the framer still needs, across segments. Pure, no I/O.
 *
 * Positions are counted from the beginning of the stream, so they mean the same whatever the segments were. The bytes
 * from `start` on are there: those of earlier segments in memory of the window's own, the rest in the segment, where
 * they stay as long as nothing needs them in one stretch with earlier ones.
 */
#ifndef COLLECTOR_FRAMING_WINDOW_H
#define COLLECTOR_FRAMING_WINDOW_H

#include "collector/framing/event.h"
#include "common/buf.h"

struct window {
    uint64_t start; /* the first byte that is needed */
    uint64_t end;   /* behind the last byte that has been received */

    const char *segment; /* borrowed */
    uint64_t segment_at;

    struct buf held; /* bytes from `held_at` to `held_end` */
    uint64_t held_at;
    size_t
        held_most; /* what is usually enough: more memory than that is not taken in advance; 0: not known */
};

void window_fini(struct window *window);

/* The next segment. The one before has been kept by window_keep(). */
void window_feed(struct window *window, const char *data, size_t len);

/* Copies what is needed of the segment: it goes. */
void window_keep(struct window *window);

/* Bytes before `start` are not needed any more. Slices that were given stay good until window_trim(). */
void window_drop(struct window *window, uint64_t start);

/* Frees what is not needed. */
void window_trim(struct window *window);

char window_byte(const struct window *window, uint64_t at);

/* The bytes from `at` on that lie in one stretch, at least one; `at` is before the end. */
struct slice window_span(const struct window *window, uint64_t at);

/*
 * The bytes from `at` on in one stretch, at least `wanted` of them, or all that there are. Spoils what was given before
 * of earlier segments, frames of window_range() as well.
 */
struct slice window_view(struct window *window, uint64_t at, size_t wanted);

/* The bytes from `from` up to `to` in one stretch. */
struct slice window_range(struct window *window, uint64_t from, uint64_t to);

/*
 * Gives the memory away in which `data` lies, of a range or a span: the caller frees it. Little of it must be needed any
 * more: that is copied. False: it stays the window's, as it is small, or is needed, or `data` lies in the segment.
 */
bool window_give(struct window *window, const char *data, struct buf *memory);

/* Memory of the window's own. */
size_t window_held_bytes(const struct window *window);

#endif
