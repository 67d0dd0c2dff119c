/* markup -- see markup.h. Each function walks its text once; nothing can fail. */
#include "collector/framing/markup.h"

#include <string.h>

#include "common/xml/chars.h"

struct cursor {
    const char *p;
    const char *end;
};

struct slice markup_trimmed(struct slice text)
{
    while (text.len > 0 && xml_is_space(*text.data)) text.data++, text.len--;
    while (text.len > 0 && xml_is_space(text.data[text.len - 1])) text.len--;
    return text;
}

static bool take_spaces(struct cursor *at)
{
    const char *from = at->p;
    while (at->p < at->end && xml_is_space(*at->p)) at->p++;
    return at->p > from;
}

static bool take_char(struct cursor *at, char c)
{
    if (at->p == at->end || *at->p != c) return false;
    at->p++;
    return true;
}

static bool take_name(struct cursor *at)
{
    if (at->p == at->end || !xml_is_name_start(*at->p)) return false;
    while (at->p < at->end && xml_is_name_char(*at->p)) at->p++;
    return true;
}

/* = "value"; the value's place goes to `value`, `len`. */
static bool take_value(struct cursor *at, const char **value, size_t *len)
{
    (void)take_spaces(at);
    if (!take_char(at, '=')) return false;
    (void)take_spaces(at);
    if (at->p == at->end || (*at->p != '"' && *at->p != '\'')) return false;
    const char *close = memchr(at->p + 1, *at->p, (size_t)(at->end - at->p - 1));
    if (!close) return false;
    *value = at->p + 1;
    *len = (size_t)(close - at->p - 1);
    if (memchr(*value, '<', *len)) return false; /* XML 1.0, production AttValue */
    at->p = close + 1;
    return true;
}

bool markup_is_name(const char *text, size_t len)
{
    struct cursor at = {text, text + len};
    return take_name(&at) && at.p == at.end;
}

bool markup_is_tag(const char *text, size_t len)
{
    struct cursor at = {text, text + len};
    const char *value = NULL;
    size_t value_len = 0;

    if (!take_char(&at, '<')) return false;
    bool is_end = take_char(&at, '/');
    if (!take_name(&at)) return false;
    while (take_spaces(&at) && !is_end && take_name(&at))
        if (!take_value(&at, &value, &value_len)) return false;
    if (!is_end) (void)take_char(&at, '/');
    return take_char(&at, '>') && at.p == at.end;
}

bool markup_is_declaration(const char *text, size_t len)
{
    struct cursor at = {text + strlen("<?xml"), text + len};
    const char *value = NULL;
    size_t value_len = 0;
    while (take_spaces(&at) && take_name(&at))
        if (!take_value(&at, &value, &value_len)) return false;
    return take_char(&at, '?') && take_char(&at, '>') && at.p == at.end;
}

bool markup_next_attribute(struct slice tag, size_t *at, struct slice *name, struct slice *value)
{
    struct cursor cursor = {tag.data + *at, tag.data + tag.len};
    const char *text = NULL;
    size_t text_len = 0;
    if (*at == 0 && (!take_char(&cursor, '<') || !take_name(&cursor))) return false;
    if (!take_spaces(&cursor)) return false;
    name->data = cursor.p;
    if (!take_name(&cursor)) return false;
    name->len = (size_t)(cursor.p - name->data);
    if (!take_value(&cursor, &text, &text_len)) return false;
    *value = (struct slice){text - 1, text_len + 2};
    *at = (size_t)(cursor.p - tag.data);
    return true;
}

/* Moves past what begins with `open` and ends with `close`, which ends in '>', or to the end. */
static bool take_section(struct cursor *at, const char *open, const char *close)
{
    size_t open_len = strlen(open);
    size_t close_len = strlen(close);
    if ((size_t)(at->end - at->p) < open_len || memcmp(at->p, open, open_len) != 0) return false;
    const char *content = at->p + open_len;
    at->p = content;
    while (at->p < at->end && (at->p = memchr(at->p, '>', (size_t)(at->end - at->p))) != NULL) {
        at->p++;
        if ((size_t)(at->p - content) >= close_len && memcmp(at->p - close_len, close, close_len) == 0)
            return true;
    }
    at->p = at->end;
    return true;
}

/* Moves past a tag; stops, and returns true, at its quoted value number `max` + 1. */
static bool pass_tag(struct cursor *at, size_t max)
{
    size_t values = 0;
    for (at->p++; at->p < at->end && *at->p != '>' && *at->p != '<'; at->p++) {
        if (*at->p != '"' && *at->p != '\'') continue;
        if (++values > max) return true;
        const char *close = memchr(at->p + 1, *at->p, (size_t)(at->end - at->p - 1));
        at->p = close ? close : at->end - 1;
    }
    return false;
}

size_t markup_find_crowded_tag(const char *text, size_t len, size_t max)
{
    struct cursor at = {text, text + len};
    while (at.p < at.end && (at.p = memchr(at.p, '<', (size_t)(at.end - at.p))) != NULL) {
        if (take_section(&at, "<!--", "-->") || take_section(&at, "<![CDATA[", "]]>") ||
            take_section(&at, "<?", "?>"))
            continue;
        if (pass_tag(&at, max)) return (size_t)(at.p - text);
    }
    return len;
}

void markup_read_declaration(const char *text, size_t len, char *encoding, size_t size)
{
    struct cursor at = {text, text + len};
    const char *value = NULL;
    size_t value_len = 0;

    if (len < 6 || memcmp(text, "<?xml", 5) != 0 || !xml_is_space(text[5])) return;
    encoding[0] = '\0';
    at.p += 5;
    while (take_spaces(&at)) {
        const char *name = at.p;
        if (!take_name(&at)) return;
        size_t name_len = (size_t)(at.p - name);
        if (!take_value(&at, &value, &value_len)) return;
        if (name_len != strlen("encoding") || memcmp(name, "encoding", name_len) != 0) continue;
        if (value_len >= size) value_len = size - 1;
        memcpy(encoding, value, value_len);
        encoding[value_len] = '\0';
    }
}
