/* spool_out -- see spool_out.h. Statements are prepared at their first use and kept. */
#include "uploader/spool_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sql.h"
#include "uploader/retention.h"

#define LOAD_SLICE      500
#define PURGE_SLICE     500
#define VACUUM_SLICE_MS 5
#define VACUUM_PAGES    16

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
    SAY,
    LOAD_TIDINGS,
    REQUEST_FLUSH,
    COUNT_UNSHIPPED,
    LOAD_SUMMARY,
    STATEMENT_COUNT
};

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
    [SAY] = sql_say_uploader,
    [LOAD_TIDINGS] = sql_load_tidings,
    [REQUEST_FLUSH] = sql_request_flush,
    [COUNT_UNSHIPPED] = sql_count_unshipped,
    [LOAD_SUMMARY] = sql_load_summary,
};

struct spool_out {
    struct db *db;
    struct stmt *statements[STATEMENT_COUNT];
    int64_t page_size;
    struct retention_clock clock;
    int64_t schema;        /* as it was when it was looked at last */
    bool wants_checkpoint; /* the WAL has grown: the collector may be away, so we do our part */
};

static void note_wal(void *context, int wal_pages)
{
    struct spool_out *out = context;
    out->wants_checkpoint = wal_pages * out->page_size > SPOOL_WAL_PASSIVE_BYTES;
}

/* The statement, prepared. */
static enum result use(struct spool_out *out, enum statement which, struct stmt **stmt, struct why *why)
{
    enum result res = RES_OK;
    if (!out->statements[which]) res = stmt_prepare(&out->statements[which], out->db, texts[which], why);
    *stmt = out->statements[which];
    return res;
}

/* Runs a writing statement, which is durable then; and does our part of a checkpoint, where it is due. */
static enum result run(struct spool_out *out, struct stmt *stmt, int64_t *changed, struct why *why)
{
    struct why ignored = {0};
    struct db_wal wal;
    enum result res = stmt_run(stmt, changed, why);
    if (out->wants_checkpoint && db_checkpoint(out->db, DB_PASSIVE, &wal, &ignored) != RES_OK)
        log_debug("checkpoint put off", "why=%s", LOG_QUOTE(ignored.text));
    out->wants_checkpoint = false;
    return res;
}

/*
 * The same without waiting for the disk, which frees the write lock sooner. For what need not be durable at once: whatever
 * a power cut forgets of it is found out again, and whoever syncs next, either program, carries it along.
 */
static enum result run_relaxed(struct spool_out *out, struct stmt *stmt, int64_t *changed, struct why *why)
{
    enum result res = db_exec(out->db, "PRAGMA synchronous = NORMAL", why);
    if (res == RES_OK) res = run(out, stmt, changed, why);
    struct why ignored = {0};
    enum result restored = db_exec(out->db, "PRAGMA synchronous = FULL", res == RES_OK ? why : &ignored);
    return res == RES_OK ? restored : res;
}

/* One row: how long rows have been kept, and when that was stored. */
static enum result load_kept(struct spool_out *out, int64_t *kept_ms, int64_t *kept_at, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = use(out, LOAD_KEPT, &stmt, why);
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
    if (res == RES_OK && out->schema < SPOOL_SCHEMA)
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
    *is_too_new = out->schema / 100 > SPOOL_SCHEMA / 100;
    return res;
}

