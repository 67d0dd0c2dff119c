/*
 * job -- one piece of work for the store, and how far it has come. Its owner moves it from phase to phase; in each
 * phase but the first a worker (workers.h) does what the phase is called.
 *
 *   idle ---> hashing ---> looking ---> putting ---> idle       a batch; without a look where no try may have stored it
 *    | |                                    ^
 *    | `-----> looking ---> (hashing) ------'                   an errand, or a batch that is only looked for
 *    `-------> proving ---> idle                                the destination
 *
 * From every phase it may become idle: it is over, or left to the next start.
 */
#ifndef UPLOADER_SHIP_JOB_H
#define UPLOADER_SHIP_JOB_H

#include "uploader/store/store.h"

enum job_phase {
    JOB_IDLE,    /* the owner may fill it */
    JOB_HASHING, /* the rendered bytes are hashed */
    JOB_LOOKING, /* is the object there? */
    JOB_PUTTING,
    JOB_PROVING, /* may objects be put here? */
};

enum job_purpose {
    JOB_SHIP,   /* a batch becomes an object */
    JOB_SETTLE, /* is a batch there that is no longer to be sent? */
    JOB_ERRAND, /* what a handler has asked for (errands.h) */
    JOB_PROVE,  /* the destination takes objects of this kind */
};

struct errand;

struct job {
    enum job_phase phase; /* set by job_move() alone */
    enum job_purpose purpose;
    int64_t number;      /* of the try, from the scheduler */
    int64_t began;       /* monotonic, likewise: */
    int64_t phase_began; /* when a worker got it for its present phase */
    struct batch batch;
    struct errand *errand; /* borrowed; NULL: given up meanwhile, or none */
    struct buf body;       /* keeps its memory from one job to the next */
    struct rendition rendition;
    bool was_unknown;                 /* when it began, an earlier try may have stored it */
    bool has_answered, was_authentic; /* of the store, as `stored` says it, in an earlier phase of this try */

    enum store_answer answer; /* after looking, putting and proving */
    struct stored stored;
    struct why why;
};

/* Moves the job along an arrow of the picture: anything else is a mistake, and aborts. */
void job_move(struct job *job, enum job_phase next);

#endif
