/* replace -- see replace.h. */
#include "uploader/spool/replace.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "uploader/spool/insert.h"
#include "uploader/spool/statements.h"

/* What a batch is superseded for: `may_be_stored` as in replace.h, `is_occupied`: something else is under its key. */
struct reason {
    bool may_be_stored, is_occupied;
};

static enum result supersede(struct spool_out *out, const struct batch *batch, struct reason reason,
                             bool *is_done, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    enum result res = spool_out_use(out, SUPERSEDE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":may_be_stored", reason.may_be_stored);
    stmt_set_int(stmt, ":is_occupied", reason.is_occupied);
    stmt_set_int(stmt, ":id", batch->id);
    res = stmt_run(stmt, &changed, why);
    *is_done = changed == 1;
    return res;
}

/* ---- cut again ---- */

/* Seals the next part, from `left->first_id` on, and takes it from what is left. */
static enum result seal_part(struct spool_out *out, const struct batch *batch, const struct new_shape *shape,
                             struct waiting *left, struct cut_parts *parts, struct why *why)
{
    struct batch part = *shape->like;
    part.kind = batch->kind;
    part.first_id = left->first_id;
    part.reship_of = batch->id;
    part.is_copy = batch->is_copy;
    enum result res =
        spool_out_cut(out, batch->kind, left, shape->max_bytes, &part.last_id, &part.bytes, why);
    if (res == RES_OK) res = spool_out_insert(out, &part, shape->keys, why);
    if (res != RES_OK) return res;
    if (parts->count++ == 0) parts->first_batch_id = part.id;
    left->first_id = part.last_id + 1;
    left->bytes_before += part.bytes;
    return RES_OK;
}

static enum result seal_parts(struct spool_out *out, const struct batch *batch, const struct new_shape *shape,
                              struct cut_parts *parts, struct why *why)
{
    struct waiting left = {.is_some = true, .first_id = batch->first_id, .last_id = batch->last_id};
    enum result res = spool_out_bytes_before(out, batch->kind, left.first_id, &left.bytes_before, why);
    while (res == RES_OK && left.first_id <= left.last_id)
        res = seal_part(out, batch, shape, &left, parts, why);
    return res;
}

enum result spool_out_replace(struct spool_out *out, struct batch *batch, const struct new_shape *shape,
                              bool may_be_stored, struct cut_parts *parts, struct why *why)
{
    struct reason reason = {.may_be_stored = may_be_stored};
    bool is_done = false;
    *parts = (struct cut_parts){0};
    enum result res = supersede(out, batch, reason, &is_done, why);
    if (res == RES_OK && is_done) res = seal_parts(out, batch, shape, parts, why);
    if (res != RES_OK) *parts = (struct cut_parts){0};
    return res;
}

enum result spool_out_cut_again(struct spool_out *out, struct batch *batch, const struct new_shape *shape,
                                struct cut_parts *parts, struct why *why)
{
    enum result res = db_begin(out->db, why);
    if (res != RES_OK) return res;
    res = spool_out_replace(out, batch, shape, false, parts, why);
    res = spool_out_end(out, res, why);
    if (res != RES_OK) *parts = (struct cut_parts){0};
    if (res == RES_OK && parts->count > 0) batch_move(batch, BATCH_SUPERSEDED);
    return res == RES_OK ? res : why_wrap(why, res, "cut batch %" PRId64 " again", batch->id);
}

/* ---- incidents ---- */

/* The explanation stays with the superseded batch. */
static enum result explain(struct spool_out *out, const struct batch *batch, const struct why *incident,
                           const struct batch *replacement, struct why *why)
{
    struct why told = {0};
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, EXPLAIN, &stmt, why);
    if (res != RES_OK) return res;
    (void)why_remedy(
        &told, RES_OK,
        "nothing is lost: its rows are shipped as %.*s; find out who wrote the other object, and "
        "whether it was loaded",
        utf8_cut(replacement->object_key, 500), replacement->object_key);
    stmt_set_text(stmt, ":error", incident->text);
    stmt_set_text(stmt, ":remedy", told.remedy);
    stmt_set_int(stmt, ":id", batch->id);
    return stmt_run(stmt, NULL, why);
}

enum result spool_out_supersede(struct spool_out *out, struct batch *batch, const struct why *incident,
                                struct batch *replacement, bool *is_done, struct why *why)
{
    struct reason reason = {.may_be_stored = true, .is_occupied = true};
    *is_done = false;
    *replacement = batch_once_more(batch);
    if (batch->repetition > 1) return RES_OK;
    enum result res = db_begin(out->db, why);
    if (res != RES_OK) return res;
    res = supersede(out, batch, reason, is_done, why);
    if (res == RES_OK && *is_done) res = spool_out_insert(out, replacement, NULL, why);
    if (res == RES_OK && *is_done) res = explain(out, batch, incident, replacement, why);
    res = spool_out_end(out, res, why);
    *is_done &= res == RES_OK;
    if (*is_done) batch_move(batch, BATCH_SUPERSEDED);
    return res == RES_OK ? res : why_wrap(why, res, "supersede batch %" PRId64, batch->id);
}
