/* batches -- see batches.h. Statements are prepared at each use, because these calls are rare. */
#include "uploader/spool/batches.h"

#include "common/db.h"
#include "common/sql.h"

/* The columns of load_shown_batch.sql. */
static const char *const shown[] = {
    "id",          "kind",          "state",       "may_be_stored", "first_id",  "last_id",     "events",
    "bytes",       "object_key",    "format",      "sha256",        "etag",      "attempts",    "sealed_at",
    "shipped_at",  "verified",      "last_error",  "remedy",        "reship_of", "resolved_as", "resolved_at",
    "resolved_by", "resolved_note", "destination", "is_copy",       "has_rows",
};

static struct batch_line read_line(struct stmt *stmt)
{
    return (struct batch_line){
        .id = stmt_int(stmt, 0),
        .kind = stmt_text(stmt, 1),
        .state = stmt_text(stmt, 2),
        .may_be_stored = stmt_int(stmt, 3) != 0,
        .first_id = stmt_int(stmt, 4),
        .last_id = stmt_int(stmt, 5),
        .events = stmt_int(stmt, 6),
        .bytes = stmt_int(stmt, 7),
        .object_key = stmt_text(stmt, 8),
        .attempts = stmt_int(stmt, 9),
        .since = stmt_text(stmt, 10),
        .last_error = stmt_text(stmt, 11),
        .remedy = stmt_text(stmt, 12),
    };
}

enum result spool_batches_list(struct spool_out *out, bool is_open, int64_t count,
                               void (*show)(void *context, const struct batch_line *line), void *context,
                               struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res =
        stmt_prepare(&stmt, spool_out_db(out), is_open ? sql_list_unshipped_batches : sql_list_batches, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":last_id", INT64_MAX);
        stmt_set_int(stmt, ":count", count);
    }
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        struct batch_line line = read_line(stmt);
        show(context, &line);
    }
    stmt_free(stmt);
    return res;
}

enum result spool_batches_load(struct spool_out *out, int64_t id, bool *is_there,
                               void (*show)(void *context, const char *name, const char *value),
                               void *context, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_there = false;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_shown_batch, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":id", id);
        res = stmt_step(stmt, is_there, why);
    }
    for (int i = 0; res == RES_OK && *is_there && i < (int)(sizeof shown / sizeof *shown); i++)
        show(context, shown[i], stmt_text(stmt, i));
    stmt_free(stmt);
    return res;
}
