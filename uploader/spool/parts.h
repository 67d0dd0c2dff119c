/*
 * parts -- what the files of spool.h share; nobody else includes this.
 *
 *   spool.c            the connection, its statements, whose file it is
 *   seal.c             what waits, sealing, batches as the spool has them
 *   render_rows.c      rows to an object's bytes
 *   ledger.c           what happened to a batch
 *   purge.c            what has been kept long enough, and free pages
 *   control_row.c          what the two programs and people tell each other
 */
#ifndef UPLOADER_SPOOL_PARTS_H
#define UPLOADER_SPOOL_PARTS_H

#include "uploader/spool/retention.h"
#include "uploader/spool/spool.h"

enum statement {
    WAITING_EVENTS,
    WAITING_REJECTS,
    EVENT_TOTAL,
    REJECT_TOTAL,
    SEAL,
    UNSEAL,
    OPEN_BATCH,
    NEWEST_BATCH,
    LOAD_EVENTS,
    LOAD_REJECTS,
    RECORD_ATTEMPT,
    RECORD_FAILURE,
    MARK_SHIPPED,
    ABANDON,
    SUPERSEDE,
    LOAD_KEPT,
    PURGE_EVENTS,
    PURGE_REJECTS,
    PURGE_BATCHES,
    PURGE_WAITING,
    MARK_REJECTS,
    REPORT,
    LOAD_CONTROL_ROW,
    REQUEST_FLUSH,
    COUNT_UNSHIPPED,
    LOAD_TROUBLE,
    LOAD_SUMMARY,
    STATEMENT_COUNT
};

struct spool_out {
    struct db *db;
    struct stmt *statements[STATEMENT_COUNT];
    int64_t page_size;
    struct retention_clock clock;
    int64_t schema; /* as it was at the last check */
    bool
        wants_checkpoint; /* the WAL has grown: the collector may not be running, so the uploader checkpoints, too */
};

/* Gives the statement, which is prepared at its first use and kept. */
MUST_CHECK enum result spool_out_use(struct spool_out *out, enum statement which, struct stmt **stmt,
                                     struct why *why);

/* Runs a writing statement; it is durable on return. Then checkpoints if that is due. */
MUST_CHECK enum result spool_out_run(struct spool_out *out, struct stmt *stmt, int64_t *changed,
                                     struct why *why);

/*
 * Between these two calls, commits are not synced to the disk, which frees the write lock sooner. This is for facts
 * that need not be durable at once, because a start after a power cut finds them out again. The next synced commit of
 * either program makes them durable, too. The second call returns `res`, unless it fails itself.
 */
MUST_CHECK enum result spool_out_relax(struct spool_out *out, struct why *why);
MUST_CHECK enum result spool_out_relax_no_more(struct spool_out *out, enum result res, struct why *why);
MUST_CHECK enum result spool_out_run_relaxed(struct spool_out *out, struct stmt *stmt, int64_t *changed,
                                             struct why *why);

/* Copies a column's text, cut to `size`; "" for NULL. */
void spool_out_copy_text(char *to, size_t size, struct stmt *stmt, int column);

#endif
