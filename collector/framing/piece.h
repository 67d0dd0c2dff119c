/*
 * piece -- the bytes of a stream that the framer has begun to look at and not yet given away, across segments.
 *
 * They lie in `held` (from earlier segments, at most `max_bytes` of them) and in the segment from `start` on. Positions
 * in the piece are counted from its beginning, so they mean the same whatever the segments were. Pure, no I/O.
 */
#ifndef COLLECTOR_FRAMING_PIECE_H
#define COLLECTOR_FRAMING_PIECE_H

#include "collector/framing/event.h"
#include "common/buf.h"

#define PIECE_CARRY_MAX 258 /* bytes of an opening that piece_keep_from() may carry over */

struct piece {
    size_t max_bytes;

    const char *data; /* the segment: borrowed */
    size_t len;
    size_t pos;   /* the next byte to look at */
    size_t start; /* where the piece begins, or goes on, in it */
    char before;  /* the byte before the segment */

    struct buf held;
    uint64_t held_total;         /* the true number of bytes that were put into `held` */
    bool is_lent;                /* a caller looks at `held`: it is emptied at the next piece_end_loan() */
    char carry[PIECE_CARRY_MAX]; /* the next piece's first bytes, where they lie in what is lent */
    size_t carry_len;
};

/* `max_bytes` is at least the length of any opening that piece_give_away_before() will be given. */
void piece_init(struct piece *piece, size_t max_bytes);
void piece_fini(struct piece *piece);

/* The next segment; the one before has been used up and, by piece_hold_rest(), kept as far as it must be. */
void piece_feed(struct piece *piece, const char *data, size_t len);
void piece_hold_rest(struct piece *piece);

/* Bytes of the piece up to `pos`. */
uint64_t piece_offset(const struct piece *piece);

/* The byte before `pos`, be it in an earlier segment. */
char piece_byte_before(const struct piece *piece);

/* The first `len` bytes in one stretch, cut at the ceiling; good until the next call but those below. */
struct slice piece_bytes(struct piece *piece, uint64_t len);

/* Forgets all of it: a new piece begins at `pos`. What piece_bytes() gave is gone. */
void piece_forget(struct piece *piece);

/* The same, but what piece_bytes() gave stays good until piece_end_loan(). */
void piece_give_away(struct piece *piece);

/*
 * As piece_give_away() for the bytes before `offset`; the new piece begins there. `opening` is what stands from there
 * on, at least as long as what has been read of it: it may lie in `held`, beyond the ceiling.
 */
void piece_give_away_before(struct piece *piece, uint64_t offset, const char *opening);

void piece_end_loan(struct piece *piece);

#endif
