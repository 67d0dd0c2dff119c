/* plain_strings -- see plain_strings.h. */
#include "tests/model/plain_strings.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* `a`, `b` and `cn` fill columns. The first TOKENS_PLAIN of them are well-formed wherever they stand in a text. */
static const struct slice tokens[] = {
    BYTES("x"),
    BYTES("0"),
    BYTES("-"),
    BYTES(" "),
    BYTES("\t"),
    BYTES("\r"),
    BYTES("\n"),
    BYTES("\r\n"),
    BYTES("&lt;"),
    BYTES("&#13;"),
    BYTES("]"),
    BYTES("\x7F"),
    BYTES("\xC2\x80"),
    BYTES("\xE2\x82\xAC"),
    BYTES("\xF0\x9F\x9A\xAA"),
    BYTES("seventeen letters"),
    BYTES("<a/>"),
#define TOKENS_PLAIN 17
    BYTES("<a>"),
    BYTES("</a>"),
    BYTES("<b>"),
    BYTES("</b>"),
    BYTES("<cn>"),
    BYTES("</cn>"),
#define TOKENS_TAGS 23
    BYTES("<a"),
    BYTES("<"),
    BYTES(">"),
    BYTES("/"),
    BYTES("&"),
    BYTES(";"),
    BYTES(":"),
    BYTES("&#0;"),
    BYTES("&#x"),
    BYTES("]]>"),
    BYTES("\0"),
    BYTES("\x01"),
    BYTES("\x80"),
    BYTES("\xC0\x80"),
    BYTES("\xED\xA0\x80"),
    BYTES("\xEF\xBF\xBE"),
    BYTES("\xEF\xBF\xBF"),
    BYTES("<!--"),
    BYTES("-->"),
    BYTES("<![CDATA["),
    BYTES("<?x?>"),
    BYTES("<!DOCTYPE a>"),
    BYTES(" a='1'"),
    BYTES(" xmlns='u'"),
    BYTES("x:y"),
};

size_t plain_token_count(void)
{
    return COUNT(tokens);
}

struct slice plain_token(size_t index)
{
    return tokens[index];
}

/* Elements are closed in the order in which they were opened, mostly. */
void plain_append_tokens(struct buf *text, size_t most, struct chance *chance)
{
    static const char *const names[] = {"a", "b", "cn", "xy"};
    const char *open[8];
    size_t depth = 0;
    for (size_t i = chance_below(chance, most + 1); i > 0; i--) {
        size_t kind = chance_below(chance, 64);
        if (kind < 10 && depth < COUNT(open)) {
            open[depth++] = names[chance_below(chance, COUNT(names))];
            buf_append_format(text, "<%s>", open[depth - 1]);
        } else if (kind < 18 && depth > 0) {
            buf_append_format(text, "</%s>", open[--depth]);
        } else {
            size_t limit = kind < 62 ? TOKENS_PLAIN : kind < 63 ? TOKENS_TAGS : COUNT(tokens);
            struct slice token = tokens[chance_below(chance, limit)];
            buf_append(text, token.data, token.len);
        }
    }
    while (depth > 0 && chance_below(chance, 16) > 0) buf_append_format(text, "</%s>", open[--depth]);
}

/* ---- changes ---- */

static void replace(struct buf *text, size_t at, size_t len, struct slice with)
{
    if (with.len > len) buf_reserve(text, with.len - len);
    memmove(text->data + at + with.len, text->data + at + len, text->len - at - len);
    if (with.len > 0) memcpy(text->data + at, with.data, with.len);
    text->len = text->len - len + with.len;
}

