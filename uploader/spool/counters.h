/*
 * counters -- what monitoring counts of the uploader, kept in the spool so that it outlives restarts and purges. Only the
 * files of this room include it.
 *
 * They change in the transaction that records the same fact, and before it: so a crash loses both or none, a batch that
 * is marked again is not counted again, and no counter ever falls.
 *
 *   shipped_events, _batches, _bytes   label ''; of events alone, bytes as received. A copy (`reship --new-keys`) is not
 *                                      counted, what a person calls shipped is: together with the backlog and what was
 *                                      given up it is what was received.
 *   upload_le_ms     label: one of common/upload_buckets.h; uploads that took at most so long and longer than the bound below.
 *                    An upload is a PUT of a batch's object, of any kind or a copy, that has ended well.
 *   upload_sum_ms    label ''; how long these took in all
 *   upload_failures  label: the code of a problem; tries of batches that have failed
 */
#ifndef UPLOADER_SPOOL_COUNTERS_H
#define UPLOADER_SPOOL_COUNTERS_H

#include "uploader/spool/statements.h"

/* The batch will be marked as shipped in this transaction. `upload_ms` below 0: it was not uploaded now. */
MUST_CHECK enum result counters_add_shipped(struct spool_out *out, const struct batch *batch,
                                            int64_t upload_ms, int64_t now, struct why *why);

/* A try of the batch has failed. `problem` is the code of what is in the way. */
MUST_CHECK enum result counters_add_failure(struct spool_out *out, const struct batch *batch,
                                            const char *problem, int64_t now, struct why *why);

#endif
