/*
 * scheduler_state -- what the scheduler remembers; for its files alone: scheduler_next.c (what is next) and
 * scheduler_end.c (what a try has shown).
 */
#ifndef UPLOADER_SHIP_SCHEDULER_STATE_H
#define UPLOADER_SHIP_SCHEDULER_STATE_H

#include <stddef.h>

#include "uploader/ship/groups.h"
#include "uploader/ship/scheduler.h"

#define NO_GROUP (-1)

/* An open batch. */
struct entry {
    int64_t id, first_id;
    int64_t tried;    /* the number of its last try; 0: none yet */
    int64_t ended_at; /* monotonic: its last try */
    int32_t failures; /* in scopes wider than the batch; the last one in this scope: */
    uint8_t failed_scope;
    int32_t opening; /* of its group when it was refused the last time */
    int16_t group;   /* index; NO_GROUP: it is not set aside */
    uint8_t kind;
    bool is_running, was_refused, may_be_stored;
};

/* Something that has begun and not ended. */
struct running {
    struct rest_try a_try; /* id 0: free */
    enum scheduler_action action;
    enum batch_kind kind;
    int64_t batch_id;
    int group;     /* that the batch is tried for; NO_GROUP: none */
    bool is_scout; /* the batch was never refused before */
};

struct kind_state {
    struct rest rest;
    struct rest scouts;
    int64_t not_due_until;
    int64_t prove_due;
    int64_t starts;      /* of batches that were never refused, since the last start of another one */
    int64_t taken_began; /* when the latest try began of which an object, or a proof, was taken; -1: none */
    bool is_proven;
};

struct scheduler {
    struct scheduler_options options;
    struct rest endpoint, identity;
    struct kind_state kinds[BATCH_KIND_COUNT];
    struct groups groups;
    struct entry *entries; /* in the order of their ids */
    size_t entry_count, entry_capacity;
    struct running running[SCHEDULER_WORKERS_MAX + 1];
    int errands;         /* that wait */
    bool was_errand;     /* the last start */
    int next_kind;       /* kinds take turns */
    int64_t numbers;     /* of tries so far */
    int64_t taken_began; /* in any kind */
    uint32_t random;
};

/* NULL: the batch is not open. */
struct entry *scheduler_entry(const struct scheduler *scheduler, int64_t batch_id);

/* After a batch has left an open group, or was tried: the group rests again if none is left that may be tried. */
void scheduler_close_group(struct scheduler *scheduler, int index, uint32_t any, int64_t now);

/* Forgets an open batch. */
void scheduler_forget(struct scheduler *scheduler, struct entry *entry);

/* Makes the batch a member of the group for this cause. Returns the group. */
struct group *scheduler_set_aside(struct scheduler *scheduler, struct entry *entry, const struct cause *cause,
                                  int64_t now);

#endif
