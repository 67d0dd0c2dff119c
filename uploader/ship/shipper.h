/*
 * shipper -- seal, render, put, mark, purge; and the waiting between.
 *
 * UPLOAD_CONCURRENCY workers (workers.h) talk to the store, while the caller's thread owns the spool: it renders the next
 * object while others are on their way. Events and rejects are two queues (queue.h) that take turns: a refusal of rejects
 * never holds up events. What a store cannot take now is tried again for ever, with growing pauses (outage.h).
 */
#ifndef UPLOADER_SHIP_SHIPPER_H
#define UPLOADER_SHIP_SHIPPER_H

#include "uploader/settings.h"
#include "uploader/spool/spool.h"
#include "uploader/store/store.h"

struct shipper;

/*
 * All are borrowed; `signals` is what the store was opened with.
 *   RES_BROKEN   no threads, no descriptors
 */
MUST_CHECK enum result shipper_open(struct shipper **shipper, const struct settings *settings,
                                    struct spool_out *spool, struct store *store, struct signals *signals,
                                    struct why *why);

/*
 * Ends: no new request begins, what is on its way gets STORE_STOP_MS, and how it ended is noted as far as the spool can be
 * used. Accepts NULL.
 */
void shipper_close(struct shipper *shipper);

/*
 * Does what can be done now, without waiting for the store; `*wait_ms` is how long there will be nothing to do unless
 * events come or an upload ends: for shipper_wait().
 *   RES_RETRY    the spool is locked or its disk is full; call again after a moment
 *   RES_BROKEN   the spool is damaged
 */
MUST_CHECK enum result shipper_turn(struct shipper *shipper, int *wait_ms, struct why *why);

/* Sleeps until an upload has ended, `timeout_ms` have passed, or a stop is asked for: true. */
bool shipper_wait(struct shipper *shipper, int timeout_ms);

/* Says to the spool that this uploader works here; part of a turn, apart for a flush that begins with it. */
MUST_CHECK enum result shipper_report(struct shipper *shipper, struct why *why);

/* Why the store takes nothing of a kind now; NULL: it does, as far as is known. */
const struct why *shipper_outage(const struct shipper *shipper, enum batch_kind kind);

/* The same, or else the trouble that one batch of this kind has by itself. NULL: there is none. */
const struct why *shipper_trouble(const struct shipper *shipper, enum batch_kind kind);

#endif
