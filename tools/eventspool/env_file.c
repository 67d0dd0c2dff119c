/*
 * env_file -- see env_file.h. The text is read once, from its beginning to its end: blanks and comments, a name, `=`, a
 * value, the rest of the line. Line breaks are \n or \r\n.
 */
#include "tools/eventspool/env_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/small_file.h"

struct reader {
    const char *at, *end;
    const char *path;
    int line;          /* of `at`, from 1 */
    struct buf *value; /* of the present setting */
};

/* ---- the list ---- */

static char *copy(const char *text, size_t len)
{
    char *text_copy = strndup(text, len);
    if (!text_copy) abort();
    return text_copy;
}

void env_set(struct env *env, char *name, const struct buf *value, int line)
{
    char *text = copy(value->len ? value->data : "", value->len);
    size_t i = 0;
    while (i < env->count && strcmp(env->entries[i].name, name) != 0) i++;
    if (i < env->count) {
        free(env->entries[i].name);
        free(env->entries[i].value);
    } else {
        env->entries = reallocarray(env->entries, env->count + 1, sizeof *env->entries);
        if (!env->entries) abort();
        env->count++;
    }
    env->entries[i] = (struct env_entry){name, text, line};
}

void env_fini(struct env *env)
{
    for (size_t i = 0; i < env->count; i++) {
        free(env->entries[i].name);
        free(env->entries[i].value);
    }
    free(env->entries);
    *env = (struct env){0};
}

void env_apply(const struct env *env)
{
    for (size_t i = 0; i < env->count; i++)
        if (setenv(env->entries[i].name, env->entries[i].value, 0) != 0) abort(); /* no memory */
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    while (value && isspace((unsigned char)*value)) value++;
    return value && *value;
}

void env_apply_defaults(const struct env *env)
{
    for (size_t i = 0; i < env->count; i++)
        if (!is_set(env->entries[i].name) && setenv(env->entries[i].name, env->entries[i].value, 1) != 0)
            abort(); /* no memory */
}

/* ---- characters ---- */

/* The next character, 0 at the end. The \r of a \r\n is passed over. */
static char peek(struct reader *r)
{
    if (r->end - r->at >= 2 && r->at[0] == '\r' && r->at[1] == '\n') r->at++;
    return r->at < r->end ? *r->at : '\0';
}

