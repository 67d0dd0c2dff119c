/*
 * replace -- see replace.h. Each byte is looked at a fixed number of times, however the markup is broken.
 *
 * A walk finds the forbidden characters in their order, and calls a function with each. In place, the text is first moved
 * towards the end of its buffer: then what is written never passes what is still to be read.
 */
#include "collector/framing/replace.h"

#include <string.h>

#include "common/xml/chars.h"

#define CODE_POINT_MAX 0x10FFFFU

struct walk {
    const char *p;
    const char *end;
    void (*found)(void *context, const char *at, size_t len); /* a forbidden character */
    void *context;
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

static void find_until(struct walk *walk, const char *until, bool has_references)
{
    for (const char *at = walk->p; at < until;) {
        size_t len = xml_forbidden_len(at, (size_t)(until - at));
        if (len == 0 && has_references) len = forbidden_reference_len(at, until);
        if (len > 0) walk->found(walk->context, at, len);
        at += len > 0 ? len : 1;
    }
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

/* The target is a name: only what follows it and a white space may be replaced. */
static void pass_instruction(struct walk *walk)
{
    const char *until = find_end(walk, 2, "?>");
    const char *target_end = walk->p;
    while (target_end < until && !xml_is_space(*target_end)) target_end++;
    walk->p = target_end;
    find_until(walk, until, false);
}

/* In a tag, or in what is none: the values are what stands in quotes behind a `=`. */
static void pass_tag(struct walk *walk)
{
    char before = '<'; /* the last byte that is no white space */
    const char *at = walk->p + 1;
    while (at < walk->end && *at != '>' && *at != '<') {
        if ((*at == '"' || *at == '\'') && before == '=') {
            const char *close = memchr(at + 1, *at, (size_t)(walk->end - at - 1));
            walk->p = at;
            find_until(walk, close ? close : walk->end, true);
            at = walk->p;
        }
        if (at < walk->end && !xml_is_space(*at)) before = *at;
        at += at < walk->end;
    }
    walk->p = at;
}

static void find_all(struct slice event, void (*found)(void *, const char *, size_t), void *context)
{
    struct walk walk = {event.data, event.data + event.len, found, context};
    if (event.len == 0) return;
    while (walk.p < walk.end) {
        if (begins_with(&walk, "<!--")) {
            find_until(&walk, find_end(&walk, 4, "-->"), false);
        } else if (begins_with(&walk, "<![CDATA[")) {
            find_until(&walk, find_end(&walk, 9, "]]>"), false);
        } else if (begins_with(&walk, "<?")) {
            pass_instruction(&walk);
        } else if (walk.end - walk.p > 1 && *walk.p == '<' &&
                   (walk.p[1] == '/' || xml_is_name_start(walk.p[1]))) {
            pass_tag(&walk);
        } else {
            const char *next = memchr(walk.p + 1, '<', (size_t)(walk.end - walk.p - 1));
            find_until(&walk, next ? next : walk.end, true);
        }
    }
}

/* ---- counting ---- */

struct counting {
    size_t count;
    size_t read, written; /* bytes of the replaced characters, and of what replaces them */
    size_t room;          /* by which the latter was ahead at most */
};

static void count(void *context, const char *at, size_t len)
{
    struct counting *c = context;
    (void)at;
    c->count++;
    c->read += len;
    c->written += strlen(REPLACE_TEXT);
    if (c->written > c->read && c->written - c->read > c->room) c->room = c->written - c->read;
}

size_t replace_count(struct slice event, size_t *room)
{
    struct counting c = {0};
    find_all(event, count, &c);
    *room = c.room;
    return c.count;
}

/* ---- replacing ---- */

struct replacing {
    char *out;        /* where to write */
    const char *kept; /* from here on, nothing has been written yet */
};

static void keep_until(struct replacing *r, const char *until)
{
    size_t len = (size_t)(until - r->kept);
    memmove(r->out, r->kept, len);
    r->out += len;
}

static void replace(void *context, const char *at, size_t len)
{
    struct replacing *r = context;
    keep_until(r, at);
    memcpy(r->out, REPLACE_TEXT, strlen(REPLACE_TEXT));
    r->out += strlen(REPLACE_TEXT);
    r->kept = at + len;
}

void replace_characters(struct buf *text, size_t room)
{
    if (text->len == 0) return;
    buf_reserve(text, room);
    struct slice event = {text->data + room, text->len};
    memmove(text->data + room, text->data, text->len);
    struct replacing r = {text->data, event.data};
    find_all(event, replace, &r);
    keep_until(&r, event.data + event.len);
    text->len = (size_t)(r.out - text->data);
}

/* ---- a place ---- */

struct seeking {
    size_t line, column;       /* the place, in what the event becomes */
    size_t at_line, at_column; /* where the seeking is */
    size_t shift;
    const char *kept; /* so far in the event */
};

static bool is_found(const struct seeking *s)
{
    return s->at_line >= s->line && s->at_column >= s->column;
}

static void seek_until(struct seeking *s, const char *until)
{
    for (; s->kept < until && !is_found(s); s->kept++) {
        if (((unsigned char)*s->kept & 0xC0) != 0x80) s->at_column++;
        if (*s->kept == '\n') s->at_line++, s->at_column = 1, s->shift = 0;
    }
}

static void seek(void *context, const char *at, size_t len)
{
    struct seeking *s = context;
    seek_until(s, at);
    if (is_found(s)) return;
    s->at_column++;
    s->shift += *at == '&' ? len - 1 : 0; /* all others are one character as well */
    s->kept = at + len;
}

size_t replace_find_shift(struct slice event, size_t line, size_t column)
{
    struct seeking s = {line, column, 1, 1, 0, event.data};
    find_all(event, seek, &s);
    if (event.len > 0) seek_until(&s, event.data + event.len);
    return s.shift;
}
