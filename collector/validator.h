/*
 * validator -- one candidate with libxml2: well-formed or a reason, as UTF-8, with the columns' values.
 *
 * One parser context, reused; its memory is bounded however many names a sender invents. No DTD, no entities but the
 * five predefined and character references, no network, no XML_PARSE_HUGE. Undeclared prefixes are only warned of by
 * libxml2 but break stricter parsers: they are rejects. Nothing about the names of fields is assumed.
 * Not shared between threads.
 */
#ifndef COLLECTOR_VALIDATOR_H
#define COLLECTOR_VALIDATOR_H

#include "collector/event.h"

#define VALIDATOR_DEPTH_MAX  200 /* libxml2's push parser has no limit of its own */
#define VALIDATOR_DETAIL_MAX 400

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

struct validator *validator_new(void);
void validator_free(struct validator *validator); /* accepts NULL */

/*
 * Judges `len` bytes (no XML declaration before them) that are in `encoding`, "" for UTF-8. The verdict's slices point
 * into `data` or into the validator, and live until its next call.
 */
void validator_check(struct validator *validator, const char *data, size_t len, const char *encoding,
                     struct verdict *verdict);

#endif
