/*
 * workers -- threads that hash objects and talk to the store. Each has a job of its own, and a connection of its own
 * that is kept alive.
 *
 * One thread, the owner, fills jobs and collects their results; only the owner uses the spool. So memory is bounded by
 * the number of workers times the largest object, and no job waits for another.
 */
#ifndef UPLOADER_SHIP_WORKERS_H
#define UPLOADER_SHIP_WORKERS_H

#include "uploader/ship/job.h"
#include "uploader/ship/throttle.h"

#define WORKERS_MAX 16 /* that a setting can ask for */

struct workers;

/*
 * `count` threads (1..WORKERS_MAX + 1), each with its own handle on the store, which is borrowed, as is `throttle`. The
 * errors are those of store_open_another().
 */
MUST_CHECK enum result workers_open(struct workers **workers, const struct store *store, int count,
                                    struct throttle *throttle, struct why *why);
/* Waits for the submitted jobs; their results are lost. Accepts NULL. */
void workers_close(struct workers *workers);

/* For poll(2): readable when a job has ended since workers_next_ended() last returned NULL. */
int workers_fd(const struct workers *workers);

/* An idle job, which the owner may fill; NULL: all are in use. */
struct job *workers_next_idle(struct workers *workers);

/* Has the job's worker do what its phase is called. Until the job has ended only the worker may use it. */
void workers_submit(struct workers *workers, struct job *job);

/* Any job that has ended; the same one until it is submitted again or put back. NULL: none. */
struct job *workers_next_ended(struct workers *workers);
void workers_put_back(struct workers *workers, struct job *job); /* it is idle again */

/* Nobody waits for this errand any more: the job that does it goes on without. */
void workers_forget(struct workers *workers, const struct errand *errand);

/*
 * For any thread: how long the longest call of a worker has lasted, in ms, and which it is; 0: there is none. A request
 * to a server is no such call: it has time limits of its own (uploader/http/http.h).
 */
int64_t workers_longest_call(struct workers *workers, const char **call);

/* How many jobs are not idle? */
int workers_busy_count(struct workers *workers);

#endif
