/*
 * pile -- the spool of a made-up world: rows that arrive over time, and the batches that were sealed of them. A batch
 * that was not copied is current until it is cut again; current batches tile the ids from 1.
 */
#ifndef TESTS_SUPPORT_WORLDS_PILE_H
#define TESTS_SUPPORT_WORLDS_PILE_H

#include "tests/support/chance.h"
#include "uploader/ship/scheduler.h"

#define PILE_ARRIVALS 40
#define PILE_GROUPS   16 /* more than there are causes in a world */

struct pile_batch {
    int64_t id, first_id, last_id;
    enum batch_kind kind;
    bool is_open, is_current, is_copy;
    bool is_running, may_be_stored;
    bool is_refused; /* for trouble of its own, so it is set aside */
    bool was_denied; /* it was refused with its whole kind, and is not set aside */
    int group;       /* of its cause, if it is set aside */
    int opening;     /* of its group when it was refused the last time */
    int64_t began;   /* of its running try */
    int64_t
        failed_at[SCOPE_BATCH]; /* the last failure that counted for this scope, since the start; -1: none */
    int64_t ended_at;           /* its last try, since the start; -1: none */
    int failures;               /* in scopes wider than the batch, since the start */
};

/* Batches of one kind that were refused for the same cause. */
struct pile_group {
    enum batch_kind kind;
    struct cause cause;
    int64_t open, running;
    int opening; /* how often the group has been opened */
};

/* At `at`, `count` more rows of a kind are there. */
struct pile_arrival {
    int64_t at;
    int64_t count;
};

struct pile {
    struct pile_batch *batches; /* in the order of their ids, which begin at 1; owned */
    int64_t count, room;
    struct pile_group groups[PILE_GROUPS];
    int group_count;
    struct pile_arrival arrivals[BATCH_KIND_COUNT][PILE_ARRIVALS]; /* in order */
    int arrival_count[BATCH_KIND_COUNT];
    int64_t sealed[BATCH_KIND_COUNT]; /* the last row that is in a batch */
    int64_t most_rows, wait_ms; /* a batch is due with so many rows, or when its oldest one waits so long */
    int64_t open[BATCH_KIND_COUNT];   /* open batches, */
    int64_t fresh[BATCH_KIND_COUNT];  /* those not set aside, */
    int64_t denied[BATCH_KIND_COUNT]; /* and of these, those that were denied */
    int64_t *fresh_ids;               /* not set aside, of both kinds, owned; fresh_count of them */
    int64_t fresh_count, fresh_room;
};

void pile_fini(struct pile *pile);

/* Adds an open batch over these rows. `cause` NULL: it was not refused. */
struct pile_batch *pile_add(struct pile *pile, enum batch_kind kind, int64_t first_id, int64_t last_id,
                            const struct cause *cause);
struct pile_batch *pile_batch(const struct pile *pile, int64_t id); /* NULL: there is none */

void pile_settle(struct pile *pile, struct pile_batch *batch);
void pile_refuse(struct pile *pile, struct pile_batch *batch,
                 const struct cause *cause);                 /* it is set aside */
void pile_deny(struct pile *pile, struct pile_batch *batch); /* its kind was refused */
void pile_begin(struct pile *pile, struct pile_batch *batch, int64_t now);
void pile_end(struct pile *pile, struct pile_batch *batch);

/* Rows that have arrived and lie in no batch. */
int64_t pile_waiting(const struct pile *pile, enum batch_kind kind, int64_t now);

/* When the next batch is, or was, due. INT64_MAX: no row will arrive. */
int64_t pile_due_at(const struct pile *pile, enum batch_kind kind);

/* Seals the next batch, which is due. */
struct pile_batch *pile_seal(struct pile *pile, enum batch_kind kind, int64_t now);

/* Replaces an open batch that is surely not stored by parts of at most `most_rows`. Returns the first part. */
struct pile_batch *pile_cut(struct pile *pile, struct pile_batch *batch);

/* Do the current batches of each kind tile the ids? */
bool pile_is_tiled(const struct pile *pile);

#endif
