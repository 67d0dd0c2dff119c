/*
 * gatherer -- what the status server shows of the spool: gathered by the watching thread (watch.h), with the charts and
 * the rates that follow from one look after the other, and left on the board. What cannot be read now stays as it was
 * last read.
 */
#ifndef COLLECTOR_STATUS_GATHERER_H
#define COLLECTOR_STATUS_GATHERER_H

#include "common/db.h"
#include "common/status/status.h"

struct board;
struct gatherer;

/* Both are borrowed until gatherer_free(); `board` may be NULL: then only the programs are looked at. Out of memory aborts. */
struct gatherer *gatherer_new(const char *spool_path, struct board *board);
void gatherer_free(struct gatherer *gatherer); /* accepts NULL */

/*
 * Looks once. `db` NULL: the spool cannot be read now, as `why` says; then only the programs are looked at. Else the
 * errors are those of status_gather(), and `why` explains them.
 */
MUST_CHECK enum result gatherer_look(struct gatherer *gatherer, struct db *db, struct why *why);

/* What the last look has found; borrowed. */
const struct status *gatherer_status(const struct gatherer *gatherer);

#endif
