/*
 * chunk -- bytes read from senders, and the group of items that were found in them.
 *
 * A chunk goes round: the receiving thread reads into it, a validating thread turns its frames into events and rejects
 * in their place if the framer has not settled them all, the writer commits its group, and it comes back empty. It
 * belongs to one thread at a time. Payloads are not copied on the way: items point into the bytes that were read.
 */
#ifndef COLLECTOR_INTAKE_CHUNK_H
#define COLLECTOR_INTAKE_CHUNK_H

#include "collector/framing/framer.h"
#include "collector/intake/group.h"
#include "common/buf.h"

#define CHUNK_BYTES      ((size_t)256 << 10) /* that can be read into one chunk */
#define CHUNK_READ_MIN   ((size_t)64 << 10)  /* a chunk with less space than this is full */
#define CHUNK_ITEMS_MAX  4096                /* a chunk with this many items is full */
#define CHUNK_COPIED_MAX ((size_t)1 << 20)   /* likewise with this much memory of its group */

struct validator_options; /* collector/framing/validator.h */

struct chunk {
    char *bytes; /* CHUNK_BYTES of memory; NULL until the first read */
    size_t used; /* bytes that belong to items */
    struct group *group;
    uint64_t received_bytes;      /* of its items; does not change when it is validated */
    size_t unvalidated;           /* frames that the framer has not settled */
    size_t work_bytes;            /* that validating or committing its largest item may take besides */
    size_t replaced;              /* characters of its events that validating has replaced by U+FFFD */
    struct slice replaced_source; /* the sender of the last such event; in the group */
    bool is_validated;            /* kept by the intake: the group is complete */
    size_t counted_bytes;         /* kept by the intake: the memory that it has counted for this chunk */
    const struct validator_options *options; /* borrowed; NULL: the defaults */
};

/* `options`, by which its frames will be validated, are borrowed. Never fails: out of memory aborts. */
struct chunk *chunk_new(const struct validator_options *options);
void chunk_free(struct chunk *chunk); /* accepts NULL */

/* Has it no items? Bytes may have been read all the same. */
bool chunk_is_empty(const struct chunk *chunk);

/* May more items be added? Else it has to be passed on first. */
bool chunk_takes_items(const struct chunk *chunk);

/* The same, and may more be read into it? */
bool chunk_has_space(const struct chunk *chunk);

/*
 * Where to read to; `*len` is how many bytes fit, at least CHUNK_READ_MIN while chunk_has_space(). Valid until the next
 * call with this chunk.
 */
char *chunk_space(struct chunk *chunk, size_t *len);

/* `bytes` were read from a socket, into chunk_space(). */
void chunk_note_read(struct chunk *chunk, size_t bytes);

/*
 * Adds a frame of the sender at `source`, received at `received_at` (ms since 1970). Bytes that lie in chunk_space()
 * stay there, as do those in `given`, which the chunk owns from now on if it is not NULL; all others are copied. The
 * frame's texts and `source` are copied.
 */
void chunk_add(struct chunk *chunk, const struct frame *frame, const char *source, int64_t received_at,
               const struct buf *given);

/* The memory in bytes of the chunk and of the work that it still makes. */
size_t chunk_memory(const struct chunk *chunk);

/* Its frames have been validated. */
void chunk_note_validated(struct chunk *chunk);

/* Empties the chunk; keeps some of its memory for the next use. */
void chunk_clear(struct chunk *chunk);

/* Frees the memory of an empty chunk. */
void chunk_shrink(struct chunk *chunk);

#endif
