/*
 * requests -- what commands ask of the collector through the spool (common/request.h), answered by the thread that
 * writes: "retry" validates rejects again, "new-identity" draws one.
 *
 * One request at a time, in slices: events that come meanwhile wait for one slice at most.
 */
#ifndef COLLECTOR_SPOOL_REQUESTS_H
#define COLLECTOR_SPOOL_REQUESTS_H

#include "collector/settings.h"
#include "collector/spool/append.h"

#define REQUESTS_RETRY        "retry" /* argument: the rejects' ids, "" for all */
#define REQUESTS_NEW_IDENTITY "new-identity"

struct requests;

/* Borrows both. Never fails. */
struct requests *requests_new(struct spool_in *spool, const struct settings *settings);
void requests_free(struct requests *requests); /* accepts NULL */

/* Does a part of what has been asked for, if anything. Returns how many ms the next call may wait. */
int requests_tend(struct requests *requests);

#endif