enum result spool_out_check_file(struct spool_out *out, const char *path, bool *is_same, struct why *why)
{
    struct spool_file file;
    *is_same = false;
    enum result res = spool_look_at_file(path, &file, why);
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

typedef enum result run_function(struct spool_out *, struct stmt *, int64_t *, struct why *);

/* Runs a statement that must change exactly the one row of a batch. */
static enum result run_on_batch(struct spool_out *out, run_function *run_it, struct stmt *stmt,
                                const struct batch *batch, struct why *why)
{
    int64_t changed = 0;
    enum result res = run_it(out, stmt, &changed, why);
    if (res == RES_OK && changed != 1)
        res = why_set(why, RES_BROKEN, "batch %" PRId64 " is gone from the spool: another uploader at work?",
                      batch->id);
    return res;
}

/* ---- sealing ---- */

enum result spool_out_waiting(struct spool_out *out, enum batch_kind kind, struct waiting *waiting,
                              struct why *why)
{
    struct stmt *stmt = NULL;
    *waiting = (struct waiting){.is_some = false};
    enum result res = use(out, kind == BATCH_EVENTS ? WAITING_EVENTS : WAITING_REJECTS, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &waiting->is_some, why);
    if (res != RES_OK || !waiting->is_some) return res;
    waiting->first_id = stmt_int(stmt, 0);
    waiting->last_id = stmt_int(stmt, 1);
    waiting->oldest_at = stmt_int(stmt, 2);
    waiting->bytes_before = stmt_int(stmt, 3);
    waiting->bytes = stmt_int(stmt, 4) - waiting->bytes_before;
    stmt_reset(stmt);
    return RES_OK;
}

static enum result total_at(struct spool_out *out, enum batch_kind kind, int64_t id, int64_t *total,
                            struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = use(out, kind == BATCH_EVENTS ? EVENT_TOTAL : REJECT_TOTAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", id);
    res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row)
        return why_set(why, RES_BROKEN, "%s %" PRId64 " is missing in the spool", batch_kind_name(kind), id);
    *total = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return RES_OK;
}

enum result spool_out_cut(struct spool_out *out, enum batch_kind kind, const struct waiting *waiting,
                          int64_t max_bytes, int64_t *last_id, int64_t *bytes, struct why *why)
{
    int64_t low = waiting->first_id; /* fits */
    int64_t most = waiting->first_id + BATCH_COUNT_MAX - 1;
    int64_t high = waiting->last_id < most ? waiting->last_id : most;
    int64_t total = 0;
    enum result res = RES_OK;
    while (low < high && res == RES_OK) {
        int64_t middle = low + (high - low + 1) / 2;
        res = total_at(out, kind, middle, &total, why);
        if (total - waiting->bytes_before <= max_bytes)
            low = middle;
        else
            high = middle - 1;
    }
    if (res == RES_OK) res = total_at(out, kind, low, &total, why);
    *last_id = low;
    *bytes = total - waiting->bytes_before;
    return res;
}

enum result spool_out_seal(struct spool_out *out, struct batch *batch, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = use(out, SEAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(batch->kind));
    stmt_set_int(stmt, ":first_id", batch->first_id);
    stmt_set_int(stmt, ":last_id", batch->last_id);
    stmt_set_int(stmt, ":bytes", batch->bytes);
    stmt_set_text(stmt, ":destination", batch->destination);
    stmt_set_text(stmt, ":object_key", batch->object_key);
    stmt_set_text(stmt, ":format", batch_format_name(batch->format));
    stmt_set_int(stmt, ":metadata", batch->has_metadata);
    stmt_set_text(stmt, ":compression", batch->is_gzip ? "gzip" : "none");
    stmt_set_int(stmt, ":pretty", batch->is_pretty);
    stmt_set_text(stmt, ":dropped", batch->dropped);
    stmt_set_int(stmt, ":omits_payload", batch->omits_payload);
    stmt_set_text(stmt, ":spool", batch->identity.spool);
    stmt_set_text(stmt, ":node", batch->identity.node);
    stmt_set_int(stmt, ":sealed_at", batch->sealed_at);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        batch->id = stmt_int(stmt, 0);
        res = run(out, stmt, NULL, why); /* to its end: only then is the row committed */
    }
    return res == RES_OK ? res : why_wrap(why, res, "seal a batch");
}

