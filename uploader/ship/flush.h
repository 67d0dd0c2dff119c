/*
 * flush -- waits until everything up to certain ids is shipped: the work behind `uploader flush`.
 *
 * The shipper does the shipping. The command marks the ids as due in the control row (spool_out_request_flush()) before
 * it leaves its request, so they are sealed and shipped at once, whatever else is being served. This module tells the
 * person who waits how much is left, that all is shipped, or what stands in the way.
 *
 * A batch that a person has resolved is settled, and is named at the end.
 *
 * The wait fails when each kind of batch that is left has met an obstacle: rejects in trouble do not end it while
 * events are still being shipped.
 */
#ifndef UPLOADER_SHIP_FLUSH_H
#define UPLOADER_SHIP_FLUSH_H

#include "common/progress.h"
#include "uploader/ship/shipper.h"

/* The ids as a request's argument. */
void flush_ids_write(const struct flush_ids *ids, struct buf *out);

struct flush;

/*
 * Borrows `spool` and `shipper`. `*flush` is NULL unless RES_OK.
 *   RES_REFUSE   flush_ids_write() has not written this argument; or `shipper` is NULL: this process does not ship
 */
MUST_CHECK enum result flush_new(struct flush **flush, struct spool_out *spool, struct shipper *shipper,
                                 const char *argument, struct why *why);
void flush_free(struct flush *flush); /* accepts NULL */

/*
 * Counts what is left.
 *   RES_REFUSE   not everything can be shipped now; `why` is fit for a terminal
 */
MUST_CHECK enum result flush_slice(struct flush *flush, bool *is_done, struct why *why);

/* Appends how much is left, for a person. */
void flush_describe(const struct flush *flush, struct buf *out);

/* Of what was left when the flush began, how much is shipped. */
void flush_progress(const struct flush *flush, struct progress *progress);

#endif
