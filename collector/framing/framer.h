/*
 * framer -- splits a sender's stream into frames: events, and rejects. Pure: no I/O, and the time is given by the caller.
 *
 * Promise: whatever way the stream is cut into segments, the same frames come out, byte for byte, as long as no time
 * passes; only whether a plain event is settled already depends on that. Every byte of the stream is in exactly one
 * frame, or in a separator of docs/reference-input.md. No byte is looked at more often than a few times, whatever the
 * stream: a hostile one makes rejects, no more.
 *
 * A search for `</EVENT>` would not do: CDATA, a comment or an attribute value may hold that text. The framer does not
 * check that an event is well-formed: plain_event.h does for some, and the validator for all others.
 *
 * Memory: what is unfinished, at most `max_message` bytes of it (a buffer may be twice as long while it grows); as much
 * again while text in a multibyte encoding is read, half of it for UTF-16; and about 25 KB for the names and namespaces
 * of open elements.
 */
#ifndef COLLECTOR_FRAMING_FRAMER_H
#define COLLECTOR_FRAMING_FRAMER_H

#include "collector/framing/frame.h"
#include "common/buf.h"

struct framer;

struct framer *framer_new(const struct framer_options *options);
void framer_free(struct framer *framer); /* accepts NULL */

/* For a retry: what comes now has stood in wrappers with these declarations, and its encoding was decided so. */
void framer_resume(struct framer *framer, const char *encoding, const char *namespaces);

/* The next segment, borrowed until framer_next() has returned false; `now_ms`: monotonic. */
void framer_feed(struct framer *framer, const char *data, size_t len, int64_t now_ms);

/* The sender was read and has sent nothing more up to `now_ms`: framer_next() gives what can be reported now. */
void framer_tick(struct framer *framer, int64_t now_ms);

/* The stream has ended: framer_next() gives all that is left. */
void framer_end(struct framer *framer);

/*
 * The next frame; false: nothing can be reported before more bytes or time have come. To be called until it is false.
 */
bool framer_next(struct framer *framer, struct frame *frame);

/*
 * Gives the memory away in which the last frame lies, so that a large one is not copied: the caller frees it, and `data`
 * of the frame stays where it is. False: it must be copied.
 */
bool framer_give(struct framer *framer, const struct frame *frame, struct buf *memory);

/*
 * More frames may be there, but the segment goes: what is still needed of it is copied. framer_next() goes on
 * afterwards as if nothing had happened.
 */
void framer_pause(struct framer *framer);

/*
 * Memory is short: the unfinished event becomes a reject `cut_off` with this detail (or `oversize`, if it is that), or
 * what is held of a gap becomes its reject, and the stream goes on behind it. False: there is nothing to be reported.
 */
bool framer_set_aside(struct framer *framer, const char *detail, struct frame *frame);

/* When framer_tick() may have something to report (monotonic ms), if nothing more is sent; -1: never. */
int64_t framer_due(const struct framer *framer);

/* Is something unfinished held? To be asked when framer_next() has returned false. */
bool framer_is_unfinished(const struct framer *framer);

/* Bytes of the stream that have been fed and are in no frame yet, and may still be. */
uint64_t framer_unreported_bytes(const struct framer *framer);

/* Bytes of memory that are held besides FRAMER_FIXED_BYTES. */
size_t framer_held_bytes(const struct framer *framer);

/* Is the unfinished event larger than MAX_MESSAGE_SIZE already? It becomes a reject, whatever comes. */
bool framer_is_too_large(const struct framer *framer);

/* Elements of IGNORE_ELEMENTS that were passed over. */
uint64_t framer_ignored(const struct framer *framer);

#endif