enum result spool_out_unseal(struct spool_out *out, const struct batch *batch, bool *is_done, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    enum result res = use(out, UNSEAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", batch->id);
    stmt_set_text(stmt, ":kind", batch_kind_name(batch->kind));
    res = run(out, stmt, &changed, why);
    *is_done = changed == 1;
    return res;
}

static void copy_text(char *to, size_t size, struct stmt *stmt, int column)
{
    const char *text = stmt_text(stmt, column);
    (void)snprintf(to, size, "%s", text ? text : "");
}

/* Three columns from `column` on; NULLs: there is none. */
static void read_rendition(struct stmt *stmt, int column, struct rendition *rendition)
{
    *rendition = (struct rendition){.bytes = stmt_int(stmt, column + 2)};
    copy_text(rendition->sha256, sizeof rendition->sha256, stmt, column);
    copy_text(rendition->md5, sizeof rendition->md5, stmt, column + 1);
}

enum result spool_out_read_batch(struct stmt *stmt, enum batch_kind kind, struct batch *batch,
                                 struct why *why)
{
    *batch = (struct batch){
        .id = stmt_int(stmt, 0),
        .kind = kind,
        .first_id = stmt_int(stmt, 1),
        .last_id = stmt_int(stmt, 2),
        .bytes = stmt_int(stmt, 3),
        .has_metadata = stmt_int(stmt, 7) != 0,
        .sealed_at = stmt_int(stmt, 10),
        .attempts = stmt_int(stmt, 11),
        .is_unknown = stmt_int(stmt, 12) != 0,
        .is_gzip = stmt_int(stmt, 13) != 0,
        .is_pretty = stmt_int(stmt, 14) != 0,
        .omits_payload = stmt_int(stmt, 16) != 0,
    };
    copy_text(batch->destination, sizeof batch->destination, stmt, 4);
    copy_text(batch->object_key, sizeof batch->object_key, stmt, 5);
    copy_text(batch->dropped, sizeof batch->dropped, stmt, 15);
    bool is_known = batch_format_of(stmt_text(stmt, 6), &batch->format);
    copy_text(batch->identity.spool, sizeof batch->identity.spool, stmt, 8);
    copy_text(batch->identity.node, sizeof batch->identity.node, stmt, 9);
    read_rendition(stmt, 17, &batch->recorded);
    read_rendition(stmt, 20, &batch->earlier);
    return is_known ? RES_OK : why_set(why, RES_BROKEN, "batch %" PRId64 " has an unknown format", batch->id);
}

/* The batch that the statement finds, if any. */
static enum result read_found(struct stmt *stmt, enum batch_kind kind, struct batch *batch, bool *is_some,
                              struct why *why)
{
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    enum result res = stmt_step(stmt, is_some, why);
    if (res != RES_OK || !*is_some) return res;
    res = spool_out_read_batch(stmt, kind, batch, why);
    stmt_reset(stmt);
    return res;
}

enum result spool_out_open_batch(struct spool_out *out, enum batch_kind kind, int64_t from_id,
                                 struct batch *batch, bool *is_some, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_some = false;
    enum result res = use(out, OPEN_BATCH, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":from_id", from_id);
    return read_found(stmt, kind, batch, is_some, why);
}

enum result spool_out_newest_batch(struct spool_out *out, enum batch_kind kind, struct batch *batch,
                                   bool *is_some, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_some = false;
    enum result res = use(out, NEWEST_BATCH, &stmt, why);
    return res == RES_OK ? read_found(stmt, kind, batch, is_some, why) : res;
}

/* ---- rendering ---- */

static void read_row(struct stmt *stmt, enum batch_kind kind, struct row *row)
{
    *row = (struct row){
        .id = stmt_int(stmt, 0),
        .received_at = stmt_int(stmt, 1),
        .source = stmt_text(stmt, 2),
    };
    if (kind == BATCH_EVENTS) row->payload = stmt_text(stmt, 3); /* with an end, as render_xml asks */
    const void *blob = stmt_blob(stmt, 3, &row->payload_len);
    if (kind == BATCH_EVENTS) return;
    row->payload = row->payload_len > 0 ? blob : "";
    row->reason = stmt_text(stmt, 4);
    row->detail = stmt_text(stmt, 5);
    row->bytes = stmt_int(stmt, 6);
}

static enum result missing(enum batch_kind kind, int64_t id, struct why *why)
{
    (void)why_remedy(
        why, RES_REFUSE,
        "rows have vanished from the spool: run PRAGMA integrity_check on it, and ask who else writes to it");
    return why_set(why, RES_REFUSE, "%s %" PRId64 " is missing in the spool", batch_kind_name(kind), id);
}

/* Renders rows from `*next_id` on, a slice of them; moves `*next_id` on. */
static enum result render_slice(struct stmt *stmt, const struct batch *batch, struct render *render,
                                int64_t *next_id, struct why *why)
{
    int64_t from_id = *next_id;
    bool has_row = true;
    enum result res = RES_OK;
    stmt_set_int(stmt, ":from_id", from_id);
    stmt_set_int(stmt, ":last_id", batch->last_id);
    stmt_set_int(stmt, ":count", LOAD_SLICE);
    while (res == RES_OK && has_row) {
        struct row row;
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        read_row(stmt, batch->kind, &row);
        res = row.id == *next_id ? render_row(render, &row, why) : missing(batch->kind, *next_id, why);
        ++*next_id;
    }
    stmt_reset(stmt);
    return res == RES_OK && *next_id == from_id ? missing(batch->kind, from_id, why) : res;
}

enum result spool_out_render(struct spool_out *out, const struct batch *batch, struct buf *body,
                             struct rendition *rendition, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t next_id = batch->first_id;
    struct render *render = render_begin(batch, body);
    enum result res = use(out, batch->kind == BATCH_EVENTS ? LOAD_EVENTS : LOAD_REJECTS, &stmt, why);
    while (res == RES_OK && next_id <= batch->last_id) res = render_slice(stmt, batch, render, &next_id, why);
    if (res == RES_OK) render_end(render, rendition);
    render_free(render);
    return res;
}

/* ---- what happened to a batch ---- */

enum result spool_out_record_attempt(struct spool_out *out, struct batch *batch,
                                     const struct rendition *rendition, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, RECORD_ATTEMPT, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":sha256", rendition->sha256);
    stmt_set_text(stmt, ":md5", rendition->md5);
    stmt_set_int(stmt, ":stored_bytes", rendition->bytes);
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, run, stmt, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "record an attempt");
    bool is_other = strcmp(batch->recorded.sha256, rendition->sha256) != 0;
    if (batch->is_unknown && is_other && *batch->recorded.sha256) batch->earlier = batch->recorded;
    batch->recorded = *rendition;
    batch->attempts++;
    batch->is_unknown = true;
    return RES_OK;
}

