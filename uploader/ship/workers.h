/*
 * workers -- threads that hash, and talk to the store: each has a job of its own, and connections of its own that are kept alive.
 *
 * One thread, the owner, fills jobs and looks at what came of them; the spool is the owner's alone. So memory is bounded by
 * the number of workers times the largest object, and no job waits for another.
 */
#ifndef UPLOADER_SHIP_WORKERS_H
#define UPLOADER_SHIP_WORKERS_H

#include "uploader/ship/throttle.h"
#include "uploader/store/store.h"

#define WORKERS_MAX 16

enum task {
    TASK_HASH, /* what the rendered bytes are */
    TASK_FIND,
    TASK_PUT
};

enum job_state {
    JOB_IDLE,      /* the owner may fill it */
    JOB_SUBMITTED, /* a worker works on it: nobody else touches it */
    JOB_ENDED,     /* the owner looks at what came of it, then gives it again or puts it back */
};

struct job {
    enum job_state state; /* set by workers.c alone */
    enum task task;
    struct batch batch;
    struct buf body; /* keeps its memory from one job to the next */
    struct rendition rendition;
    int64_t since;    /* monotonic: when it was begun */
    bool was_unknown; /* TASK_PUT: nobody knew either how an earlier one had ended */

    enum store_answer answer; /* with JOB_ENDED, but for TASK_HASH: what the store said */
    struct stored stored;
    struct why why;
};

struct workers;

/*
 * `count` threads (1..WORKERS_MAX), each with its own handle on the store, which is borrowed, as is `throttle`. As
 * store_open_another().
 */
MUST_CHECK enum result workers_open(struct workers **workers, const struct store *store, int count,
                                    struct throttle *throttle, struct why *why);
/* Waits for the jobs that are given; their outcome is lost to this process. Accepts NULL. */
void workers_close(struct workers *workers);

/* Readable when a job has ended since workers_next_ended() last gave NULL; for poll(2). */
int workers_fd(const struct workers *workers);

/* A job to be filled; NULL: all are in use. */
struct job *workers_next_idle(struct workers *workers);
void workers_submit(struct workers *workers, struct job *job);

/* A job that has ended, any; the same one again until it is given again or put back. NULL: none. */
struct job *workers_next_ended(struct workers *workers);
void workers_put_back(struct workers *workers, struct job *job);

/* How many are not idle, and is the batch in one of them? */
int workers_busy_count(struct workers *workers);
bool workers_have_batch(struct workers *workers, int64_t batch_id);

#endif
