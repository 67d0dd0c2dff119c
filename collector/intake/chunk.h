/*
 * chunk -- bytes read from senders, the frames found in them, and the group of events and rejects that they become.
 *
 * A chunk goes round: the receiving thread reads into it, a validating thread validates its frames, the writer commits
 * its group, and it comes back empty. It belongs to one thread at a time. Payloads are not copied on the way: events
 * point into the bytes that were read.
 */
#ifndef COLLECTOR_INTAKE_CHUNK_H
#define COLLECTOR_INTAKE_CHUNK_H

#include "collector/framing/framer.h"
#include "collector/intake/group.h"

#define CHUNK_BYTES      ((size_t)256 << 10) /* that can be read into one chunk */
#define CHUNK_READ_MIN   ((size_t)64 << 10)  /* a chunk with less space than this is full */
#define CHUNK_FRAMES_MAX 4096              /* a chunk with this many frames is full; one read may exceed it */
#define CHUNK_COPIED_MAX ((size_t)1 << 20) /* likewise with this many bytes copied into its group */

struct received_frame { /* a frame to be validated, or a reject of the framer */
    struct frame frame;
    struct slice source;
    int64_t received_at;
};

struct chunk {
    char *bytes; /* CHUNK_BYTES of memory; NULL until the first read */
    size_t used; /* bytes that belong to frames */
    struct received_frame *frames;
    size_t frame_count, frame_capacity;
    struct group *group;
    size_t replaced;              /* characters of its events that validating has replaced by U+FFFD */
    struct slice replaced_source; /* the sender of the last such event; in the group */
    bool is_validated;            /* kept by the intake: the group is complete */
    size_t counted_bytes;         /* kept by the intake: the memory that it has counted for this chunk */
};

struct chunk *chunk_new(void);        /* never fails: out of memory aborts */
void chunk_free(struct chunk *chunk); /* accepts NULL */

bool chunk_is_empty(const struct chunk *chunk);
bool chunk_has_space(const struct chunk *chunk);

/*
 * Where to read to; `*len` is how many bytes fit, at least CHUNK_READ_MIN while chunk_has_space(). Valid until the next
 * call with this chunk.
 */
char *chunk_space(struct chunk *chunk, size_t *len);

/*
 * Adds a frame of the sender at `source`, received at `received_at` (ms since 1970). Bytes that lie in chunk_space()
 * stay there; all others are copied, as are `source` and the frame's texts.
 */
void chunk_add(struct chunk *chunk, const struct frame *frame, const char *source, int64_t received_at);

/* The chunk's memory in bytes. */
size_t chunk_memory(const struct chunk *chunk);

/* Empties the chunk; keeps some of its memory for the next use. */
void chunk_clear(struct chunk *chunk);

/* Frees the memory for reading of an empty chunk. */
void chunk_shrink(struct chunk *chunk);

#endif
