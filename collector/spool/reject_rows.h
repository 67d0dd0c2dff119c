/*
 * reject_rows -- the rows of rejects in the spool: inserts them, counts what unshipped ones take, and caps what comes
 * above REJECTS_MAX_SIZE (reject_cap.h). It is a part of append.h's transaction, and has the same thread.
 *
 * A row never changes, but for the times at which its reject is retried or dismissed. One exception is made above the
 * cap: a row that is in no batch, and was neither retried nor dismissed, takes the count, length and checksum of
 * further rejects of its sender and reason, or of its reason alone (reject_cap.h), in the transaction that makes these
 * durable.
 */
#ifndef COLLECTOR_SPOOL_REJECT_ROWS_H
#define COLLECTOR_SPOOL_REJECT_ROWS_H

#include "collector/framing/event.h"
#include "common/why.h"

struct db; /* common/db.h */
struct reject_rows;

/* `db` is borrowed until reject_rows_close(). `*rows` is NULL unless RES_OK. */
MUST_CHECK enum result reject_rows_open(struct reject_rows **rows, struct db *db, int64_t page_bytes,
                                        struct why *why);
void reject_rows_close(struct reject_rows *rows); /* accepts NULL */

/* When unshipped rejects take `max_bytes`, further ones are capped. 0, the initial value: all are kept whole. */
void reject_rows_set_max(struct reject_rows *rows, int64_t max_bytes);

/* The counters in _intake that belong to rejects. */
struct reject_counters {
    int64_t last_id;
    int64_t total_bytes; /* of all rows that were ever inserted */
};

/*
 * One transaction: begin; add each reject; finish; then, when the transaction has been committed or rolled back, tell
 * its result. RES_RETRY: as for spool_append().
 */
void reject_rows_begin(struct reject_rows *rows);
/* `is_remainder`: it is what a retry has left of another reject, and has a row of its own also above the cap. */
MUST_CHECK enum result reject_rows_add(struct reject_rows *rows, const struct reject *reject,
                                       bool is_remainder, struct reject_counters *counters, struct why *why);
MUST_CHECK enum result reject_rows_finish(struct reject_rows *rows, struct why *why);
void reject_rows_end(struct reject_rows *rows, enum result res);

/* Has the last transaction capped a reject? */
bool reject_rows_has_capped(const struct reject_rows *rows);

/*
 * What unshipped rejects take in the spool, in bytes: those in open batches and those in no batch, less the retried and
 * dismissed ones; shipped ones and copies of batches do not count. Between transactions. Asking costs some work for
 * each open batch and each retried or dismissed reject that is not shipped: where that is much, the answer is the last
 * count with what was appended since, so that asking takes one twentieth of the time at most.
 */
MUST_CHECK enum result reject_rows_unshipped(struct reject_rows *rows, int64_t *bytes, struct why *why);

#endif
