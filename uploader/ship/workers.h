/*
 * workers -- threads that hash objects and talk to the store. Each has a job of its own, and a connection of its own
 * that is kept alive.
 *
 * One thread, the owner, fills jobs and collects their results; only the owner uses the spool. So memory is bounded by
 * the number of workers times the largest object, and no job waits for another.
 */
#ifndef UPLOADER_SHIP_WORKERS_H
#define UPLOADER_SHIP_WORKERS_H

#include "uploader/ship/throttle.h"
#include "uploader/store/store.h"

#define WORKERS_MAX 16

enum task {
    TASK_HASH, /* hash the rendered bytes */
    TASK_FIND,
    TASK_PUT
};

enum job_state {
    JOB_IDLE,      /* the owner may fill it */
    JOB_SUBMITTED, /* only its worker may use it */
    JOB_ENDED,     /* the owner reads the result, then submits it again or puts it back */
};

struct job {
    enum job_state state; /* set by workers.c alone */
    enum task task;
    struct batch batch;
    struct buf body; /* keeps its memory from one job to the next */
    struct rendition rendition;
    int64_t since;    /* monotonic: when it began */
    bool was_unknown; /* TASK_PUT: the outcome of an earlier PUT was unknown, too */

    enum store_answer answer; /* with JOB_ENDED, except after TASK_HASH: the store's answer */
    struct stored stored;
    struct why why;
};

struct workers;

/*
 * `count` threads (1..WORKERS_MAX), each with its own handle on the store, which is borrowed, as is `throttle`. The
 * errors are those of store_open_another().
 */
MUST_CHECK enum result workers_open(struct workers **workers, const struct store *store, int count,
                                    struct throttle *throttle, struct why *why);
/* Waits for the submitted jobs; their results are lost. Accepts NULL. */
void workers_close(struct workers *workers);

/* For poll(2): readable when a job has ended since workers_next_ended() last returned NULL. */
int workers_fd(const struct workers *workers);

/* A job that the owner may fill; NULL: all are in use. */
struct job *workers_next_idle(struct workers *workers);
void workers_submit(struct workers *workers, struct job *job);

/* Any job that has ended; the same one until it is submitted again or put back. NULL: none. */
struct job *workers_next_ended(struct workers *workers);
void workers_put_back(struct workers *workers, struct job *job);

/* How many jobs are not idle? Is the batch in one of these? */
int workers_busy_count(struct workers *workers);
bool workers_have_batch(struct workers *workers, int64_t batch_id);

#endif
