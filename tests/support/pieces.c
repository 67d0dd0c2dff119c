/* pieces -- see pieces.h. */
#include "tests/support/pieces.h"

#include <stdlib.h>
#include <string.h>

bool slice_begins_with(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

struct slice slice_behind(struct slice text, size_t len)
{
    return (struct slice){text.data + len, text.len - len};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool may_begin_name(char c)
{
    unsigned char byte = (unsigned char)c;
    unsigned char lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || byte == '_' || byte == ':' || byte >= 0x80;
}

static bool may_continue_name(char c)
{
    return may_begin_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static size_t space_len(struct slice text)
{
    size_t len = 0;
    while (len < text.len && is_space(text.data[len])) len++;
    return len;
}

static size_t name_len(struct slice text)
{
    size_t len = 0;
    if (text.len == 0 || !may_begin_name(text.data[0])) return 0;
    while (len < text.len && may_continue_name(text.data[len])) len++;
    return len;
}

/* White space, a name, `=` and a quoted value; 0: the text begins with no attribute. */
static size_t attribute_len(struct slice text)
{
    size_t at = space_len(text);
    size_t name = name_len(slice_behind(text, at));
    if (at == 0 || name == 0) return 0;
    at += name;
    at += space_len(slice_behind(text, at));
    if (at == text.len || text.data[at++] != '=') return 0;
    at += space_len(slice_behind(text, at));
    if (at == text.len || (text.data[at] != '"' && text.data[at] != '\'')) return 0;
    char quote = text.data[at++];
    while (at < text.len && text.data[at] != quote && text.data[at] != '<') at++;
    return at < text.len && text.data[at] == quote ? at + 1 : 0;
}

static struct piece read_tag(struct slice text)
{
    struct piece none = {.kind = PIECE_NONE};
    struct piece piece = {.kind = PIECE_START};
    size_t at = 1;
    if (text.len > 1 && text.data[1] == '/') {
        piece.kind = PIECE_END;
        at++;
    }
    piece.name = (struct slice){text.data + at, name_len(slice_behind(text, at))};
    if (piece.name.len == 0) return none;
    at += piece.name.len;
    for (size_t len; piece.kind == PIECE_START; at += len) {
        len = attribute_len(slice_behind(text, at));
        if (len == 0) break;
        piece.has_attributes = true;
    }
    at += space_len(slice_behind(text, at));
    if (piece.kind == PIECE_START && at < text.len && text.data[at] == '/') {
        piece.kind = PIECE_EMPTY;
        at++;
    }
    if (at == text.len || text.data[at] != '>') return none;
    piece.len = at + 1;
    return piece;
}

/* From an opening to the first closing behind it. */
static struct piece read_enclosed(struct slice text, enum piece_kind kind, size_t opening,
                                  const char *closing)
{
    struct slice inner = slice_behind(text, opening);
    const char *end = memmem(inner.data, inner.len, closing, strlen(closing));
    if (!end) return (struct piece){.kind = PIECE_NONE};
    return (struct piece){.kind = kind, .len = (size_t)(end - text.data) + strlen(closing)};
}

static bool is_declaration(struct slice text)
{
    return slice_begins_with(text, "<?xml") && text.len > 5 &&
           (is_space(text.data[5]) || text.data[5] == '?');
}

struct piece piece_read(struct slice text)
{
    if (text.len < 2 || text.data[0] != '<') return (struct piece){.kind = PIECE_NONE};
    if (slice_begins_with(text, "<!--")) return read_enclosed(text, PIECE_COMMENT, 4, "-->");
    if (slice_begins_with(text, "<![CDATA[")) return read_enclosed(text, PIECE_CDATA, 9, "]]>");
    if (is_declaration(text)) return read_enclosed(text, PIECE_DECLARATION, 5, "?>");
    if (text.data[1] == '?' && name_len(slice_behind(text, 2)) > 0)
        return read_enclosed(text, PIECE_INSTRUCTION, 2, "?>");
    return read_tag(text);
}

static bool holds_end_of_tag(struct slice text)
{
    char quote = '\0';
    for (size_t i = 1; i < text.len; i++) {
        char c = text.data[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return true;
    }
    return false;
}

bool piece_may_follow(struct slice text)
{
    if (text.len == 0 || text.data[0] != '<') return false;
    if (text.len == 1) return true;
    if (piece_read(text).kind != PIECE_NONE) return false;
    if (text.data[1] == '!')
        return true; /* comment, CDATA section, document type: their ends are theirs to know */
    if (text.data[1] == '?') return text.len == 2 || name_len(slice_behind(text, 2)) > 0;
    size_t slash = text.data[1] == '/';
    if (text.len > 1 + slash && name_len(slice_behind(text, 1 + slash)) == 0) return false;
    return !holds_end_of_tag(text);
}

static bool entry_is(const struct xml_names_entry *entry, struct slice name)
{
    const char *colon = memchr(name.data, ':', name.len);
    if (entry->has_any_prefix && colon) name = slice_behind(name, (size_t)(colon - name.data) + 1);
    return name.len == entry->len && memcmp(name.data, entry->text, name.len) == 0;
}

bool name_is_in(const struct xml_names *names, struct slice name)
{
    for (size_t i = 0; i < names->count; i++)
        if (entry_is(&names->list[i], name)) return true;
    return false;
}

bool text_begins_element(struct slice text, const struct xml_names *names)
{
    if (text.len < 3 || text.data[0] != '<') return false;
    struct slice rest = slice_behind(text, 1);
    size_t len = name_len(rest);
    if (len == 0 || len == rest.len) return false;
    return (is_space(rest.data[len]) || rest.data[len] == '/' || rest.data[len] == '>') &&
           name_is_in(names, (struct slice){rest.data, len});
}

size_t text_find_element(struct slice text, const struct xml_names *names)
{
    for (size_t at = 0; at < text.len; at++) {
        const char *bracket = memchr(text.data + at, '<', text.len - at);
        if (!bracket) break;
        at = (size_t)(bracket - text.data);
        if (text_begins_element(slice_behind(text, at), names)) return at;
    }
    return text.len;
}

static bool may_follow_bracket(char c)
{
    unsigned char lower = (unsigned char)c | 0x20;
    return c == '?' || c == '!' || c == '/' || (lower >= 'a' && lower <= 'z') || c == '_';
}

struct units units_at(struct slice text)
{
    if (text.len < 4) return (struct units){1, 0};
    const char *t = text.data;
    if (t[0] == '<' && t[1] == 0 && may_follow_bracket(t[2]) && t[3] == 0) return (struct units){2, 0};
    if (t[0] == 0 && t[1] == '<' && t[2] == 0 && may_follow_bracket(t[3])) return (struct units){2, 1};
    return (struct units){1, 0};
}

char *units_narrow(struct slice text, struct units units, size_t limit, struct slice *narrow)
{
    size_t len = text.len / units.width < limit ? text.len / units.width : limit;
    char *bytes = malloc(len + 1);
    if (!bytes) abort();
    for (size_t i = 0; i < len; i++) {
        const char *unit = text.data + i * units.width;
        bool is_plain = units.width == 1 || unit[1 - units.low] == 0;
        bytes[i] = is_plain ? unit[units.low] : '\xC3';
    }
    bytes[len] = '\0';
    *narrow = (struct slice){bytes, len};
    return bytes;
}
