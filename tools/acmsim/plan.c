/*
 * plan -- which fields of an event are sent, and how much of each text, so that it has the size asked for.
 * Happy path: the five fields that identify an event first, then the others in the wire's order as long as
 * they fit; what is missing at the end is made up by padding the message. What can fail: nothing; below about
 * 201 bytes an event cannot be made, so 200 gives 201.
 */
#include "tools/acmsim/plan.h"

#include <string.h>

static const enum field always[] = {FIELD_GATEWAY_DN, FIELD_CN, FIELD_REC_DATE_UTC, FIELD_EVENT_NAME,
                                    FIELD_SOURCE_NAME};

static size_t element_bytes(enum field field, size_t text_bytes, struct layout layout)
{
    size_t name = strlen(field_name(field));
    bool is_short = text_bytes == 0 && layout.is_self_closing;

    return (is_short ? name + strlen("</>") : 2 * name + strlen("<></>") + text_bytes) +
           strlen(layout.line_end);
}

/* The longest beginning of `text` within `space` that splits neither a character nor an entity. */
static size_t cut_text(const char *text, size_t space)
{
    size_t length = strlen(text);
    size_t i = 0;

    if (length <= space) return length;
    while (space > 0 && ((unsigned char)text[space] & 0xc0u) == 0x80) space--;
    for (i = space; i > 0 && text[i - 1] != ';'; i--) {
        if (text[i - 1] == '&') return i - 1;
    }
    return space;
}

/* Shorten one kept text so that the event loses `surplus` bytes or all of the text; returns the bytes lost.
 */
static size_t shorten(struct plan *p, const struct content *c, enum field field, size_t floor, size_t surplus,
                      struct layout layout)
{
    size_t before = p->text_bytes[field];
    size_t space = before > surplus + floor ? before - surplus : floor;

    p->text_bytes[field] = cut_text(c->value[field], space);
    return element_bytes(field, before, layout) - element_bytes(field, p->text_bytes[field], layout);
}

static size_t keep(struct plan *p, const struct content *c, enum field field, struct layout layout)
{
    p->is_kept[field] = true;
    p->text_bytes[field] = strlen(c->value[field]);
    return element_bytes(field, p->text_bytes[field], layout);
}

/* The five fields are too long: first the tail of the gateway's DN goes, then the names from their ends. */
static size_t shorten_names(struct plan *p, const struct content *c, struct layout layout, size_t total,
                            size_t size)
{
    size_t bare_dn = strlen(GATEWAY_DN_PREFIX GATEWAY_PLACEHOLDER);

    total -= shorten(p, c, FIELD_GATEWAY_DN, bare_dn, p->text_bytes[FIELD_GATEWAY_DN], layout);
    if (total > size) total -= shorten(p, c, FIELD_SOURCE_NAME, 0, total - size, layout);
    if (total > size) total -= shorten(p, c, FIELD_EVENT_NAME, 0, total - size, layout);
    return total;
}

static void plan_padding(struct plan *p, struct layout layout, size_t missing)
{
    size_t opening = 0; /* what an empty message costs more once it is filled */

    if (p->text_bytes[FIELD_MESSAGE] == 0)
        opening = element_bytes(FIELD_MESSAGE, 1, layout) - 1 - element_bytes(FIELD_MESSAGE, 0, layout);
    if (p->is_kept[FIELD_MESSAGE] && missing > opening) p->padding_bytes = missing - opening;
}

void plan_make(struct plan *p, const struct content *c, struct layout layout, size_t size)
{
    size_t total = strlen("<EVENT></EVENT>") + strlen(layout.line_end);

    *p = (struct plan){0};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) total += keep(p, c, always[i], layout);
    if (size != 0 && total > size) total = shorten_names(p, c, layout, total, size);
    for (unsigned field = 0; field < FIELD_COUNT; field++) {
        size_t more = element_bytes((enum field)field, strlen(c->value[field]), layout);
        if (!p->is_kept[field] && (size == 0 || total + more <= size))
            total += keep(p, c, (enum field)field, layout);
    }
    if (total < size) plan_padding(p, layout, size - total);
}
