/*
 * shipper -- the loop around the scheduler: seal, render, put, mark, purge; and the waiting between.
 *
 * UPLOAD_CONCURRENCY workers (workers.h) talk to the store, and a spare one if all of them are held too long, while the
 * caller's thread owns the spool: it renders the next object while others are being uploaded, and never waits for the
 * network. What is sent next is the scheduler's decision (scheduler.h), how a job goes on is in steps.h, and what has
 * become of it in outcomes.h. An upload that fails is tried again for ever.
 */
#ifndef UPLOADER_SHIP_SHIPPER_H
#define UPLOADER_SHIP_SHIPPER_H

#include "common/problems.h"
#include "common/signals.h"
#include "uploader/ship/errands.h"
#include "uploader/ship/purger.h"
#include "uploader/ship/sealer.h"
#include "uploader/ship/troubles.h"
#include "uploader/spool/spool.h"
#include "uploader/store/store.h"

struct shipper_options {
    int upload_concurrency; /* 1..WORKERS_MAX */
    struct sealer_options sealer;
    struct purger_options purger;
    bool is_service;       /* the destination is proven at the start, and again without traffic */
    bool has_only_errands; /* nothing is sealed, shipped or purged */
};

struct shipper;

/*
 * Copies the options, whose texts are borrowed, as is the rest; `signals` is what the store was opened with, `problems`
 * may be NULL.
 *   RES_BROKEN   no threads, no descriptors
 */
MUST_CHECK enum result shipper_open(struct shipper **shipper, const struct shipper_options *options,
                                    struct spool_out *spool, struct store *store, struct signals *signals,
                                    struct problems *problems, struct why *why);

/*
 * Stops: no new request begins, running ones may take STORE_STOP_MS, and their outcome is recorded, if the spool can be
 * used. Accepts NULL.
 */
void shipper_close(struct shipper *shipper);

/*
 * Does what can be done now, without waiting for the store; `*wait_ms` is how long there will be nothing to do unless
 * events come or a request ends: for shipper_wait().
 *   RES_RETRY    the spool is locked or its disk is full; call again after a moment
 *   RES_BROKEN   the spool is damaged
 */
MUST_CHECK enum result shipper_turn(struct shipper *shipper, int *wait_ms, struct why *why);

/*
 * For any thread, while the shipper is open: how long the longest call of a thread has lasted that may hang, such as
 * that of a disk, in ms; 0: none is in one. `*thread` is `owner`, who calls shipper_turn(), or `worker`. A request to
 * a server is no such call: it has time limits of its own.
 */
int64_t shipper_longest_call(struct shipper *shipper, const char **thread, const char **call);

/* What else of the owner's work may hang, until its next turn or shipper_end_call(). `call` is a constant, e.g. doing so. */
void shipper_begin_call(struct shipper *shipper, const char *call);
void shipper_end_call(struct shipper *shipper);

/* Sleeps until a request has ended, `timeout_ms` have passed, or a stop is asked for: true. */
bool shipper_wait(struct shipper *shipper, int timeout_ms);

/*
 * Reports to the spool that this uploader works, and what its problem is. A turn does that, too; a flush begins with
 * it.
 */
MUST_CHECK enum result shipper_report(struct shipper *shipper, struct why *why);

/* ---- for handlers ---- */

/* A person waits: nothing rests any longer. */
void shipper_hurry(struct shipper *shipper);

/* The errand will be done. False: there are too many already. */
bool shipper_want(struct shipper *shipper, struct errand *errand);

/* Nobody waits for it any more, whatever its state. */
void shipper_give_up(struct shipper *shipper, struct errand *errand);

/* Is a try of the batch on its way now? */
bool shipper_is_trying(const struct shipper *shipper, int64_t batch_id);

/* A person's word has settled the batch; others may be in its place. Not while a try of it is on its way. */
void shipper_forget(struct shipper *shipper, int64_t batch_id);

/* Why the store takes nothing of a kind, by a try that has failed after `since` (monotonic); NULL: it does, as far as
 * is known. */
const struct why *shipper_outage(const struct shipper *shipper, enum batch_kind kind, int64_t since);

/* Is nothing left of the kind that could be sent, but batches that were refused after `since`? */
bool shipper_is_stuck(const struct shipper *shipper, enum batch_kind kind, int64_t since);

/* What the store is, for remedies and comparisons; borrowed. */
const struct store *shipper_store(const struct shipper *shipper);
const struct sealer *shipper_sealer(const struct shipper *shipper);

#endif
