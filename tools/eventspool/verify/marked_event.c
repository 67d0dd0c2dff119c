/* marked_event -- see marked_event.h. */
#include "tools/eventspool/verify/marked_event.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/spool.h"

#define CHILDREN_MAX    8 /* INDEX_FIELDS has five columns */
#define CHILD_NAME_SIZE 260

struct child {
    char name[CHILD_NAME_SIZE];
    const char *value;
    int rank; /* of two columns that one element fills, the higher one counts */
};

struct children {
    struct child list[CHILDREN_MAX];
    size_t count;
};

static struct tm utc(int64_t now_ms)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm = {0};
    (void)gmtime_r(&seconds, &tm); /* fails for years that no clock has */
    return tm;
}

const char *marked_event_mark(int64_t now_ms, uint32_t random, char mark[MARKED_EVENT_MARK_SIZE])
{
    char time[24];
    struct tm tm = utc(now_ms);
    (void)strftime(time, sizeof time, "%Y%m%dT%H%M%S", &tm);
    (void)snprintf(mark, MARKED_EVENT_MARK_SIZE, "verify-%s-%08" PRIx32, time, random);
    return mark;
}

/* ---- names in settings ---- */

static const char blanks[] = " \t\r\n\v\f";

/* The next part of a list with commas, without blanks around it and without a `*:` before it. False: there is none. */
static bool take_part(const char **list, char *part, size_t size)
{
    const char *from = *list + strspn(*list, blanks);
    size_t len = strcspn(from, ",");
    if (*from == '\0') return false;
    *list = from + len + (from[len] == ',');
    while (len > 0 && strchr(blanks, from[len - 1])) len--;
    (void)snprintf(part, size, "%.*s", (int)len, from);
    return true;
}

static const char *without_any_prefix(const char *name)
{
    return strncmp(name, "*:", 2) == 0 ? name + 2 : name;
}

const char *marked_event_element(const char *event_element, char element[MARKED_EVENT_ELEMENT_SIZE])
{
    char part[MARKED_EVENT_ELEMENT_SIZE] = "";
    (void)take_part(&event_element, part, sizeof part);
    (void)snprintf(element, MARKED_EVENT_ELEMENT_SIZE, "%s", without_any_prefix(part));
    return element;
}

/* ---- children ---- */

static void add_child(struct children *children, const char *name, const char *value, int rank)
{
    size_t i = 0;
    while (i < children->count && strcmp(children->list[i].name, name) != 0) i++;
    if (i == CHILDREN_MAX || (i < children->count && children->list[i].rank > rank)) return;
    struct child *child = &children->list[i];
    (void)snprintf(child->name, sizeof child->name, "%s", name);
    child->value = value;
    child->rank = rank;
    if (i == children->count) children->count++;
}

/* The children for the columns that INDEX_FIELDS fills, in its order. */
static void add_columns(struct children *children, const char *index_fields, const char *mark,
                        const char *time)
{
    const struct {
        const char *column, *value;
    } columns[] = {{"source_name", "eventspool verify"},
                   {"name", "eventspool verify"},
                   {"time", time},
                   {"uid", mark},
                   {"sender", SPOOL_TEST_SENDER}};
    char part[CHILD_NAME_SIZE + 40];
    while (take_part(&index_fields, part, sizeof part)) {
        size_t len = strcspn(part, "= \t");
        const char *equals = strchr(part, '=');
        for (int i = 0; equals && i < (int)(sizeof columns / sizeof *columns); i++)
            if (strlen(columns[i].column) == len && strncmp(part, columns[i].column, len) == 0)
                add_child(children, without_any_prefix(equals + 1 + strspn(equals + 1, blanks)),
                          columns[i].value, i);
    }
}

/* ---- the text ---- */

static bool has_prefix(const char *name, const char *prefix, size_t len)
{
    return strncmp(name, prefix, len) == 0 && name[len] == ':';
}

/* Declares the prefix of a name, unless a name before it has the same. */
static void declare(struct buf *out, const char *element, const struct children *children, size_t number)
{
    const char *name = number == 0 ? element : children->list[number - 1].name;
    size_t len = strcspn(name, ":");
    if (name[len] == '\0') return;
    for (size_t i = 0; i < number; i++)
        if (has_prefix(i == 0 ? element : children->list[i - 1].name, name, len)) return;
    buf_append_format(out, " xmlns:%.*s=\"urn:eventspool:verify\"", (int)len, name);
}

void marked_event_build(const char *event_element, const char *index_fields, const char *mark, int64_t now_ms,
                        struct buf *out)
{
    char element[MARKED_EVENT_ELEMENT_SIZE];
    char time[24];
    struct children children = {.count = 0};
    struct tm tm = utc(now_ms);
    (void)strftime(time, sizeof time, "%Y%m%d%H%M%SZ", &tm);
    (void)marked_event_element(event_element, element);
    add_columns(&children, index_fields, mark, time);
    buf_append_format(out, "<%s", element);
    for (size_t i = 0; i <= children.count; i++) declare(out, element, &children, i);
    buf_append_char(out, '>');
    for (size_t i = 0; i < children.count; i++)
        buf_append_format(out, "<%s>%s</%s>", children.list[i].name, children.list[i].value,
                          children.list[i].name);
    buf_append_format(out, "<eventspool-verify>%s</eventspool-verify></%s>\n", mark, element);
}
