/*
 * intake -- the way of chunks from the network to the disk: read, validated, committed, in the order of reading.
 *
 * Three sides. The receiving thread fills a chunk and offers it; validating threads take chunks one by one, in order;
 * the writer takes all that have been validated, up to the first that has not. So ids follow the order of reading, of each
 * connection and of all together, however many threads validate.
 *
 * There is no timer: in an idle system each read goes on at once, in a busy one the filling chunk collects more until
 * those before it have been taken. Memory is bounded: when the chunks are used up, or hold as much as they may,
 * intake_is_full() says so, and the receiver stops reading sockets.
 */
#ifndef COLLECTOR_INTAKE_INTAKE_H
#define COLLECTOR_INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/why.h"

#define INTAKE_CHUNKS 12 /* at most, besides the one that is being filled */
#define INTAKE_COMMIT_SIZE                                                                                   \
    ((size_t)2 << 20) /* bytes of chunks that one transaction takes, and what the last one adds */

struct group; /* collector/intake/group.h */
struct chunk; /* collector/intake/chunk.h */
struct intake;

/*
 * `memory_max` bytes in chunks stop the reading; one read and what its validation makes may overshoot it.
 * RES_BROKEN when no descriptor is to be had.
 */
MUST_CHECK enum result intake_open(struct intake **intake, size_t memory_max, struct why *why);
void intake_close(struct intake *intake); /* accepts NULL; all other threads have ended */

/* ---- the receiving thread ---- */

/* The chunk that is being filled. Unless intake_is_full() it has room. */
struct chunk *intake_filling(struct intake *intake);

/* Passes on what has been filled, if few chunks wait or it has no more room; else it goes on filling. */
void intake_offer(struct intake *intake);

/* Read no more until the descriptor below becomes readable: no room, or the writer holds the intake. */
bool intake_is_full(struct intake *intake);

/* Does the writer hold the intake? Then more of what is read could not be committed now. */
bool intake_is_held(struct intake *intake);

/* As intake_is_full(), but sleeps until it is not, or for `timeout_ms`; returns whether it is still full. */
bool intake_wait_for_space(struct intake *intake, int timeout_ms);

/* Readable when there may be room again, or something to offer; intake_acknowledge() makes it unreadable. */
int intake_fd(const struct intake *intake);
void intake_acknowledge(struct intake *intake);

/* No more will come: the others see the end after the last chunk. Blocks until that can be handed over. */
void intake_finish(struct intake *intake);

/* ---- validating threads ---- */

/* The next chunk to validate, borrowed until intake_validated(); sleeps until there is one. NULL: there will be none. */
struct chunk *intake_take_unvalidated(struct intake *intake);
void intake_validated(struct intake *intake, struct chunk *chunk);

/* ---- the writer ---- */

enum intake_step {
    INTAKE_GROUP, /* here is a chain of groups */
    INTAKE_QUIET, /* nothing came in time */
    INTAKE_END,   /* nothing will come any more */
};

/* The next groups, chained, borrowed until intake_done(), which is due before the next call. Sleeps for `timeout_ms` at most. */
enum intake_step intake_take(struct intake *intake, int timeout_ms, struct group **first);
void intake_done(struct intake *intake);

/* Stops the reading (and, with `false`, lets it go on): there is no room on the disk for more. */
void intake_hold(struct intake *intake, bool is_held);

/* Sleeps for `ms`, less when intake_finish() is called; returns whether it has been. For waiting between tries. */
bool intake_wait_for_close(struct intake *intake, int ms);

/* Gives back the memory of chunks that are not in use; for a quiet moment. */
void intake_shrink(struct intake *intake);

#endif
