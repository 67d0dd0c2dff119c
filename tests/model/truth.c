/* truth -- see truth.h. */
#include "tests/model/truth.h"

#include <strings.h>

#include "tests/support/account.h"

struct checking {
    const struct stream *stream;
    const struct run *run;
    const struct frames *frames;
    struct fault *fault;
};

static size_t end_of(const struct stream_part *part)
{
    return part->at + part->len;
}

static bool ends_gap(const struct stream_part *part)
{
    return part->fate == FATE_EVENT || part->fate == FATE_EXACT;
}

/* The first frame that ends behind `at`; the count of frames: there is none. */
static size_t find_frame(const struct frames *frames, size_t at)
{
    size_t low = 0;
    size_t high = frames->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct frame *frame = &frames->list[middle];
        if (frame->at + frame->true_len > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static const struct frame *frame_of(const struct checking *checking, const struct stream_part *part)
{
    size_t i = find_frame(checking->frames, part->at);
    if (i == checking->frames->count) return NULL;
    const struct frame *frame = &checking->frames->list[i];
    return frame->at == part->at && frame->true_len == part->len ? frame : NULL;
}

/* A stream that declares none is UTF-8. */
static bool encoding_is(const struct frame *frame, const char *expected)
{
    if (*expected == '\0' && strcasecmp(frame->encoding, "UTF-8") == 0) return true;
    return strcasecmp(frame->encoding, expected) == 0;
}

static void check_event(const struct checking *checking, const struct stream_part *part)
{
    const struct frame *frame = frame_of(checking, part);
    if (!frame || !frame->is_event)
        fault_set(checking->fault, "%s at %zu is not an event", part->what, part->at);
    else if (part->encoding && !encoding_is(frame, part->encoding))
        fault_set(checking->fault, "%s at %zu has encoding \"%s\", not \"%s\"", part->what, part->at,
                  frame->encoding, part->encoding);
}

static bool is_allowed(const struct frame *frame, unsigned reasons)
{
    return !frame->is_event && (reasons >> frame->reason & 1) == 1;
}

static void check_exact(const struct checking *checking, const struct stream_part *part)
{
    const struct frame *frame = frame_of(checking, part);
    if (!frame || frame->is_event)
        fault_set(checking->fault, "%s at %zu is not a reject of its own", part->what, part->at);
    else if (!is_allowed(frame, part->reasons))
        fault_set(checking->fault, "%s at %zu is a reject %s", part->what, part->at,
                  reject_reason_name(frame->reason));
}

static void check_in_rejects(const struct checking *checking, const struct stream_part *part)
{
    size_t at = part->at;
    for (size_t i = find_frame(checking->frames, at); i < checking->frames->count && at < end_of(part); i++) {
        const struct frame *frame = &checking->frames->list[i];
        if (frame->at > at) break;
        if (!is_allowed(frame, part->reasons)) {
            fault_set(checking->fault, "%s at %zu is in %s %s", part->what, part->at,
                      frame->is_event ? "an event" : "a reject",
                      frame->is_event ? "" : reject_reason_name(frame->reason));
            return;
        }
        at = (size_t)(frame->at + frame->true_len);
    }
    if (at < end_of(part)) fault_set(checking->fault, "%s at %zu is not in a reject", part->what, part->at);
}

static void check_no_frame(const struct checking *checking, const struct stream_part *part,
                           bool is_reject_allowed)
{
    const struct frames *frames = checking->frames;
    for (size_t i = find_frame(frames, part->at); i < frames->count && frames->list[i].at < end_of(part);
         i++) {
        if (frames->list[i].is_event)
            fault_set(checking->fault, "%s at %zu is in an event", part->what, part->at);
        else if (!is_reject_allowed)
            fault_set(checking->fault, "%s at %zu is in a reject", part->what, part->at);
    }
}

/* The parts from `from` to the next event: how long are they together, and are they separators alone? */
struct gap {
    size_t end; /* a part; the count: no event follows */
    size_t len;
    bool is_clean;
};

static struct gap measure_gap(const struct checking *checking, size_t from)
{
    const struct stream *stream = checking->stream;
    struct gap gap = {.end = from, .is_clean = true};
    while (gap.end < stream->count && !ends_gap(&stream->parts[gap.end])) {
        const struct stream_part *part = &stream->parts[gap.end++];
        gap.len += part->len;
        if (part->fate != FATE_SEPARATOR) gap.is_clean = false;
    }
    if (gap.end == stream->count || end_of(&stream->parts[gap.end]) > checking->run->end)
        gap.is_clean = false;
    return gap;
}

static bool has_next(const struct checking *checking, size_t i)
{
    struct gap gap = measure_gap(checking, i + 1);
    return gap.end < checking->stream->count &&
           end_of(&checking->stream->parts[gap.end]) <= checking->run->end;
}

static void check_part(const struct checking *checking, size_t i, struct gap gap)
{
    const struct stream_part *part = &checking->stream->parts[i];
    bool has_pauses = checking->run->has_pauses;
    bool is_whole = !has_pauses && gap.len < checking->stream->max_message;
    if (end_of(part) > checking->run->end || part->fate == FATE_UNKNOWN) return;
    if ((part->needs_quiet && has_pauses) || (part->needs_next && !has_next(checking, i))) return;
    switch (part->fate) {
    case FATE_EVENT: check_event(checking, part); return;
    case FATE_EXACT: check_exact(checking, part); return;
    case FATE_OWN:
        if (is_whole) check_exact(checking, part);
        break;
    case FATE_REJECT:
        if (is_whole) check_in_rejects(checking, part);
        break;
    case FATE_SEPARATOR:
    case FATE_LOOSE:
    case FATE_UNKNOWN: break;
    }
    check_no_frame(checking, part, !(is_whole && gap.is_clean));
}

void truth_check(const struct stream *stream, const struct run *run, const struct frames *frames,
                 struct fault *fault)
{
    struct checking checking = {.stream = stream, .run = run, .frames = frames, .fault = fault};
    struct framer_options options = {
        .events = &stream->events, .ignored = &stream->ignored, .max_message = stream->max_message};
    if (!frames_account_for(frames, &options, (struct slice){stream->text.data, run->end}))
        fault_set(fault, "the frames and separators do not account for each byte");
    for (size_t i = 0; i < frames->count && stream->is_foreign; i++)
        if (frames->list[i].is_event)
            fault_set(fault, "an event comes from a connection that is HTTP or TLS");
    struct gap gap = {.end = 0};
    for (size_t i = 0; i < stream->count; i++) {
        if (i >= gap.end)
            gap = ends_gap(&stream->parts[i]) ? (struct gap){.end = i + 1} : measure_gap(&checking, i);
        check_part(&checking, i, gap);
    }
}
