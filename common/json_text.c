/* json_text -- see json_text.h. What has to be escaped is what printable.h escapes, written as JSON has it. */
#include "common/json_text.h"

#include <stdlib.h>

#include "common/printable.h"

/* `shown` is how printable.h writes the character: \x1b, \u202e or \U000e0001. */
static void append_escape(struct buf *out, unsigned char first, const char *shown)
{
    if (shown[1] == 'u') {
        buf_append_text(out, shown);
    } else if (shown[1] == 'x') {
        if (first < 0x80)
            buf_append_format(out, "\\u%04x", first);
        else
            buf_append_text(out, "\\ufffd");
    } else {
        unsigned long beyond = strtoul(shown + 2, NULL, 16) - 0x10000;
        buf_append_format(out, "\\u%04lx\\u%04lx", 0xd800 + (beyond >> 10), 0xdc00 + (beyond & 0x3ff));
    }
}

void json_text_append(struct buf *out, const char *text, size_t len)
{
    char shown[PRINTABLE_SIZE];
    buf_append_char(out, '"');
    for (size_t i = 0; i < len;) {
        unsigned char first = (unsigned char)text[i];
        i += printable_show(text + i, len - i, shown);
        if (first == '"' || first == '\\') {
            buf_append_char(out, '\\');
            buf_append_char(out, (char)first);
        } else if (shown[0] == '\\') {
            append_escape(out, first, shown);
        } else {
            buf_append_text(out, shown);
        }
    }
    buf_append_char(out, '"');
}

void json_text_append_or_null(struct buf *out, const char *text)
{
    if (text)
        json_text_append(out, text, strlen(text));
    else
        buf_append_text(out, "null");
}
