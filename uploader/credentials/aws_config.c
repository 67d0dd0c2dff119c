/* aws_config -- see aws_config.h. One pass over the lines; each value becomes a property of its profile. */
#include "uploader/credentials/aws_config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/small_file.h"
#include "uploader/credentials/secret.h"

struct aws_property {
    enum aws_section kind;
    const char *section; /* borrowed from the property that says that the section is there */
    const char *
        parent; /* borrowed, its name; NULL: not nested. Nested ones follow their parent's property directly */
    char *heading;     /* owned: the section's name, of that property; else NULL */
    char *name;        /* owned; small letters, as is the parent; "": only says that the section is there */
    char *value;       /* owned */
    size_t value_size; /* of its memory */
};

/* A piece of the text; not terminated. */
struct span {
    const char *text;
    size_t len;
};

struct parser {
    struct aws_config *config;
    enum aws_config_kind kind;
    enum aws_section section_kind;
    const char *section; /* borrowed; NULL: in a section that is passed over, or before the first */
    bool has_value;      /* the line before was a property of this section, or continued one */
    bool is_skipped;     /* it was one of a section that is passed over */
    const char *parent;  /* its name, if it has no value of its own: the next lines may be nested; borrowed */
    size_t indent;       /* of that property's line */
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

static char *copy_small(struct span span)
{
    char *text = copy(span);
    for (char *c = text; *c; c++) *c = (char)tolower((unsigned char)*c);
    return text;
}

/* Returns the new property; NULL: there are too many. */
static struct aws_property *add_property(struct parser *p, const char *parent, struct span name,
                                         struct span value)
{
    struct aws_config *config = p->config;
    if (config->count == AWS_CONFIG_VALUES_MAX) return NULL;
    if (config->count == config->capacity) {
        config->capacity = config->capacity ? 2 * config->capacity : 16;
        config->list = realloc(config->list, config->capacity * sizeof *config->list);
        if (!config->list) abort();
    }
    struct aws_property *property = &config->list[config->count++];
    *property = (struct aws_property){.kind = p->section_kind,
                                      .section = p->section,
                                      .parent = parent,
                                      .name = copy_small(name),
                                      .value = copy(value),
                                      .value_size = value.len + 1};
    return property;
}

/* From a blank and # or ; on it is a comment. */
static struct span without_comment(struct span span)
{
    for (size_t i = 1; i < span.len; i++)
        if ((span.text[i] == '#' || span.text[i] == ';') && is_blank(span.text[i - 1]))
            return trim((struct span){span.text, i});
    return span;
}

/* The name without this word before it; an empty text if that is missing. */
static struct span after_word(struct span name, const char *word)
{
    size_t len = strlen(word);
    if (name.len <= len || memcmp(name.text, word, len) != 0 || !is_blank(name.text[len]))
        return (struct span){"", 0};
    return trim((struct span){name.text + len, name.len - len});
}

static bool is_default(struct span name)
{
    return name.len == 7 && memcmp(name.text, "default", 7) == 0;
}

/* What the section is about; an empty text if it is passed over. */
static struct span find_section(struct parser *p, struct span name)
{
    p->section_kind = AWS_PROFILE;
    if (p->kind == AWS_CREDENTIALS || is_default(name)) return name;
    struct span services = after_word(name, "services");
    if (services.len == 0) return after_word(name, "profile");
    p->section_kind = AWS_SERVICES;
    return services;
}

static bool parse_section(struct parser *p, struct span line)
{
    const char *end = memchr(line.text, ']', line.len);
    if (!end) return false;
    struct span whole = trim((struct span){line.text + 1, (size_t)(end - line.text) - 1});
    struct span name = find_section(p, whole);
    if (name.len >= 2 && strchr("\"'", *name.text) && name.text[name.len - 1] == *name.text)
        name = (struct span){name.text + 1, name.len - 2};
    bool is_known = name.len > 0;
    if (!is_known) p->section_kind = AWS_OTHER;
    p->section = NULL;
    p->has_value = p->is_skipped = false;
    p->parent = NULL;
    struct aws_property *property = add_property(p, NULL, (struct span){"", 0}, (struct span){"", 0});
    if (!property) return false;
    property->section = property->heading = copy(is_known ? name : whole);
    if (is_known) p->section = property->heading; /* of others the name alone is kept */
    return true;
}

static bool split(struct span line, const char *separators, struct span *name, struct span *value)
{
    size_t i = 0;
    while (i < line.len && !memchr(separators, line.text[i], strlen(separators))) i++;
    *name = trim((struct span){line.text, i});
    if (i == line.len) return false;
    *value = trim((struct span){line.text + i + 1, line.len - i - 1});
    return true;
}

/* The memory doubles, so that a value of many lines is not copied for each; what is left behind is wiped. */
static void append_line(struct aws_property *property, struct span line)
{
    size_t len = strlen(property->value);
    size_t needed = len + line.len + 2;
    if (needed > property->value_size) {
        char *longer = malloc(2 * needed);
        if (!longer) abort();
        memcpy(longer, property->value, len);
        secret_free(property->value);
        property->value = longer;
        property->value_size = 2 * needed;
    }
    property->value[len] = '\n';
    memcpy(property->value + len + 1, line.text, line.len);
    property->value[needed - 1] = '\0';
}

/* A nested value, or a line that is added to the last value. */
static bool continue_value(struct parser *p, struct span line)
{
    struct span name;
    struct span value;
    if (p->is_skipped) return true;
    if (p->parent) {
        if (!split(line, "=", &name, &value)) return false;
        return add_property(p, p->parent, name, value) != NULL;
    }
    append_line(&p->config->list[p->config->count - 1], line);
    return true;
}

static bool parse_property(struct parser *p, struct span line, size_t indent)
{
    struct span name;
    struct span value;
    if (!split(line, "=:", &name, &value) || name.len == 0) return false;
    p->has_value = true;
    p->is_skipped = !p->section;
    p->indent = indent;
    p->parent = NULL;
    if (p->is_skipped) return true;
    const struct aws_property *property = add_property(p, NULL, name, value);
    if (!property) return false;
    if (value.len == 0) p->parent = property->name; /* it does not move with the list */
    return true;
}

static bool parse_line(struct parser *p, struct span raw)
{
    struct span line = trim(raw);
    if (line.len == 0 || *line.text == '#' || *line.text == ';') return true;
    size_t indent = (size_t)(line.text - raw.text);
    if (p->has_value && indent > p->indent) return continue_value(p, without_comment(line));
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
            res = why_set(
                why, RES_REFUSE,
                "line %d is not understood: expected [profile name] or name = value, also below a name "
                "without a value, and at most %d values",
                number, AWS_CONFIG_VALUES_MAX);
        from = stop < end ? stop + 1 : end;
    }
    return res;
}

