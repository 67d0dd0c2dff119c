/* utf8 -- see utf8.h. */
#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

/*
 * How many bytes follow `lead` in its character, and the range of the first one; 0: `lead` begins no character. RFC
 * 3629.
 */
static size_t continuation(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) return 1;
    if (lead >= 0xE0 && lead <= 0xEF) return 2;
    if (lead >= 0xF0 && lead <= 0xF4) return 3;
    return 0;
}

static uint64_t word_at(const unsigned char *text)
{
    uint64_t word = 0;
    memcpy(&word, text, sizeof word);
    return word;
}

/* How many bytes from the beginning are ASCII. Most are; to check them one by one would take several times as long. */
static size_t ascii_len(const unsigned char *text, size_t len)
{
    const uint64_t high_bits = 0x8080808080808080;
    size_t at = 0;
    while (len - at >= 32 && ((word_at(text + at) | word_at(text + at + 8) | word_at(text + at + 16) |
                               word_at(text + at + 24)) &
                              high_bits) == 0)
        at += 32;
    while (len - at >= 8 && (word_at(text + at) & high_bits) == 0) at += 8;
    while (at < len && text[at] < 0x80) at++;
    return at;
}

size_t utf8_ascii_len(const char *data, size_t len)
{
    return ascii_len((const unsigned char *)data, len);
}

size_t utf8_char_len(const char *data, size_t len)
{
    const unsigned char *text = (const unsigned char *)data;
    unsigned char low = 0;
    unsigned char high = 0;
    if (len > 0 && text[0] < 0x80) return 1;
    size_t more = len > 0 ? continuation(text[0], &low, &high) : 0;
    if (more == 0 || len <= more || text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i <= more; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    return more + 1;
}

size_t utf8_valid_len(const char *data, size_t len)
{
    size_t at = utf8_ascii_len(data, len);
    while (at < len) {
        size_t char_len = utf8_char_len(data + at, len - at);
        if (char_len == 0) return at;
        at += char_len;
        at += utf8_ascii_len(data + at, len - at);
    }
    return at;
}

size_t utf8_whole_len(const char *text, size_t len)
{
    unsigned char low = 0;
    unsigned char high = 0;
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char lead = (unsigned char)text[len - back];
        if ((lead & 0xC0) == 0x80) continue;
        return continuation(lead, &low, &high) >= back ? len - back : len;
    }
    return len;
}

int utf8_cut(const char *text, int most)
{
    size_t len = strnlen(text, (size_t)most + 1);
    return (int)(len <= (size_t)most ? len : utf8_whole_len(text, (size_t)most));
}
