/* spool_out -- see spool_out.h. Statements are prepared at their first use and kept. */
#include "uploader/spool_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sql.h"

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
    LOAD_EVENTS,
    LOAD_REJECTS,
    RECORD_ATTEMPT,
    RECORD_FAILURE,
    MARK_SHIPPED,
    PURGE_EVENTS,
    PURGE_REJECTS,
    PURGE_BATCHES,
    SAY,
    LOAD_FLUSH,
    REQUEST_FLUSH,
    COUNT_UNSHIPPED,
    LOAD_SUMMARY,
    WANTS_ROOM,
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
    [LOAD_EVENTS] = sql_load_events,
    [LOAD_REJECTS] = sql_load_rejects,
    [RECORD_ATTEMPT] = sql_record_attempt,
    [RECORD_FAILURE] = sql_record_failure,
    [MARK_SHIPPED] = sql_mark_shipped,
    [PURGE_EVENTS] = sql_purge_events,
    [PURGE_REJECTS] = sql_purge_rejects,
    [PURGE_BATCHES] = sql_purge_batches,
    [SAY] = sql_say_uploader,
    [LOAD_FLUSH] = sql_load_flush,
    [REQUEST_FLUSH] = sql_request_flush,
    [COUNT_UNSHIPPED] = sql_count_unshipped,
    [LOAD_SUMMARY] = sql_load_summary,
    [WANTS_ROOM] = sql_load_wants_room,
};

struct spool_out {
    struct db *db;
    struct stmt *statements[STATEMENT_COUNT];
    int64_t page_size;
    int64_t schema;        /* as it was when it was looked at last */
    bool wants_checkpoint; /* the WAL has grown: the collector may be away, so we do our part */
};

static void note_wal(void *context, int wal_pages)
{
    struct spool_out *out = context;
    out->wants_checkpoint = wal_pages * out->page_size > SPOOL_WAL_PASSIVE_BYTES;
}

enum result spool_out_open(struct spool_out **result, const char *path, struct why *why)
{
    struct spool_out *out = calloc(1, sizeof *out);
    if (!out) abort();
    enum result res = spool_open(&out->db, path, why);
    if (res == RES_OK) res = db_get_int(out->db, "PRAGMA page_size", &out->page_size, why);
    if (res == RES_OK) res = spool_check_version(out->db, path, &out->schema, why);
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

/* The statement, prepared. */
static enum result use(struct spool_out *out, enum statement which, struct stmt **stmt, struct why *why)
{
    enum result res = RES_OK;
    if (!out->statements[which]) res = stmt_prepare(&out->statements[which], out->db, texts[which], why);
    *stmt = out->statements[which];
    return res;
}

/* Runs a writing statement; then our part of a checkpoint, where it is due. */
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

/* Runs a statement that must change exactly the one row of a batch. */
static enum result run_on_batch(struct spool_out *out, struct stmt *stmt, const struct batch *batch,
                                struct why *why)
{
    int64_t changed = 0;
    enum result res = run(out, stmt, &changed, why);
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

enum result spool_out_open_batch(struct spool_out *out, enum batch_kind kind, int64_t from_id,
                                 struct batch *batch, bool *is_some, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_some = false;
    enum result res = use(out, OPEN_BATCH, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":from_id", from_id);
    res = stmt_step(stmt, is_some, why);
    if (res != RES_OK || !*is_some) return res;
    *batch = (struct batch){
        .id = stmt_int(stmt, 0),
        .kind = kind,
        .first_id = stmt_int(stmt, 1),
        .last_id = stmt_int(stmt, 2),
        .bytes = stmt_int(stmt, 3),
        .has_metadata = stmt_int(stmt, 7) != 0,
        .sealed_at = stmt_int(stmt, 10),
        .attempts = stmt_int(stmt, 12),
        .is_unknown = stmt_int(stmt, 13) != 0,
    };
    (void)snprintf(batch->destination, sizeof batch->destination, "%s", stmt_text(stmt, 4));
    (void)snprintf(batch->object_key, sizeof batch->object_key, "%s", stmt_text(stmt, 5));
    bool is_known = batch_format_of(stmt_text(stmt, 6), &batch->format);
    (void)snprintf(batch->identity.spool, sizeof batch->identity.spool, "%s", stmt_text(stmt, 8));
    (void)snprintf(batch->identity.node, sizeof batch->identity.node, "%s", stmt_text(stmt, 9));
    (void)snprintf(batch->sha256, sizeof batch->sha256, "%s",
                   stmt_is_null(stmt, 11) ? "" : stmt_text(stmt, 11));
    stmt_reset(stmt);
    return is_known ? RES_OK : why_set(why, RES_BROKEN, "batch %" PRId64 " has an unknown format", batch->id);
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
        if (row.id != *next_id)
            res = why_set(why, RES_BROKEN, "%s %" PRId64 " is missing in the spool",
                          batch_kind_name(batch->kind), *next_id);
        if (res == RES_OK) res = render_row(render, &row, why);
        ++*next_id;
    }
    stmt_reset(stmt);
    if (res == RES_OK && *next_id == from_id)
        res = why_set(why, RES_BROKEN, "%s %" PRId64 " is missing in the spool", batch_kind_name(batch->kind),
                      from_id);
    return res;
}

enum result spool_out_render(struct spool_out *out, const struct batch *batch, struct buf *body,
                             struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t next_id = batch->first_id;
    buf_clear(body);
    struct render *render = render_begin(batch, body);
    enum result res = use(out, batch->kind == BATCH_EVENTS ? LOAD_EVENTS : LOAD_REJECTS, &stmt, why);
    while (res == RES_OK && next_id <= batch->last_id) res = render_slice(stmt, batch, render, &next_id, why);
    render_end(render);
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
    res = run_on_batch(out, stmt, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "record an attempt");
    memcpy(batch->sha256, rendition->sha256, sizeof batch->sha256);
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
    res = run_on_batch(out, stmt, batch, why);
    if (res == RES_OK && is_definite) batch->is_unknown = false;
    return res;
}

enum result spool_out_mark_shipped(struct spool_out *out, const struct batch *batch, const char *etag,
                                   bool is_verified, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, MARK_SHIPPED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_text(stmt, ":etag", *etag ? etag : NULL);
    stmt_set_int(stmt, ":verified", is_verified);
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, stmt, batch, why);
    return res == RES_OK ? res : why_wrap(why, res, "mark a batch shipped");
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
    res = run(out, stmt, purged, why);
    return res == RES_OK ? res : why_wrap(why, res, "purge shipped rows");
}

