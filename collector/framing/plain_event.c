/*
 * plain_event -- see plain_event.h. The texts that fill columns are those of the event's own children. Which these are is
 * remembered with the event's shape (common/xml/shapes.h), so most events need no look at their names.
 */
#include "collector/framing/plain_event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/framing/column_text.h"
#include "collector/framing/parser.h"
#include "collector/framing/transcode.h"
#include "common/xml/plain.h"
#include "common/xml/shapes.h"

/* What it settles is within what libxml2 would be allowed. */
_Static_assert(XML_PLAIN_DEPTH_MAX <= PARSER_DEPTH_MAX, "deeper elements are rejects");
_Static_assert(XML_PLAIN_NAME_MAX <= PARSER_NAME_MAX, "longer names are rejects");
_Static_assert(XML_PLAIN_MAX <= PARSER_LARGE, "the different names of a longer event are counted");

#define EVENT_DEPTH 1 /* elements that are open in the event, and */
#define CHILD_DEPTH 2 /* in a child of it that has children */

struct plain_event {
    struct plain_name { /* of the element that fills the column */
        const char *text;
        size_t len; /* 0: none that is plain does */
    } names[EVENT_FIELD_COUNT];
    bool may_fill[UINT8_MAX + 1]; /* by the hash of a name; names that fill no column may share one */

    struct xml_shapes *shapes;
    struct known { /* of the events that have a shape */
        const struct xml_names *marks;
        size_t texts[EVENT_FIELD_COUNT]; /* the number of the column's text; XML_SHAPES_NONE: absent */
    } known[XML_SHAPES_MAX];

    /* of the event that is being read: */
    struct known next; /* what will be known, if it gets a shape */
    struct xml_plain reader;
    struct column_text texts[EVENT_FIELD_COUNT];
    struct column_text
        *filled[EVENT_FIELD_COUNT]; /* NULL: absent. Columns that one child fills share its text */
    struct column_text *open;       /* the text that is being read, or NULL */
    struct slice fields[EVENT_FIELD_COUNT];
};

/* Names of ACM begin alike, and end alike. */
static uint8_t hash_of(const char *name, size_t len)
{
    return (uint8_t)(len * 8 + 3 * (unsigned char)name[len - 1] + (unsigned char)name[len / 2]);
}

struct plain_event *plain_event_new(const struct index_fields *fields)
{
    struct plain_event *plain = calloc(1, sizeof *plain);
    if (!plain) abort();
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        const char *element = fields->elements[i];
        if (strncmp(element, "*:", 2) == 0) element += 2;
        if (!*element || strchr(element, ':')) continue;
        plain->names[i] = (struct plain_name){element, strlen(element)};
        plain->may_fill[hash_of(element, strlen(element))] = true;
    }
    plain->shapes = xml_shapes_new();
    return plain;
}

void plain_event_free(struct plain_event *plain)
{
    if (!plain) return;
    xml_shapes_free(plain->shapes);
    free(plain);
}

/* ---- by tags ---- */

/*
 * A child begins. It fills the columns that name it and that no earlier child has filled, as a repeated child does not
 * count. Returns where its text goes; NULL: nowhere. `number` is that of the text in the event's shape.
 */
static struct column_text *find_columns(struct plain_event *plain, const struct xml_plain_tag *tag,
                                        size_t number)
{
    struct column_text *text = NULL;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct plain_name *name = &plain->names[i];
        if (name->len != tag->name_len || plain->filled[i]) continue;
        if (memcmp(name->text, tag->name, name->len) != 0) continue;
        if (!text) {
            text = &plain->texts[i];
            column_text_clear(text);
        }
        plain->filled[i] = text;
        plain->next.texts[i] = number;
    }
    if (text && number == XML_SHAPES_NONE) xml_shapes_give_up(plain->shapes);
    return text;
}

/* Most children fill none, and this shows it at once. */
static inline struct column_text *fill_columns(struct plain_event *plain, const struct xml_plain_tag *tag,
                                               size_t number)
{
    return plain->may_fill[hash_of(tag->name, tag->name_len)] ? find_columns(plain, tag, number) : NULL;
}

static void add_run(struct column_text *column, const struct xml_plain_run *run)
{
    struct xml_plain_text text = xml_plain_text_of(run);
    const char *piece = NULL;
    size_t len = 0;
    if (run->is_literal)
        column_text_add(column, run->at, run->len);
    else
        while (xml_plain_next_piece(&text, &piece, &len)) column_text_add(column, piece, len);
}

