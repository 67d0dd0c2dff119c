/*
 * statements -- one connection to the spool, and the statements that run on it. Only the files of this room include it:
 * the others include spool.h.
 */
#ifndef UPLOADER_SPOOL_STATEMENTS_H
#define UPLOADER_SPOOL_STATEMENTS_H

#include "common/db.h"
#include "uploader/batch/batch.h"
#include "uploader/spool/retention.h"

enum statement {
    WAITING_EVENTS,
    WAITING_REJECTS,
    EVENT_TOTAL,
    REJECT_TOTAL,
    SEAL,
    LOAD_REPETITIONS,
    FIND_KEY,
    SUPERSEDE,
    EXPLAIN,
    RESOLVE,
    LOAD_SEALED,
    LOAD_BATCH,
    OPEN_BATCH,
    LIST_OPEN,
    LOAD_EVENTS,
    LOAD_REJECTS,
    RECORD_ATTEMPT,
    RECORD_FAILURE,
    MARK_SHIPPED,
    LOAD_KEPT,
    LOAD_PURGEABLE,
    COUNT_PURGEABLE,
    PURGE_EVENTS,
    PURGE_REJECTS,
    MARK_PURGED,
    PURGE_BATCHES,
    LOAD_TILING,
    PURGE_OTHERS,
    LOAD_OLD_REJECTS,
    PURGE_WAITING,
    MARK_REJECTS,
    REPORT,
    LOAD_CONTROL_ROW,
    REQUEST_FLUSH,
    COUNT_UNSHIPPED,
    COUNT_RESOLVED,
    LOAD_TROUBLE,
    LOAD_BLOCKED,
    COUNT,
    STATEMENT_COUNT
};

struct spool_out {
    struct db *db;
    struct stmt *statements[STATEMENT_COUNT];
    int64_t page_size;
    struct retention_clock clock;
    int64_t schema;        /* the version that was read last */
    int64_t wal_bytes;     /* the length of the WAL, at the last commit */
    bool wants_checkpoint; /* the WAL has grown: this side helps, */
    bool leaves_log;       /* unless it was told not to, and the WAL has not grown much */
};

/* Gives the statement, which is prepared at its first use and kept. */
MUST_CHECK enum result spool_out_use(struct spool_out *out, enum statement which, struct stmt **stmt,
                                     struct why *why);

/* Runs a writing statement; after RES_OK it is durable. Then checkpoints the WAL, if that is due. */
MUST_CHECK enum result spool_out_run(struct spool_out *out, struct stmt *stmt, int64_t *changed,
                                     struct why *why);

/* Ends a transaction as db_end() does, and checkpoints the WAL, if that is due. */
MUST_CHECK enum result spool_out_end(struct spool_out *out, enum result res, struct why *why);

/*
 * Between the first call and the second, commits do not wait for the disk, which frees the write lock sooner. This is
 * for facts that need not be durable at once: after a power cut the uploader finds them out again, and the next commit
 * of either program that syncs makes them durable, too. The second call returns `res`, unless it fails itself.
 */
MUST_CHECK enum result spool_out_relax(struct spool_out *out, struct why *why);
MUST_CHECK enum result spool_out_relax_no_more(struct spool_out *out, enum result res, struct why *why);
MUST_CHECK enum result spool_out_run_relaxed(struct spool_out *out, struct stmt *stmt, int64_t *changed,
                                             struct why *why);

/* A row that must be there is not: RES_REFUSE, with a remedy. */
enum result spool_out_missing(enum batch_kind kind, int64_t id, struct why *why);

/* Copies a column's text, cut to `size`; "" for NULL. */
void spool_out_copy_text(char *to, size_t size, struct stmt *stmt, int column);

/* Sets :sha256, :md5 and :stored_bytes; NULL: there is no rendition. Borrows it until the statement has run. */
void spool_out_set_rendition(struct stmt *stmt, const struct rendition *rendition);

#endif