enum result aws_config_read(struct aws_config *config, enum aws_config_kind kind, const char *path,
                            struct why *why)
{
    struct buf text = BUF_EMPTY;
    if (access(path, F_OK) != 0) return RES_OK;
    enum result res = small_file_read(path, AWS_CONFIG_FILE_MAX, &text, why);
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
        free(config->list[i].heading);
        free(config->list[i].name);
        secret_free(config->list[i].value);
    }
    free(config->list);
    *config = (struct aws_config){0};
}

/* ---- lookups ---- */

static bool is_in(const struct aws_property *property, enum aws_section kind, const char *section)
{
    return property->kind == kind && strcmp(property->section, section) == 0;
}

bool aws_config_has(const struct aws_config *config, enum aws_section kind, const char *section)
{
    for (size_t i = 0; i < config->count; i++)
        if (is_in(&config->list[i], kind, section)) return true;
    return false;
}

const char *aws_config_find_mistaken(const struct aws_config *config, const char *profile)
{
    for (size_t i = 0; i < config->count; i++) {
        const char *name = config->list[i].section;
        bool has_word = strncasecmp(name, "profile", 7) == 0 && is_blank(name[7]);
        const char *rest = has_word ? name + 7 + strspn(name + 7, " \t") : name;
        if (config->list[i].kind == AWS_OTHER && strcasecmp(rest, profile) == 0) return name;
    }
    return NULL;
}

/* The last property of this name, not a nested one; NULL: there is none. */
static const struct aws_property *find(const struct aws_config *config, enum aws_section kind,
                                       const char *section, const char *name)
{
    for (size_t i = config->count; i > 0; i--) {
        const struct aws_property *property = &config->list[i - 1];
        if (!property->parent && is_in(property, kind, section) && strcmp(property->name, name) == 0)
            return property;
    }
    return NULL;
}

/* The last one of this name that is nested below that property. */
static const struct aws_property *find_nested(const struct aws_config *config,
                                              const struct aws_property *parent, const char *name)
{
    const struct aws_property *found = NULL;
    const struct aws_property *end = config->list + config->count;
    if (!parent) return NULL;
    for (const struct aws_property *p = parent + 1; p < end && p->parent; p++)
        if (strcmp(p->name, name) == 0) found = p;
    return found;
}

static const char *value_of(const struct aws_property *property)
{
    return property && *property->value ? property->value : NULL;
}

const char *aws_config_get(const struct aws_config *config, const char *profile, const char *name)
{
    return value_of(find(config, AWS_PROFILE, profile, name));
}

const char *aws_config_get_nested(const struct aws_config *config, enum aws_section kind, const char *section,
                                  const char *parent, const char *name)
{
    return value_of(find_nested(config, find(config, kind, section, parent), name));
}

bool aws_config_next(const struct aws_config *config, enum aws_section kind, const char *section, size_t *at,
                     struct aws_value *value)
{
    while (*at < config->count) {
        const struct aws_property *p = &config->list[(*at)++];
        if (!is_in(p, kind, section) || !*p->value) continue;
        const struct aws_property *counts =
            p->parent ? find_nested(config, find(config, kind, section, p->parent), p->name)
                      : find(config, kind, section, p->name);
        *value = (struct aws_value){p->parent, p->name, p->value};
        if (counts == p) return true;
    }
    return false;
}