static char take(struct reader *r)
{
    char c = peek(r);
    if (r->at < r->end) r->at++;
    if (c == '\n') r->line++;
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void skip_blanks(struct reader *r)
{
    while (is_blank(peek(r))) (void)take(r);
}

static void skip_line(struct reader *r)
{
    while (peek(r) && peek(r) != '\n') (void)take(r);
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static enum result refuse(const struct reader *r, int line, const char *what, const char *remedy,
                          struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "%s", remedy);
    return why_set(why, RES_REFUSE, "%s, line %d: %s", r->path, line, what);
}

/* ---- values ---- */

static enum result refuse_dollar(const struct reader *r, struct why *why)
{
    return refuse(
        r, r->line, "a dollar sign in the value: variables are not replaced",
        "put the value into single quotes if the dollar sign is meant, or write $$; else write out what "
        "the variable stands for",
        why);
}

/* Behind a dollar sign that is no escape. */
static enum result take_dollar(struct reader *r, struct why *why)
{
    if (peek(r) != '$') return refuse_dollar(r, why);
    buf_append_char(r->value, take(r));
    return RES_OK;
}

/* Up to the line's end, or a comment; without the blanks before that. */
static enum result read_plain(struct reader *r, struct why *why)
{
    size_t len = 0; /* without trailing blanks */
    enum result res = RES_OK;
    if (peek(r) == '#')
        return refuse(r, r->line, "a # at the beginning of a value: versions of compose disagree about it",
                      "put a comment on a line of its own, or the value into quotes", why);
    while (res == RES_OK && peek(r) && peek(r) != '\n') {
        char c = take(r);
        if (c == '#' && r->value->len > len) break;
        if (c == '$')
            res = take_dollar(r, why);
        else
            buf_append_char(r->value, c);
        if (!is_blank(c)) len = r->value->len;
    }
    skip_line(r);
    r->value->len = len;
    return res;
}

/* Behind a backslash in double quotes. */
static enum result take_escape(struct reader *r, struct why *why)
{
    static const char escapes[] = "n\nr\rt\t\"\"\\\\$$";
    char c = peek(r);
    const char *found = NULL;
    for (const char *e = escapes; *e && !found; e += 2)
        if (*e == c) found = e;
    if (c && strchr("abcfv0", c))
        return refuse(
            r, r->line, "an escape in the value that is not understood",
            "in double quotes \\n \\r \\t \\\" \\\\ and \\$ are; a backslash that is meant is written \\\\",
            why);
    if (!found) {
        buf_append_char(r->value, '\\'); /* it stays, as does what follows */
        return RES_OK;
    }
    (void)take(r);
    buf_append_char(r->value, found[1]);
    return RES_OK;
}

/* At the opening quote. */
static enum result read_quoted(struct reader *r, struct why *why)
{
    int begins = r->line;
    char quote = take(r);
    enum result res = RES_OK;
    while (res == RES_OK && peek(r) && peek(r) != quote) {
        char c = take(r);
        if (c == '\\' && quote == '\'' && peek(r) == '\'')
            buf_append_char(r->value, take(r));
        else if (c == '\\' && quote == '"')
            res = take_escape(r, why);
        else if (c == '$' && quote == '"')
            res = take_dollar(r, why);
        else
            buf_append_char(r->value, c);
    }
    if (res != RES_OK) return res;
    if (!peek(r))
        return refuse(r, begins, "a quote is not closed", "close it, or remove the one that opens the value",
                      why);
    (void)take(r);
    skip_blanks(r);
    if (peek(r) == '#') skip_line(r);
    if (peek(r) && peek(r) != '\n')
        return refuse(r, r->line, "text behind the closing quote",
                      "put all of the value into the quotes; in double quotes a quote is written \\\"", why);
    return RES_OK;
}

/* ---- lines ---- */

/* A name, which the caller owns; NULL if there is none, which `why` explains. */
static char *read_name(struct reader *r, struct why *why)
{
    const char *begins = r->at;
    if (!isalpha((unsigned char)peek(r)) && peek(r) != '_') {
        (void)refuse(r, r->line, "no name of a setting at the beginning",
                     "write NAME=value; a value of several lines needs quotes, a comment begins with #", why);
        return NULL;
    }
    while (is_name_char(peek(r))) (void)take(r);
    return copy(begins, (size_t)(r->at - begins));
}

static void skip_export(struct reader *r)
{
    static const char word[] = "export";
    size_t len = sizeof word - 1;
    if ((size_t)(r->end - r->at) <= len || memcmp(r->at, word, len) != 0) return;
    if (r->at[len] != ' ' && r->at[len] != '\t') return;
    r->at += len;
    skip_blanks(r);
}

/* A setting, from its name to the end of the line. */
static enum result read_setting(struct reader *r, struct env *env, struct why *why)
{
    enum result res = RES_OK;
    int line = r->line;
    skip_export(r);
    char *name = read_name(r, why);
    if (!name) return RES_REFUSE;
    skip_blanks(r);
    char c = peek(r);
    if (c == '=') {
        (void)take(r);
        skip_blanks(r);
        buf_clear(r->value);
        res = peek(r) == '"' || peek(r) == '\'' ? read_quoted(r, why) : read_plain(r, why);
        if (res == RES_OK) {
            env_set(env, name, r->value, line);
            return RES_OK;
        }
    } else if (c && c != '\n') {
        res = refuse(r, r->line, "no = behind the name", "write NAME=value, with a # before a comment", why);
    }
    free(name);
    return res; /* a name alone: the environment's own value */
}

enum result env_parse(struct env *env, const char *path, const char *text, size_t len, struct why *why)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct buf value = BUF_EMPTY;
    struct reader r = {text, text + len, path, 1, &value};
    enum result res = RES_OK;
    if (len >= 3 && memcmp(text, bom, 3) == 0) r.at += 3;
    if (len > 0 && memchr(text, '\0', len))
        res = why_set(why, RES_REFUSE, "%s holds a byte 0: it is no text in UTF-8", path);
    while (res == RES_OK && r.at < r.end) {
        skip_blanks(&r);
        if (peek(&r) == '#')
            skip_line(&r);
        else if (peek(&r) && peek(&r) != '\n')
            res = read_setting(&r, env, why);
        if (res == RES_OK) (void)take(&r);
    }
    buf_fini(&value);
    return res;
}

enum result env_read(struct env *env, const char *path, struct why *why)
{
    struct buf text = BUF_EMPTY;
    enum result res = small_file_read(path, ENV_FILE_MAX, &text, why);
    if (res == RES_OK) res = env_parse(env, path, text.len ? text.data : "", text.len, why);
    buf_fini(&text);
    return res;
}
