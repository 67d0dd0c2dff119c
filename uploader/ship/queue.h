/*
 * queue -- the batches of one kind that are to be shipped: which of them have failed, and which is next.
 *
 * Oldest first. A batch that fails alone (other bytes are under its key, or others are shipped while it fails) is
 * tried again later, so it never delays the others. After a failure that may concern the whole store, the batch that
 * has failed least often is tried next: this shows whether the store is away or one batch always fails.
 */
#ifndef UPLOADER_SHIP_QUEUE_H
#define UPLOADER_SHIP_QUEUE_H

#include "uploader/ship/due.h"
#include "uploader/ship/workers.h"

/*
 * At most this many failed batches are remembered. Of more, the first that is due again is forgotten, and so tried
 * again.
 */
#define QUEUE_FAILED_MAX 64

struct failed_batch {
    int64_t batch_id;
    int failures;              /* that may have been the store's */
    bool others_shipped_since; /* since it failed: if it fails again, the trouble is its own */
    int own_failures;          /* 1 or more: the trouble is its own */
    int64_t again_at;          /* monotonic; then it is tried again */
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
    int open; /* if no batch is left that has not failed: how many are being shipped, or wait for the store alone */
};

MUST_CHECK enum result queue_next(const struct queue *queue, struct spool_out *spool, struct workers *workers,
                                  struct choice *choice, struct why *why);

/*
 * The batch has failed. `answer` STORE_CONFLICT: the trouble is its own; any other may be the store's. Returns its
 * entry.
 */
const struct failed_batch *queue_note_failure(struct queue *queue, int64_t batch_id, enum store_answer answer,
                                              const struct why *why);

/* The batch was shipped, or given up. True: no batch of the queue fails by itself any more. */
bool queue_forget(struct queue *queue, int64_t batch_id);

/* A batch was shipped, so the store works. */
void queue_note_shipped(struct queue *queue);

#endif