/* Of characters at the edges of what XML allows, with zeros before it, and with more digits than a number has. */
static size_t write_reference(char out[64], struct chance *chance)
{
    static const unsigned long long numbers[] = {0,
                                                 1,
                                                 8,
                                                 9,
                                                 0xA,
                                                 0xB,
                                                 0xD,
                                                 0xE,
                                                 0x1F,
                                                 0x20,
                                                 0x7F,
                                                 0x80,
                                                 0xD7FF,
                                                 0xD800,
                                                 0xDFFF,
                                                 0xE000,
                                                 0xFFFD,
                                                 0xFFFE,
                                                 0xFFFF,
                                                 0x10000,
                                                 0x1FFFE,
                                                 0x10FFFF,
                                                 0x110000,
                                                 0x7FFFFFFF,
                                                 0x80000000,
                                                 0xFFFFFFFF,
                                                 0x100000041ULL,
                                                 0xFFFFFFFFFFFFFFFFULL};
    static const char *const endings[] = {";", ";", "", " ;", "g;"};
    bool is_right = chance_below(chance, 4) > 0;
    const char *ending = is_right ? ";" : endings[chance_below(chance, COUNT(endings))];
    unsigned long long number = numbers[chance_below(chance, COUNT(numbers))] + chance_below(chance, 2);
    int width = chance_below(chance, 3) > 0 ? 0 : (int)chance_below(chance, 24);
    switch (chance_below(chance, is_right ? 3 : 5)) {
    case 0: return (size_t)snprintf(out, 64, "&#%0*llu%s", width, number, ending);
    case 1: return (size_t)snprintf(out, 64, "&#x%0*llx%s", width, number, ending);
    case 2: return (size_t)snprintf(out, 64, "&#x%0*llX%s", width, number, ending);
    case 3: return (size_t)snprintf(out, 64, "&#X%0*llX%s", width, number, ending);
    default: return (size_t)snprintf(out, 64, "&#%0*llx%s", width, number, ending);
    }
}

static struct slice draw_addition(char out[64], struct chance *chance)
{
    static const struct slice entities[] = {
        BYTES("&lt;"), BYTES("&gt;"),   BYTES("&amp;"), BYTES("&quot;"),  BYTES("&apos;"), BYTES("&LT;"),
        BYTES("&lt"),  BYTES("&nbsp;"), BYTES("&ltx;"), BYTES("&quote;"), BYTES("&;"),     BYTES("&#;"),
        BYTES("&#x;"), BYTES("]]"),     BYTES(" />"),   BYTES("<!-- -->")};
    switch (chance_below(chance, 12)) {
    case 0: return tokens[chance_below(chance, COUNT(tokens))];
    case 1: return entities[chance_below(chance, COUNT(entities))];
    case 2: out[0] = (char)chance_below(chance, 256); return (struct slice){out, 1};
    case 3:
    case 4: return (struct slice){out, write_reference(out, chance)};
    default: return tokens[chance_below(chance, TOKENS_PLAIN)];
    }
}

/* Mostly where a text begins: in a name nearly every change is a fault. */
static size_t draw_place(const struct buf *text, struct chance *chance)
{
    size_t at = chance_below(chance, text->len);
    if (chance_below(chance, 4) == 0) return at;
    const char *behind = memchr(text->data + at, '>', text->len - at - 1);
    return behind ? (size_t)(behind + 1 - text->data) : at;
}

/* What lies from `at` on comes a second time, there or elsewhere. */
static void repeat(struct buf *text, size_t at, size_t len, size_t to)
{
    struct buf copy = BUF_EMPTY;
    buf_append(&copy, text->data + at, len);
    replace(text, to, 0, (struct slice){copy.data, copy.len});
    buf_fini(&copy);
}

static void change_once(struct buf *text, struct chance *chance)
{
    size_t at = draw_place(text, chance);
    size_t longest = text->len - at;
    size_t len = 1 + chance_below(chance, chance_below(chance, 4) == 0 ? longest : longest < 4 ? longest : 4);
    char addition[64];
    switch (chance_below(chance, 16)) {
    case 0: replace(text, at, len, (struct slice){NULL, 0}); break;
    case 1: repeat(text, at, len, at); break;
    case 2: repeat(text, at, len, chance_below(chance, text->len + 1)); break;
    case 3: text->data[at] = (char)(text->data[at] ^ 1 << chance_below(chance, 8)); break;
    case 4:
    case 5: replace(text, at, 1, draw_addition(addition, chance)); break;
    default: replace(text, at, 0, draw_addition(addition, chance)); break;
    }
}

void plain_mutate(struct buf *text, struct chance *chance)
{
    size_t longest = 2 * text->len + 1024;
    for (size_t i = 1 + chance_below(chance, 3); i > 0 && text->len > 0 && text->len < longest; i--)
        change_once(text, chance);
}
