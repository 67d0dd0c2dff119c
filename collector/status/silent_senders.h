/*
 * silent_senders -- raises and ends the problem `sender_silent`, from the table of senders in the spool: what it means is
 * decided by silence_alert.h.
 */
#ifndef COLLECTOR_STATUS_SILENT_SENDERS_H
#define COLLECTOR_STATUS_SILENT_SENDERS_H

#include "collector/gate/listening.h"
#include "common/problems.h"
#include "common/why.h"

struct db; /* common/db.h */

struct silent_senders { /* what is pointed to is borrowed */
    int64_t silence_ms; /* SILENCE_ALERT; 0: off */
    struct listening *listening;
    struct problems *problems;
};

/*
 * To be called every few seconds, once the collector has opened its spool. It reads the whole table, of some thousand
 * rows at most. `now` is in ms since 1970.
 *   RES_RETRY   the spool cannot be read now: the problem stays as it is
 */
MUST_CHECK enum result silent_senders_update(const struct silent_senders *senders, struct db *db, int64_t now,
                                             struct why *why);

#endif
