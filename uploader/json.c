/* json -- see json.h. Runs of plain text are copied whole. */
#include "uploader/json.h"

#include <string.h>

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

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
        while (text < end && is_plain((unsigned char)*text)) text++;
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

void json_member(struct buf *out, bool *is_first, const char *name, const char *value, size_t len)
{
    if (!*is_first) buf_append_char(out, ',');
    *is_first = false;
    json_string(out, name, strlen(name));
    buf_append_char(out, ':');
    json_string(out, value, len);
}
