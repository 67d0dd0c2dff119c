/*
 * outcomes -- what became of each upload: recorded in the spool, and remembered for the choice of the next batch
 * (queue.h), for the pauses between tries (outage.h) and for the report to people.
 */
#ifndef UPLOADER_SHIP_OUTCOMES_H
#define UPLOADER_SHIP_OUTCOMES_H

#include "uploader/ship/outage.h"
#include "uploader/ship/queue.h"
#include "uploader/ship/workers.h"
#include "uploader/spool/spool.h"

struct outcomes {
    struct spool_out *spool; /* borrowed */
    bool is_trial;           /* the store is a directory */
    struct queue queues[BATCH_KIND_COUNT];
    struct outage outage;  /* of the store */
    struct outage refusal; /* of rejects alone */
    int64_t report_due;    /* monotonic */
    bool has_warned_unverified;
};

/* How a try failed. */
struct failure {
    enum store_answer answer; /* STORE_CONFLICT: the trouble is the batch's own */
    int64_t wait_ms;          /* the pause that the store asks for */
    int64_t began;            /* monotonic */
    bool is_surely_absent;    /* nothing of the batch is in the store, by this try or an earlier one */
    struct why why;
};

/* Must a queue wait before its next try? */
bool outcomes_must_wait(const struct outcomes *outcomes, enum batch_kind kind);

/* A try begins. */
void outcomes_begin(struct outcomes *outcomes, enum batch_kind kind);

/* A job has ended with what the store has answered to TASK_FIND or TASK_PUT, and needs no further step. */
MUST_CHECK enum result outcomes_record_job(struct outcomes *outcomes, struct job *job, struct why *why);

/* A batch has failed without a job. */
MUST_CHECK enum result outcomes_record_failure(struct outcomes *outcomes, struct batch *batch,
                                               const struct failure *failure, struct why *why);

/* Why the store takes nothing of a kind now; NULL: it does, as far as is known. */
const struct why *outcomes_outage(const struct outcomes *outcomes, enum batch_kind kind);

/* The same, or else the trouble that one batch of this kind has by itself. NULL: there is none. */
const struct why *outcomes_trouble(const struct outcomes *outcomes, enum batch_kind kind);

/* Reports to the spool that this uploader works, and what its trouble is. */
MUST_CHECK enum result outcomes_report(struct outcomes *outcomes, struct why *why);

#endif
