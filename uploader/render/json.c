/* json -- see json.h. Characters that need no escaping are copied in runs. */
#include "uploader/render/json.h"

#include <string.h>

/* The bytes that must be escaped: the first 32, the quote and the backslash. */
#define EIGHT true, true, true, true, true, true, true, true
static const bool is_special[256] = {EIGHT, EIGHT, EIGHT, EIGHT, ['"'] = true, ['\\'] = true};

static void escape_char(struct buf *out, unsigned char c)
{
    static const char from[] = "\"\\\n\r\t";
    static const char to[] = "\"\\nrt";
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        buf_append_char(out, '\\');
        buf_append_char(out, to[found - from]);
    } else {
        buf_append_format(out, "\\u%04x", c);
    }
}

void json_escape(struct buf *out, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *run = text;
        while (text < end && !is_special[(unsigned char)*text]) text++;
        buf_append(out, run, (size_t)(text - run));
        if (text < end) escape_char(out, (unsigned char)*text++);
    }
}

void json_string(struct buf *out, const char *text, size_t len)
{
    buf_append_char(out, '"');
    json_escape(out, text, len);
    buf_append_char(out, '"');
}

void json_begin(struct json_object *object, struct buf *out, bool is_pretty)
{
    *object = (struct json_object){out, is_pretty, true};
    buf_append_text(out, is_pretty ? "  {" : "{");
}

void json_add(struct json_object *object, const char *name, size_t name_len, const char *value, size_t len)
{
    struct buf *out = object->out;
    if (!object->is_empty) buf_append_char(out, ',');
    object->is_empty = false;
    if (object->is_pretty) buf_append_text(out, "\n    ");
    buf_append_char(out, '"');
    buf_append(out, name, name_len);
    buf_append_text(out, object->is_pretty ? "\": \"" : "\":\"");
    json_escape(out, value, len);
    buf_append_char(out, '"');
}

void json_add_text(struct json_object *object, const char *name, const char *value)
{
    json_add(object, name, strlen(name), value, strlen(value));
}

void json_end(struct json_object *object)
{
    buf_append_text(object->out, object->is_pretty && !object->is_empty ? "\n  }" : "}");
}
