/*
 * group -- the events and rejects that will be committed in one transaction, with all the memory they need.
 *
 * The order of adding is the order of ids. Belongs to one thread at a time.
 */
#ifndef COLLECTOR_GROUP_H
#define COLLECTOR_GROUP_H

#include "collector/event.h"

#define GROUP_BYTES_MAX                                                                                      \
    ((size_t)4 << 20) /* above this a group takes no more; what one read completes may overshoot it */
#define GROUP_COUNT_MAX 8192

struct group {
    struct event *events; /* owned, as all below */
    size_t event_count;
    struct reject *rejects;
    size_t reject_count;
    int64_t number; /* given by the writer: which group of this process this is */

    size_t event_capacity, reject_capacity;
    struct group_block *blocks; /* the copied bytes: a chain, newest first */
    size_t bytes;               /* copied so far */
};

struct group *group_new(void);
void group_free(struct group *group); /* accepts NULL */

/* Copies the value with all it points to. */
void group_add_event(struct group *group, const struct event *event);
void group_add_reject(struct group *group, const struct reject *reject);

bool group_is_empty(const struct group *group);
bool group_is_full(const struct group *group);

/* Empties it; keeps some memory for the next use. */
void group_clear(struct group *group);

#endif
