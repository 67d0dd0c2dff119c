/*
 * intake -- a bounded queue of chunks from the network to the disk: read, validated, committed, in the order of
 * reading.
 *
 * Three sides use it. The receiving thread fills a chunk and offers it; validating threads take chunks one by one, in
 * order, but pass those whose frames are all settled; the writer takes all validated chunks up to the first that is
 * not validated yet. So ids follow the order of reading, within each connection and over all, however many threads
 * validate.
 *
 * Each byte that is read is counted in the group of the chunk into which it was read (`read_bytes`). Where a read gives
 * nothing to commit (separators, the middle of an event), its bytes are counted in the next group that is taken, or in
 * an empty one, after INTAKE_BARE_MS or at the end.
 *
 * There is no timer: in an idle system each read is passed on at once; in a busy one the chunk being filled collects
 * more until the chunks before it have been taken. Memory is bounded: when all chunks are in use, or hold as much as
 * they may, intake_is_full() returns true, and the receiving thread stops reading sockets.
 */
#ifndef COLLECTOR_INTAKE_INTAKE_H
#define COLLECTOR_INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/why.h"

#define INTAKE_CHUNKS 14 /* besides the chunk that is being filled */
/* Bytes that gave nothing to commit are counted after so long: a heartbeat need not be a commit each time */
#define INTAKE_BARE_MS 2000
/* One transaction takes chunks until they hold this many bytes */
#define INTAKE_COMMIT_SIZE ((size_t)2 << 20)

struct group;             /* collector/intake/group.h */
struct chunk;             /* collector/intake/chunk.h */
struct validator_options; /* collector/framing/validator.h */
struct intake;

/*
 * The intake is full when its chunks would hold more than `memory_max` bytes, with the work that they still make; a
 * chunk that exceeds that goes alone. `options`, by which frames will be validated, are borrowed; NULL: the defaults.
 * intake_close() is due in either case.
 *   RES_BROKEN   the process is out of descriptors
 */
MUST_CHECK enum result intake_open(struct intake **intake, size_t memory_max,
                                   const struct validator_options *options, struct why *why);
void intake_close(struct intake *intake); /* accepts NULL; all other threads must have ended */

/* ---- the receiving thread ---- */

/* The chunk that is being filled; borrowed. It has space unless intake_is_full(). */
struct chunk *intake_filling(struct intake *intake);

/* Passes the filled chunk on if few chunks wait or it is full; else it stays and collects more. */
void intake_offer(struct intake *intake);

/*
 * The memory in bytes of all chunks, the one that is being filled and the spare ones as well, and of the work that they
 * make. `*is_empty`: nothing is on its way, neither in the chunk that is being filled nor behind it.
 */
size_t intake_memory(struct intake *intake, bool *is_empty);

/* intake_fd() becomes readable when there may be less memory on its way. */
void intake_request_wake_up(struct intake *intake);

/* While this is true, read no sockets until intake_fd() becomes readable: there is no space. */
bool intake_is_full(struct intake *intake);

/* Sleeps until the intake is not full, for `timeout_ms` at most; returns whether it is still full. */
bool intake_wait_for_space(struct intake *intake, int timeout_ms);

/* A descriptor that is readable when there may be space again; borrowed. intake_acknowledge() makes it unreadable. */
int intake_fd(const struct intake *intake);
void intake_acknowledge(struct intake *intake);

/*
 * Nothing more will be read: the other sides see the end after the last chunk. Does not wait for them. To be called once,
 * and intake_filling() has nothing any more.
 */
void intake_finish(struct intake *intake);

/* After that: bytes, as received, that have been read and not been committed yet. */
uint64_t intake_uncommitted_bytes(struct intake *intake);

/* ---- validating threads ---- */

/* The next chunk to validate, borrowed until intake_validated(); sleeps until there is one. NULL at the end. */
struct chunk *intake_take_unvalidated(struct intake *intake);
/* Gives the chunk back: its group is complete. */
void intake_validated(struct intake *intake, struct chunk *chunk);

/* ---- the writer ---- */

enum intake_step {
    INTAKE_GROUP, /* a chain of groups is there to be committed; it may be one without items */
    INTAKE_QUIET, /* there was none within `timeout_ms` */
    INTAKE_END,   /* there will be no more */
};

/*
 * The next groups as a chain, borrowed until intake_done(), which is due before the next call. Sleeps for `timeout_ms`
 * at most; `*first` is set with INTAKE_GROUP only.
 */
enum intake_step intake_take(struct intake *intake, int timeout_ms, struct group **first);
void intake_done(struct intake *intake);

/* The next intake_take() is near: what has been read is to be passed on until then, though other chunks wait. */
void intake_call(struct intake *intake);

/*
 * Sleeps for `ms`, or until intake_finish() is called; returns whether it has been called. For the wait between two
 * tries to commit.
 */
bool intake_wait_for_close(struct intake *intake, int ms);

/* Frees the memory of chunks that are not in use; to be called while nothing arrives. */
void intake_shrink(struct intake *intake);

#endif
