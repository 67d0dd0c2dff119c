/*
 * reship -- sends whole past batches again, in slices, as `uploader reship` requests.
 *
 * Without new keys: an object that is missing is put again under its key, with the same bytes; an object that is there
 * is left alone, whatever it holds. No event is shipped twice, and the request can be repeated, whatever was killed.
 * With new keys: each batch gets a copy under a key of its own, and all its events will load twice. All copies are
 * sealed in one transaction: from then on they are batches like others, and the shipper ships them, whether somebody
 * waits or not.
 */
#ifndef UPLOADER_SHIP_RESHIP_H
#define UPLOADER_SHIP_RESHIP_H

#include "common/progress.h"
#include "uploader/ship/reship_order.h"
#include "uploader/ship/shipper.h"

/* What the work needs; all is borrowed. */
struct reship_parts {
    bool ships_rejects;
    struct spool_out *spool;
    struct shipper *shipper; /* which does the errands */
};

struct reship;

void reship_new(struct reship **reship, const struct reship_parts *parts, const struct reship_order *order);
void reship_free(struct reship *reship); /* accepts NULL */

/* Never waits for the store. `*wait_ms` is how long the next call can wait. */
MUST_CHECK enum result reship_slice(struct reship *reship, bool *is_done, int *wait_ms, struct why *why);

/* Was everything done that was requested? To be called once `*is_done` is true. */
bool reship_is_complete(const struct reship *reship);

/* Appends what was done so far, and what was not possible, for a person. */
void reship_describe(const struct reship *reship, struct buf *out);

/* How many of the batches were checked, or of the copies shipped. */
void reship_progress(const struct reship *reship, struct progress *progress);

#endif
