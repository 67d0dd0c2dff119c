/* spool -- see spool.h. Statements are prepared at their first use and kept. */
#include "uploader/spool/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sql.h"

static const char *const texts[STATEMENT_COUNT] = {
    [WAITING_EVENTS] = sql_load_waiting_events,
    [WAITING_REJECTS] = sql_load_waiting_rejects,
    [EVENT_TOTAL] = sql_load_event_total,
    [REJECT_TOTAL] = sql_load_reject_total,
    [SEAL] = sql_seal_batch,
    [UNSEAL] = sql_unseal_batch,
    [OPEN_BATCH] = sql_load_open_batch,
    [NEWEST_BATCH] = sql_load_newest_batch,
    [LOAD_EVENTS] = sql_load_events,
    [LOAD_REJECTS] = sql_load_rejects,
    [RECORD_ATTEMPT] = sql_record_attempt,
    [RECORD_FAILURE] = sql_record_failure,
    [MARK_SHIPPED] = sql_mark_shipped,
    [ABANDON] = sql_abandon_batch,
    [SUPERSEDE] = sql_supersede_batch,
    [LOAD_KEPT] = sql_load_kept,
    [PURGE_EVENTS] = sql_purge_events,
    [PURGE_REJECTS] = sql_purge_rejects,
    [PURGE_BATCHES] = sql_purge_batches,
    [PURGE_WAITING] = sql_purge_waiting_rejects,
    [MARK_REJECTS] = sql_mark_rejects,
    [REPORT] = sql_report_uploader,
    [LOAD_CONTROL_ROW] = sql_load_control_row,
    [REQUEST_FLUSH] = sql_request_flush,
    [COUNT_UNSHIPPED] = sql_count_unshipped,
    [LOAD_TROUBLE] = sql_load_trouble,
    [LOAD_SUMMARY] = sql_load_summary,
};

static void note_wal(void *context, int wal_pages)
{
    struct spool_out *out = context;
    out->wants_checkpoint = wal_pages * out->page_size > SPOOL_WAL_PASSIVE_BYTES;
}

enum result spool_out_use(struct spool_out *out, enum statement which, struct stmt **stmt, struct why *why)
{
    enum result res = RES_OK;
    if (!out->statements[which]) res = stmt_prepare(&out->statements[which], out->db, texts[which], why);
    *stmt = out->statements[which];
    return res;
}

enum result spool_out_run(struct spool_out *out, struct stmt *stmt, int64_t *changed, struct why *why)
{
    struct why ignored = {0};
    struct db_wal wal;
    enum result res = stmt_run(stmt, changed, why);
    if (out->wants_checkpoint && db_checkpoint(out->db, DB_PASSIVE, &wal, &ignored) != RES_OK)
        log_debug("checkpoint put off", "why=%s", LOG_QUOTE(ignored.text));
    out->wants_checkpoint = false;
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

/* One row: how long rows have been kept, and when that was stored. */
static enum result load_kept(struct spool_out *out, int64_t *kept_ms, int64_t *kept_at, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, LOAD_KEPT, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row) return why_set(why, RES_BROKEN, "the spool has lost what the uploader keeps there");
    *kept_ms = stmt_int(stmt, 0);
    *kept_at = stmt_int(stmt, 1);
    stmt_reset(stmt);
    return RES_OK;
}

static enum result start_clock(struct spool_out *out, struct why *why)
{
    int64_t kept_ms = 0;
    int64_t kept_at = 0;
    enum result res = load_kept(out, &kept_ms, &kept_at, why);
    out->clock = retention_start(kept_ms, kept_at, clock_now_ms(), clock_monotonic_ms());
    return res;
}

int64_t spool_out_kept_ms(const struct spool_out *out)
{
    return retention_now(&out->clock, clock_monotonic_ms());
}

enum result spool_out_open(struct spool_out **result, const char *path, struct why *why)
{
    struct spool_out *out = calloc(1, sizeof *out);
    if (!out) abort();
    enum result res = spool_open(&out->db, path, why);
    if (res == RES_OK) res = db_get_int(out->db, "PRAGMA page_size", &out->page_size, why);
    if (res == RES_OK) res = spool_check_version(out->db, path, &out->schema, why);
    if (res == RES_OK && spool_age_of(out->schema, SPOOL_SCHEMA) == SPOOL_AGE_OLDER)
        res =
            why_set(why, RES_RETRY,
                    "the spool %s has schema %" PRId64 ", older than this program's %d: a collector of this "
                    "version brings it up to date",
                    path, out->schema, SPOOL_SCHEMA);
    if (res == RES_OK) res = start_clock(out, why);
    if (res == RES_OK) {
        db_on_commit(out->db, note_wal, out);
    } else {
        spool_out_close(out);
        out = NULL;
    }
    *result = out;
    return res;
}

void spool_out_close(struct spool_out *out)
{
    if (!out) return;
    for (int i = 0; i < STATEMENT_COUNT; i++) stmt_free(out->statements[i]);
    db_close(out->db);
    free(out);
}

struct db *spool_out_db(struct spool_out *out)
{
    return out->db;
}

enum result spool_out_check_schema(struct spool_out *out, const char *path, bool *is_too_new, struct why *why)
{
    enum result res = spool_check_version(out->db, path, &out->schema, why);
    *is_too_new = spool_age_of(out->schema, SPOOL_SCHEMA) == SPOOL_AGE_TOO_NEW;
    return res;
}

enum result spool_out_check_file(struct spool_out *out, const char *path, bool *is_same, struct why *why)
{
    struct spool_file file;
    *is_same = false;
    enum result res = spool_stat_file(path, &file, why);
    return res == RES_OK ? spool_check_file(out->db, &file, is_same, why) : res;
}

enum result spool_out_refuse_copy(struct spool_out *out, const char *path, struct why *why)
{
    bool is_same = false;
    enum result res = spool_out_check_file(out, path, &is_same, why);
    if (res != RES_OK || is_same) return res;
    (void)why_remedy(why, RES_RETRY,
                     "start the collector on it first: it gives the copy an identity of its own");
    return why_set(why, RES_RETRY, "the spool %s is a copy of another one", path);
}

enum result spool_out_identity(struct spool_out *out, struct spool_identity *identity, struct why *why)
{
    return spool_load_identity(out->db, identity, why);
}

void spool_out_copy_text(char *to, size_t size, struct stmt *stmt, int column)
{
    const char *text = stmt_text(stmt, column);
    (void)snprintf(to, size, "%s", text ? text : "");
}
