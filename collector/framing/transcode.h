/*
 * transcode -- an event from the encoding that its XML declaration names to UTF-8.
 *
 * Promise: memory for the result, never more than TRANSCODE_MAX bytes of it, and a few hundred kilobytes during the
 * work. Nothing is printed.
 */
#ifndef COLLECTOR_FRAMING_TRANSCODE_H
#define COLLECTOR_FRAMING_TRANSCODE_H

#include <stdbool.h>

#include "collector/framing/event.h"
#include "common/buf.h"

#define TRANSCODE_MAX ((size_t)10000000) /* libxml2 takes no longer texts */

enum transcoded {
    TRANSCODED,
    TRANSCODE_NO_NAME,   /* XML allows no encoding of this name */
    TRANSCODE_UNKNOWN,   /* libxml2 does not know it */
    TRANSCODE_NOT_IN_IT, /* the bytes are not in it */
    TRANSCODE_TOO_LONG,  /* the result would be longer than TRANSCODE_MAX */
};

/* "" and UTF-8 by any of its names: nothing needs to be done. */
bool transcode_is_utf8(const char *encoding);

/* Puts `bytes` as UTF-8 into `utf8`, which comes empty; after a failure it holds some of them. */
enum transcoded transcode(struct slice bytes, const char *encoding, struct buf *utf8);

#endif
