/*
 * plain_stream -- streams of a few events, most of them plain, with what decides whether the pass over plain events may be
 * sure: declarations of several encodings, byte order marks, UTF-16, wrappers, events that are cut off, and events in each
 * other.
 */
#ifndef TESTS_MODEL_PLAIN_STREAM_H
#define TESTS_MODEL_PLAIN_STREAM_H

#include "collector/framing/index_fields.h"
#include "common/buf.h"
#include "tests/support/chance.h"

#define PLAIN_STREAM_EVENTS  "EVENT, *:Alarm" /* EVENT_ELEMENT */
#define PLAIN_STREAM_IGNORED "ping"           /* IGNORE_ELEMENTS */

/* Appends it. */
void plain_stream_build(struct buf *stream, const struct index_fields *fields, struct chance *chance);

#endif
