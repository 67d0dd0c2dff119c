/*
 * framer -- splits a sender's stream into frames: events that still have to be validated, and rejects. Pure, no I/O.
 *
 * Promise: whatever way the stream is cut into segments, the same frames come out, byte for byte, and no byte is
 * examined twice. Every byte of the stream is in exactly one frame or is a separator that the contract allows: white
 * space, NUL, a byte order mark, comments, processing instructions, the XML declaration, tags of other elements.
 *
 * A search for `</EVENT>` would not do: CDATA, a comment or an attribute value may hold that text. The event element
 * does not nest: its start tag inside an unfinished event, anywhere but in a comment or CDATA section, means that the
 * sender was cut off; the unfinished event becomes a reject and the new one begins.
 *
 * Memory: the unfinished piece, never more than `max_message` bytes of it; further bytes are counted, not kept.
 *
 * The framer does not check that an event is well-formed: the validator does.
 */
#ifndef COLLECTOR_FRAMING_FRAMER_H
#define COLLECTOR_FRAMING_FRAMER_H

#include "collector/framing/event.h"

#define FRAMER_ELEMENT_MAX  256
#define FRAMER_ENCODING_MAX 40
#define FRAMER_MESSAGE_MAX  (8 << 20) /* bytes of one event: libxml2 stops at 10,000,000 */
#define FRAMER_VALUES_MAX   256 /* attributes on one element: XML parsers compare each with all others */

struct framer;

struct frame {
    bool is_event;    /* an event, not validated yet; else a reject */
    const char *data; /* borrowed until the next call with this framer */
    size_t len;
    uint64_t true_len;         /* bytes received; more than `len` where they were too many to keep */
    const char *encoding;      /* the declared encoding, "" for none; borrowed like `data` */
    enum reject_reason reason; /* reject only, as is detail */
    const char *detail;        /* a constant sentence */
};

/* `element` is 1 to FRAMER_ELEMENT_MAX bytes long, copied; `max_message` at least 10 and longer than it. */
struct framer *framer_new(const char *element, size_t max_message);
void framer_free(struct framer *framer); /* accepts NULL */

/* Gives the next segment, borrowed until framer_next() has returned false; only then may another segment follow. */
void framer_feed(struct framer *framer, const char *data, size_t len);

/* The next whole frame; false when the segment is used up. */
bool framer_next(struct framer *framer, struct frame *frame);

/* The stream has ended: an unfinished piece becomes a last reject; false where there is none. */
bool framer_end(struct framer *framer, struct frame *frame);

/* After framer_next() has returned false: is there an unfinished piece? */
bool framer_is_unfinished(const struct framer *framer);

/* Bytes held for an unfinished piece; for accounting. */
size_t framer_held_bytes(const struct framer *framer);

#endif
