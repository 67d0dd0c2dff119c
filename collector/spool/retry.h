/*
 * retry -- validates rejects again: after an upgrade or with other settings some of them may hold events.
 *
 * A reject's payload is framed and validated as if it arrived now, in the encoding and inside the wrappers that were
 * known when it was received. A reject passes when this gives at least one event. Its events are appended, what is left
 * of it is appended as a new reject (collector/spool/remainder.h), and it is marked as retried, in one transaction: so
 * each reject becomes events once, whichever process is killed, and repeating the command does no harm, because no
 * event is left in what is left. A reject without an event stays as it is. Rejects that were cut, retried or dismissed
 * before are skipped, as are those that look like HTTP or TLS.
 *
 * The work is done in slices of some milliseconds, between groups of events, by the writer's thread only.
 */
#ifndef COLLECTOR_SPOOL_RETRY_H
#define COLLECTOR_SPOOL_RETRY_H

#include "collector/framing/framer.h"
#include "collector/framing/validator.h"
#include "collector/spool/append.h"
#include "common/buf.h"
#include "common/progress.h"

struct retry;

struct retry_options {             /* the same as for events from the network */
    struct framer_options framing; /* what it points to is borrowed for the retry's life */
    struct validator_options validator;
};

/*
 * `ids`: reject ids separated by blanks; "" for all rejects that the spool has now. Borrows `spool` and `options` until
 * retry_free(); `*retry` is NULL unless RES_OK.
 *   RES_REFUSE   `ids` is not a list of ids
 *   RES_RETRY    the spool cannot be read now: try again
 */
MUST_CHECK enum result retry_new(struct retry **retry, struct spool_in *spool,
                                 const struct retry_options *options, const char *ids, struct why *why);

/* Accepts NULL. Rejects that passed but could not be committed yet stay rejects. */
void retry_free(struct retry *retry);

/*
 * Validates some rejects, and appends the events of those that passed, and what is left of them. `*is_done` is true when none is left.
 *   RES_RETRY    the spool is locked or has no space: call again, and the same rejects are tried again
 *   RES_BROKEN   as for spool_append()
 */
MUST_CHECK enum result retry_slice(struct retry *retry, bool *is_done, struct why *why);

/* Appends a sentence with the counts so far: the progress, and at the end the outcome. */
void retry_describe(const struct retry *retry, struct buf *out);

/* How many of the ids, which have no gaps but for rejects that were purged, are done. */
void retry_progress(const struct retry *retry, struct progress *progress);

#endif
