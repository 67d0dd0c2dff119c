/* render -- see render.h. What stands around and between the rows; the rows themselves are rendered by their own files. */
#include "uploader/render.h"

#include <stdlib.h>
#include <string.h>

#include "uploader/flatten.h"
#include "uploader/json.h"
#include "uploader/metadata.h"

struct render {
    const struct batch *batch;
    struct buf *out;
    struct flatten *flatten;
    bool is_first;
};

static const struct {
    const char *begin, *between, *end; /* between: before each row but the first */
} documents[] = {
    [BATCH_XML] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EVENTS>", "", "\n</EVENTS>\n"},
    [BATCH_JSON] = {"[", ",", "\n]\n"},
    [BATCH_NDJSON] = {"", "", "\n"},
};

struct render *render_begin(const struct batch *batch, struct buf *out)
{
    struct render *render = calloc(1, sizeof *render);
    if (!render) abort();
    render->batch = batch;
    render->out = out;
    render->is_first = true;
    if (batch->format != BATCH_XML) render->flatten = flatten_new();
    buf_append_text(out, documents[batch->format].begin);
    return render;
}

static enum result render_json_event(struct render *render, const struct row *row, struct why *why)
{
    struct metadata metadata[METADATA_COUNT];
    struct metadata_text text;
    bool is_first = true;
    buf_append_char(render->out, '{');
    if (render->batch->has_metadata) {
        metadata_fill(metadata, &text, render->batch, row);
        for (size_t i = 0; i < METADATA_COUNT; i++)
            json_member(render->out, &is_first, metadata[i].name, metadata[i].value,
                        strlen(metadata[i].value));
    }
    enum result res = flatten_event(render->flatten, row->payload, row->payload_len,
                                    render->batch->has_metadata, is_first, render->out, why);
    buf_append_char(render->out, '}');
    return res;
}

enum result render_row(struct render *render, const struct row *row, struct why *why)
{
    enum result res = RES_OK;
    if (!render->is_first) buf_append_text(render->out, documents[render->batch->format].between);
    if (!render->is_first || render->batch->format != BATCH_NDJSON) buf_append_char(render->out, '\n');
    render->is_first = false;
    if (render->batch->kind == BATCH_REJECTS)
        render_reject(render->out, row);
    else if (render->batch->format == BATCH_XML)
        render_xml_event(render->out, render->batch, row);
    else
        res = render_json_event(render, row, why);
    return res;
}

void render_end(struct render *render)
{
    if (!render) return;
    buf_append_text(render->out, documents[render->batch->format].end);
    flatten_free(render->flatten);
    free(render);
}
