/* printable -- see printable.h. */
#include "common/printable.h"

#include <stdbool.h>
#include <stdint.h>

#include "common/utf8.h"

/* Characters beyond ASCII that are written as escapes; chosen from Unicode's character database. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x80, 0x9f},       /* control characters: 0x9b begins an escape sequence as ESC [ does */
    {0xad, 0xad},       /* soft hyphen */
    {0x61c, 0x61c},     /* Arabic letter mark: changes the direction of writing */
    {0x200b, 0x200f},   /* characters without width, and marks that change the direction of writing */
    {0x2028, 0x202e},   /* separators of lines and paragraphs, and the direction of writing */
    {0x2060, 0x206f},   /* format characters */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xfff9, 0xfffb},   /* annotations */
    {0xe0000, 0xe007f}, /* tags */
};

static bool is_hidden(uint32_t character)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (character >= hidden[i].first && character <= hidden[i].last) return true;
    return false;
}

/* The character that valid UTF-8 begins with, and how many bytes it takes. */
static uint32_t decode(const char *text, size_t *len)
{
    uint32_t lead = (unsigned char)*text;
    *len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t character = *len == 1 ? lead : lead & (0x7fU >> *len);
    for (size_t i = 1; i < *len; i++) character = character << 6 | ((unsigned char)text[i] & 0x3fU);
    return character;
}

static void append_valid(struct buf *out, const char *text, size_t len)
{
    size_t step = 0;
    for (size_t i = 0; i < len; i += step) {
        uint32_t character = decode(text + i, &step);
        if (character == '\\')
            buf_append_text(out, "\\\\");
        else if (character < 0x20 || character == 0x7f)
            buf_append_format(out, "\\x%02x", (unsigned)character);
        else if (is_hidden(character))
            buf_append_format(out, character > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)character);
        else
            buf_append(out, text + i, step);
    }
}

void printable_append(struct buf *out, const char *text, size_t len)
{
    while (len > 0) {
        size_t valid = utf8_valid_len(text, len);
        append_valid(out, text, valid);
        if (valid == len) return;
        buf_append_format(out, "\\x%02x", (unsigned)(unsigned char)text[valid]);
        text += valid + 1;
        len -= valid + 1;
    }
}
