/* printable -- see printable.h. */
#include "common/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

#define UTF8_LONGEST 4 /* bytes of a character */

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

/* "\\x1b": the letter, and so many hexadecimal digits. */
static void escape(char letter, int digits, uint32_t character, char shown[PRINTABLE_SIZE])
{
    char *at = shown;
    *at++ = '\\';
    *at++ = letter;
    while (digits-- > 0) *at++ = "0123456789abcdef"[character >> (4 * digits) & 15];
    *at = '\0';
}

size_t printable_show(const char *text, size_t len, char shown[PRINTABLE_SIZE])
{
    size_t step = 1;
    uint32_t character = (unsigned char)*text;
    if (character >= ' ' && character < 0x7f) {
        shown[0] = *text;
        shown[1] = '\0';
        return step;
    }
    bool is_valid = utf8_valid_len(text, len < UTF8_LONGEST ? len : UTF8_LONGEST) > 0;
    if (is_valid) character = decode(text, &step);
    if (!is_valid || character < 0x80) {
        escape('x', 2, character, shown);
    } else if (is_hidden(character)) {
        escape(character > 0xffff ? 'U' : 'u', character > 0xffff ? 8 : 4, character, shown);
    } else {
        memcpy(shown, text, step);
        shown[step] = '\0';
    }
    return step;
}

void printable_append(struct buf *out, const char *text, size_t len)
{
    char shown[PRINTABLE_SIZE];
    for (size_t i = 0; i < len;) {
        if (text[i] == '\\') buf_append_char(out, '\\'); /* a second one */
        i += printable_show(text + i, len - i, shown);
        buf_append_text(out, shown);
    }
}

void printable_append_shown(struct buf *out, const char *text, size_t len)
{
    char shown[PRINTABLE_SIZE];
    for (size_t i = 0; i < len;) {
        i += printable_show(text + i, len - i, shown);
        buf_append_text(out, shown);
    }
}
