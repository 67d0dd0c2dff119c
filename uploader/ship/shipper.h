/*
 * shipper -- seal, render, put, mark, purge; and the waiting between.
 *
 * UPLOAD_CONCURRENCY workers (workers.h) talk to the store, while the caller's thread owns the spool: it renders the
 * next object while others are being uploaded. Events and rejects are two queues (queue.h) that take turns: a refusal
 * of rejects never delays events. An upload that fails is tried again for ever, with growing pauses (outage.h).
 */
#ifndef UPLOADER_SHIP_SHIPPER_H
#define UPLOADER_SHIP_SHIPPER_H

#include "common/signals.h"
#include "uploader/ship/purger.h"
#include "uploader/ship/sealer.h"
#include "uploader/spool/spool.h"
#include "uploader/store/store.h"

struct shipper_options {
    int upload_concurrency; /* 1..WORKERS_MAX */
    struct sealer_options sealer;
    struct purger_options purger;
};

struct shipper;

/*
 * Copies the options, whose texts are borrowed, as is the rest; `signals` is what the store was opened with.
 *   RES_BROKEN   no threads, no descriptors
 */
MUST_CHECK enum result shipper_open(struct shipper **shipper, const struct shipper_options *options,
                                    struct spool_out *spool, struct store *store, struct signals *signals,
                                    struct why *why);

/*
 * Stops: no new request begins, running ones may take STORE_STOP_MS, and their outcome is recorded, if the spool can be
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

/*
 * Reports to the spool that this uploader works, and what its problem is. A turn does that, too; a flush begins with
 * it.
 */
MUST_CHECK enum result shipper_report(struct shipper *shipper, struct why *why);

/* Why the store takes nothing of a kind now; NULL: it does, as far as is known. */
const struct why *shipper_outage(const struct shipper *shipper, enum batch_kind kind);

/* The same, or else the trouble that one batch of this kind has by itself. NULL: there is none. */
const struct why *shipper_trouble(const struct shipper *shipper, enum batch_kind kind);

#endif
