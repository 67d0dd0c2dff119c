/*
 * parcel -- what one stretch of reading brought: the bytes, the frames found in them, and the group they become.
 *
 * It travels: the receiving thread reads into it, a validating thread judges its frames, the writer commits its group,
 * and it comes back empty. Belongs to one thread at a time. Payloads are not copied on the way: events point into the
 * bytes that were read.
 */
#ifndef COLLECTOR_INTAKE_PARCEL_H
#define COLLECTOR_INTAKE_PARCEL_H

#include "collector/framing/framer.h"
#include "collector/intake/group.h"

#define PARCEL_BYTES      ((size_t)256 << 10) /* read into one parcel */
#define PARCEL_READ_MIN   ((size_t)64 << 10)  /* with less room than this it takes no more */
#define PARCEL_FRAMES_MAX 4096                /* with more it takes no more; one read may overshoot it */
#define PARCEL_COPIED_MAX                                                                                    \
    ((size_t)1 << 20) /* likewise with this much in its group: frames of several reads */

struct candidate { /* a frame that waits for its verdict, or a reject that has one */
    struct frame frame;
    struct slice source;
    int64_t received_at;
};

struct parcel {
    char *bytes; /* PARCEL_BYTES of them, or NULL while it is empty */
    size_t used; /* as far as frames point into them */
    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
    struct group *group;
    bool is_validated;    /* the intake's: its group is complete */
    size_t counted_bytes; /* the intake's: what it takes this parcel's memory to be */
};

struct parcel *parcel_new(void);
void parcel_free(struct parcel *parcel); /* accepts NULL */

bool parcel_is_empty(const struct parcel *parcel);
bool parcel_has_room(const struct parcel *parcel);

/* Where to read to, and how much: at least PARCEL_READ_MIN while parcel_has_room(). Good until the next call. */
char *parcel_room(struct parcel *parcel, size_t *len);

/* Adds a frame. What lies in the room above stays there; all else is copied. A reject's detail is a constant. */
void parcel_add(struct parcel *parcel, const struct frame *frame, const char *source, int64_t received_at);

/* Memory it takes, in bytes. */
size_t parcel_memory(const struct parcel *parcel);

/* Empties it; keeps its memory, within bounds, for the next use. */
void parcel_clear(struct parcel *parcel);

/* Of an empty one: gives its memory back. */
void parcel_shrink(struct parcel *parcel);

#endif
