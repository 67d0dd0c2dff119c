/*
 * render -- see render.h. This file writes what stands around and between the rows, leaves out dropped fields, and
 * compresses; xml.c, flatten.c and reject.c write one row each.
 */
#include "uploader/render/render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/render/drop.h"
#include "uploader/render/flatten.h"
#include "uploader/render/gzip.h"
#include "uploader/render/json.h"
#include "uploader/render/metadata.h"
#include "uploader/render/reject.h"
#include "uploader/render/xml.h"

struct render {
    const struct batch *batch;
    struct buf *out;         /* the object's bytes */
    struct buf *text;        /* where rows are written to: `out`, or `slice` if the object is compressed */
    struct buf slice;        /* text that is not compressed yet */
    struct gzip *gzip;       /* NULL: not compressed */
    struct hash *content;    /* of the uncompressed bytes; NULL: not compressed */
    struct flatten *flatten; /* JSON only */
    struct buf kept;         /* an event without the dropped fields */
    bool is_first;
};

static const struct {
    const char *begin, *between, *end; /* `between` stands before each row except the first */
} documents[] = {
    [BATCH_XML] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EVENTS>", "", "\n</EVENTS>\n"},
    [BATCH_JSON] = {"[", ",", "\n]\n"},
    [BATCH_NDJSON] = {"", "", "\n"},
};

struct render *render_begin(const struct batch *batch, struct buf *out)
{
    struct render *render = calloc(1, sizeof *render);
    if (!render) abort();
    buf_clear(out);
    render->batch = batch;
    render->out = out;
    render->text = batch->is_gzip ? &render->slice : out;
    render->is_first = true;
    if (batch->is_gzip) {
        render->gzip = gzip_begin(out);
        render->content = hash_begin(HASH_SHA256);
    }
    if (batch->format != BATCH_XML) render->flatten = flatten_new(FLATTEN_AUTO);
    buf_append_text(render->text, documents[batch->format].begin);
    return render;
}

static void compress_slice(struct render *render)
{
    gzip_add(render->gzip, render->slice.data, render->slice.len);
    hash_add(render->content, render->slice.data, render->slice.len);
    buf_clear(&render->slice);
}

/* Removes the dropped fields of an event. `kept` borrows from `render` until the next event. */
static enum result drop_from_event(struct render *render, const struct row *row, struct row *kept,
                                   struct why *why)
{
    *kept = *row;
    if (!*render->batch->dropped) return RES_OK;
    buf_clear(&render->kept);
    enum result res = drop_fields(render->batch->dropped, row->payload, row->payload_len, &render->kept, why);
    if (res != RES_OK) return res;
    kept->payload_len = render->kept.len;
    buf_append_char(&render->kept, '\0');
    kept->payload = render->kept.data;
    return RES_OK;
}

static enum result render_json_event(struct render *render, const struct row *row, struct why *why)
{
    const struct batch *batch = render->batch;
    struct metadata metadata[METADATA_COUNT];
    struct metadata_text text;
    struct json_object object;
    json_begin(&object, render->text, batch->is_pretty && batch->format == BATCH_JSON);
    if (batch->has_metadata) {
        metadata_fill(metadata, &text, batch, row);
        for (size_t i = 0; i < METADATA_COUNT; i++)
            json_add_text(&object, metadata[i].name, metadata[i].value);
    }
    enum result res =
        flatten_event(render->flatten, row->payload, row->payload_len, batch->has_metadata, &object, why);
    json_end(&object);
    return res;
}

static enum result render_event(struct render *render, const struct row *row, struct why *why)
{
    struct row kept;
    enum result res = drop_from_event(render, row, &kept, why);
    if (res == RES_OK && render->batch->format == BATCH_XML)
        xml_append_event(render->text, render->batch, &kept);
    else if (res == RES_OK)
        res = render_json_event(render, &kept, why);
    return res == RES_OK ? res : why_wrap(why, res, "event %" PRId64, row->id);
}

enum result render_row(struct render *render, const struct row *row, struct why *why)
{
    enum result res = RES_OK;
    if (!render->is_first) buf_append_text(render->text, documents[render->batch->format].between);
    if (!render->is_first || render->batch->format != BATCH_NDJSON) buf_append_char(render->text, '\n');
    render->is_first = false;
    if (render->batch->kind == BATCH_REJECTS)
        reject_append_json(render->text, render->batch, row);
    else
        res = render_event(render, row, why);
    if (render->gzip && render->slice.len >= RENDER_SLICE) compress_slice(render);
    return res;
}

void render_end(struct render *render, struct rendition *rendition)
{
    struct rendition content = {.sha256 = ""};
    buf_append_text(render->text, documents[render->batch->format].end);
    if (render->gzip) {
        compress_slice(render);
        gzip_end(render->gzip);
    }
    if (render->content) hash_end(render->content, &content);
    *rendition = (struct rendition){.bytes = (int64_t)render->out->len};
    memcpy(rendition->content_sha256, content.sha256, sizeof content.sha256);
}

void render_hash(const struct buf *body, enum hash_kind kind, struct rendition *rendition,
                 const struct pause *pause)
{
    struct rendition done;
    hash_bytes(body, kind, &done, pause);
    bool is_compressed = *rendition->content_sha256;
    memcpy(done.content_sha256, is_compressed ? rendition->content_sha256 : done.sha256, sizeof done.sha256);
    *rendition = done;
}

void render_free(struct render *render)
{
    if (!render) return;
    gzip_free(render->gzip);
    hash_free(render->content);
    flatten_free(render->flatten);
    buf_fini(&render->slice);
    buf_fini(&render->kept);
    free(render);
}
