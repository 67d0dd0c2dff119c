/*
 * framer -- bytes to candidate events and rejects: where each event begins and ends in a sender's stream. Pure, no I/O.
 *
 * Promise: whatever way the stream is cut into segments, the same frames come out, byte for byte, and no byte is looked
 * at twice. Every byte of the stream is in exactly one frame or is a separator that the contract allows: white space,
 * NUL, a byte order mark, comments, processing instructions, the XML declaration, tags of other elements.
 *
 * A search for `</EVENT>` is not framing: CDATA, a comment or an attribute value may hold that text. The event element
 * does not nest: its start tag inside an unfinished event, anywhere but in a comment or CDATA section, means that the
 * sender was cut off; the unfinished one becomes a reject and the new one begins.
 *
 * Memory: the unfinished piece, never more than `max_message` bytes of it; what is longer is counted, not kept.
 *
 * Whether a candidate is well-formed is the validator's question, not this module's.
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
    bool is_event;    /* a candidate event; else a reject */
    const char *data; /* borrowed until the next call on this framer */
    size_t len;
    uint64_t true_len;         /* more than `len` where the piece was too long to keep whole */
    const char *encoding;      /* event: as declared, "" for none; borrowed likewise */
    enum reject_reason reason; /* reject only, as is detail */
    const char *detail;        /* a constant sentence */
};

/* `element` is 1 to FRAMER_ELEMENT_MAX bytes long, copied; `max_message` at least 10 and longer than it. */
struct framer *framer_new(const char *element, size_t max_message);
void framer_free(struct framer *framer); /* accepts NULL */

/* Gives the next segment. It is borrowed until framer_next() has returned false; only then may another one follow. */
void framer_feed(struct framer *framer, const char *data, size_t len);

/* The next whole frame of what has been fed, or false when all of it has been looked at. */
bool framer_next(struct framer *framer, struct frame *frame);

/* The stream has ended: what is unfinished becomes a last reject; false when nothing is. */
bool framer_end(struct framer *framer, struct frame *frame);

/* After framer_next() has returned false: has something been begun that is not finished? */
bool framer_is_unfinished(const struct framer *framer);

/* Bytes held for an unfinished piece; for accounting. */
size_t framer_held_bytes(const struct framer *framer);

#endif
