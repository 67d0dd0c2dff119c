/*
 * validator -- checks one frame with libxml2: either it is well-formed, and the verdict has its UTF-8 and the columns'
 * values, or the verdict has the reason why not.
 *
 * One parser context is used again and again. There is no DTD, no entity besides the five predefined ones and character
 * references, no network, no XML_PARSE_HUGE. An undeclared prefix makes a reject: libxml2 only warns of it, but
 * stricter parsers fail. Nothing is assumed about the names of fields. The limits below bound what a sender may invent,
 * so that the time grows with an event's length only, whatever its content.
 *
 * Memory: less than 1 MiB between events, once validator_trim() has been called. While a large event is validated, the
 * validator holds up to three times the event's length if one comment, attribute or the like is most of it, and less
 * than 2 MiB otherwise; if the event is transcoded, its length as UTF-8 comes on top. A validator is used by one thread
 * at a time.
 */
#ifndef COLLECTOR_FRAMING_VALIDATOR_H
#define COLLECTOR_FRAMING_VALIDATOR_H

#include "collector/framing/event.h"
#include "collector/framing/index_fields.h"

#define VALIDATOR_DEPTH_MAX 200 /* libxml2's push parser has no limit of its own */
/* On one element, with namespaces: libxml2 compares each with all others */
#define VALIDATOR_ATTRIBUTES_MAX 256
#define VALIDATOR_NAMESPACES_MAX 256       /* in scope: libxml2 searches them for every prefix */
#define VALIDATOR_NAME_MAX       1024      /* bytes of a name, a prefix, a namespace */
#define VALIDATOR_NAMES_MAX      16384     /* different names in one event: libxml2's dictionary gets slow */
#define VALIDATOR_NAMES_BYTES    (2 << 20) /* bytes that the dictionary may hold */
#define VALIDATOR_DETAIL_MAX     400

struct validator;

struct verdict {
    bool is_valid;
    struct slice payload; /* valid: the event as UTF-8 */
    struct slice fields
        [EVENT_FIELD_COUNT];   /* valid: trimmed of white space; absent or at most EVENT_FIELD_MAX bytes */
    enum reject_reason reason; /* if not valid, as is the detail */
    char detail[VALIDATOR_DETAIL_MAX]; /* with line and column; it may name elements, but never shows text */
};

/* `fields` is borrowed for the validator's life; NULL means index_fields_default. Never fails: out of memory aborts. */
struct validator *validator_new(const struct index_fields *fields);
void validator_free(struct validator *validator); /* accepts NULL */

/*
 * Validates `len` bytes (without an XML declaration) in `encoding`, "" for UTF-8. The verdict's slices point into
 * `data` or into the validator's memory, and are valid until the next call with this validator.
 */
void validator_check(struct validator *validator, const char *data, size_t len, const char *encoding,
                     struct verdict *verdict);

/* Frees the memory of a large or strange event, once its verdict has been used. Costs nothing otherwise. */
void validator_trim(struct validator *validator);

#endif
