/* purge -- deletes rows that have been kept long enough, a slice at a time, and gives free pages back. See spool.h. */
#include "uploader/spool/spool.h"

#include <stdio.h>

#include "common/clock.h"
#include "uploader/spool/statements.h"

#define PURGE_SLICE     500
#define VACUUM_SLICE_MS 5
#define VACUUM_PAGES    16

enum result spool_out_purge(struct spool_out *out, enum batch_kind kind, int64_t before, int64_t *purged,
                            struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, kind == BATCH_EVENTS ? PURGE_EVENTS : PURGE_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":slice", PURGE_SLICE);
    stmt_set_int(stmt, ":before", before);
    res = spool_out_run_relaxed(out, stmt, purged, why);
    return res == RES_OK ? res : why_wrap(why, res, "purge shipped rows");
}

enum result spool_out_purge_batches(struct spool_out *out, int64_t before, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, PURGE_BATCHES, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":before", before);
    res = spool_out_run_relaxed(out, stmt, NULL, why);
    return res == RES_OK ? res : why_wrap(why, res, "purge old batches");
}

enum result spool_out_purge_waiting_rejects(struct spool_out *out, int64_t keep_ms, int64_t *purged,
                                            struct why *why)
{
    struct stmt *stmt = NULL;
    *purged = 0;
    enum result res = spool_out_use(out, PURGE_WAITING, &stmt, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":slice", PURGE_SLICE);
        stmt_set_int(stmt, ":before", spool_out_kept_ms(out) - keep_ms);
        res = spool_out_run_relaxed(out, stmt, purged, why);
    }
    if (res != RES_OK || *purged > 0) return res;
    res = spool_out_use(out, MARK_REJECTS, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_int(stmt, ":keep_ms", keep_ms);
    return spool_out_run_relaxed(out, stmt, NULL, why);
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
