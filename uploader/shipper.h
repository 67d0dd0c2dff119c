/*
 * shipper -- seal, render, put, mark, purge; and the waiting between.
 *
 * Events and rejects are two lanes that take turns, batch by batch: a refusal of one never holds up the other. In a lane
 * batches go oldest first. What a store cannot take now is tried again for ever, with growing pauses.
 */
#ifndef UPLOADER_SHIPPER_H
#define UPLOADER_SHIPPER_H

#include "uploader/store.h"

struct shipper;

/* All are borrowed. */
struct shipper *shipper_new(const struct settings *settings, struct spool_out *spool, struct store *store);
void shipper_free(struct shipper *shipper); /* accepts NULL */

/*
 * Does the next step of each lane (one batch at most) and some purging; `*wait_ms` is how long there will be nothing to do
 * unless events come.
 *   RES_RETRY    the spool is locked or its disk is full; call again after a moment
 *   RES_BROKEN   the spool is damaged
 */
MUST_CHECK enum result shipper_turn(struct shipper *shipper, int *wait_ms, struct why *why);

/* Says to the spool that this uploader works here; part of a turn, apart for a flush that begins with it. */
MUST_CHECK enum result shipper_say(struct shipper *shipper, struct why *why);

/* What stands in the way of a lane now; NULL: nothing. */
const struct why *shipper_trouble(const struct shipper *shipper, enum batch_kind kind);

#endif
