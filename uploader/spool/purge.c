/* purge -- deletes rows that have been kept long enough, a slice at a time, and gives free pages back. See spool.h. */
#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/spool/resolve.h"
#include "uploader/spool/statements.h"

#define PURGE_SLICE     500
#define VACUUM_SLICE_MS 5
#define VACUUM_PAGES    16

/* A batch whose rows may go. */
struct purgeable {
    int64_t id, first_id, last_id; /* the id is 0 if there is none */
};

static enum result find_purgeable(struct spool_out *out, enum batch_kind kind, int64_t before,
                                  struct purgeable *found, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *found = (struct purgeable){0};
    enum result res = spool_out_use(out, LOAD_PURGEABLE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":before", before);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row)
        *found = (struct purgeable){stmt_int(stmt, 0), stmt_int(stmt, 1), stmt_int(stmt, 2)};
    stmt_reset(stmt);
    return res;
}

static enum result delete_slice(struct spool_out *out, enum batch_kind kind, const struct purgeable *batch,
                                int64_t *purged, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, kind == BATCH_EVENTS ? PURGE_EVENTS : PURGE_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":first_id", batch->first_id);
    stmt_set_int(stmt, ":last_id", batch->last_id);
    stmt_set_int(stmt, ":slice", PURGE_SLICE);
    return stmt_run(stmt, purged, why);
}

static enum result mark_purged(struct spool_out *out, const struct purgeable *batch, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, MARK_PURGED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", batch->id);
    return stmt_run(stmt, NULL, why);
}

/* One slice of one batch. A slice that is not full was the last. */
static enum result purge_slice(struct spool_out *out, enum batch_kind kind, const struct purgeable *batch,
                               int64_t *purged, struct why *why)
{
    enum result res = spool_out_relax(out, why);
    if (res != RES_OK) return spool_out_relax_no_more(out, res, why);
    res = db_begin(out->db, why);
    if (res == RES_OK) {
        res = delete_slice(out, kind, batch, purged, why);
        if (res == RES_OK && *purged < PURGE_SLICE) res = mark_purged(out, batch, why);
        res = spool_out_end(out, res, why);
    }
    return spool_out_relax_no_more(out, res, why);
}

enum result spool_out_purge(struct spool_out *out, enum batch_kind kind, int64_t before, int64_t *purged,
                            struct why *why)
{
    struct purgeable batch;
    enum result res = RES_OK;
    *purged = 0;
    do {
        res = find_purgeable(out, kind, before, &batch, why);
        if (res == RES_OK && batch.id > 0) res = purge_slice(out, kind, &batch, purged, why);
    } while (res == RES_OK && batch.id > 0 && *purged == 0); /* a batch's last slice may be empty */
    if (res != RES_OK) *purged = 0;
    return res == RES_OK ? res : why_wrap(why, res, "purge shipped rows");
}

enum result spool_out_count_purgeable(struct spool_out *out, enum batch_kind kind, int64_t before,
                                      int64_t *rows, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *rows = 0;
    enum result res = spool_out_use(out, COUNT_PURGEABLE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":before", before);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *rows = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return res == RES_OK ? res : why_wrap(why, res, "count the rows to purge");
}

/* ---- batches ---- */

static enum result find_tiling(struct spool_out *out, enum batch_kind kind, int64_t before, int64_t *first_id,
                               struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *first_id = 0;
    enum result res = spool_out_use(out, LOAD_TILING, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":before", before);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *first_id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return res;
}

/* `first_id` 0: of the tiling's own batches; else of those that lie under its beginning. */
static enum result purge_batches_of(struct spool_out *out, enum batch_kind kind, int64_t first_id,
                                    int64_t before, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, first_id > 0 ? PURGE_OTHERS : PURGE_BATCHES, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":before", before);
    if (first_id > 0) stmt_set_int(stmt, ":first_id", first_id);
    return spool_out_run_relaxed(out, stmt, NULL, why);
}

enum result spool_out_purge_batches(struct spool_out *out, int64_t before, struct why *why)
{
    enum result res = RES_OK;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++) {
        int64_t first_id = 0;
        res = purge_batches_of(out, (enum batch_kind)kind, 0, before, why);
        if (res == RES_OK) res = find_tiling(out, (enum batch_kind)kind, before, &first_id, why);
        if (res == RES_OK && first_id > 0)
            res = purge_batches_of(out, (enum batch_kind)kind, first_id, before, why);
    }
    return res == RES_OK ? res : why_wrap(why, res, "purge old batches");
}

/* ---- rejects that are not shipped ---- */

/* A batch of rejects that is surely not stored and whose rows are old; `*id` is 0 if there is none. */
static enum result find_old_rejects(struct spool_out *out, int64_t before, int64_t *id, int64_t *marked_at,
                                    struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *id = 0;
    enum result res = spool_out_use(out, LOAD_OLD_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":before", before);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        *id = stmt_int(stmt, 0);
        *marked_at = stmt_int(stmt, 1);
    }
    stmt_reset(stmt);
    return res;
}

static enum result give_up(struct spool_out *out, int64_t id, int64_t marked_at, struct why *why)
{
    struct batch batch;
    bool is_open = false;
    enum result res = spool_out_load_batch(out, id, &batch, &is_open, why);
    if (res == RES_OK && is_open)
        res = spool_resolve_abandon(out, &batch, marked_at, SPOOL_NOT_SHIPPED_NOTE, why);
    if (res == RES_OK)
        log_info("old rejects that were sealed and never stored are given up", "batch=%" PRId64 " why=%s", id,
                 "REJECTS_PREFIX=none");
    return res;
}

/* Rejects that were sealed before REJECTS_PREFIX became none are kept no longer than others. */
static enum result give_up_old_rejects(struct spool_out *out, int64_t before, struct why *why)
{
    int64_t id = 0;
    int64_t marked_at = 0;
    enum result res = RES_OK;
    do {
        res = find_old_rejects(out, before, &id, &marked_at, why);
        if (res == RES_OK && id > 0) res = give_up(out, id, marked_at, why);
    } while (res == RES_OK && id > 0);
    return res;
}

static enum result purge_marked(struct spool_out *out, int64_t before, int64_t *purged, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, PURGE_WAITING, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":slice", PURGE_SLICE);
    stmt_set_int(stmt, ":before", before);
    return spool_out_run_relaxed(out, stmt, purged, why);
}

enum result spool_out_purge_waiting_rejects(struct spool_out *out, int64_t keep_ms, int64_t *purged,
                                            struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t before = spool_out_kept_ms(out) - keep_ms;
    *purged = 0;
    enum result res = give_up_old_rejects(out, before, why);
    if (res == RES_OK) res = purge_marked(out, before, purged, why);
    if (res != RES_OK || *purged > 0) return res;
    res = spool_out_use(out, MARK_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_int(stmt, ":keep_ms", keep_ms);
    return spool_out_run_relaxed(out, stmt, NULL, why);
}

/* ---- free pages ---- */

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
    if (res != RES_OK || free_pages * 4 <= pages) return res;
    res = spool_out_relax(out, why);
    while (res == RES_OK && free_pages * 4 > pages) {
        *has_more = true;
        if (clock_monotonic_ms() >= due) break;
        *has_more = false;
        res = db_exec(out->db, sql, why);
        if (res == RES_OK) res = db_get_int(out->db, "PRAGMA page_count", &pages, why);
        if (res == RES_OK) res = db_get_int(out->db, "PRAGMA freelist_count", &free_pages, why);
    }
    res = spool_out_relax_no_more(out, res, why);
    return res == RES_OK ? res : why_wrap(why, res, "give free pages back");
}
