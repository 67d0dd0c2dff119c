/* reship -- see reship.h. Statements are prepared at each use, because these calls are rare. */
#include "uploader/spool/reship.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/sql.h"
#include "uploader/batch/object_key.h"

#define COPIES_MAX 10000 /* of one batch */

/* ---- past batches ---- */

/* What load_next_batch.sql adds to the columns of a batch. */
enum { KIND = 23, IS_SHIPPED, IS_ABANDONED, IS_COPY, OLDEST_ROW };

static enum result read_past(struct stmt *stmt, struct past_batch *past, struct why *why)
{
    bool is_events = strcmp(stmt_text(stmt, KIND), batch_kind_name(BATCH_EVENTS)) == 0;
    past->is_shipped = stmt_int(stmt, IS_SHIPPED) != 0;
    past->is_abandoned = stmt_int(stmt, IS_ABANDONED) != 0;
    past->is_copy = stmt_int(stmt, IS_COPY) != 0;
    past->has_rows = stmt_int(stmt, OLDEST_ROW) <= stmt_int(stmt, 1);
    return spool_out_read_batch(stmt, is_events ? BATCH_EVENTS : BATCH_REJECTS, &past->batch, why);
}

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
    if (res == RES_OK && has_row) res = read_past(stmt, past, why);
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
        stmt_set_text(stmt, ":sha256", rendition->sha256);
        stmt_set_text(stmt, ":md5", rendition->md5);
        stmt_set_int(stmt, ":stored_bytes", rendition->bytes);
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
        res = first_id(stmt, id, why);
    }
    stmt_free(stmt);
    return res;
}

static enum result find_free_key(struct db *db, const struct batch *batch, char key[BATCH_KEY_MAX + 1],
                                 struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t taken_by = batch->id;
    enum result res = stmt_prepare(&stmt, db, sql_find_key, why);
    for (int number = 2; res == RES_OK && taken_by != 0; number++) {
        if (number > COPIES_MAX || !object_key_again(key, batch->object_key, number))
            res = why_set(why, RES_REFUSE, "there is no key left for a copy of %.200s", batch->object_key);
        if (res != RES_OK) break;
        stmt_set_text(stmt, ":object_key", key);
        res = first_id(stmt, &taken_by, why);
    }
    stmt_free(stmt);
    return res;
}

static enum result insert_copy(struct db *db, const struct batch *batch, const char *key, int64_t *id,
                               struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_copy_batch, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":object_key", key);
        stmt_set_int(stmt, ":now", clock_now_ms());
        stmt_set_int(stmt, ":id", batch->id);
        res = stmt_step(stmt, &has_row, why);
        *id = has_row ? stmt_int(stmt, 0) : 0;
        if (has_row) res = stmt_step(stmt, &has_row, why); /* the row is written at the statement's end */
    }
    stmt_free(stmt);
    return res;
}

enum result spool_reship_copy(struct spool_out *out, const struct batch *batch, int64_t *copy_id,
                              bool *is_new, struct why *why)
{
    struct db *db = spool_out_db(out);
    char key[BATCH_KEY_MAX + 1];
    enum result res = find_open_copy(db, batch, copy_id, why);
    *is_new = *copy_id == 0;
    if (res != RES_OK || !*is_new) return res;
    res = find_free_key(db, batch, key, why);
    return res == RES_OK ? insert_copy(db, batch, key, copy_id, why) : res;
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
