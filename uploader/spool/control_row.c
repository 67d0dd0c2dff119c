/*
 * control_row -- the control row: what the collector and people write for the uploader, and what it reports. See
 * spool.h.
 */
#include "uploader/spool/spool.h"

#include "common/clock.h"
#include "uploader/spool/statements.h"

enum result spool_out_report(struct spool_out *out, const struct uploader_report *report, struct why *why)
{
    const struct why *trouble = report->trouble;
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, REPORT, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_int(stmt, ":trial_mode", report->is_trial);
    stmt_set_int(stmt, ":ships_rejects", report->ships_rejects);
    stmt_set_text(stmt, ":version", report->version);
    stmt_set_int(stmt, ":started_at", report->started_at);
    stmt_set_text(stmt, ":destination", report->destination);
    stmt_set_int(stmt, ":rotation_ms", report->rotation_ms);
    stmt_set_int(stmt, ":max_file_bytes", report->max_file_bytes);
    stmt_set_text(stmt, ":error", trouble ? trouble->text : NULL);
    stmt_set_text(stmt, ":remedy", trouble && *trouble->remedy ? trouble->remedy : NULL);
    return spool_out_run_relaxed(out, stmt, NULL, why);
}

static void read_flush(struct stmt *stmt, struct flush_ids *flush)
{
    flush->ids[BATCH_EVENTS] = stmt_int(stmt, 0);
    flush->ids[BATCH_REJECTS] = stmt_int(stmt, 1);
}

enum result spool_out_load_control_row(struct spool_out *out, struct control_row *control_row,
                                       struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, LOAD_CONTROL_ROW, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK || !has_row) return res;
    read_flush(stmt, &control_row->flush);
    control_row->bytes = stmt_int(stmt, 2);
    control_row->last_event_id = stmt_int(stmt, 3);
    control_row->last_event_at = stmt_int(stmt, 4);
    control_row->is_space_low = stmt_int(stmt, 5) != 0;
    stmt_reset(stmt);
    return RES_OK;
}

enum result spool_out_request_flush(struct spool_out *out, struct flush_ids *flush, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *flush = (struct flush_ids){{0}};
    enum result res = spool_out_use(out, REQUEST_FLUSH, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK || !has_row) return res;
    read_flush(stmt, flush);
    return stmt_run(stmt, NULL, why); /* runs it to its end: only then is it committed */
}

enum result spool_out_count_unshipped(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                      int64_t *count, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *count = 0;
    enum result res = spool_out_use(out, COUNT_UNSHIPPED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":last_id", last_id);
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *count = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return res;
}

enum result spool_out_count_resolved(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                     int64_t *batches, int64_t *rows, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, COUNT_RESOLVED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":last_id", last_id);
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        *batches += stmt_int(stmt, 0);
        *rows += stmt_int(stmt, 1);
    }
    stmt_reset(stmt);
    return res;
}

enum result spool_out_load_trouble(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                   struct why *trouble, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    why_clear(trouble);
    enum result res = spool_out_use(out, LOAD_TROUBLE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    stmt_set_int(stmt, ":last_id", last_id);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        spool_out_copy_text(trouble->text, sizeof trouble->text, stmt, 0);
        spool_out_copy_text(trouble->remedy, sizeof trouble->remedy, stmt, 1);
    }
    stmt_reset(stmt);
    return res;
}
