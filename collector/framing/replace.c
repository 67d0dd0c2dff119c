/* replace -- see replace.h. Each byte is looked at a fixed number of times, however the markup is broken. */
#include "collector/framing/replace.h"

#include <string.h>

#include "common/xml/chars.h"

#define CODE_POINT_MAX 0x10FFFFU

struct walk {
    const char *p;
    const char *end;
    struct buf *out;
    size_t max; /* of `out`, about: beyond it nothing more is wanted */
    size_t count;
};

static bool is_allowed(uint32_t code)
{
    if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
    return code < 0xD800 || (code > 0xDFFF && code != 0xFFFE && code != 0xFFFF && code <= CODE_POINT_MAX);
}

/* -1: not a digit. */
static int digit_of(char c, bool is_hex)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (is_hex && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (is_hex && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The length of the numeric reference at `p` if it stands for a forbidden character; 0: there is none. */
static size_t forbidden_reference_len(const char *p, const char *end)
{
    const char *at = p + 2;
    uint32_t code = 0;
    if (end - p < 4 || p[0] != '&' || p[1] != '#') return 0;
    bool is_hex = *at == 'x';
    at += is_hex;
    const char *digits = at;
    for (int digit = 0; at < end && (digit = digit_of(*at, is_hex)) >= 0; at++)
        if (code <= CODE_POINT_MAX) code = code * (is_hex ? 16 : 10) + (uint32_t)digit;
    if (at == digits || at == end || *at != ';' || is_allowed(code)) return 0;
    return (size_t)(at + 1 - p);
}

/* Copies as it is. */
static void copy_until(struct walk *walk, const char *until)
{
    buf_append(walk->out, walk->p, (size_t)(until - walk->p));
    walk->p = until;
}

/* Copies, and replaces on the way. */
static void replace_until(struct walk *walk, const char *until, bool has_references)
{
    for (const char *at = walk->p; at < until && walk->out->len <= walk->max;) {
        size_t len = xml_forbidden_len(at, (size_t)(until - at));
        if (len == 0 && has_references) len = forbidden_reference_len(at, until);
        if (len == 0) {
            at++;
            continue;
        }
        copy_until(walk, at);
        buf_append_text(walk->out, REPLACE_TEXT);
        walk->count++;
        walk->p = at += len;
    }
    if (walk->out->len <= walk->max)
        copy_until(walk, until);
    else
        walk->p = until;
}

static bool begins_with(const struct walk *walk, const char *text)
{
    return (size_t)(walk->end - walk->p) >= strlen(text) && memcmp(walk->p, text, strlen(text)) == 0;
}

/* The end of what begins with `open_len` bytes here and ends with `close`. */
static const char *find_end(const struct walk *walk, size_t open_len, const char *close)
{
    const char *from = walk->p + open_len;
    const char *found = memmem(from, (size_t)(walk->end - from), close, strlen(close));
    return found ? found + strlen(close) : walk->end;
}

/* The target is a name: only what follows it and a white space is replaced. */
static void pass_instruction(struct walk *walk)
{
    const char *until = find_end(walk, 2, "?>");
    const char *target_end = walk->p;
    while (target_end < until && !xml_is_space(*target_end)) target_end++;
    copy_until(walk, target_end);
    replace_until(walk, until, false);
}

/* In a tag, or in what is none: the values are what stands in quotes behind a `=`. */
static void pass_tag(struct walk *walk)
{
    char before = '<'; /* the last byte that is no white space */
    const char *at = walk->p + 1;
    while (at < walk->end && *at != '>' && *at != '<') {
        if ((*at == '"' || *at == '\'') && before == '=') {
            const char *close = memchr(at + 1, *at, (size_t)(walk->end - at - 1));
            copy_until(walk, at);
            replace_until(walk, close ? close : walk->end, true);
            at = walk->p;
        }
        if (at < walk->end && !xml_is_space(*at)) before = *at;
        at += at < walk->end;
    }
    copy_until(walk, at);
}

size_t replace_characters(struct slice event, size_t max, struct buf *out)
{
    struct walk walk = {event.data, event.data + event.len, out, max, 0};
    while (walk.p < walk.end && out->len <= max) {
        if (begins_with(&walk, "<!--")) {
            replace_until(&walk, find_end(&walk, 4, "-->"), false);
        } else if (begins_with(&walk, "<![CDATA[")) {
            replace_until(&walk, find_end(&walk, 9, "]]>"), false);
        } else if (begins_with(&walk, "<?")) {
            pass_instruction(&walk);
        } else if (walk.end - walk.p > 1 && *walk.p == '<' &&
                   (walk.p[1] == '/' || xml_is_name_start(walk.p[1]))) {
            pass_tag(&walk);
        } else {
            const char *next = memchr(walk.p + 1, '<', (size_t)(walk.end - walk.p - 1));
            replace_until(&walk, next ? next : walk.end, true);
        }
    }
    return walk.count;
}

/* What of `event` the replacement at `i` stands for. */
static size_t replaced_len(struct slice event, size_t i)
{
    const char *end = event.data[i] == '&' ? memchr(event.data + i, ';', event.len - i) : NULL;
    return end ? (size_t)(end + 1 - event.data) - i : 1;
}

size_t replace_find_shift(struct slice event, struct slice replaced, size_t line, size_t column)
{
    size_t shift = 0;
    size_t at_line = 1;
    size_t at_column = 1;
    size_t i = 0;
    for (size_t k = 0; k < replaced.len && i < event.len && (at_line < line || at_column < column); k++) {
        bool is_same = event.data[i] == replaced.data[k];
        bool is_raw = is_same || (event.data[i] & 0x80) != 0; /* of U+FFFE only the last byte differs */
        size_t len = is_raw ? 1 : replaced_len(event, i);
        if (!is_raw) k += strlen(REPLACE_TEXT) - 1;
        if (((unsigned char)replaced.data[k] & 0xC0) != 0x80 || !is_raw) at_column++, shift += len - 1;
        if (is_same && event.data[i] == '\n') at_line++, at_column = 1, shift = 0;
        i += len;
    }
    return shift;
}
