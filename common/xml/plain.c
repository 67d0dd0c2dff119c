/* plain -- see plain.h. */
#include "common/xml/plain.h"

#include <string.h>

#include "common/utf8.h"
#include "common/xml/chars.h"
#include "common/xml/scan.h"

void xml_plain_begin(struct xml_plain *p, const char *text, size_t len)
{
    p->state = len > 0 && *text == '<' ? XML_PLAIN_READING : XML_PLAIN_NOT_SURE;
    p->start = p->at = text;
    p->end = text + (len < XML_PLAIN_MAX ? len : XML_PLAIN_MAX);
    p->depth = 0;
    p->is_ascii = true;
}

/* ---- characters ---- */

/* XML 1.0, 2.2. */
static bool is_allowed(uint32_t character)
{
    return character == '\t' || character == '\n' || character == '\r' ||
           (character >= 0x20 && character <= 0xD7FF) || (character >= 0xE000 && character <= 0xFFFD) ||
           (character >= 0x10000 && character <= 0x10FFFF);
}

/* The value of a digit, or more than any. */
static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9') return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f') return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (uint32_t)(c - 'A') + 10;
    return UINT32_MAX;
}

/* The number from `at` on, whose end a `;` marks; returns what is behind that, NULL: it is no character's. */
static const char *read_number(const char *at, const char *end, uint32_t base, uint32_t *character)
{
    const char *first = at;
    *character = 0;
    for (; at < end && digit_of(*at) < base; at++) {
        *character = *character * base + digit_of(*at);
        if (*character > 0x10FFFF) return NULL;
    }
    bool is_number = at > first && at - first <= XML_PLAIN_DIGITS_MAX && at < end && *at == ';';
    return is_number && is_allowed(*character) ? at + 1 : NULL;
}

/* The reference whose `&` is at `at`; returns what is behind it, NULL: it is not plain. */
static const char *read_reference(const char *at, const char *end, uint32_t *character)
{
    static const struct {
        const char *text;
        size_t len;
        uint32_t character;
    } entities[] = {
        {"&lt;", 4, '<'}, {"&gt;", 4, '>'}, {"&amp;", 5, '&'}, {"&quot;", 6, '"'}, {"&apos;", 6, '\''}};
    size_t left = (size_t)(end - at);
    if (left > 3 && at[1] == '#')
        return at[2] == 'x' ? read_number(at + 3, end, 16, character)
                            : read_number(at + 2, end, 10, character);
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        size_t len = entities[i].len;
        if (left < len || at[1] != entities[i].text[1] || memcmp(at, entities[i].text, len) != 0) continue;
        *character = entities[i].character;
        return at + len;
    }
    return NULL;
}

/* ---- text: each function returns what is behind what it has read, NULL: that is not plain ---- */

/* Passes characters that are not ASCII. */
static const char *read_others(struct xml_plain *p, const char *at)
{
    p->is_ascii = false;
    while (at < p->end && (unsigned char)*at >= 0x80) {
        size_t len = utf8_char_len(at, (size_t)(p->end - at));
        if (len == 0 || xml_forbidden_len(at, len) > 0) return NULL;
        at += len;
    }
    return at;
}

/* Passes what stands at `at` and is no printable ASCII, or has a meaning. */
static const char *read_special(struct xml_plain *p, const char *at, bool *is_literal)
{
    uint32_t character = 0;
    switch (*at) {
    case '\r': *is_literal = false; return at + 1;
    case '\t':
    case '\n': return at + 1;
    case '&': *is_literal = false; return read_reference(at, p->end, &character);
    case ']': return p->end - at >= 3 && at[1] == ']' && at[2] == '>' ? NULL : at + 1; /* 2.4 forbids it */
    default: return (unsigned char)*at < 0x20 ? NULL : read_others(p, at);
    }
}

/* The rest of a run, whatever it holds. */
static const char *read_rest(struct xml_plain *p, const char *at, struct xml_plain_run *run)
{
    while (at < p->end && *at != '<') {
        const char *special = xml_scan_text(at, p->end);
        bool is_passed = special == p->end || *special == '<';
        at = is_passed ? special : read_special(p, special, &run->is_literal);
        if (!at) return NULL;
    }
    run->len = (size_t)(at - run->at);
    return at < p->end ? at : NULL;
}

static inline const char *end_run(struct xml_plain *p, const char *at, struct xml_plain_run *run)
{
    if (at == p->end || *at != '<') return read_rest(p, at, run);
    run->len = (size_t)(at - run->at);
    return at;
}

/* Printable characters are expected. */
const char *xml_plain_read_text(struct xml_plain *p, const char *at, struct xml_plain_run *run)
{
    run->at = at;
    run->is_literal = true;
    return end_run(p, xml_scan_text(at, p->end), run);
}

/* Likewise, but white space is expected. */
static inline const char *read_between(struct xml_plain *p, const char *at, struct xml_plain_run *run)
{
    bool has_cr = false;
    run->at = at;
    for (; at < p->end && xml_is_space(*at); at++) has_cr |= *at == '\r';
    run->is_literal = !has_cr;
    return end_run(p, at, run);
}

