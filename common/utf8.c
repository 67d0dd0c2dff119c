/* utf8 -- see utf8.h. */
#include "common/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How many bytes follow `lead` in its character, and the range of the first of them; 0: it begins none. RFC 3629. */
static size_t continuation(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) return 1;
    if (lead >= 0xE0 && lead <= 0xEF) return 2;
    if (lead >= 0xF0 && lead <= 0xF4) return 3;
    return 0;
}

/* Are the next eight bytes ASCII? Most are: looking at them one by one would cost a fifth of the whole check. */
static bool is_ascii_word(const unsigned char *text)
{
    uint64_t word = 0;
    memcpy(&word, text, sizeof word);
    return (word & 0x8080808080808080) == 0;
}

size_t utf8_valid_len(const char *data, size_t len)
{
    const unsigned char *text = (const unsigned char *)data;
    size_t at = 0;
    while (at < len) {
        unsigned char low = 0;
        unsigned char high = 0;
        size_t more = 0;
        if (len - at >= 8 && is_ascii_word(text + at)) {
            at += 8;
            continue;
        }
        if (text[at] >= 0x80) {
            more = continuation(text[at], &low, &high);
            if (more == 0 || len - at <= more || text[at + 1] < low || text[at + 1] > high) return at;
        }
        for (size_t i = 2; i <= more; i++)
            if ((text[at + i] & 0xC0) != 0x80) return at;
        at += more + 1;
    }
    return at;
}
