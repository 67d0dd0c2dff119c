/*
 * handlers -- what the collector does for commands (common/control_server.h): it validates rejects again, draws a new
 * identity for the spool, and forgets a sender.
 *
 * The thread that writes does this between two groups of events, in slices, so that events wait for one slice of each
 * at most.
 */
#ifndef COLLECTOR_SPOOL_HANDLERS_H
#define COLLECTOR_SPOOL_HANDLERS_H

#include "collector/spool/append.h"
#include "collector/spool/retry.h"

#define HANDLERS_RETRY        "retry" /* argument: ids of rejects, separated by blanks; "" for all */
#define HANDLERS_NEW_IDENTITY "new-identity"
#define HANDLERS_FORGET       "forget" /* argument: the sender's name */

struct handlers;

struct handlers_options {
    const char *spool_path; /* borrowed */
    struct retry_options retry;
    int64_t
        born_at; /* wall clock: when this process took the lock; earlier requests were left for another one */
};

/* Borrows `spool` and the texts of `options` until handlers_free(). Never fails. */
struct handlers *handlers_new(struct spool_in *spool, const struct handlers_options *options);
void handlers_free(struct handlers *handlers); /* accepts NULL */

/* Does one slice of each request that is due. Returns for how many ms the next call can wait. */
int handlers_poll(struct handlers *handlers);

#endif
