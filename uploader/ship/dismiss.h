/*
 * dismiss -- marks rejects as dismissed, in slices, as `uploader rejects dismiss` requests. A request can be repeated.
 *
 * A dismissed reject stays in the spool and in the order of ids, and is shipped like the others; only its state
 * differs, and it is not validated again.
 */
#ifndef UPLOADER_SHIP_DISMISS_H
#define UPLOADER_SHIP_DISMISS_H

#include "common/progress.h"
#include "uploader/spool/spool.h"

struct dismiss;

/*
 * `ids`: reject ids separated by blanks; "" for all rejects that the spool has now. Borrows `ids` and `spool` until
 * dismiss_free(); `*dismiss` is NULL unless RES_OK. The errors are those of spool_rejects_range()
 * (uploader/spool/rejects.h).
 */
MUST_CHECK enum result dismiss_new(struct dismiss **dismiss, struct spool_out *spool, const char *ids,
                                   struct why *why);
void dismiss_free(struct dismiss *dismiss); /* accepts NULL */

/* Runs one transaction, some milliseconds long. RES_REFUSE: the next of `ids` is not an id. */
MUST_CHECK enum result dismiss_slice(struct dismiss *dismiss, bool *is_done, struct why *why);

/* Appends what was done so far, for a person. */
void dismiss_describe(const struct dismiss *dismiss, struct buf *out);

/* How many of the rejects were looked at. */
void dismiss_progress(const struct dismiss *dismiss, struct progress *progress);

#endif
