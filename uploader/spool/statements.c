/* statements -- see statements.h. */
#include "uploader/spool/statements.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"
#include "common/sql.h"
#include "common/utf8.h"

static const char *const texts[STATEMENT_COUNT] = {
    [WAITING_EVENTS] = sql_load_waiting_events,
    [WAITING_REJECTS] = sql_load_waiting_rejects,
    [EVENT_TOTAL] = sql_load_event_total,
    [REJECT_TOTAL] = sql_load_reject_total,
    [SEAL] = sql_seal_batch,
    [LOAD_REPETITIONS] = sql_load_repetitions,
    [FIND_KEY] = sql_find_key,
    [SUPERSEDE] = sql_supersede_batch,
    [EXPLAIN] = sql_explain_batch,
    [RESOLVE] = sql_resolve_batch,
    [LOAD_SEALED] = sql_load_sealed,
    [LOAD_BATCH] = sql_load_batch,
    [OPEN_BATCH] = sql_load_open_batch,
    [LIST_OPEN] = sql_list_open_batches,
    [LOAD_EVENTS] = sql_load_events,
    [LOAD_REJECTS] = sql_load_rejects,
    [RECORD_ATTEMPT] = sql_record_attempt,
    [RECORD_FAILURE] = sql_record_failure,
    [MARK_SHIPPED] = sql_mark_shipped,
    [LOAD_KEPT] = sql_load_kept,
    [LOAD_PURGEABLE] = sql_load_purgeable,
    [COUNT_PURGEABLE] = sql_count_purgeable,
    [PURGE_EVENTS] = sql_purge_events,
    [PURGE_REJECTS] = sql_purge_rejects,
    [MARK_PURGED] = sql_mark_purged,
    [PURGE_BATCHES] = sql_purge_batches,
    [LOAD_TILING] = sql_load_tiling,
    [PURGE_OTHERS] = sql_purge_other_batches,
    [LOAD_OLD_REJECTS] = sql_load_old_rejects,
    [PURGE_WAITING] = sql_purge_waiting_rejects,
    [MARK_REJECTS] = sql_mark_rejects,
    [REPORT] = sql_report_uploader,
    [LOAD_CONTROL_ROW] = sql_load_control_row,
    [REQUEST_FLUSH] = sql_request_flush,
    [COUNT_UNSHIPPED] = sql_count_unshipped,
    [COUNT_RESOLVED] = sql_count_resolved,
    [LOAD_TROUBLE] = sql_load_trouble,
    [LOAD_BLOCKED] = sql_load_blocked,
    [COUNT] = sql_count,
};

enum result spool_out_use(struct spool_out *out, enum statement which, struct stmt **stmt, struct why *why)
{
    enum result res = RES_OK;
    if (!out->statements[which]) res = stmt_prepare(&out->statements[which], out->db, texts[which], why);
    *stmt = out->statements[which];
    return res;
}

/*
 * While the collector commits much, its own thread copies the log. Where this side did it beside that one whenever it was
 * due, it took up to a quarter of a second, in which nothing was shipped, and that thread could not copy. Where it never
 * did, the log grew to ten times its length while rows were purged; and nobody did while the collector waited for space,
 * which a purge gives back only so.
 */
static void checkpoint_if_due(struct spool_out *out)
{
    struct why why = {0};
    struct db_wal wal;
    if (!out->wants_checkpoint) return;
    out->wants_checkpoint = false;
    if (out->leaves_log && out->wal_bytes <= SPOOL_WAL_RESTART_BYTES) return;
    if (db_checkpoint(out->db, DB_PASSIVE, &wal, &why) != RES_OK)
        log_debug("checkpoint put off", "why=%s", LOG_QUOTE(why.text));
}

enum result spool_out_run(struct spool_out *out, struct stmt *stmt, int64_t *changed, struct why *why)
{
    enum result res = stmt_run(stmt, changed, why);
    checkpoint_if_due(out);
    return res;
}

enum result spool_out_end(struct spool_out *out, enum result res, struct why *why)
{
    res = db_end(out->db, res, why);
    checkpoint_if_due(out);
    return res;
}

enum result spool_out_relax(struct spool_out *out, struct why *why)
{
    return db_exec(out->db, "PRAGMA synchronous = NORMAL", why);
}

enum result spool_out_relax_no_more(struct spool_out *out, enum result res, struct why *why)
{
    struct why ignored = {0};
    enum result restored = db_exec(out->db, "PRAGMA synchronous = FULL", res == RES_OK ? why : &ignored);
    return res == RES_OK ? restored : res;
}

enum result spool_out_run_relaxed(struct spool_out *out, struct stmt *stmt, int64_t *changed, struct why *why)
{
    enum result res = spool_out_relax(out, why);
    if (res == RES_OK) res = spool_out_run(out, stmt, changed, why);
    return spool_out_relax_no_more(out, res, why);
}

enum result spool_out_missing(enum batch_kind kind, int64_t id, struct why *why)
{
    (void)why_remedy(
        why, RES_REFUSE,
        "rows have vanished from the spool: run PRAGMA integrity_check on it, and ask who else writes to it");
    return why_set(why, RES_REFUSE, "%s %" PRId64 " is missing in the spool", batch_kind_name(kind), id);
}

void spool_out_copy_text(char *to, size_t size, struct stmt *stmt, int column)
{
    const char *text = stmt_text(stmt, column);
    (void)snprintf(to, size, "%.*s", text ? utf8_cut(text, (int)size - 1) : 0, text ? text : "");
}

void spool_out_set_rendition(struct stmt *stmt, const struct rendition *rendition)
{
    stmt_set_text(stmt, ":sha256", rendition ? rendition->sha256 : NULL);
    stmt_set_text(stmt, ":md5", rendition && *rendition->md5 ? rendition->md5 : NULL);
    stmt_set_int(stmt, ":stored_bytes", rendition ? rendition->bytes : 0);
}
