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

/* How many continuation bytes follow `lead`, and the range of the first of them; 0: not a lead byte. */
static size_t continuation(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) return 1;
    if (lead >= 0xE0 && lead <= 0xEF) return 2;
    if (lead >= 0xF0 && lead <= 0xF4) return 3;
    return 0;
}

bool json_is_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *end = p + len;
    while (p < end) {
        unsigned char low = 0;
        unsigned char high = 0;
        if (*p < 0x80) {
            p++;
            continue;
        }
        size_t more = continuation(*p, &low, &high);
        if (more == 0 || (size_t)(end - p) <= more || p[1] < low || p[1] > high) return false;
        for (size_t i = 2; i <= more; i++)
            if ((p[i] & 0xC0) != 0x80) return false;
        p += more + 1;
    }
    return true;
}
