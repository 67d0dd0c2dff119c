/*
 * render_rejects -- one reject as a line of JSON; the payload as text when it is UTF-8, else as base64. Nothing can
 * fail but the end of memory.
 */
#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "uploader/json.h"
#include "uploader/render.h"

static void add_text(struct buf *out, bool *is_first, const char *name, const char *value)
{
    json_member(out, is_first, name, value, strlen(value));
}

static void add_number(struct buf *out, bool *is_first, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    add_text(out, is_first, name, text);
}

static void add_base64(struct buf *out, const char *name, const char *data, size_t len)
{
    buf_append_format(out, ",\"%s\":\"", name);
    buf_reserve(out, len / 3 * 4 + 8);
    int written =
        EVP_EncodeBlock((unsigned char *)out->data + out->len, (const unsigned char *)data, (int)len);
    assert(written >= 0);
    out->len += (size_t)written;
    buf_append_char(out, '"');
}

void render_reject(struct buf *out, const struct row *row)
{
    char received_at[CLOCK_ISO_SIZE];
    bool is_first = true;
    buf_append_char(out, '{');
    add_number(out, &is_first, "_id", row->id);
    add_text(out, &is_first, "_received_at", clock_iso(row->received_at, received_at));
    add_text(out, &is_first, "_source", row->source);
    add_text(out, &is_first, "_reason", row->reason);
    add_text(out, &is_first, "_detail", row->detail);
    add_number(out, &is_first, "_bytes", row->bytes);
    add_text(out, &is_first, "_truncated", row->payload_len < (uint64_t)row->bytes ? "true" : "false");
    if (utf8_valid_len(row->payload, row->payload_len) == row->payload_len)
        json_member(out, &is_first, "payload", row->payload, row->payload_len);
    else
        add_base64(out, "payload_base64", row->payload, row->payload_len);
    buf_append_char(out, '}');
}
