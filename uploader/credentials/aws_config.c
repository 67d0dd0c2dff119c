/* aws_config -- see aws_config.h. One pass over the lines; each value becomes a property of its profile. */
#include "uploader/credentials/aws_config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uploader/credentials/secret.h"

struct aws_property {
    char *profile; /* owned, as are the next two */
    char *name;    /* small letters; "": only says that the profile is there */
    char *value;
};

/* A piece of the text; not terminated. */
struct span {
    const char *text;
    size_t len;
};

struct parser {
    struct aws_config *config;
    enum aws_config_kind kind;
    char *profile;   /* owned; NULL: in a section that is passed over, or before the first */
    bool has_value;  /* the line before was a property of this profile, or continued one */
    bool is_skipped; /* it was one of a section that is passed over */
    size_t indent;   /* of that property's line */
};

static bool is_blank(char c)
{
    return isspace((unsigned char)c) != 0;
}

static struct span trim(struct span span)
{
    while (span.len > 0 && is_blank(*span.text)) span.text++, span.len--;
    while (span.len > 0 && is_blank(span.text[span.len - 1])) span.len--;
    return span;
}

static char *copy(struct span span)
{
    char *text = malloc(span.len + 1);
    if (!text) abort();
    if (span.len > 0) memcpy(text, span.text, span.len);
    text[span.len] = '\0';
    return text;
}

static void add_property(struct parser *p, struct span name, struct span value)
{
    struct aws_config *config = p->config;
    if (config->count == config->capacity) {
        config->capacity = config->capacity ? 2 * config->capacity : 16;
        config->list = realloc(config->list, config->capacity * sizeof *config->list);
        if (!config->list) abort();
    }
    struct aws_property *property = &config->list[config->count++];
    *property =
        (struct aws_property){copy((struct span){p->profile, strlen(p->profile)}), copy(name), copy(value)};
    for (char *c = property->name; *c; c++) *c = (char)tolower((unsigned char)*c);
}

/* From a blank and # or ; on it is a comment. */
static struct span without_comment(struct span span)
{
    for (size_t i = 1; i < span.len; i++)
        if ((span.text[i] == '#' || span.text[i] == ';') && is_blank(span.text[i - 1]))
            return trim((struct span){span.text, i});
    return span;
}

/* The name without the word `profile` before it; an empty text if that is missing. */
static struct span after_profile(struct span name)
{
    static const char word[] = "profile";
    size_t len = sizeof word - 1;
    if (name.len <= len || memcmp(name.text, word, len) != 0 || !is_blank(name.text[len]))
        return (struct span){"", 0};
    return trim((struct span){name.text + len, name.len - len});
}

static bool is_default(struct span name)
{
    return name.len == 7 && memcmp(name.text, "default", 7) == 0;
}

static bool parse_section(struct parser *p, struct span line)
{
    const char *end = memchr(line.text, ']', line.len);
    if (!end) return false;
    struct span name = trim((struct span){line.text + 1, (size_t)(end - line.text) - 1});
    if (p->kind == AWS_CONFIG && !is_default(name)) name = after_profile(name);
    if (name.len >= 2 && strchr("\"'", *name.text) && name.text[name.len - 1] == *name.text)
        name = (struct span){name.text + 1, name.len - 2};
    free(p->profile);
    p->profile = name.len > 0 ? copy(name) : NULL;
    p->has_value = p->is_skipped = false;
    if (p->profile) add_property(p, (struct span){"", 0}, (struct span){"", 0});
    return true;
}

/* Adds a line to the last value. */
static void continue_value(struct parser *p, struct span line)
{
    if (p->is_skipped) return;
    struct aws_property *property = &p->config->list[p->config->count - 1];
    struct buf longer = BUF_EMPTY;
    buf_reserve(&longer, strlen(property->value) + line.len + 2);
    buf_append_text(&longer, property->value);
    buf_append_char(&longer, '\n');
    buf_append(&longer, line.text, line.len);
    buf_append_char(&longer, '\0');
    secret_free(property->value);
    property->value = longer.data;
}

static bool parse_property(struct parser *p, struct span line, size_t indent)
{
    size_t i = 0;
    while (i < line.len && line.text[i] != '=' && line.text[i] != ':') i++;
    struct span name = trim((struct span){line.text, i});
    if (i == line.len || name.len == 0) return false;
    struct span value = trim((struct span){line.text + i + 1, line.len - i - 1});
    p->has_value = true;
    p->is_skipped = !p->profile;
    p->indent = indent;
    if (p->profile) add_property(p, name, value);
    return true;
}

static bool parse_line(struct parser *p, struct span raw)
{
    struct span line = trim(raw);
    if (line.len == 0 || *line.text == '#' || *line.text == ';') return true;
    size_t indent = (size_t)(line.text - raw.text);
    if (p->has_value && indent > p->indent) {
        continue_value(p, without_comment(line));
        return true;
    }
    if (*line.text == '[') return parse_section(p, line);
    return parse_property(p, without_comment(line), indent);
}

enum result aws_config_parse(struct aws_config *config, enum aws_config_kind kind, const struct buf *text,
                             struct why *why)
{
    struct parser parser = {.config = config, .kind = kind};
    const char *from = text->data;
    const char *end = from + text->len;
    enum result res = RES_OK;
    if (text->len >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0) from += 3;
    for (int number = 1; from < end && res == RES_OK; number++) {
        const char *stop = memchr(from, '\n', (size_t)(end - from));
        if (!stop) stop = end;
        if (!parse_line(&parser, (struct span){from, (size_t)(stop - from)}))
            res = why_set(why, RES_REFUSE,
                          "line %d is not understood: expected [profile name] or name = value", number);
        from = stop < end ? stop + 1 : end;
    }
    free(parser.profile);
    return res;
}

enum result aws_config_read(struct aws_config *config, enum aws_config_kind kind, const char *path,
                            struct why *why)
{
    struct buf text = BUF_EMPTY;
    if (access(path, F_OK) != 0) return RES_OK;
    enum result res = secret_read_file(path, AWS_CONFIG_FILE_MAX, &text, why);
    if (res == RES_OK && text.len > 0) {
        res = aws_config_parse(config, kind, &text, why);
        if (res != RES_OK) (void)why_wrap(why, res, "%s", path);
    }
    secret_fini(&text);
    return res;
}

void aws_config_fini(struct aws_config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        free(config->list[i].profile);
        free(config->list[i].name);
        secret_free(config->list[i].value);
    }
    free(config->list);
    *config = (struct aws_config){0};
}

bool aws_config_has_profile(const struct aws_config *config, const char *profile)
{
    for (size_t i = 0; i < config->count; i++)
        if (strcmp(config->list[i].profile, profile) == 0) return true;
    return false;
}

const char *aws_config_get(const struct aws_config *config, const char *profile, const char *name)
{
    for (size_t i = config->count; i > 0; i--) {
        const struct aws_property *property = &config->list[i - 1];
        if (strcmp(property->profile, profile) == 0 && strcmp(property->name, name) == 0)
            return *property->value ? property->value : NULL;
    }
    return NULL;
}
