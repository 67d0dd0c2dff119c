/*
 * strip -- the part of the memory that is kept for senders that hold little, and the share of it that an address may
 * take. Pure.
 *
 * Half of the strip is for the first bytes of events, so that beginnings of large events leave room for events of few
 * bytes. Of either half an address takes no more than leaves another one a step to go on; what its senders hold beyond
 * that is no part of the strip. Within its share the last step is for the sender that is first in line.
 */
#ifndef COLLECTOR_NET_STRIP_H
#define COLLECTOR_NET_STRIP_H

#include <stdbool.h>
#include <stddef.h>

/* So much is little: an event of usual size, in memory that grows in steps. Who holds less may take a step. */
#define STRIP_LITTLE_BYTES ((size_t)132 << 10)
/* By so much the memory of a sender may grow beyond the bytes that are read; and at most so many are read in a step. */
#define STRIP_GROWTH_BYTES ((size_t)64 << 10)
/* What a step may make of what is held. Who holds more does not count for the strip. */
#define STRIP_LITTLE_MOST (STRIP_LITTLE_BYTES + STRIP_GROWTH_BYTES)

enum strip_half {
    STRIP_FIRST, /* of those that have sent a few bytes only */
    STRIP_LATER, /* of the other little ones */
    STRIP_HALVES
};

/* All senders of one address; all 0 at first. */
struct strip_source {
    size_t bytes[STRIP_HALVES]; /* that its little senders hold, in the strip or not */
};

struct strip {
    size_t half_bytes;
    size_t
        bytes[STRIP_HALVES]; /* of each address its share at most; together they may be more than the half */
};

/* An eighth of the memory, and 2 MiB at most. */
void strip_init(struct strip *strip, size_t memory_bytes);

/* All of it, used or not. */
size_t strip_size(const struct strip *strip);

/* A sender of the source holds so much, or no more. */
void strip_add(struct strip *strip, struct strip_source *source, size_t held_bytes);
void strip_remove(struct strip *strip, struct strip_source *source, size_t held_bytes);

/* How much of what is held lies in the strip, but for what this sender of the source holds. */
size_t strip_used_without(const struct strip *strip, const struct strip_source *source, size_t held_bytes);

/* How much of what is held lies in the strip. */
size_t strip_used(const struct strip *strip);

/*
 * How many bytes may be read in the next step of a sender of the source that holds less than STRIP_LITTLE_BYTES; 0:
 * there is no room. `is_first_in_line`: of all senders that hold little it is the oldest.
 */
size_t strip_step(const struct strip *strip, const struct strip_source *source, size_t held_bytes,
                  bool is_first_in_line);

/* Do other senders of its address hold something in the half in which its next step lies? */
bool strip_is_shared(const struct strip_source *source, size_t held_bytes);

#endif
