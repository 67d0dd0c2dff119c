/*
 * render -- one template event as bytes, with a note of the places that differ from sending to sending.
 * Happy path: plan for the size, then declaration, start tag, the kept fields in order, end tag, separator.
 * What can fail: nothing. A truncated event always keeps its whole cn: a reject must be attributable.
 */
#include "tools/acmsim/render.h"

#include <string.h>

static void note_stamp(struct template *v, size_t at, int64_t shift_s)
{
    v->stamp[v->stamp_count].at = at;
    v->stamp[v->stamp_count].shift_s = shift_s;
    v->stamp_count++;
}

/* Remember where in `field`, whose text begins at `at`, something is to be filled in for each sending. */
static void note_places(struct template *v, enum field field, const struct content *c, size_t at)
{
    switch (field) {
    case FIELD_CN: v->cn_at = at; break;
    case FIELD_GATEWAY_DN:
    case FIELD_SOURCE_DN:
        v->gateway_at[v->gateway_count++] =
            at + (size_t)(strstr(c->value[field], GATEWAY_PLACEHOLDER) - c->value[field]);
        break;
    case FIELD_REC_DATE: note_stamp(v, at, c->rec_zone_s); break;
    case FIELD_PANEL_DATE: note_stamp(v, at, c->panel_zone_s - c->panel_lag_s); break;
    case FIELD_REC_DATE_UTC: note_stamp(v, at, 0); break;
    case FIELD_PANEL_DATE_UTC: note_stamp(v, at, -c->panel_lag_s); break;
    default: break;
    }
}

static void add_tag(struct bytes *out, const char *opening, const char *name, const char *closing)
{
    bytes_add_text(out, opening);
    bytes_add_text(out, name);
    bytes_add_text(out, closing);
}

/* Filler that looks like the raw data of a card reader. */
static void add_padding(struct bytes *out, size_t length, struct rng *rng)
{
    static const char digits[] = "0123456789ABCDEF";
    char block[768];

    memset(block, ' ', sizeof block);
    for (size_t i = 0; i < sizeof block && i < length; i++) {
        if (i % 3 != 2) block[i] = digits[rng_below(rng, 16)];
    }
    while (length > 0) {
        size_t part = length < sizeof block ? length : sizeof block;
        bytes_add(out, block, part);
        length -= part;
    }
}

/* An element that is not one of the appliance's; a prefix gets its declaration. */
static void add_sender(struct bytes *out, const struct form *form)
{
    const char *colon = strchr(form->sender_element, ':');

    add_tag(out, "<", form->sender_element, "");
    if (colon != NULL) {
        bytes_add_text(out, " xmlns:");
        bytes_add(out, form->sender_element, (size_t)(colon - form->sender_element));
        bytes_add_text(out, "=\"urn:acmsim\"");
    }
    add_tag(out, ">", form->sender, "");
    add_tag(out, "</", form->sender_element, ">");
    bytes_add_text(out, form->layout.line_end);
}

static enum field find_field(const char *name)
{
    unsigned field = 0;

    while (field < FIELD_COUNT && strcmp(field_name((enum field)field), name) != 0) field++;
    return (enum field)field;
}

static void add_field(struct bytes *out, enum field field, const struct content *c, const struct plan *plan,
                      struct layout layout, enum fault fault, struct rng *rng, struct template *v)
{
    char start[64];
    char end[64];
    const char *spoilt = fault_draw_text(fault, rng);
    size_t padding = field == FIELD_MESSAGE ? plan->padding_bytes : 0;

    fault_name_tags(fault, field, start, end, sizeof start);
    if (plan->text_bytes[field] + padding == 0 && fault == FAULT_NONE && layout.is_self_closing) {
        add_tag(out, "<", start, "/>");
    } else {
        add_tag(out, "<", start, ">");
        note_places(v, field, c, out->length);
        bytes_add(out, c->value[field], plan->text_bytes[field]);
        add_padding(out, padding, rng);
        bytes_add_text(out, spoilt);
        add_tag(out, "</", end, ">");
    }
    bytes_add_text(out, layout.line_end);
}

/* Cut the event off between a third and nine tenths of it, behind the cn; forget the places that went. */
static void truncate_event(struct bytes *out, size_t event_at, struct rng *rng, struct template *v)
{
    size_t length = out->length - event_at;
    size_t cut = event_at + length * 3 / 10 + (size_t)(rng_next(rng) % (length * 6 / 10));
    size_t shortest = v->cn_at + ID_DIGITS + 1;

    out->length = cut > shortest ? cut : shortest;
    while (v->gateway_count > 0 && v->gateway_at[v->gateway_count - 1] + ID_DIGITS > out->length)
        v->gateway_count--;
    while (v->stamp_count > 0 && v->stamp[v->stamp_count - 1].at + STAMP_DIGITS > out->length)
        v->stamp_count--;
}

static void add_fields(const struct content *c, const struct form *form, struct rng *rng, struct bytes *out,
                       struct template *v, const struct plan *plan, enum field spoilt)
{
    enum field replaced = form->sender != NULL ? find_field(form->sender_element) : FIELD_COUNT;

    if (form->sender != NULL) add_sender(out, form);
    for (unsigned field = 0; field < FIELD_COUNT; field++) {
        enum fault fault = field == spoilt ? form->fault : FAULT_NONE;
        if (plan->is_kept[field] && (field != replaced || field == spoilt))
            add_field(out, (enum field)field, c, plan, form->layout, fault, rng, v);
    }
}

void render_event(const struct content *c, const struct form *form, struct rng *rng, struct bytes *out,
                  struct template *v)
{
    struct plan plan;
    enum field spoilt = FIELD_COUNT;
    size_t event_at = 0;

    plan_make(&plan, c, form->layout, form->size_bytes);
    if (form->fault != FAULT_NONE) spoilt = fault_choose_field(form->fault, &plan, rng);
    *v = (struct template){.begin = out->length};
    bytes_add_text(out, form->declaration);
    if (form->declaration[0] != '\0') bytes_add_text(out, form->layout.line_end);
    event_at = out->length;
    add_tag(out, "<", "EVENT", ">");
    bytes_add_text(out, form->layout.line_end);
    add_fields(c, form, rng, out, v, &plan, spoilt);
    add_tag(out, "</", "EVENT", ">");
    v->quality = form->fault != FAULT_NONE ? EVENT_MALFORMED : EVENT_GOOD;
    if (form->is_truncated) {
        truncate_event(out, event_at, rng, v);
        v->quality = EVENT_TRUNCATED;
    } else {
        bytes_add(out, form->separator, form->separator_bytes);
    }
    v->end = out->length;
}
