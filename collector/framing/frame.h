/*
 * frame -- a stretch of a sender's stream as a value: an event that still has to be validated, or a reject; and what
 * the framer needs to know to find it. What is borrowed, and until when, is said in framer.h.
 */
#ifndef COLLECTOR_FRAMING_FRAME_H
#define COLLECTOR_FRAMING_FRAME_H

#include "collector/framing/event.h"
#include "common/xml/names.h"

struct plain_event; /* collector/framing/plain_event.h */

#define FRAMER_MESSAGE_MAX (8 << 20) /* bytes of one event: libxml2 stops at 10,000,000 */
#define FRAMER_VALUES_MAX  256       /* attributes on one element: XML parsers compare each with all others */
#define FRAMER_SILENCE_MS  10000     /* a sender that has sent nothing for this long is silent */
#define FRAMER_HOLD_MS     60000     /* a gap is held no longer than this */
#define FRAMER_FIXED_BYTES 3072      /* memory of a framer besides what framer_held_bytes() reports */

struct framer_options {
    const struct xml_names *events;  /* EVENT_ELEMENT; borrowed for the framer's life, as is `ignored` */
    const struct xml_names *ignored; /* IGNORE_ELEMENTS */
    size_t max_message;              /* MAX_MESSAGE_SIZE */
    struct plain_event *plain; /* settles plain events; borrowed likewise. NULL: each is to be validated */
};

struct frame {
    bool is_event;    /* an event; else a reject */
    const char *data; /* borrowed until the next call with this framer, as are all texts below */
    size_t len;
    uint64_t at;            /* the position of its first byte in the stream, which begins with 0 */
    uint64_t true_len;      /* bytes received; more than `len` where they were too many to keep */
    const char *encoding;   /* as decided: "" none; "UTF-8"; "UTF-16LE", "UTF-16BE"; else the declared name */
    const char *namespaces; /* declarations of the wrappers around it (namespaces.h), "" for none */
    /*
     * Of an event that is settled: its columns, EVENT_FIELD_COUNT of them, as in struct verdict; it is well-formed UTF-8
     * as it stands. NULL: it still has to be validated.
     */
    const struct slice *fields;
    enum reject_reason reason; /* reject only, as is detail */
    const char *detail;        /* a sentence */
};

#endif