/* ---- tags: likewise ---- */

/* The end tag, whose `</` is at `at`, of the element with this name. */
static inline const char *read_end_of(const struct xml_plain *p, const char *at, const char *name, size_t len)
{
    bool is_there = (size_t)(p->end - at) >= strlen("</>") + len;
    if (!is_there || at[2 + len] != '>' || memcmp(at + 2, name, len) != 0) return NULL;
    return at + strlen("</>") + len;
}

static const char *read_end(struct xml_plain *p, struct xml_plain_tag *tag)
{
    if (p->depth == 0) return NULL;
    struct xml_plain_open open = p->open[--p->depth];
    tag->kind = XML_PLAIN_END;
    tag->name = p->start + open.at;
    tag->name_len = open.len;
    return read_end_of(p, p->at, tag->name, open.len);
}

/* Of the bytes that can stand in a name, those that can begin it are the larger ones. */
static inline bool begins_name(char c)
{
    return c >= 'A';
}

/* The name behind a `<`, with two bytes behind it at least. */
static inline const char *read_name(struct xml_plain *p, struct xml_plain_tag *tag)
{
    const char *name = p->at + 1;
    const char *at = xml_scan_name(name, p->end);
    size_t len = (size_t)(at - name);
    tag->name = name;
    tag->name_len = len;
    bool is_name = len > 0 && len <= XML_PLAIN_NAME_MAX && begins_name(*name);
    return is_name && p->end - at >= 2 && p->depth < XML_PLAIN_DEPTH_MAX ? at : NULL;
}

static inline const char *push(struct xml_plain *p, struct xml_plain_tag *tag, const char *at)
{
    tag->kind = XML_PLAIN_START;
    tag->text = tag->content;
    p->open[p->depth++] = (struct xml_plain_open){(uint32_t)(tag->name - p->start), (uint32_t)tag->name_len};
    return at;
}

/* A start tag with the text behind it; if its end tag follows directly, the element is a leaf. */
static inline const char *read_start(struct xml_plain *p, struct xml_plain_tag *tag)
{
    const char *at = read_name(p, tag);
    tag->kind = XML_PLAIN_LEAF;
    if (!at) return NULL;
    if (*at == '/') {
        tag->content = (struct xml_plain_run){.at = at, .is_literal = true};
        return at[1] == '>' ? at + 2 : NULL;
    }
    at = *at == '>' ? xml_plain_read_text(p, at + 1, &tag->content) : NULL;
    if (!at || at + 1 == p->end) return NULL;
    return at[1] == '/' ? read_end_of(p, at, tag->name, tag->name_len) : push(p, tag, at);
}

/* Reads the tag whose `<` is at `p->at`, and the text behind it unless a start tag has that already. */
static inline const char *read_tag(struct xml_plain *p, struct xml_plain_tag *tag)
{
    if (p->at + 1 == p->end) return NULL;
    const char *at = p->at[1] == '/' ? read_end(p, tag) : read_start(p, tag);
    if (!at || tag->kind == XML_PLAIN_START) return at;
    if (p->depth > 0) return read_between(p, at, &tag->text);
    tag->text = (struct xml_plain_run){.at = at, .is_literal = true};
    p->state = XML_PLAIN_ENDED;
    return at;
}

bool xml_plain_next(struct xml_plain *p, struct xml_plain_tag *tag)
{
    if (p->state != XML_PLAIN_READING) return false;
    p->at = read_tag(p, tag);
    if (!p->at) p->state = XML_PLAIN_NOT_SURE;
    return p->at != NULL;
}

size_t xml_plain_len(const struct xml_plain *p)
{
    return p->state == XML_PLAIN_ENDED ? (size_t)(p->at - p->start) : 0;
}

/* ---- what a text stands for ---- */

struct xml_plain_text xml_plain_text_of(const struct xml_plain_run *run)
{
    return (struct xml_plain_text){.at = run->at, .end = run->at + run->len};
}

static size_t write_utf8(uint32_t character, char out[4])
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    size_t len = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, character >>= 6) out[i] = (char)(0x80 | (character & 0x3F));
    out[0] = (char)((0xF00 >> len & 0xF0) | character);
    return len;
}

bool xml_plain_next_piece(struct xml_plain_text *text, const char **piece, size_t *len)
{
    const char *at = text->at;
    uint32_t character = '\n';
    if (at == text->end) return false;
    while (at < text->end && *at != '&' && *at != '\r') at++;
    *piece = text->at;
    *len = (size_t)(at - text->at);
    if (*len > 0) {
        text->at = at;
        return true;
    }
    if (*at == '\r')
        at += at + 1 < text->end && at[1] == '\n' ? 2 : 1;
    else
        at = read_reference(at, text->end, &character);
    text->at = at ? at : text->end;
    *piece = text->character;
    *len = at ? write_utf8(character, text->character) : 0;
    return at != NULL;
}
