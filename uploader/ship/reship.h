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

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/ship/reship_order.h"
#include "uploader/spool/spool.h"
#include "uploader/store/open.h"

struct reship_options {
    struct store_options store; /* of the store that the objects are put into */
    bool ships_rejects;
};

/* What the work needs. The options are copied, their texts are borrowed, as is the rest. */
struct reship_parts {
    struct reship_options options;
    struct spool_out *spool;
    struct signals *signals;
    const struct lockfile *lock;
};

struct reship;

/* The errors are those of store_open(). `*reship` is NULL unless RES_OK. */
MUST_CHECK enum result reship_new(struct reship **reship, const struct reship_parts *parts,
                                  const struct reship_order *order, struct why *why);
void reship_free(struct reship *reship); /* accepts NULL */

/* Puts one object at most. `*wait_ms` is how long the next call can wait. */
MUST_CHECK enum result reship_slice(struct reship *reship, bool *is_done, int *wait_ms, struct why *why);

/* Was everything done that was requested? To be called once `*is_done` is true. */
bool reship_is_complete(const struct reship *reship);

/* Appends what was done so far, and what was not possible, for a person. */
void reship_describe(const struct reship *reship, struct buf *out);

#endif
