/*
 * fault -- the ways in which an event fails to be well-formed XML.
 * Happy path: one field of the event is chosen; either its tags or the end of its text get the fault.
 * What can fail: nothing. None of the faults hides the end of the event: only that event is to be lost.
 */
#include "tools/acmsim/fault.h"

#include <stdio.h>
#include <string.h>

#define PICK(rng, table) (table)[rng_below((rng), sizeof(table) / sizeof((table)[0]))]

/* The guide's printed example has its blank in these: "Panel" became "Panel " in every element. */
static enum field choose_panel_field(const struct plan *plan, struct rng *rng)
{
    static const enum field panel_fields[] = {FIELD_PANEL_DATE, FIELD_PANEL_DATE_UTC, FIELD_PANEL_NAME};
    enum field field = PICK(rng, panel_fields);

    return plan->is_kept[field] ? field : FIELD_EVENT_NAME;
}

enum field fault_choose_field(enum fault fault, const struct plan *plan, struct rng *rng)
{
    unsigned field = FIELD_CN;

    if (fault == FAULT_BLANK_IN_TAG) return choose_panel_field(plan, rng);
    while (field == FIELD_CN || field == FIELD_GATEWAY_DN || !plan->is_kept[field])
        field = rng_below(rng, FIELD_COUNT); /* ends: the event's name is always kept */
    return (enum field)field;
}

const char *fault_draw_text(enum fault fault, struct rng *rng)
{
    static const char *const ampersands[] = {" & Co", " AT&T", "&"};
    static const char *const entities[] = {"&eacute;", "&nbsp;", "&Uuml;ber"};
    static const char *const not_utf8[] = {"M\xfcller", "\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xff"};
    static const char *const controls[] = {"\x01", "\x08", "\x0b", "\x1b[0m"};

    switch (fault) {
    case FAULT_BARE_AMPERSAND: return PICK(rng, ampersands);
    case FAULT_UNDEFINED_ENTITY: return PICK(rng, entities);
    case FAULT_INVALID_UTF8: return PICK(rng, not_utf8);
    case FAULT_CONTROL_CHARACTER: return PICK(rng, controls);
    default: return "";
    }
}

void fault_name_tags(enum fault fault, enum field field, char *start, char *end, size_t size)
{
    static const char before_blank[] = "plasectrxPanel";
    const char *name = field_name(field);
    int head = (int)strlen(name) - 4;

    if (strncmp(name, before_blank, strlen(before_blank)) == 0) head = (int)strlen(before_blank);
    if (fault == FAULT_BLANK_IN_TAG)
        snprintf(start, size, "%.*s %s", head, name, name + head);
    else
        snprintf(start, size, "%s", name);
    snprintf(end, size, "%s", start);
    if (fault == FAULT_MISMATCHED_TAG) end[strlen(end) - 1] = 'x';
}
