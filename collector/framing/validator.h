/*
 * validator -- one candidate with libxml2: well-formed or a reason, as UTF-8, with the columns' values.
 *
 * One parser context, reused. No DTD, no entities but the five predefined and character references, no network, no
 * XML_PARSE_HUGE. Undeclared prefixes are only warned of by libxml2 but break stricter parsers: they are rejects.
 * Nothing about the names of fields is assumed, but what a sender may invent is bounded by the ceilings below: time
 * grows with an event's length, whatever is in it.
 *
 * Memory: less than 1 MiB between events, after validator_trim() whatever came before. While a large event is judged,
 * up to three times its length where one comment, attribute or the like is most of it, and less than 2 MiB otherwise; and
 * its length as UTF-8 when it is transcoded.
 * Not shared between threads.
 */
#ifndef COLLECTOR_FRAMING_VALIDATOR_H
#define COLLECTOR_FRAMING_VALIDATOR_H

#include "collector/framing/event.h"
#include "collector/framing/index_fields.h"

#define VALIDATOR_DEPTH_MAX      200       /* libxml2's push parser has no limit of its own */
#define VALIDATOR_ATTRIBUTES_MAX 256       /* on one element, namespaces too: libxml2 compares all with all */
#define VALIDATOR_NAMESPACES_MAX 256       /* declared in scope: libxml2 looks at each for every prefix */
#define VALIDATOR_NAME_MAX       1024      /* bytes of a name, a prefix, a namespace */
#define VALIDATOR_NAMES_MAX      16384     /* different names in one event: libxml2's dictionary gets slow */
#define VALIDATOR_NAMES_BYTES    (2 << 20) /* and what that dictionary may hold */
#define VALIDATOR_DETAIL_MAX     400

struct validator;

struct verdict {
    bool is_valid;
    struct slice payload; /* valid: the event as UTF-8 */
    struct slice fields
        [EVENT_FIELD_COUNT];   /* valid: trimmed of white space; absent or at most EVENT_FIELD_MAX bytes */
    enum reject_reason reason; /* not valid, as is detail */
    char detail
        [VALIDATOR_DETAIL_MAX]; /* with line and column; names of elements may stand in it, text never */
};

/* `fields` is borrowed for the validator's life; NULL: the default. */
struct validator *validator_new(const struct index_fields *fields);
void validator_free(struct validator *validator); /* accepts NULL */

/*
 * Judges `len` bytes (no XML declaration before them) that are in `encoding`, "" for UTF-8. The verdict's slices point
 * into `data` or into the validator, and live until its next call.
 */
void validator_check(struct validator *validator, const char *data, size_t len, const char *encoding,
                     struct verdict *verdict);

/* Gives back what a large or strange event has taken, once its verdict has been used. Costs nothing otherwise. */
void validator_trim(struct validator *validator);

#endif
