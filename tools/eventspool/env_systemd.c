/*
 * env_systemd -- see env_systemd.h. The text is read once: white space and comments, a name, `=`, a value up to a line
 * break that nothing protects. Each \n and each \r is a line break.
 */
#include "tools/eventspool/env_systemd.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/utf8.h"

struct reader {
    const char *at, *end;
    int line; /* of `at`, from 1 */
};

/* The next character, 0 at the end. */
static char peek(const struct reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static char take(struct reader *r)
{
    char c = peek(r);
    if (r->at < r->end) r->at++;
    if (c == '\n') r->line++;
    return c;
}

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || is_line_break(c);
}

static void skip_comment(struct reader *r)
{
    for (char c = take(r); c && !is_line_break(c); c = take(r))
        if (c == '\\') (void)take(r);
}

static void trim(struct buf *text, size_t from)
{
    while (text->len > from && is_space(text->data[text->len - 1])) text->len--;
}

/* ---- values ---- */

/* Behind the opening quote. */
static void read_single_quoted(struct reader *r, struct buf *value)
{
    for (char c = take(r); c && c != '\''; c = take(r)) buf_append_char(value, c);
}

/* Behind the opening quote. */
static void read_double_quoted(struct reader *r, struct buf *value)
{
    for (char c = take(r); c && c != '"'; c = take(r)) {
        if (c != '\\') {
            buf_append_char(value, c);
            continue;
        }
        c = take(r);
        if (!c) return;
        if (!strchr("\"\\`$\n", c)) buf_append_char(value, '\\');
        if (c != '\n') buf_append_char(value, c);
    }
}

/* Without quotes: up to a line break. What a backslash protects is not trimmed. */
static void read_plain(struct reader *r, struct buf *value)
{
    size_t kept_len = value->len;
    while (peek(r) && !is_line_break(peek(r))) {
        char c = take(r);
        if (c == '\\') {
            c = take(r);
            if (c && !is_line_break(c)) buf_append_char(value, c);
            kept_len = value->len;
        } else {
            buf_append_char(value, c);
        }
    }
    trim(value, kept_len);
}

/* Behind the `=`: parts in quotes, with white space between them that does not count, and at last one without. */
static void read_value(struct reader *r, struct buf *value)
{
    while (peek(r) && !is_line_break(peek(r))) {
        char c = peek(r);
        if (c != '\'' && c != '"' && !is_space(c)) {
            read_plain(r, value);
            return;
        }
        (void)take(r);
        if (c == '\'') read_single_quoted(r, value);
        if (c == '"') read_double_quoted(r, value);
    }
}

/* ---- lines ---- */

/* A name of one character or more that is followed by `=`, which is taken. False if the line has none. */
static bool read_name(struct reader *r, struct buf *name)
{
    buf_append_char(name, take(r));
    while (peek(r) && peek(r) != '=' && !is_line_break(peek(r))) buf_append_char(name, take(r));
    trim(name, 0);
    return take(r) == '=';
}

static void set(struct env *env, const struct buf *name, const struct buf *value, int line)
{
    char *copy = strndup(name->len ? name->data : "", name->len);
    if (!copy) abort();
    env_set(env, copy, value, line);
}

void env_systemd_parse(struct env *env, const char *text, size_t len)
{
    struct reader r = {text, text + len, 1};
    struct buf name = BUF_EMPTY;
    struct buf value = BUF_EMPTY;
    if (memchr(text, '\0', len) || utf8_valid_len(text, len) != len) return;
    while (peek(&r)) {
        int line = r.line;
        buf_clear(&name);
        buf_clear(&value);
        if (is_space(peek(&r))) {
            (void)take(&r);
        } else if (peek(&r) == '#' || peek(&r) == ';') {
            skip_comment(&r);
        } else if (read_name(&r, &name)) {
            read_value(&r, &value);
            set(env, &name, &value, line);
        }
    }
    buf_fini(&value);
    buf_fini(&name);
}

/* ---- differences ---- */

static const struct env_entry *find(const struct env *env, const char *name)
{
    for (size_t i = 0; i < env->count; i++)
        if (strcmp(env->entries[i].name, name) == 0) return &env->entries[i];
    return NULL;
}

/* Can a variable of systemd's have this name? */
static bool is_name(const char *name)
{
    bool is_valid = isalpha((unsigned char)*name) || *name == '_';
    for (; *name && is_valid; name++) is_valid = isalnum((unsigned char)*name) || *name == '_';
    return is_valid;
}

void env_systemd_compare(const struct env *ours, const struct env *systemds,
                         void (*tell)(void *context, enum env_difference what, const struct env_entry *entry),
                         void *context)
{
    for (size_t i = 0; i < ours->count; i++) {
        const struct env_entry *entry = &ours->entries[i];
        const struct env_entry *other = find(systemds, entry->name);
        if (!is_name(entry->name)) continue;
        if (!other)
            tell(context, ENV_NOT_SEEN, entry);
        else if (strcmp(entry->value, other->value) != 0)
            tell(context, ENV_DIFFERENT_VALUE, entry);
    }
    for (size_t i = 0; i < systemds->count; i++)
        if (is_name(systemds->entries[i].name) && !find(ours, systemds->entries[i].name))
            tell(context, ENV_NOT_OURS, &systemds->entries[i]);
}
