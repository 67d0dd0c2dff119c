/* lexer -- see lexer.h. One function a kind of markup; each goes on where it stopped for want of bytes. */
#include "common/xml/lexer.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "common/xml/chars.h"
#include "common/xml/scan.h"

static const char comment_opening[] = "<!--";
static const char cdata_opening[] = "<![CDATA[";
static const char doctype_opening[] = "<!DOCTYPE";

void xml_lexer_init(struct xml_lexer *lx, const struct xml_names *marks)
{
    *lx = (struct xml_lexer){.marks = marks};
}

void xml_lexer_forget(struct xml_lexer *lx)
{
    xml_lexer_init(lx, lx->marks);
}

void xml_lexer_read_tag(struct xml_lexer *lx)
{
    xml_lexer_forget(lx);
    lx->is_in_mark = true;
}

void xml_lexer_close_comment(struct xml_lexer *lx, size_t end)
{
    lx->looked = end;
    lx->is_hiding = false;
}

size_t xml_name_len(const char *text, size_t len)
{
    size_t n = (size_t)(xml_scan_name(text, text + len) - text);
    while (n < len && xml_is_name_char(text[n])) n++; /* a prefix, or characters that are not ASCII */
    return n;
}

/* As xml_name_len(), but of a name that is too long only so much is looked at as shows that it is. */
static size_t bounded_name_len(const char *text, size_t len)
{
    return xml_name_len(text, len <= XML_NAME_MAX ? len : XML_NAME_MAX + 1);
}

/* ---- tokens ---- */

static struct xml_token finish(struct xml_lexer *lx, struct xml_token token)
{
    xml_lexer_forget(lx);
    return token;
}

static struct xml_token broken(struct xml_lexer *lx, enum xml_kind of, size_t len)
{
    return finish(lx, (struct xml_token){.kind = XML_BROKEN, .of = of, .len = len});
}

static struct xml_token unfinished(const struct xml_lexer *lx, enum xml_kind of)
{
    return (struct xml_token){.kind = XML_UNFINISHED, .of = of, .looked = lx->looked, .hides = lx->is_hiding};
}

/* ---- marks ---- */

int xml_lexer_is_mark(const struct xml_lexer *lx, const char *text, size_t len)
{
    if (len == 1) return -1;
    if (!lx->marks->may_begin[(unsigned char)text[1]]) return 0;
    size_t name_len = bounded_name_len(text + 1, len - 1);
    if (name_len > XML_NAME_MAX) return 0;
    if (name_len == len - 1) return -1;
    char next = text[1 + name_len];
    return (xml_is_space(next) || next == '>' || next == '/') &&
           xml_names_hold(lx->marks, text + 1, name_len);
}

/*
 * A `<` stands in markup at `looked`. Passes it if it begins no mark; else the markup is broken there (1), or there are
 * not enough bytes to know (-1). No markup holds a NUL: with one behind it this may be a `<` of UTF-16, to which the NUL
 * before it belongs in UTF-16BE.
 */
static int check_lt(struct xml_lexer *lx, const char *text, size_t len)
{
    int is_mark = xml_lexer_is_mark(lx, text + lx->looked, len - lx->looked);
    if (is_mark == 0 && text[lx->looked + 1] == '\0') {
        if (text[lx->looked - 1] == '\0') lx->looked--;
        return 1;
    }
    if (is_mark == 0) lx->looked++;
    return is_mark;
}

/* ---- tags ---- */

static bool matters_in_tag(char c)
{
    return c == '>' || c == '<' || c == '"' || c == '\'';
}

/*
 * How many of the eight bytes at `at` stand before the first one below '?'; 8: all do. All that matter in a tag are
 * below it, and of what a name may hold only digits, '-', '.' and ':'. Byte by byte, all framing of a plain event takes
 * a sixth more time and half as many instructions again.
 */
static size_t count_letters(const char *at)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word = 0;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    word = (word - ones * '?') & ~word & ones * 0x80;
    return word ? (size_t)__builtin_ctzll(word) / 8 : 8;
}