enum result spool_out_record_failure(struct spool_out *out, struct batch *batch, const struct why *failure,
                                     bool is_definite, bool is_blocked, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, RECORD_FAILURE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":error", failure->text);
    stmt_set_text(stmt, ":remedy", *failure->remedy ? failure->remedy : NULL);
    stmt_set_int(stmt, ":is_blocked", is_blocked);
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":is_definite", is_definite);
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, run_relaxed, stmt, batch, why);
    if (res == RES_OK && is_definite) batch->is_unknown = false;
    return res;
}

enum result spool_out_mark_shipped(struct spool_out *out, const struct batch *batch,
                                   const struct rendition *rendition, const char *etag, bool is_verified,
                                   struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, MARK_SHIPPED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_text(stmt, ":etag", *etag ? etag : NULL);
    stmt_set_int(stmt, ":verified", is_verified);
    stmt_set_text(stmt, ":sha256", rendition ? rendition->sha256 : NULL);
    stmt_set_text(stmt, ":md5", rendition ? rendition->md5 : NULL);
    stmt_set_int(stmt, ":stored_bytes", rendition ? rendition->bytes : 0);
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, run_relaxed, stmt, batch, why);
    return res == RES_OK ? res : why_wrap(why, res, "mark a batch shipped");
}

static enum result abandon(struct spool_out *out, const struct batch *batch, const struct why *incident,
                           int64_t now, bool *is_done, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    enum result res = use(out, ABANDON, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", now);
    stmt_set_text(stmt, ":error", incident->text);
    stmt_set_text(stmt, ":remedy", incident->remedy);
    stmt_set_int(stmt, ":id", batch->id);
    res = stmt_run(stmt, &changed, why);
    *is_done = changed == 1;
    return res;
}

static enum result seal_again(struct spool_out *out, const struct batch *batch, const char *object_key,
                              int64_t now, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, SUPERSEDE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":object_key", object_key);
    stmt_set_int(stmt, ":now", now);
    stmt_set_int(stmt, ":id", batch->id);
    return stmt_run(stmt, NULL, why);
}

enum result spool_out_supersede(struct spool_out *out, const struct batch *batch, const char *object_key,
                                const struct why *incident, bool *is_done, struct why *why)
{
    int64_t now = clock_now_ms();
    *is_done = false;
    enum result res = db_begin(out->db, why);
    if (res != RES_OK) return res;
    res = abandon(out, batch, incident, now, is_done, why);
    if (res == RES_OK && *is_done) res = seal_again(out, batch, object_key, now, why);
    res = db_end(out->db, res, why);
    return res == RES_OK ? res : why_wrap(why, res, "supersede batch %" PRId64, batch->id);
}

/* ---- purging ---- */

enum result spool_out_purge(struct spool_out *out, enum batch_kind kind, int64_t before, int64_t *purged,
                            struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, kind == BATCH_EVENTS ? PURGE_EVENTS : PURGE_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":slice", PURGE_SLICE);
    stmt_set_int(stmt, ":before", before);
    res = run_relaxed(out, stmt, purged, why);
    return res == RES_OK ? res : why_wrap(why, res, "purge shipped rows");
}

enum result spool_out_purge_batches(struct spool_out *out, int64_t before, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, PURGE_BATCHES, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":before", before);
    res = run_relaxed(out, stmt, NULL, why);
    return res == RES_OK ? res : why_wrap(why, res, "purge old batches");
}

