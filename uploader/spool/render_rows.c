/* render_rows -- reads the rows of a batch, a slice at a time, and renders them. See spool.h. */
#include "uploader/spool/spool.h"

#include "uploader/spool/statements.h"

#define LOAD_SLICE 200

static void read_row(struct stmt *stmt, enum batch_kind kind, struct row *row)
{
    *row = (struct row){
        .id = stmt_int(stmt, 0),
        .received_at = stmt_int(stmt, 1),
        .source = stmt_text(stmt, 2),
    };
    if (kind == BATCH_EVENTS) row->payload = stmt_text(stmt, 3); /* with a NUL behind it, as row.h says */
    const void *blob = stmt_blob(stmt, 3, &row->payload_len);
    if (kind == BATCH_EVENTS) return;
    row->payload = row->payload_len > 0 ? blob : "";
    row->reason = stmt_text(stmt, 4);
    row->detail = stmt_text(stmt, 5);
    row->bytes = stmt_int(stmt, 6);
}

/* Renders one slice of rows from `*next_id` on, and advances `*next_id`. */
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
        res = row.id == *next_id ? render_row(render, &row, why)
                                 : spool_out_missing(batch->kind, *next_id, why);
        ++*next_id;
    }
    stmt_reset(stmt);
    return res == RES_OK && *next_id == from_id ? spool_out_missing(batch->kind, from_id, why) : res;
}

enum result spool_out_render(struct spool_out *out, const struct batch *batch, struct buf *body,
                             struct rendition *rendition, const struct pause *pause, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t next_id = batch->first_id;
    struct render *render = render_begin(batch, body);
    enum result res =
        spool_out_use(out, batch->kind == BATCH_EVENTS ? LOAD_EVENTS : LOAD_REJECTS, &stmt, why);
    while (res == RES_OK && next_id <= batch->last_id) {
        res = render_slice(stmt, batch, render, &next_id, why);
        pause_take(pause);
    }
    if (res == RES_OK) render_end(render, rendition);
    render_free(render);
    return res;
}
