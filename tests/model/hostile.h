/*
 * hostile -- streams that make a framer hold or read as much as they can: openings that never close, of each kind, and
 * what looks like something else until its last byte. Each in bytes and in UTF-16.
 */
#ifndef TESTS_MODEL_HOSTILE_H
#define TESTS_MODEL_HOSTILE_H

#include <stdbool.h>

#include "common/buf.h"

/* A stream: `opening`, then `repeated` up to its length. */
struct hostile_stream {
    const char *opening;
    const char *repeated;
    bool is_all_frames; /* every dozen bytes are a frame */
};

enum hostile_units { EIGHT_BIT, LITTLE_ENDIAN_UTF16, BIG_ENDIAN_UTF16, HOSTILE_UNITS };

/* NULL behind the last one. */
const struct hostile_stream *hostile_stream(size_t index);

/* Plain events, as a door controller sends them: a dozen short elements. */
const struct hostile_stream *hostile_plain(void);

/* Appends exactly `len` bytes of it. */
void hostile_append(const struct hostile_stream *stream, enum hostile_units units, size_t len,
                    struct buf *out);

#endif
