/*
 * handlers -- what the uploader does for commands (common/control_server.h): it dismisses rejects, sends past batches
 * again, does what a person has decided about a batch, says when a flush is complete, and whether rejects may be shown.
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
#define HANDLERS_PRIVACY "privacy" /* are payloads of rejects withheld? The result is one of these two: */

#define HANDLERS_WITHHELD "withheld"
#define HANDLERS_SHOWN    "shown"

struct handlers;

struct handlers_options {
    bool ships_rejects; /* as in struct reship_parts */
    bool omits_payload; /* rejects are shown without their payload */
    int64_t
        born_at; /* wall clock: when this process began; earlier requests were left for another one. 0: now */
};

/*
 * Borrows `spool` and `shipper`. `shipper` NULL: this process asks the store nothing, and can do what the spool alone is
 * needed for. Never fails.
 */
struct handlers *handlers_new(struct spool_out *spool, struct shipper *shipper,
                              const struct handlers_options *options);
void handlers_free(struct handlers *handlers); /* accepts NULL */

/* Does one slice of each request that is due. Returns for how many ms the next call can wait. */
int handlers_poll(struct handlers *handlers);

#endif
