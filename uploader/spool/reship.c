/* reship -- see reship.h. Statements are prepared at each use, because these calls are rare. */
#include "uploader/spool/reship.h"

#include <stdio.h>

#include "common/db.h"
#include "common/sql.h"
#include "uploader/spool/insert.h"
#include "uploader/spool/statements.h"

/* ---- past batches ---- */

#define HAS_ROWS 32 /* the column that load_next_batch.sql adds to those of a batch */

enum result spool_reship_next(struct spool_out *out, int64_t from_id, struct past_batch *past,
                              struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    past->batch.id = 0;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_next_batch, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":from_id", from_id);
        res = stmt_step(stmt, &has_row, why);
    }
    if (res == RES_OK && has_row) {
        past->has_rows = stmt_int(stmt, HAS_ROWS) != 0;
        res = spool_out_read_batch(stmt, &past->batch, why);
    }
    stmt_free(stmt);
    return res;
}

/* ---- the same key again ---- */

enum result spool_reship_record(struct spool_out *out, struct batch *batch, const struct rendition *rendition,
                                struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_record_rendition, why);
    if (res == RES_OK) {
        spool_out_set_rendition(stmt, rendition);
        stmt_set_int(stmt, ":id", batch->id);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    if (res != RES_OK) return res;
    batch->earlier = batch->recorded;
    batch->recorded = *rendition;
    return RES_OK;
}

enum result spool_reship_mark(struct spool_out *out, int64_t batch_id, const char *etag, bool is_verified,
                              struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_mark_reshipped, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":etag", *etag ? etag : NULL);
        stmt_set_int(stmt, ":verified", is_verified);
        stmt_set_int(stmt, ":id", batch_id);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

/* ---- copies ---- */

/* The id in the statement's first row; 0 if there is none. */
static enum result first_id(struct stmt *stmt, int64_t *id, struct why *why)
{
    bool has_row = false;
    enum result res = stmt_step(stmt, &has_row, why);
    *id = has_row ? stmt_int(stmt, 0) : 0;
    if (has_row) stmt_reset(stmt);
    return res;
}

static enum result find_open_copy(struct db *db, const struct batch *batch, int64_t *id, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, db, sql_load_open_copy, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":kind", batch_kind_name(batch->kind));
        stmt_set_int(stmt, ":first_id", batch->first_id);
        stmt_set_int(stmt, ":last_id", batch->last_id);
        res = first_id(stmt, id, why);
    }
    stmt_free(stmt);
    return res;
}

enum result spool_reship_copy(struct spool_out *out, const struct batch *batch, int64_t *copy_id,
                              bool *is_new, struct why *why)
{
    struct batch copy = batch_once_more(batch);
    copy.is_copy = true;
    enum result res = find_open_copy(spool_out_db(out), batch, copy_id, why);
    *is_new = *copy_id == 0;
    if (res != RES_OK || !*is_new) return res;
    res = spool_out_insert(out, &copy, NULL, why);
    *copy_id = copy.id;
    return res;
}

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text ? text : "");
}

enum result spool_reship_count_open(struct spool_out *out, int64_t from_id, struct open_copies *copies,
                                    struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *copies = (struct open_copies){0};
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_open_copies, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":from_id", from_id);
        res = stmt_step(stmt, &has_row, why);
    }
    if (res == RES_OK && has_row) {
        copies->count = stmt_int(stmt, 0);
        copy_text(copies->trouble.text, WHY_SIZE, stmt_text(stmt, 1));
        copy_text(copies->trouble.remedy, WHY_SIZE, stmt_text(stmt, 2));
    }
    stmt_free(stmt);
    return res;
}
