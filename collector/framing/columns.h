/*
 * columns -- picks the texts of those child elements of an event that fill columns, while libxml2 reads the event.
 *
 * Names are compared by address, so they must come from the dictionary that columns_open() was called with. The calls
 * columns_begin() to columns_end() are for the event's own children only.
 */
#ifndef COLLECTOR_FRAMING_COLUMNS_H
#define COLLECTOR_FRAMING_COLUMNS_H

#include <libxml/tree.h>

#include "collector/framing/column_text.h"
#include "collector/framing/index_fields.h"

struct columns {               /* starts zeroed */
    struct columns_name {      /* in the dictionary */
        const xmlChar *name;   /* NULL: the column stays empty */
        const xmlChar *prefix; /* NULL: none */
        bool has_any_prefix;
    } names[EVENT_FIELD_COUNT];

    /* of the present event: */
    struct column_text texts[EVENT_FIELD_COUNT];
    struct column_text
        *filled[EVENT_FIELD_COUNT]; /* NULL: absent. Columns that one child fills share its text */
    struct column_text *open;       /* the text that is being read, or NULL */
};

void columns_open(struct columns *columns, const struct index_fields *fields, xmlDictPtr dict);

/* For the next event. */
void columns_clear(struct columns *columns);

/* A child begins. It fills the columns that name it and that no earlier child has filled. */
void columns_begin(struct columns *columns, const xmlChar *name, const xmlChar *prefix);

/* Its text, in pieces; only while `open` is set. */
void columns_add_text(struct columns *columns, const char *text, size_t len);

void columns_end(struct columns *columns);

/* The column's value, trimmed of white space; absent: no child has filled it. Valid until the next event. */
struct slice columns_value(const struct columns *columns, enum event_field field);

#endif