/* The first byte that matters in a tag, one of < > " ' ; `end`: none does. */
static const char *find_in_tag(const char *at, const char *end)
{
    while (end - at >= 8) {
        size_t len = count_letters(at);
        at += len;
        if (len == 8) continue;
        if (matters_in_tag(*at)) return at;
        at++;
    }
    while (at < end && !matters_in_tag(*at)) at++;
    return at;
}

/* Passes a quoted value, or its rest; as check_lt(), where a mark breaks it. */
static int pass_value(struct xml_lexer *lx, const char *text, size_t len)
{
    int is_mark = 0;
    while (lx->looked < len && is_mark == 0) {
        char c = text[lx->looked];
        if (c == '<') {
            is_mark = check_lt(lx, text, len);
            continue;
        }
        lx->looked++;
        if (c != lx->quote) continue;
        lx->quote = 0;
        break;
    }
    return is_mark;
}

/* The rest of a tag, behind its name. */
static struct xml_token lex_tag_rest(struct xml_lexer *lx, const char *text, size_t len,
                                     struct xml_token token)
{
    int is_mark = 0;
    while (lx->looked < len) {
        if (lx->quote) {
            is_mark = pass_value(lx, text, len);
            if (is_mark > 0) return broken(lx, token.kind, lx->looked);
            if (is_mark < 0) break;
            continue;
        }
        lx->looked = (size_t)(find_in_tag(text + lx->looked, text + len) - text);
        if (lx->looked == len) break;
        char c = text[lx->looked];
        if (c == '<') return broken(lx, token.kind, lx->looked); /* no tag holds it: this one was cut off */
        lx->looked++;
        if (c == '>') {
            if (token.kind == XML_START && text[lx->looked - 2] == '/') token.kind = XML_EMPTY;
            token.len = lx->looked;
            token.values = lx->values;
            return finish(lx, token);
        }
        lx->quote = c;
        lx->values++;
    }
    return unfinished(lx, token.kind);
}

static struct xml_token lex_tag(struct xml_lexer *lx, const char *text, size_t len)
{
    struct xml_token token = {.kind = text[1] == '/' ? XML_END : XML_START};
    token.name_at = token.kind == XML_END ? 2 : 1;
    if (len == token.name_at) return unfinished(lx, token.kind);
    if (!xml_is_name_start(text[token.name_at])) return broken(lx, XML_TEXT, token.name_at);
    token.name_len = bounded_name_len(text + token.name_at, len - token.name_at);
    if (token.name_len > XML_NAME_MAX) return broken(lx, XML_TEXT, token.name_at);
    size_t name_end = token.name_at + token.name_len;
    if (name_end == len) return unfinished(lx, token.kind);
    if (token.kind == XML_START && !lx->is_in_mark && xml_lexer_is_mark(lx, text, len) > 0) {
        token.kind = XML_MARK;
        token.len = name_end;
        return finish(lx, token);
    }
    if (lx->looked < name_end) lx->looked = name_end;
    return lex_tag_rest(lx, text, len, token);
}

/* ---- the rest of markup ---- */

static struct xml_token lex_instruction(struct xml_lexer *lx, const char *text, size_t len)
{
    struct xml_token token = {.kind = XML_INSTRUCTION, .name_at = 2};
    if (len == 2) return unfinished(lx, XML_INSTRUCTION);
    if (!xml_is_name_start(text[2])) return broken(lx, XML_TEXT, 2);
    token.name_len = bounded_name_len(text + 2, len - 2);
    if (token.name_len > XML_NAME_MAX) return broken(lx, XML_TEXT, 2);
    if (lx->looked < 3) lx->looked = 3; /* behind the name's first byte */
    while (lx->looked < len) {
        char c = text[lx->looked];
        if (c == '<') {
            int is_mark = check_lt(lx, text, len);
            if (is_mark > 0) return broken(lx, XML_INSTRUCTION, lx->looked);
            if (is_mark < 0) break;
            continue;
        }
        lx->looked++;
        if (c != '>' || text[lx->looked - 2] != '?') continue;
        if (token.name_len == 3 && memcmp(text + 2, "xml", 3) == 0 && xml_is_space(text[5]))
            token.kind = XML_DECLARATION;
        token.len = lx->looked;
        return finish(lx, token);
    }
    return unfinished(lx, XML_INSTRUCTION);
}

