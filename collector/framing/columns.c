/* columns -- see columns.h. */
#include "collector/framing/columns.h"

#include <stdlib.h>
#include <string.h>

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
            column_text_clear(columns->open);
        }
        columns->filled[i] = columns->open;
    }
}

void columns_add_text(struct columns *columns, const char *text, size_t len)
{
    column_text_add(columns->open, text, len);
}

void columns_end(struct columns *columns)
{
    columns->open = NULL;
}

struct slice columns_value(const struct columns *columns, enum event_field field)
{
    const struct column_text *filled = columns->filled[field];
    return filled ? column_text_value(filled) : (struct slice){NULL, 0};
}
