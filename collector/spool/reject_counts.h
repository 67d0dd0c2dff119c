/*
 * reject_counts -- counts rejects by reason as they arrive, in the counters that outlive purges and restarts
 * (`_counter`, name `rejects`, one row for each reason). It is a part of append.h's transaction, and has the same thread.
 *
 * Each reject that a sender has caused counts once, also where one row stands for many (REJECTS_MAX_SIZE), and whatever
 * becomes of it later. What `rejects retry` leaves of a reject is no arrival: it does not count again.
 */
#ifndef COLLECTOR_SPOOL_REJECT_COUNTS_H
#define COLLECTOR_SPOOL_REJECT_COUNTS_H

#include "collector/framing/event.h"
#include "common/why.h"

struct db; /* common/db.h */
struct reject_counts;

/* `db` is borrowed until reject_counts_close(). `*counts` is NULL unless RES_OK. */
MUST_CHECK enum result reject_counts_open(struct reject_counts **counts, struct db *db, struct why *why);
void reject_counts_close(struct reject_counts *counts); /* accepts NULL */

/* One transaction: begin; add each reject that has arrived; store, which runs one statement for each reason that came. */
void reject_counts_begin(struct reject_counts *counts);
void reject_counts_add(struct reject_counts *counts, const struct reject *reject);
/* RES_RETRY: as for spool_append(). */
MUST_CHECK enum result reject_counts_store(struct reject_counts *counts, struct why *why);

#endif
