/* outcome -- see outcome.h. Each segment has memory of its own: a sanitizer sees a look at a byte too many, or too late. */
#include "tests/model/outcome.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/framing/plain_event.h"

void outcome_open(struct outcome_judges *judges, const struct framer_options *framer,
                  const struct validator_options *validator, bool is_libxml2_alone)
{
    *judges = (struct outcome_judges){*framer, *validator, is_libxml2_alone, NULL};
    judges->validator.is_libxml2_alone = is_libxml2_alone;
    judges->framer.plain = is_libxml2_alone ? NULL : plain_event_new(validator->fields);
    judges->own = validator_new(&judges->validator);
}

void outcome_close(struct outcome_judges *judges)
{
    plain_event_free(judges->framer.plain);
    validator_free(judges->own);
}

void outcome_fini(struct outcome *outcome)
{
    buf_fini(&outcome->text);
}

bool outcome_equals(const struct outcome *a, const struct outcome *b)
{
    if (a->text.len != b->text.len) return false;
    return a->text.len == 0 || memcmp(a->text.data, b->text.data, a->text.len) == 0;
}

static void append_text(struct buf *out, struct slice text)
{
    if (!text.data) {
        buf_append_text(out, " absent");
        return;
    }
    buf_append_format(out, " %zu:", text.len);
    buf_append(out, text.data, text.len);
}

static void append_event(struct outcome *outcome, struct slice payload, size_t replaced,
                         const struct slice *fields)
{
    outcome->events++;
    buf_append_format(&outcome->text, "event, %zu replaced", replaced);
    append_text(&outcome->text, payload);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) append_text(&outcome->text, fields[i]);
}

static void append_reject(struct outcome *outcome, enum reject_reason reason, const char *detail,
                          struct slice bytes)
{
    buf_append_format(&outcome->text, "reject, %s, %s", reject_reason_name(reason), detail);
    append_text(&outcome->text, bytes);
}

/* What may be settled: UTF-8 by whatever name, or ASCII. */
static bool may_be_settled(const struct frame *frame)
{
    static const char *const names[] = {"", "UTF-8", "UTF8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(frame->encoding, names[i]) == 0) return true;
    if (strcasecmp(frame->encoding, "US-ASCII") != 0) return false;
    for (size_t i = 0; i < frame->len; i++)
        if ((unsigned char)frame->data[i] >= 0x80) return false;
    return true;
}

static void append_frame(struct outcome *outcome, const struct outcome_judges *judges,
                         const struct frame *frame)
{
    struct slice bytes = {frame->data, frame->len};
    struct validator_input input = {frame->data, frame->len, frame->encoding, frame->namespaces, false};
    struct verdict verdict;
    outcome->frames++;
    buf_append_format(&outcome->text, "at %zu, of %zu: ", (size_t)frame->at, (size_t)frame->true_len);
    outcome->is_wrong |= frame->fields && (!frame->is_event || !may_be_settled(frame));
    if (!frame->is_event) {
        append_reject(outcome, frame->reason, frame->detail, bytes);
    } else if (frame->fields) {
        append_event(outcome, bytes, 0, frame->fields);
        outcome->settled++;
    } else {
        validator_check(judges->own, &input, &verdict);
        if (verdict.is_valid)
            append_event(outcome, verdict.payload, verdict.replaced, verdict.fields);
        else
            append_reject(outcome, verdict.reason, verdict.detail, bytes);
    }
    buf_append_char(&outcome->text, '\n');
}

static void take(struct outcome *outcome, const struct outcome_judges *judges, struct framer *framer)
{
    struct frame frame;
    while (framer_next(framer, &frame)) append_frame(outcome, judges, &frame);
}

static void feed(struct outcome *outcome, const struct outcome_judges *judges, struct framer *framer,
                 struct slice bytes)
{
    char *segment = malloc(bytes.len + !bytes.len);
    if (!segment) abort();
    if (bytes.len > 0) memcpy(segment, bytes.data, bytes.len);
    framer_feed(framer, segment, bytes.len, 0);
    take(outcome, judges, framer);
    free(segment);
}

void outcome_read(struct outcome *outcome, const struct outcome_judges *judges, struct slice stream,
                  struct cuts cuts)
{
    struct framer *framer = framer_new(&judges->framer);
    *outcome = (struct outcome){.text = outcome->text};
    buf_clear(&outcome->text);
    for (size_t at = 0, i = 0; at < stream.len; i++) {
        size_t len = cuts.lengths[i % cuts.count];
        if (len > stream.len - at) len = stream.len - at;
        feed(outcome, judges, framer, (struct slice){stream.data + at, len});
        at += len;
    }
    framer_end(framer);
    take(outcome, judges, framer);
    framer_free(framer);
}
