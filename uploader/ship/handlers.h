/*
 * handlers -- what the uploader does for commands (common/control_server.h): it dismisses rejects, sends past batches
 * again, does what a person has decided about a batch, and says when a flush is complete.
 *
 * This happens between the shipper's turns, in slices of some milliseconds; what needs the store is an errand of the
 * shipper's (errands.h).
 */
#ifndef UPLOADER_SHIP_HANDLERS_H
#define UPLOADER_SHIP_HANDLERS_H

#include "uploader/ship/reship.h"
#include "uploader/ship/shipper.h"

#define HANDLERS_DISMISS "dismiss" /* argument: ids of rejects, separated by blanks; "" for all */
#define HANDLERS_RESHIP  "reship"  /* argument: reship_order_write() */
#define HANDLERS_FLUSH   "flush"   /* argument: flush_ids_write() */
#define HANDLERS_RESOLVE "resolve" /* argument: resolve_request_write() */

struct handlers;

/*
 * Borrows both. `shipper` NULL: this process asks the store nothing, and can only dismiss. `ships_rejects` as in
 * struct reship_parts. Never fails.
 */
struct handlers *handlers_new(struct spool_out *spool, struct shipper *shipper, bool ships_rejects);
void handlers_free(struct handlers *handlers); /* accepts NULL */

/* Does one slice of each request that is due. Returns for how many ms the next call can wait. */
int handlers_poll(struct handlers *handlers);

#endif
