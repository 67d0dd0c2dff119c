/* reject -- see reject.h. */
#include "uploader/render/reject.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "uploader/render/coarse.h"
#include "uploader/render/json.h"

static void add_number(struct json_object *object, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    json_add_text(object, name, text);
}

static void add_base64(struct json_object *object, const char *name, const char *data, size_t len)
{
    struct buf text = BUF_EMPTY;
    buf_reserve(&text, len / 3 * 4 + 8);
    int written = EVP_EncodeBlock((unsigned char *)text.data, (const unsigned char *)data, (int)len);
    assert(written >= 0);
    json_add(object, name, strlen(name), text.data, (size_t)written);
    buf_fini(&text);
}

static void add_payload(struct json_object *object, const struct row *row)
{
    static const char name[] = "payload";
    if (utf8_valid_len(row->payload, row->payload_len) == row->payload_len)
        json_add(object, name, strlen(name), row->payload, row->payload_len);
    else
        add_base64(object, "payload_base64", row->payload, row->payload_len);
}

void reject_append_json(struct buf *out, const struct batch *batch, const struct row *row)
{
    char received_at[CLOCK_ISO_SIZE];
    char coarse[COARSE_SIZE];
    const char *detail = batch->omits_payload ? coarse_detail(row->reason, row->detail, coarse) : row->detail;
    struct json_object object;
    json_begin(&object, out, false);
    add_number(&object, "_id", row->id);
    json_add_text(&object, "_received_at", clock_iso(row->received_at, received_at));
    json_add_text(&object, "_source", row->source);
    json_add_text(&object, "_reason", row->reason);
    json_add_text(&object, "_detail", detail);
    add_number(&object, "_bytes", row->bytes);
    json_add_text(&object, "_truncated", row->payload_len < (uint64_t)row->bytes ? "true" : "false");
    if (!batch->omits_payload) add_payload(&object, row);
    json_end(&object);
}
