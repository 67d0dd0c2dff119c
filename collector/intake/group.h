/*
 * group -- events and rejects on their way into one transaction, with the memory they need.
 *
 * The order of adding is the order of ids. Groups that wait together are chained by `next` and committed together.
 * Belongs to one thread at a time.
 */
#ifndef COLLECTOR_INTAKE_GROUP_H
#define COLLECTOR_INTAKE_GROUP_H

#include "collector/framing/event.h"

struct group {
    struct event *events; /* owned, as all below */
    size_t event_count;
    struct reject *rejects;
    size_t reject_count;

    /* of the chain that begins with this group; given by the spool at the first try to commit it; 0: none yet */
    int64_t number;
    struct group *next; /* committed in the same transaction, after this one; not owned */
    /* the id of the reject that became this group's events and rejects, marked in the same transaction; 0: none */
    int64_t retry_of;
    /* that reject was retried, dismissed or purged meanwhile: nothing of this group was appended */
    bool is_void;

    size_t event_capacity, reject_capacity;
    struct group_block *blocks; /* the copied bytes: a chain, newest first */
    size_t memory_bytes;        /* of the blocks and arrays */
};

struct group *group_new(void);
void group_free(struct group *group); /* accepts NULL; frees this group alone, not its chain */

/* A copy of `bytes` that lives until the group is cleared. */
struct slice group_copy(struct group *group, struct slice bytes);

/* Adds an event. Its fields are copied; its source and payload are borrowed until the group is cleared. */
void group_add_event(struct group *group, const struct event *event);

/*
 * Adds a reject. Its detail, encoding and namespaces are copied; its source and payload are borrowed until the group is
 * cleared.
 */
void group_add_reject(struct group *group, const struct reject *reject);

/* Empties the group and takes it out of its chain; keeps a little memory for the next use. */
void group_clear(struct group *group);

#endif
