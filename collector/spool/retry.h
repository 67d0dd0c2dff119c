/*
 * retry -- rejects, validated again: after an upgrade or with other settings some of them are events.
 *
 * A reject passes when all of its bytes, framed and validated as if they came now, give at least one event and no
 * reject. Its events are appended and it is marked retried in one transaction: so each becomes events once, whatever is
 * killed, and asking again does no harm. Only rejects that are kept whole, and neither retried nor dismissed, are looked
 * at. An XML declaration is not kept with a reject, so its bytes are taken for UTF-8.
 *
 * The work is done in slices of some milliseconds, between groups of events. One thread: the one that writes.
 */
#ifndef COLLECTOR_SPOOL_RETRY_H
#define COLLECTOR_SPOOL_RETRY_H

#include "collector/framing/index_fields.h"
#include "collector/spool/append.h"
#include "common/buf.h"

struct retry;

struct retry_options {         /* as for events from the network */
    const char *event_element; /* borrowed for the retry's life */
    size_t max_message_bytes;  /* of one event */
    struct index_fields index_fields;
};

/*
 * `ids`: reject ids parted by blanks; "" for all that are there now. Borrows `spool` and `options`; `*retry` is NULL
 * unless RES_OK.
 *   RES_REFUSE   these are no ids
 *   RES_RETRY    the spool cannot be read now
 */
MUST_CHECK enum result retry_new(struct retry **retry, struct spool_in *spool,
                                 const struct retry_options *options, const char *ids, struct why *why);

/* Accepts NULL. One whose last slice said RES_RETRY forgets what it wanted to append: the rejects are as they were. */
void retry_free(struct retry *retry);

/*
 * Looks at some rejects, and appends what passed. `*is_done`: there are no more.
 *   RES_RETRY    locked, no space: the next call tries the same again
 *   RES_BROKEN   as spool_append()
 */
MUST_CHECK enum result retry_slice(struct retry *retry, bool *is_done, struct why *why);

/* How far it has come, or what has come of it: a sentence, appended. */
void retry_describe(const struct retry *retry, struct buf *out);

#endif
