/*
 * lane -- the batches of one kind on their way: which of them failed, and which is next.
 *
 * Oldest first. A batch that fails alone (other bytes under its key, or others are shipped while it fails) is passed by and
 * looked at again later, so it never holds up the rest. After a failure that may be the whole store's, the batch that
 * failed least is tried next: so one that always fails is told from a store that is away.
 */
#ifndef UPLOADER_SHIP_LANE_H
#define UPLOADER_SHIP_LANE_H

#include "uploader/ship/due.h"
#include "uploader/ship/workers.h"

#define LANE_SETBACKS                                                                                        \
    64 /* failed batches that are remembered; of more the one due first is forgotten, and tried again */

struct setback {
    int64_t batch_id;
    int failures;     /* that may have been the store's */
    bool is_pardoned; /* others were shipped since it failed: if it fails again, the trouble is its own */
    int own_failures; /* 1 or more: it is */
    int64_t again_at; /* monotonic; then it is tried again */
};

struct lane {
    enum batch_kind kind;
    bool is_on; /* REJECTS_PREFIX=none turns a lane off */
    struct due_watch watch;
    struct setback setbacks[LANE_SETBACKS];
    int count;
    struct why trouble; /* of a batch whose trouble is its own; "": there is none */
};

/* How a lane's next batch is chosen. */
struct choice {
    struct batch batch;
    bool is_some;
    bool has_failed; /* it did before, so another one may be sealed and tried first */
    int open; /* without a batch that has not failed: how many are on their way or wait for the store, not for a person */
};

MUST_CHECK enum result lane_choose(const struct lane *lane, struct spool_out *spool, struct workers *workers,
                                   struct choice *choice, struct why *why);

/*
 * The batch has failed. `answer` STORE_CONFLICT: the trouble is its own; any other may be the store's. Returns what is
 * remembered of it.
 */
const struct setback *lane_fail(struct lane *lane, int64_t batch_id, enum store_answer answer,
                                const struct why *why);

/* The batch is on its way no more: shipped, or given up. True: the lane's trouble has ended with that. */
bool lane_forget(struct lane *lane, int64_t batch_id);

/* Some batch was shipped: the store works. */
void lane_pardon(struct lane *lane);

#endif