/* The tag has been read: the depth is that of the text behind it. */
static void take_tag(struct plain_event *plain, const struct xml_plain_tag *tag)
{
    size_t depth = plain->reader.depth;
    size_t number = xml_shapes_add(plain->shapes, tag);
    if (depth == EVENT_DEPTH) {
        struct column_text *column = tag->kind == XML_PLAIN_LEAF ? fill_columns(plain, tag, number) : NULL;
        if (column) add_run(column, &tag->content);
        plain->open = NULL;
    } else if (depth == CHILD_DEPTH) {
        if (tag->kind == XML_PLAIN_START) plain->open = fill_columns(plain, tag, XML_SHAPES_NONE);
        if (plain->open) add_run(plain->open, &tag->text);
    }
}

static bool is_mark(const struct xml_names *marks, const struct xml_plain_tag *tag)
{
    return marks->may_begin[(unsigned char)*tag->name] && xml_names_hold(marks, tag->name, tag->name_len);
}

/* Returns the bytes of the event, or 0, as plain_event_read(). */
static size_t read_tags(struct plain_event *plain, const struct xml_names *marks, const char *text,
                        size_t len)
{
    struct xml_plain_tag tag;
    xml_plain_begin(&plain->reader, text, len);
    while (xml_plain_next(&plain->reader, &tag)) {
        bool is_own = tag.name == text + 1;
        if (marks && !is_own && tag.kind != XML_PLAIN_END && is_mark(marks, &tag)) return 0;
        take_tag(plain, &tag);
    }
    return xml_plain_len(&plain->reader);
}

static size_t read_unknown(struct plain_event *plain, const struct xml_names *marks, const char *text,
                           size_t len)
{
    memset(plain->filled, 0, sizeof plain->filled);
    plain->open = NULL;
    plain->next.marks = marks;
    xml_shapes_begin(plain->shapes, text);
    size_t event_len = read_tags(plain, marks, text, len);
    if (event_len == 0) return 0;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        bool is_there = plain->filled[i];
        plain->fields[i] = is_there ? column_text_value(plain->filled[i]) : (struct slice){NULL, 0};
        if (!is_there) plain->next.texts[i] = XML_SHAPES_NONE;
    }
    size_t shape = xml_shapes_end(plain->shapes, event_len);
    if (shape != XML_SHAPES_NONE) plain->known[shape] = plain->next;
    return event_len;
}

/* ---- by shape ---- */

static void fill_field(struct plain_event *plain, size_t field, const struct xml_plain_run *run)
{
    struct column_text *column = &plain->texts[field];
    column_text_clear(column);
    add_run(column, run);
    plain->fields[field] = column_text_value(column);
}

/* Names that are marks to one caller may be none to another. */
static bool read_known(struct plain_event *plain, const struct xml_names *marks, const char *text, size_t len,
                       struct xml_shaped *shaped)
{
    if (!xml_shapes_read(plain->shapes, text, len, shaped)) return false;
    const struct known *known = &plain->known[shaped->shape];
    if (known->marks != marks) return false;
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        plain->fields[i] = (struct slice){NULL, 0};
        if (known->texts[i] != XML_SHAPES_NONE) fill_field(plain, i, &shaped->texts[known->texts[i]]);
    }
    return true;
}

/* ---- either way ---- */

/* US-ASCII is UTF-8 as long as the bytes keep to it. */
static bool is_ascii_name(const char *encoding)
{
    return strcasecmp(encoding, "US-ASCII") == 0;
}

size_t plain_event_read(struct plain_event *plain, const struct xml_names *marks, const char *encoding,
                        const char *text, size_t len)
{
    struct xml_shaped shaped;
    if (!transcode_is_utf8(encoding) && !is_ascii_name(encoding)) return 0;
    bool is_known = read_known(plain, marks, text, len, &shaped);
    size_t event_len = is_known ? shaped.len : read_unknown(plain, marks, text, len);
    bool is_ascii = is_known ? shaped.is_ascii : plain->reader.is_ascii;
    return is_ascii || !is_ascii_name(encoding) ? event_len : 0;
}

const struct slice *plain_event_fields(const struct plain_event *plain)
{
    return plain->fields;
}