enum result spool_out_purge_batches(struct spool_out *out, int64_t before, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, PURGE_BATCHES, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":before", before);
    res = run(out, stmt, NULL, why);
    return res == RES_OK ? res : why_wrap(why, res, "purge old batches");
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
    stmt_set_int(stmt, ":trial_mode", is_trial);
    stmt_set_int(stmt, ":rejects_travel", rejects_travel);
    stmt_set_text(stmt, ":error", trouble ? trouble->text : NULL);
    stmt_set_text(stmt, ":remedy", trouble && *trouble->remedy ? trouble->remedy : NULL);
    return run(out, stmt, NULL, why);
}

enum result spool_out_wants_room(struct spool_out *out, bool *wants_room, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *wants_room = false;
    if (out->schema < SPOOL_SCHEMA_ROOM) return RES_OK; /* an older collector does not say */
    enum result res = use(out, WANTS_ROOM, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    *wants_room = has_row && stmt_int(stmt, 0) != 0;
    stmt_reset(stmt);
    return RES_OK;
}

static enum result read_flush(struct stmt *stmt, struct flush *flush, struct why *why)
{
    bool has_row = false;
    *flush = (struct flush){{0}};
    enum result res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK || !has_row) return res;
    flush->ids[BATCH_EVENTS] = stmt_int(stmt, 0);
    flush->ids[BATCH_REJECTS] = stmt_int(stmt, 1);
    return stmt_step(stmt, &has_row, why); /* to its end */
}

enum result spool_out_load_flush(struct spool_out *out, struct flush *flush, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, LOAD_FLUSH, &stmt, why);
    return res == RES_OK ? read_flush(stmt, flush, why) : res;
}

enum result spool_out_request_flush(struct spool_out *out, struct flush *flush, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = use(out, REQUEST_FLUSH, &stmt, why);
    if (res != RES_OK) return res;
    return read_flush(stmt, flush, why);
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

static void copy_text(char *to, size_t size, struct stmt *stmt, int column)
{
    const char *text = stmt_text(stmt, column);
    (void)snprintf(to, size, "%s", text ? text : "");
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
