/* piece -- see piece.h. Nothing can fail but the end of memory. */
#include "collector/framing/piece.h"

#include <assert.h>
#include <string.h>

/* What a large piece took is not kept for the next one: there may be thousands of connections. What a segment's end
 * usually leaves, one event of 2 KB, fits. */
#define KEPT_CAPACITY 4096

void piece_init(struct piece *p, size_t max_bytes)
{
    *p = (struct piece){.max_bytes = max_bytes, .held = BUF_EMPTY};
}

void piece_fini(struct piece *p)
{
    buf_fini(&p->held);
}

void piece_feed(struct piece *p, const char *data, size_t len)
{
    assert(p->pos == p->len); /* the segment before has been used up */
    p->data = data;
    p->len = len;
    p->pos = p->start = 0;
}

/* Moves the segment's bytes of the piece up to `end` into `held`, as far as the ceiling allows. */
static void hold_until(struct piece *p, size_t end)
{
    size_t len = end - p->start;
    size_t space_left = p->max_bytes - p->held.len;
    buf_append(&p->held, p->data + p->start, len < space_left ? len : space_left);
    p->held_total += len;
    p->start = end;
}

void piece_hold_rest(struct piece *p)
{
    if (p->len == 0) return;
    p->before = p->data[p->len - 1];
    hold_until(p, p->len);
    piece_feed(p, NULL, 0);
}

uint64_t piece_offset(const struct piece *p)
{
    return p->held_total + (p->pos - p->start);
}

char piece_byte_before(const struct piece *p)
{
    return p->pos > 0 ? p->data[p->pos - 1] : p->before;
}

struct slice piece_bytes(struct piece *p, uint64_t len)
{
    size_t kept = len < p->max_bytes ? (size_t)len : p->max_bytes;
    if (p->held_total == 0) return (struct slice){p->data + p->start, kept};
    if (len > p->held_total) hold_until(p, p->start + (size_t)(len - p->held_total));
    return (struct slice){p->held.data, kept < p->held.len ? kept : p->held.len};
}

static void empty_held(struct piece *p)
{
    if (p->held.capacity > KEPT_CAPACITY) buf_fini(&p->held);
    buf_clear(&p->held);
    p->held_total = 0;
}

void piece_forget(struct piece *p)
{
    p->start = p->pos;
    empty_held(p);
}

void piece_give_away(struct piece *p)
{
    p->is_lent = true;
    p->carry_len = 0;
    p->start = p->pos;
}

void piece_give_away_before(struct piece *p, uint64_t offset, const char *opening)
{
    size_t len = (size_t)(piece_offset(p) - offset);
    size_t in_segment = p->pos - p->start;
    p->is_lent = true;
    p->carry_len = 0;
    if (len <= in_segment) {
        p->start = p->pos - len;
    } else {
        p->carry_len = len - in_segment;
        memcpy(p->carry, opening, p->carry_len);
    }
}

void piece_end_loan(struct piece *p)
{
    if (!p->is_lent) return;
    p->is_lent = false;
    empty_held(p);
    assert(p->carry_len <= p->max_bytes);
    buf_append(&p->held, p->carry, p->carry_len);
    p->held_total = p->carry_len;
}
