/* columns -- see columns.h. Nothing can fail: a text that is too long is cut between characters. */
#include "collector/framing/columns.h"

#include <stdlib.h>
#include <string.h>

#include "common/xml/chars.h"

static const xmlChar *intern(xmlDictPtr dict, const char *text, size_t len)
{
    const xmlChar *name = xmlDictLookup(dict, (const xmlChar *)text, (int)len);
    if (!name) abort();
    return name;
}

void columns_open(struct columns *columns, const struct index_fields *fields, xmlDictPtr dict)
{
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        const char *element = fields->elements[i];
        const char *colon = strchr(element, ':');
        const char *name = colon ? colon + 1 : element;
        struct columns_name *column = &columns->names[i];
        *column = (struct columns_name){0};
        if (!*element) continue;
        column->name = intern(dict, name, strlen(name));
        column->has_any_prefix = colon && *element == '*';
        if (colon && !column->has_any_prefix)
            column->prefix = intern(dict, element, (size_t)(colon - element));
    }
}

void columns_clear(struct columns *columns)
{
    memset(columns->filled, 0, sizeof columns->filled);
    columns->open = NULL;
}

void columns_begin(struct columns *columns, const xmlChar *name, const xmlChar *prefix)
{
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct columns_name *column = &columns->names[i];
        if (name != column->name || columns->filled[i]) continue; /* a repeated child does not count */
        if (prefix != column->prefix && !column->has_any_prefix) continue;
        if (!columns->open) {
            columns->open = &columns->texts[i];
            columns->open->len = 0;
            columns->open->is_cut = false;
        }
        columns->filled[i] = columns->open;
    }
}

/* How many of the first `len` bytes of a longer text are whole characters. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
    return len;
}

void columns_add_text(struct columns *columns, const char *text, size_t len)
{
    struct columns_text *open = columns->open;
    if (open->is_cut) return;
    if (open->len == 0) /* white space before the value is not copied */
        while (len > 0 && xml_is_space(*text)) text++, len--;
    size_t space = sizeof open->text - open->len;
    open->is_cut = len > space;
    if (open->is_cut) len = whole_characters(text, space);
    memcpy(open->text + open->len, text, len);
    open->len += len;
}

void columns_end(struct columns *columns)
{
    columns->open = NULL;
}

struct slice columns_value(const struct columns *columns, enum event_field field)
{
    const struct columns_text *filled = columns->filled[field];
    if (!filled) return (struct slice){NULL, 0};
    size_t len = filled->len;
    while (len > 0 && xml_is_space(filled->text[len - 1])) len--;
    return (struct slice){filled->text, len};
}
