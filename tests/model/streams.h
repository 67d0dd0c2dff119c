/*
 * streams -- streams of every kind that a sender may send, with the truth about each of their parts: written down while
 * a stream is put together, from the contract alone, so that no framer is asked.
 *
 * A stream is planned as items (a few kinds, each with a seed of its own) and built from them. A stream that shows a
 * fault can be made smaller by leaving items out of its plan and building it anew.
 */
#ifndef TESTS_MODEL_STREAMS_H
#define TESTS_MODEL_STREAMS_H

#include "collector/framing/event.h"
#include "common/buf.h"
#include "common/xml/names.h"
#include "tests/support/chance.h"

#define STREAM_ITEMS_MAX 24

/* What must become of a part. */
enum fate {
    FATE_SEPARATOR, /* no frame; in a reject only if that reject goes on behind it */
    FATE_EVENT,     /* exactly this range is an event */
    FATE_EXACT,     /* begins with an event's start tag; exactly this range is a reject */
    FATE_OWN,       /* of a gap; exactly this range is a reject */
    FATE_REJECT,    /* each byte is in a reject */
    FATE_LOOSE,     /* in no event */
    FATE_UNKNOWN,   /* a construct is broken around here: only the account must be right */
};

struct stream_part {
    const char *what; /* a constant, for messages */
    size_t at;
    size_t len;
    enum fate fate;
    unsigned reasons;     /* bit n: the reject may have reason n */
    const char *encoding; /* of an event; NULL: not known */
    bool is_prompt;       /* reported with its last byte: nothing before it may hide it */
    bool hides;           /* holds the start tag of an event in a closed comment or CDATA section */
    bool needs_quiet;     /* known only if the sender does not pause */
    bool needs_next;      /* known only if the event behind it has come */
};

enum { STREAM_OPENINGS = 6 };

struct stream_plan {
    size_t names; /* row of the table of name lists */
    size_t max_message;
    unsigned opening; /* how the connection begins: 0 is plain */
    uint64_t seed;    /* of the opening */
    struct stream_item {
        unsigned kind;
        uint64_t seed;
    } items[STREAM_ITEMS_MAX];
    size_t count;
};

struct stream {
    struct xml_names events;
    struct xml_names ignored;
    size_t max_message;
    struct buf text;
    struct stream_part *parts; /* owned; they tile the text */
    size_t count;
    size_t ignored_count; /* elements of IGNORE_ELEMENTS that are separators for certain */
    bool is_foreign;      /* begins as HTTP or TLS */
};

struct stream_plan stream_plan(struct chance *chance);
void stream_build(struct stream *stream, const struct stream_plan *plan);
void stream_fini(struct stream *stream);
void stream_print(const struct stream *stream);

#endif
