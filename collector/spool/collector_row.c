/* collector_row -- see collector_row.h. Both parts are one statement: the row is small, and what it says is always whole. */
#include "collector/spool/collector_row.h"

#include "collector/spool/append.h"
#include "collector/spool/wal.h"
#include "common/db.h"
#include "common/log.h"
#include "common/sql.h"

#define STORES 4 /* in the time that counts as an interruption */

static enum result read_span(struct db *db, struct listening_span *span, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_load_listening, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row)
        *span = (struct listening_span){.since = stmt_int(stmt, 0), .at = stmt_int(stmt, 1)};
    stmt_free(stmt);
    return res;
}

enum result collector_row_load(struct collector_row *row, struct spool_in *spool, struct why *why)
{
    enum result res = read_span(spool_in_db(spool), &row->stored, why);
    if (res != RES_OK) return why_wrap(why, res, "load what the last collector has left");
    listening_begin(row->listening, listening_gap_ms(row->facts.silence_ms), &row->stored);
    return RES_OK;
}

static bool is_due(const struct collector_row *row, const struct listening_span *span)
{
    if (!row->has_reported) return true;
    if (row->facts.silence_ms == 0) return false;
    return span->since != row->stored.since || span->at - row->stored.at >= row->listening->gap_ms / STORES ||
           span->at < row->stored.at;
}

static enum result write_row(const struct collector_row *row, struct db *db,
                             const struct listening_span *span, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, db, sql_report_collector, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":version", row->facts.version);
        stmt_set_int(stmt, ":started_at", row->facts.started_at);
        stmt_set_int(stmt, ":min_free_bytes", row->facts.min_free_bytes);
        stmt_set_int(stmt, ":max_bytes", row->facts.max_bytes);
        stmt_set_int(stmt, ":listening_since", span->since);
        stmt_set_int(stmt, ":listened_at", span->at);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

static enum result store(const struct collector_row *row, struct spool_in *spool,
                         const struct listening_span *span, struct why *why)
{
    struct db *db = spool_in_db(spool);
    enum result res = wal_refuse_other(spool_in_wal(spool), why);
    if (res == RES_OK) res = db_begin(db, why);
    if (res != RES_OK) return res;
    return db_end(db, write_row(row, db, span, why), why);
}

void collector_row_update(struct collector_row *row, struct spool_in *spool)
{
    struct why why = {0};
    struct listening_span span = listening_load(row->listening);
    if (!is_due(row, &span)) return;
    if (store(row, spool, &span, &why) != RES_OK) {
        log_debug("cannot write the collector's row now", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    row->has_reported = true;
    row->stored = span;
}
