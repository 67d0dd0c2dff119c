/*
 * requests -- what commands ask of the collector through the spool (common/control_client.h), answered by the thread that
 * writes: "retry" validates rejects again, "new-identity" draws one.
 *
 * One request at a time, in slices: events that come meanwhile wait for one slice at most.
 */
#ifndef COLLECTOR_SPOOL_HANDLERS_H
#define COLLECTOR_SPOOL_HANDLERS_H

#include "collector/spool/append.h"
#include "collector/spool/retry.h"

#define REQUESTS_RETRY        "retry" /* argument: the rejects' ids, "" for all */
#define REQUESTS_NEW_IDENTITY "new-identity"

struct requests;

struct requests_options {
    const char *spool_path; /* borrowed */
    struct retry_options retry;
};

/* Borrows `spool`; `options` is copied. Never fails. */
struct requests *requests_new(struct spool_in *spool, const struct requests_options *options);
void requests_free(struct requests *requests); /* accepts NULL */

/* Does a part of what has been asked for, if anything. Returns how many ms the next call may wait. */
int requests_tend(struct requests *requests);

#endif