enum result spool_out_purge_waiting_rejects(struct spool_out *out, int64_t keep_ms, int64_t *purged,
                                            struct why *why)
{
    struct stmt *stmt = NULL;
    *purged = 0;
    enum result res = use(out, PURGE_WAITING, &stmt, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":slice", PURGE_SLICE);
        stmt_set_int(stmt, ":before", spool_out_kept_ms(out) - keep_ms);
        res = run_relaxed(out, stmt, purged, why);
    }
    if (res != RES_OK || *purged > 0) return res;
    res = use(out, MARK_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_int(stmt, ":keep_ms", keep_ms);
    return run_relaxed(out, stmt, NULL, why);
}

enum result spool_out_vacuum(struct spool_out *out, bool *has_more, struct why *why)
{
    int64_t pages = 0;
    int64_t free_pages = 0;
    char sql[64];
    *has_more = false;
    int64_t due = clock_monotonic_ms() + VACUUM_SLICE_MS;
    (void)snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    enum result res = db_get_int(out->db, "PRAGMA page_count", &pages, why);
    if (res == RES_OK) res = db_get_int(out->db, "PRAGMA freelist_count", &free_pages, why);
    while (res == RES_OK && free_pages * 4 > pages) {
        *has_more = true;
        if (clock_monotonic_ms() >= due) break;
        *has_more = false;
        res = db_exec(out->db, sql, why);
        if (res == RES_OK) res = db_get_int(out->db, "PRAGMA page_count", &pages, why);
        if (res == RES_OK) res = db_get_int(out->db, "PRAGMA freelist_count", &free_pages, why);
    }
    return res == RES_OK ? res : why_wrap(why, res, "give free pages back");
}

/* ---- what the two sides and people tell each other ---- */

enum result spool_out_say(struct spool_out *out, bool is_trial, bool rejects_travel,
                          const struct why *trouble, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, SAY, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_int(stmt, ":trial_mode", is_trial);
    stmt_set_int(stmt, ":rejects_travel", rejects_travel);
    stmt_set_text(stmt, ":error", trouble ? trouble->text : NULL);
    stmt_set_text(stmt, ":remedy", trouble && *trouble->remedy ? trouble->remedy : NULL);
    return run_relaxed(out, stmt, NULL, why);
}

static void read_flush(struct stmt *stmt, struct flush *flush)
{
    flush->ids[BATCH_EVENTS] = stmt_int(stmt, 0);
    flush->ids[BATCH_REJECTS] = stmt_int(stmt, 1);
}

enum result spool_out_load_tidings(struct spool_out *out, struct tidings *tidings, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = use(out, LOAD_TIDINGS, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK || !has_row) return res;
    read_flush(stmt, &tidings->flush);
    tidings->bytes = stmt_int(stmt, 2);
    tidings->wants_room = stmt_int(stmt, 3) != 0;
    stmt_reset(stmt);
    return RES_OK;
}

enum result spool_out_request_flush(struct spool_out *out, struct flush *flush, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *flush = (struct flush){{0}};
    enum result res = use(out, REQUEST_FLUSH, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK || !has_row) return res;
    read_flush(stmt, flush);
    return stmt_run(stmt, NULL, why); /* to its end: only then is it committed */
}

enum result spool_out_count_unshipped(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                      int64_t *count, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *count = 0;
    enum result res = use(out, COUNT_UNSHIPPED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":last_id", last_id);
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *count = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return res;
}

enum result spool_out_summary(struct spool_out *out, struct summary *summary, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = use(out, LOAD_SUMMARY, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row) return why_set(why, RES_BROKEN, "the spool has no summary");
    *summary = (struct summary){
        .events = stmt_int(stmt, 0),
        .bytes = stmt_int(stmt, 1),
        .oldest_age_seconds = stmt_int(stmt, 2),
        .rejects_24h = stmt_int(stmt, 8),
        .spool_bytes = stmt_int(stmt, 9),
        .is_trial = stmt_int(stmt, 10) != 0,
    };
    copy_text(summary->last_event_at, sizeof summary->last_event_at, stmt, 3);
    copy_text(summary->last_shipped_at, sizeof summary->last_shipped_at, stmt, 4);
    copy_text(summary->uploader_seen_at, sizeof summary->uploader_seen_at, stmt, 5);
    copy_text(summary->last_error, sizeof summary->last_error, stmt, 6);
    copy_text(summary->remedy, sizeof summary->remedy, stmt, 7);
    stmt_reset(stmt);
    return RES_OK;
}
