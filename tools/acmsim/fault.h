/* fault -- the ways in which an event fails to be well-formed XML. */
#ifndef ACMSIM_FAULT_H
#define ACMSIM_FAULT_H

#include "tools/acmsim/plan.h"
#include "tools/acmsim/rng.h"

enum fault {
    FAULT_NONE,
    FAULT_MISMATCHED_TAG,
    FAULT_BARE_AMPERSAND,
    FAULT_UNDEFINED_ENTITY,
    FAULT_BLANK_IN_TAG,
    FAULT_INVALID_UTF8,
    FAULT_CONTROL_CHARACTER,
    FAULT_COUNT
};

/* The field to spoil: a field that is sent, never the gateway's or the cn, by which a test finds the event again.
 */
enum field fault_choose_field(enum fault fault, const struct plan *plan, struct rng *rng);

/* What to put behind the field's text; "" when the fault lies in the tags. */
const char *fault_draw_text(enum fault fault, struct rng *rng);

/* The field's element name as the start and the end tag have it; `size` 64 is enough. */
void fault_name_tags(enum fault fault, enum field field, char *start, char *end, size_t size);

#endif
