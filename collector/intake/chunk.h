/*
 * chunk -- what one stretch of reading brought: the bytes, the frames found in them, and the group they become.
 *
 * It travels: the receiving thread reads into it, a validating thread judges its frames, the writer commits its group,
 * and it comes back empty. Belongs to one thread at a time. Payloads are not copied on the way: events point into the
 * bytes that were read.
 */
#ifndef COLLECTOR_INTAKE_CHUNK_H
#define COLLECTOR_INTAKE_CHUNK_H

#include "collector/framing/framer.h"
#include "collector/intake/group.h"

#define CHUNK_BYTES      ((size_t)256 << 10) /* read into one chunk */
#define CHUNK_READ_MIN   ((size_t)64 << 10)  /* with less room than this it takes no more */
#define CHUNK_FRAMES_MAX 4096                /* with more it takes no more; one read may overshoot it */
#define CHUNK_COPIED_MAX ((size_t)1 << 20) /* likewise with this much in its group: frames of several reads */

struct received_frame { /* a frame that waits for its verdict, or a reject that has one */
    struct frame frame;
    struct slice source;
    int64_t received_at;
};

struct chunk {
    char *bytes; /* CHUNK_BYTES of them, or NULL while it is empty */
    size_t used; /* as far as frames point into them */
    struct received_frame *frames;
    size_t frame_count, frame_capacity;
    struct group *group;
    bool is_validated;    /* the intake's: its group is complete */
    size_t counted_bytes; /* the intake's: what it takes this chunk's memory to be */
};

struct chunk *chunk_new(void);
void chunk_free(struct chunk *chunk); /* accepts NULL */

bool chunk_is_empty(const struct chunk *chunk);
bool chunk_has_space(const struct chunk *chunk);

/* Where to read to, and how much: at least CHUNK_READ_MIN while chunk_has_space(). Good until the next call. */
char *chunk_space(struct chunk *chunk, size_t *len);

/* Adds a frame. What lies in the room above stays there; all else is copied. A reject's detail is a constant. */
void chunk_add(struct chunk *chunk, const struct frame *frame, const char *source, int64_t received_at);

/* Memory it takes, in bytes. */
size_t chunk_memory(const struct chunk *chunk);

/* Empties it; keeps its memory, within bounds, for the next use. */
void chunk_clear(struct chunk *chunk);

/* Of an empty one: gives its memory back. */
void chunk_shrink(struct chunk *chunk);

#endif
