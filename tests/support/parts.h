/*
 * parts -- streams whose frames are known, as tables. A stream is the text of its parts, one after the other; what
 * becomes of each is its kind.
 */
#ifndef TESTS_SUPPORT_PARTS_H
#define TESTS_SUPPORT_PARTS_H

#include "common/buf.h"
#include "tests/support/segments.h"

#define PARTS_MAX 9 /* in a stream; the first part of no kind ends it */

struct part {
    struct slice text;
    enum { NO_PART, SKIPPED, AN_EVENT, A_REJECT } kind;
    enum reject_reason reason;
    const char *encoding;
};

#define PART(text, ...)                                                                                      \
    {                                                                                                        \
        BYTES(text), __VA_ARGS__                                                                             \
    }
#define SKIP(text)                    PART(text, SKIPPED, 0, "")
#define EVENT(text)                   PART(text, AN_EVENT, 0, "")
#define EVENT_IN(name, text)          PART(text, AN_EVENT, 0, name)
#define REJECT(reason, text)          PART(text, A_REJECT, REJECT_##reason, "")
#define REJECT_IN(name, reason, text) PART(text, A_REJECT, REJECT_##reason, name)
#define STRAY(text)                   REJECT(STRAY_BYTES, text)

#define X EVENT("<EVENT>x</EVENT>")

/* Appends the parts' text to `stream`, and to `frames` what a framer with that ceiling makes of it. */
void parts_append(const struct part *parts, size_t max_message, struct buf *stream, struct frames *frames);

#endif
