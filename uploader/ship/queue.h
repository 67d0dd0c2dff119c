/*
 * queue -- the batches of one kind on their way: which of them failed, and which is next.
 *
 * Oldest first. A batch that fails alone (other bytes under its key, or others are shipped while it fails) is passed by and
 * looked at again later, so it never holds up the rest. After a failure that may be the whole store's, the batch that
 * failed least is tried next: so one that always fails is told from a store that is away.
 */
#ifndef UPLOADER_SHIP_QUEUE_H
#define UPLOADER_SHIP_QUEUE_H

#include "uploader/ship/due.h"
#include "uploader/ship/workers.h"

#define QUEUE_FAILED_MAX                                                                                     \
    64 /* failed batches that are remembered; of more the one due first is forgotten, and tried again */

struct failed_batch {
    int64_t batch_id;
    int failures; /* that may have been the store's */
    bool
        others_shipped_since; /* others were shipped since it failed: if it fails again, the trouble is its own */
    int own_failures;         /* 1 or more: it is */
    int64_t again_at;         /* monotonic; then it is tried again */
};

struct queue {
    enum batch_kind kind;
    bool is_on; /* REJECTS_PREFIX=none turns a queue off */
    struct due_watch watch;
    struct failed_batch failed[QUEUE_FAILED_MAX];
    int count;
    struct why trouble; /* of a batch whose trouble is its own; "": there is none */
};

/* How a queue's next batch is chosen. */
struct choice {
    struct batch batch;
    bool is_some;
    bool has_failed; /* it did before, so another one may be sealed and tried first */
    int open; /* without a batch that has not failed: how many are on their way or wait for the store, not for a person */
};

MUST_CHECK enum result queue_next(const struct queue *queue, struct spool_out *spool, struct workers *workers,
                                  struct choice *choice, struct why *why);

/*
 * The batch has failed. `answer` STORE_CONFLICT: the trouble is its own; any other may be the store's. Returns what is
 * remembered of it.
 */
const struct failed_batch *queue_note_failure(struct queue *queue, int64_t batch_id, enum store_answer answer,
                                              const struct why *why);

/* The batch is on its way no more: shipped, or given up. True: the queue's trouble has ended with that. */
bool queue_forget(struct queue *queue, int64_t batch_id);

/* Some batch was shipped: the store works. */
void queue_note_shipped(struct queue *queue);

#endif