/* Does `text` begin with `opening`, as far as it goes? */
static bool may_be(const char *opening, const char *text, size_t len)
{
    size_t opening_len = strlen(opening);
    return memcmp(text, opening, len < opening_len ? len : opening_len) == 0;
}

/* Looks at one byte of a DOCTYPE, but no `<`. Quotes and brackets hide `>`. True: that was its end. */
static bool pass_in_doctype(struct xml_lexer *lx, char c)
{
    lx->looked++;
    if (lx->quote) {
        if (c == lx->quote) lx->quote = 0;
    } else if (c == '"' || c == '\'') {
        lx->quote = c;
    } else if (c == '[' || c == ']') {
        lx->is_in_subset = c == '[';
    } else {
        return c == '>' && !lx->is_in_subset;
    }
    return false;
}

static struct xml_token lex_doctype(struct xml_lexer *lx, const char *text, size_t len)
{
    if (lx->looked == 0) lx->looked = sizeof doctype_opening - 1;
    while (lx->looked < len && !lx->is_hiding) {
        const char *at = text + lx->looked;
        size_t left = len - lx->looked;
        if (*at != '<') {
            if (pass_in_doctype(lx, *at))
                return finish(lx, (struct xml_token){.kind = XML_DOCTYPE, .len = lx->looked});
        } else if (!lx->quote && left < sizeof comment_opening - 1 && may_be(comment_opening, at, left)) {
            break;
        } else if (!lx->quote && may_be(comment_opening, at, left)) {
            lx->looked += sizeof comment_opening - 1;
            lx->is_hiding = true;
        } else {
            int is_mark = check_lt(lx, text, len);
            if (is_mark > 0) return broken(lx, XML_DOCTYPE, lx->looked);
            if (is_mark < 0) break;
        }
    }
    return unfinished(lx, XML_DOCTYPE);
}

static struct xml_token lex_bang(struct xml_lexer *lx, const char *text, size_t len)
{
    static const struct {
        const char *opening;
        enum xml_kind kind;
    } openings[] = {
        {comment_opening, XML_COMMENT}, {cdata_opening, XML_CDATA}, {doctype_opening, XML_DOCTYPE}};
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        size_t opening_len = strlen(openings[i].opening);
        if (!may_be(openings[i].opening, text, len)) continue;
        if (len < opening_len) return unfinished(lx, XML_TEXT);
        if (openings[i].kind == XML_DOCTYPE) return lex_doctype(lx, text, len);
        return finish(lx, (struct xml_token){.kind = openings[i].kind, .len = opening_len});
    }
    return broken(lx, XML_TEXT, 2);
}

struct xml_token xml_lexer_next(struct xml_lexer *lx, const char *text, size_t len)
{
    if (*text != '<') {
        const char *lt = memchr(text, '<', len);
        return (struct xml_token){.kind = XML_TEXT, .len = lt ? (size_t)(lt - text) : len};
    }
    if (len == 1) return unfinished(lx, XML_TEXT);
    switch (text[1]) {
    case '!': return lex_bang(lx, text, len);
    case '?': return lex_instruction(lx, text, len);
    default: return lex_tag(lx, text, len);
    }
}

size_t xml_lexer_skip_plain(const struct xml_lexer *lx, const char *text, size_t len)
{
    const char *end = text + len;
    const char *at = text;
    if (lx->looked > 0) return 0; /* the unfinished tag would be looked at anew, segment by segment */
    for (;;) {
        const char *lt = memchr(at, '<', (size_t)(end - at));
        if (!lt) return len;
        at = lt + 1;
        if (at < end && *at == '/') at++;
        if (at == end || lx->marks->may_begin[(unsigned char)*at] || !xml_is_name_start(*at))
            return (size_t)(lt - text);
        at = find_in_tag(at, end);
        if (at == end || *at != '>') return (size_t)(lt - text);
        at++;
    }
}
