/*
 * validator -- checks one frame: plain events by a pass of our own (plain_event.h), all else with libxml2. Either it
 * is well-formed, and the verdict has its UTF-8 and the columns' values, or the verdict has the reason why not.
 *
 * Nothing is assumed about the names of fields. The parser's limits (parser.h) bound what a sender may invent.
 *
 * An event that fails, and that the options can mend, is changed and parsed again: forbidden characters are replaced,
 * and prefixes that it does not declare are declared in it. A prefix that is declared nowhere makes a reject: libxml2
 * only warns of it, but stricter parsers fail.
 *
 * Memory: less than 1 MiB between events, once validator_trim() has been called. While a large event is validated, the
 * validator holds its length once more if one instruction, attribute or CDATA section is most of it, and less than 2 MiB
 * otherwise (more if it is not terminated). If the event is transcoded or changed otherwise, its length as UTF-8 comes on
 * top, once for all changes. A validator is used by one thread at a time.
 */
#ifndef COLLECTOR_FRAMING_VALIDATOR_H
#define COLLECTOR_FRAMING_VALIDATOR_H

#include "collector/framing/event.h"
#include "collector/framing/index_fields.h"
#include "common/buf.h"

#define VALIDATOR_DETAIL_MAX 400

struct validator;

struct validator_options {
    const struct index_fields *fields; /* NULL: index_fields_default */
    /* Of an event that declares none and is not UTF-8; "UTF-8" or NULL: such an event is a reject */
    const char *default_encoding;
    bool replaces_invalid;  /* INVALID_CHARACTERS=replace */
    bool is_libxml2_alone;  /* VALIDATOR=libxml2: it judges plain events, too */
    const char *namespaces; /* XML_NAMESPACES as declarations (namespaces.h); "" or NULL for none */
    size_t
        longest_bytes; /* of an event as UTF-8, with its changes; 0: TRANSCODE_MAX, which is always the limit */
};

struct validator_input { /* one frame, without an XML declaration; all borrowed */
    const char *data;
    size_t len;
    /*
     * As the framer has decided it: "" where none is declared (then it is UTF-8 or, where the bytes are not, the
     * default encoding); "UTF-8" by a byte order mark or a declaration; "UTF-16LE" or "UTF-16BE" by the bytes
     * themselves; else the declared name.
     */
    const char *encoding;
    const char *namespaces; /* declarations of the wrappers around it (namespaces.h), "" for none */
    bool is_terminated;     /* a NUL stands behind the data: a large frame needs less memory then */
};

struct verdict {
    bool is_valid;
    struct slice payload; /* valid: the event as UTF-8; else absent */
    size_t replaced;      /* valid: characters that became U+FFFD */
    struct slice fields
        [EVENT_FIELD_COUNT];   /* valid: trimmed of white space; absent or at most EVENT_FIELD_MAX bytes */
    enum reject_reason reason; /* if not valid, as is the detail */
    /* With line and column of the event as received; it may name elements and prefixes, but never shows text */
    char detail[VALIDATOR_DETAIL_MAX];
};

/*
 * The options, and all that they point to, are borrowed for the validator's life. NULL: the defaults. Never fails: out
 * of memory aborts.
 */
struct validator *validator_new(const struct validator_options *options);
void validator_free(struct validator *validator); /* accepts NULL */

/*
 * Validates one frame. The verdict's slices point into the input's data or into the validator's memory, and are valid
 * until the next call with this validator.
 */
void validator_check(struct validator *validator, const struct validator_input *input,
                     struct verdict *verdict);

/*
 * Gives the memory away in which a changed payload lies, so that a large one is not copied: the caller frees it, and finds
 * the payload at its beginning. False: the payload has not been changed.
 */
bool validator_give(struct validator *validator, struct slice payload, struct buf *memory);

/*
 * The memory that validating a frame of `len` bytes may take besides the frame itself, with what it makes of it; a small
 * one's, which is part of the 1 MiB, counts as 0. `encoding` and `namespaces` as in the input.
 */
size_t validator_work_bytes(const struct validator_options *options, size_t len, const char *encoding,
                            const char *namespaces);

/* Frees the memory of a large or strange event, once its verdict has been used. Costs nothing otherwise. */
void validator_trim(struct validator *validator);

#endif
