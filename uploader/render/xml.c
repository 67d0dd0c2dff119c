/* xml -- see xml.h. As the event is well-formed, its start tag can be read in a few steps. */
#include "uploader/render/xml.h"

#include <stdbool.h>
#include <string.h>

#include "common/xml/chars.h"
#include "uploader/render/metadata.h"

static bool ends_name(char c)
{
    return xml_is_space(c) || c == '=' || c == '>' || c == '/';
}

static void add_attribute(struct buf *out, const struct metadata *metadata)
{
    buf_append_char(out, ' ');
    buf_append_text(out, metadata->name);
    buf_append_text(out, "=\"");
    buf_append_text(out, metadata->value);
    buf_append_char(out, '"');
}

/* The values never hold markup: they are a spool's id, digits, an ISO time, an address and a node's name. */
static void add_attributes(struct buf *out, const struct batch *batch, const struct row *row)
{
    struct metadata metadata[METADATA_COUNT];
    struct metadata_text text;
    metadata_fill(metadata, &text, batch, row);
    for (size_t i = 0; i < METADATA_COUNT; i++) add_attribute(out, &metadata[i]);
}

/* Copies the start tag's own attributes, renaming those that collide; returns where the tag's end begins. */
static const char *copy_attributes(struct buf *out, const char *p, const char *end)
{
    while (p < end && *p != '>' && *p != '/') {
        const char *from = p;
        while (p < end && xml_is_space(*p)) p++;
        buf_append(out, from, (size_t)(p - from));
        const char *name = p;
        while (p < end && !ends_name(*p)) p++;
        if (p == name) break; /* the tag's end */
        if (metadata_collides(name, (size_t)(p - name))) buf_append_char(out, '_');
        const char *quote = strpbrk(p, "\"'");
        const char *close = quote ? strchr(quote + 1, *quote) : NULL;
        p = close ? close + 1 : end; /* a well-formed event has both quotes */
        buf_append(out, name, (size_t)(p - name));
    }
    return p;
}

void xml_append_event(struct buf *out, const struct batch *batch, const struct row *row)
{
    const char *p = row->payload;
    const char *end = p + row->payload_len;
    if (batch->has_metadata) {
        while (p < end && !ends_name(*p)) p++;
        buf_append(out, row->payload, (size_t)(p - row->payload));
        add_attributes(out, batch, row);
        p = copy_attributes(out, p, end);
    }
    buf_append(out, p, (size_t)(end - p));
}
