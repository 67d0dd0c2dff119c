/*
 * dismiss -- marks rejects as seen to, in slices: the work behind `uploader rejects dismiss`. Repeating it does no harm.
 *
 * A dismissed reject stays in the spool and in the order of ids, and is shipped like the others; only its state differs,
 * and it is not validated again.
 */
#ifndef UPLOADER_SHIP_DISMISS_H
#define UPLOADER_SHIP_DISMISS_H

#include "uploader/spool/spool.h"

struct dismiss;

/* `ids` is borrowed: ids separated by blanks, or "" for all rejects that are there now. RES_REFUSE: not an id. */
MUST_CHECK enum result dismiss_new(struct dismiss **dismiss, struct spool_out *spool, const char *ids,
                                   struct why *why);
void dismiss_free(struct dismiss *dismiss); /* accepts NULL */

/* One transaction, some milliseconds long. */
MUST_CHECK enum result dismiss_slice(struct dismiss *dismiss, bool *is_done, struct why *why);

/* Appends what has been done so far, for a person. */
void dismiss_describe(const struct dismiss *dismiss, struct buf *out);

#endif
