/*
 * transcode -- converts an event to UTF-8: from the encoding that its XML declaration names, from UTF-16 that the
 * framer has found by the bytes, or from the default encoding.
 *
 * Memory: the result, about `max` bytes at most, and five times the event's length, a few hundred kilobytes at
 * most, during the work. libxml2's messages are not printed.
 */
#ifndef COLLECTOR_FRAMING_TRANSCODE_H
#define COLLECTOR_FRAMING_TRANSCODE_H

#include <stdbool.h>

#include "collector/framing/event.h"
#include "common/buf.h"

#define TRANSCODE_MAX ((size_t)10000000) /* bytes; libxml2 accepts no longer text */

enum transcoded {
    TRANSCODED,
    TRANSCODE_NO_NAME,   /* XML does not allow this name for an encoding */
    TRANSCODE_UNKNOWN,   /* libxml2 does not know the encoding */
    TRANSCODE_NOT_IN_IT, /* the bytes are not valid in the encoding */
    TRANSCODE_TOO_LONG,  /* the result would be longer than allowed */
};

/* Can this text name an encoding, as XML defines it? */
bool transcode_is_name(const char *encoding);

/* True for "" and the names of UTF-8: nothing needs to be converted. */
bool transcode_is_utf8(const char *encoding);

/* True for "UTF-16LE" and "UTF-16BE", written so: the framer gives them only where the bytes themselves are UTF-16. */
bool transcode_is_utf16(const char *encoding);

/*
 * In all encodings but UTF-16 the event's name must begin with the same bytes of ASCII as in UTF-8, because the framer
 * has read it so.
 *
 * Appends `bytes` as UTF-8, up to `max` bytes of it, to `utf8`, which is empty. After a failure it may hold a part of the result.
 */
enum transcoded transcode(struct slice bytes, const char *encoding, size_t max, struct buf *utf8);

#endif
