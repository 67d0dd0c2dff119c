/*
 * framing_fixture -- streams, and streams in time, as tables, under some settings. Include it after cmocka.h.
 */
#ifndef TESTS_SUPPORT_FRAMING_FIXTURE_H
#define TESTS_SUPPORT_FRAMING_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/plain_event.h"
#include "tests/support/parts.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)

struct rules { /* settings; "" for no name */
    const char *events, *ignored;
    size_t max_message;
};

static const struct rules plain_rules = {"EVENT", "", MEGABYTE};

struct parsed_rules {
    struct xml_names events, ignored;
    struct framer_options options;
};

static inline struct parsed_rules *rules_parse(const struct rules *rules)
{
    struct why why = {0};
    struct parsed_rules *parsed = calloc(1, sizeof *parsed);
    assert_non_null(parsed);
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", rules->events, &parsed->events, &why), RES_OK);
    assert_int_equal(xml_names_parse("IGNORE_ELEMENTS", rules->ignored, &parsed->ignored, &why), RES_OK);
    parsed->options = (struct framer_options){&parsed->events, &parsed->ignored, rules->max_message,
                                              plain_event_new(&index_fields_default)};
    return parsed;
}

static inline void rules_free(struct parsed_rules *parsed)
{
    plain_event_free(parsed->options.plain);
    free(parsed);
}

/* ---- streams whose frames are known ---- */

/* The same frames, whole, byte by byte, and cut in two at each place; and each byte is accounted for. */
static inline void check_stream(const struct rules *rules, const struct part *parts)
{
    struct parsed_rules *parsed = rules_parse(rules);
    struct buf text = BUF_EMPTY;
    struct frames *expected = frames_new();
    parts_append(parts, rules->max_message, &text, expected);
    struct slice stream = {text.data, text.len};

    assert_true(frames_come(expected, &parsed->options, stream, WHOLE));
    assert_true(frames_come(expected, &parsed->options, stream, EACH_OF(1)));
    for (size_t at = 0; at < stream.len; at++)
        assert_true(frames_come(expected, &parsed->options, stream, IN_TWO_AT(at)));
    frames_free(expected);
    buf_fini(&text);
    rules_free(parsed);
}

#define CHECK(rules, streams)                                                                                \
    for (size_t row = 0; row < COUNT(streams); row++) check_stream(rules, (streams)[row])

/* ---- details ---- */

struct explained {
    const char *stream;
    const char *detail; /* of the first reject, when the stream has ended */
};

static inline void check_detail(const struct rules *rules, const struct explained *row)
{
    struct parsed_rules *parsed = rules_parse(rules);
    struct frames *frames =
        frames_read(&parsed->options, (struct slice){row->stream, strlen(row->stream)}, WHOLE);
    size_t i = 0;
    while (i < frames->count && frames->list[i].is_event) i++;
    assert_true(i < frames->count);
    assert_string_equal(frames->list[i].detail, row->detail);
    frames_free(frames);
    rules_free(parsed);
}

#define CHECK_DETAILS(rules, rows)                                                                           \
    for (size_t row = 0; row < COUNT(rows); row++) check_detail(rules, &(rows)[row])

/* ---- streams in time ---- */

#define MOMENTS_MAX 10

/* At a moment bytes are received, or it is only seen that none are, or the stream ends; which frames that gives. */
struct moment {
    int64_t at_ms;
    enum { NO_MOMENT, RECEIVE, TICK, END } what;
    const char *text;
    const char *frames; /* each as `event(bytes)` or `reason(bytes)` */
};

static inline void append_rendition(const struct frames *frames, struct buf *out)
{
    for (size_t i = 0; i < frames->count; i++) {
        const struct frame *frame = &frames->list[i];
        buf_append_text(out, frame->is_event ? "event" : reject_reason_name(frame->reason));
        buf_append_char(out, '(');
        buf_append(out, frame->data, frame->len);
        buf_append_char(out, ')');
    }
}

static inline void pass_moment(struct framer *framer, const struct moment *moment, size_t segment_len)
{
    struct frames *frames = frames_new();
    struct buf rendition = BUF_EMPTY;
    struct slice text = {moment->text, moment->text ? strlen(moment->text) : 0};
    for (; moment->what == RECEIVE && text.len > 0; text.data += segment_len, text.len -= segment_len) {
        if (segment_len > text.len) segment_len = text.len;
        frames_feed(frames, framer, (struct slice){text.data, segment_len}, moment->at_ms);
    }
    if (moment->what == TICK) frames_tick(frames, framer, moment->at_ms);
    if (moment->what == END) frames_end(frames, framer);
    append_rendition(frames, &rendition);
    buf_append_char(&rendition, '\0');
    assert_string_equal(rendition.data, moment->frames);
    buf_fini(&rendition);
    frames_free(frames);
}

static inline void check_moments(const struct rules *rules, const struct moment *moments)
{
    static const size_t segments[] = {SIZE_MAX, 7, 1};
    struct parsed_rules *parsed = rules_parse(rules);
    for (size_t i = 0; i < COUNT(segments); i++) {
        struct framer *framer = framer_new(&parsed->options);
        for (size_t k = 0; k < MOMENTS_MAX && moments[k].what != NO_MOMENT; k++)
            pass_moment(framer, &moments[k], segments[i]);
        framer_free(framer);
    }
    rules_free(parsed);
}

#define CHECK_MOMENTS(rules, streams)                                                                        \
    for (size_t row = 0; row < COUNT(streams); row++) check_moments(rules, (streams)[row])

#endif
