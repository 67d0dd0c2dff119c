/*
 * reship -- sends whole past batches again, in slices: the work behind `uploader reship`.
 *
 * Without new keys: an object that is missing is put again under its key, with the same bytes; one that is there is left
 * alone, whatever it holds. Nothing can double, and repeating it does no harm, whatever was killed.
 * With new keys: each batch gets a copy under a key of its own, and all its events will load twice. All copies are
 * sealed in one transaction: from then on they are batches like others, and are shipped by the shipper, whether somebody
 * waits or not.
 */
#ifndef UPLOADER_SHIP_RESHIP_H
#define UPLOADER_SHIP_RESHIP_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/settings.h"
#include "uploader/ship/reship_order.h"
#include "uploader/spool/spool.h"

/* Whose work it is; all borrowed. */
struct reship_parts {
    const struct settings *settings;
    struct spool_out *spool;
    struct signals *signals;
    const struct lockfile *lock;
};

struct reship;

/* RES_REFUSE: the settings cannot work. */
MUST_CHECK enum result reship_new(struct reship **reship, const struct reship_parts *parts,
                                  const struct reship_order *order, struct why *why);
void reship_free(struct reship *reship); /* accepts NULL */

/* One object at most. `*wait_ms` is how long the next call can wait. */
MUST_CHECK enum result reship_slice(struct reship *reship, bool *is_done, int *wait_ms, struct why *why);

/* Is all done that was requested? With `is_done`. */
bool reship_is_complete(const struct reship *reship);

/* Appends what has been done so far and what could not be, for a person. */
void reship_describe(const struct reship *reship, struct buf *out);

#endif
