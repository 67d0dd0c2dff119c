/*
 * verdict -- what the facts mean: has the event passed a step, is there reason to wait, or does it stop here, why, and
 * what is to be done? Pure.
 *
 *   sent --> in the spool --> stored as a part of an object
 *      \            \
 *       `------------`--> stopped: a person must act, or the time is over
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_VERDICT_H
#define TOOLS_EVENTSPOOL_VERIFY_VERDICT_H

#include "tools/eventspool/verify/facts.h"

#define VERDICT_COMMIT_MS     15000 /* after that an event that is not committed has met something */
#define VERDICT_BACKLOG_TIMES 10    /* so many times --timeout, while what was there before it is shipped */
#define VERDICT_PATIENCE_MS   5000  /* what may end by itself, such as a restart, has so long */

enum verdict { VERDICT_WAIT, VERDICT_PASSED, VERDICT_STOPPED };

/* Is it in the spool? `why` explains VERDICT_STOPPED, also below. */
enum verdict verdict_on_commit(const struct verify_facts *facts, struct why *why);

/* Is there somebody to ship it? Is it in a batch? Is it stored? Asked once it is in the spool. */
enum verdict verdict_on_uploader(const struct verify_facts *facts, struct why *why);
enum verdict verdict_on_batch(const struct verify_facts *facts, struct why *why);
enum verdict verdict_on_object(const struct verify_facts *facts, struct why *why);

#endif
