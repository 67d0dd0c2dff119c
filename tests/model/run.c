/* run -- see run.h. */
#include "tests/model/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/framing/plain_event.h"
#include "tests/support/account.h"

struct sending {
    const struct run *run;
    const struct stream *stream;
    struct account account;
    struct chance chance;
    struct framer *framer;
    struct frames *frames;
    struct fault *fault;
    size_t sent;
    int64_t now_ms;
    int64_t last_fed_ms;
    struct arrival { /* of bytes up to `end` */
        size_t end;
        int64_t at_ms;
    } * arrivals; /* owned */
    size_t arrival_count;
    size_t next_part;  /* the first part that is not complete yet */
    size_t next_frame; /* behind the frame of the last part that was */
};

void fault_set(struct fault *fault, const char *format, ...)
{
    va_list args;
    if (fault->text[0] != '\0') return; /* the first one counts */
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
}

static size_t reported_up_to(const struct sending *sending)
{
    const struct frames *frames = sending->frames;
    if (frames->count == 0) return 0;
    const struct frame *last = &frames->list[frames->count - 1];
    return (size_t)(last->at + last->true_len);
}

/* An event that nothing hides is reported the moment its last byte is read. */
static void check_prompt(struct sending *sending)
{
    const struct stream *stream = sending->stream;
    const struct frames *frames = sending->frames;
    for (; sending->next_part < stream->count; sending->next_part++) {
        const struct stream_part *part = &stream->parts[sending->next_part];
        if (part->at + part->len > sending->sent) return;
        if (part->fate != FATE_EVENT || !part->is_prompt) continue;
        size_t i = sending->next_frame;
        while (i < frames->count && (frames->list[i].at != part->at || !frames->list[i].is_event)) i++;
        if (i == frames->count)
            fault_set(sending->fault, "event at %zu is not reported when its end tag has been read",
                      part->at);
        else
            sending->next_frame = i + 1;
    }
}

static void check_memory(const struct sending *sending)
{
    size_t held = framer_held_bytes(sending->framer);
    if (held > 2 * sending->stream->max_message + FRAMES_HELD_EXTRA)
        fault_set(sending->fault, "%zu bytes are held behind byte %zu", held, sending->sent);
}

static int64_t arrived_at(const struct sending *sending, size_t byte)
{
    size_t i = 0;
    while (sending->arrivals[i].end <= byte) i++;
    return sending->arrivals[i].at_ms;
}

/*
 * Perhaps a comment or CDATA section is open, which is given up only when its sender falls silent. Its first part may
 * have been reported: it is in the rejects that end where these bytes begin.
 */
static bool holds_opening(const struct sending *sending, size_t from)
{
    for (size_t i = sending->frames->count; i > 0; i--) {
        const struct frame *frame = &sending->frames->list[i - 1];
        if (frame->is_event || frame->at + frame->true_len != from) break;
        from = (size_t)frame->at;
    }
    const char *text = sending->stream->text.data + from;
    size_t len = sending->sent - from;
    return memmem(text, len, "<!--", 4) || memmem(text, len, "<![CDATA[", 9) || memmem(text, len, "<\0!", 3);
}

static void check_silence(const struct sending *sending)
{
    size_t reported = reported_up_to(sending);
    int64_t due = framer_due(sending->framer);
    if (due >= 0 && due <= sending->now_ms)
        fault_set(sending->fault, "byte %zu: a tick at %lld is due although it was given", sending->sent,
                  (long long)due);
    if (account_may_be_held(&sending->account, reported, sending->sent)) return;
    if (sending->now_ms - sending->last_fed_ms >= FRAMER_SILENCE_MS) {
        fault_set(sending->fault, "bytes from %zu to %zu are not reported after 10 s of silence", reported,
                  sending->sent);
        return;
    }
    if (sending->stream->is_foreign)
        return; /* only silence and the ceiling end the parts of what is no XML */
    size_t gap = account_skip_separators(&sending->account, reported, sending->sent);
    if (sending->now_ms - arrived_at(sending, gap) >= FRAMER_HOLD_MS && !holds_opening(sending, reported))
        fault_set(sending->fault, "bytes from %zu to %zu are held for 60 s", gap, sending->sent);
}

static void feed(struct sending *sending, size_t len)
{
    if (len > sending->run->end - sending->sent) len = sending->run->end - sending->sent;
    frames_feed(sending->frames, sending->framer,
                (struct slice){sending->stream->text.data + sending->sent, len}, sending->now_ms);
    sending->sent += len;
    sending->last_fed_ms = sending->now_ms;
    sending->arrivals[sending->arrival_count++] = (struct arrival){sending->sent, sending->now_ms};
    check_prompt(sending);
    check_memory(sending);
}

/* A pause in a closed comment that holds an event is as good as the end of that comment: then nothing is known. */
static bool may_pause(const struct sending *sending)
{
    size_t i = sending->next_part;
    if (i == sending->stream->count) return true;
    const struct stream_part *part = &sending->stream->parts[i];
    return !part->hides || part->at >= sending->sent;
}

static void make_pause(struct sending *sending)
{
    static const int64_t longest_ms[] = {0, 3000, 9999, 12000, 70000};
    if (!may_pause(sending)) return;
    int64_t most_ms = longest_ms[chance_below(&sending->chance, 5)];
    sending->now_ms += most_ms - (int64_t)chance_below(&sending->chance, 2) * (most_ms / 10);
    if (chance_below(&sending->chance, 6) == 0) return; /* the sender was not read, so it was not silent */
    frames_tick(sending->frames, sending->framer, sending->now_ms);
    check_silence(sending);
    check_memory(sending);
}

static size_t segment_len(struct sending *sending)
{
    switch (sending->run->cutting) {
    case CUT_NOT: return sending->run->end;
    case CUT_EACH_BYTE: return 1;
    case CUT_AT_RANDOM: break;
    }
    return 1 + chance_below(&sending->chance, 1 + chance_below(&sending->chance, 1 + sending->run->end / 4));
}

static void check_ignored(const struct sending *sending)
{
    const struct stream *stream = sending->stream;
    for (size_t i = 0; i < stream->count; i++)
        if (stream->parts[i].fate != FATE_SEPARATOR && stream->parts[i].fate != FATE_EVENT) return;
    uint64_t count = framer_ignored(sending->framer);
    if (sending->run->end == stream->text.len && !sending->run->has_pauses && count != stream->ignored_count)
        fault_set(sending->fault, "%llu ignored elements are counted, not %zu", (unsigned long long)count,
                  stream->ignored_count);
}

struct frames *run_send(const struct run *run, const struct stream *stream, struct fault *fault)
{
    struct framer_options options = {.events = &stream->events,
                                     .ignored = &stream->ignored,
                                     .max_message = stream->max_message,
                                     .plain = plain_event_new(&index_fields_default)};
    struct sending sending = {
        .run = run,
        .stream = stream,
        .account = {&stream->events, &stream->ignored, {stream->text.data, stream->text.len}},
        .chance = {run->seed},
        .framer = framer_new(&options),
        .frames = frames_new(),
        .fault = fault,
        .now_ms = 1000000,
        .arrivals = calloc(run->end + 1, sizeof(struct arrival))};
    if (!sending.arrivals) abort();
    while (sending.sent < run->end) {
        feed(&sending, segment_len(&sending));
        if (run->has_pauses) make_pause(&sending);
    }
    frames_end(sending.frames, sending.framer);
    check_ignored(&sending);
    if (framer_is_unfinished(sending.framer)) fault_set(fault, "something is unfinished behind the end");
    framer_free(sending.framer);
    plain_event_free(options.plain);
    free(sending.arrivals);
    return sending.frames;
}

void run_print(const struct run *run)
{
    static const char *const cuttings[] = {"in one piece", "byte by byte", "cut at random"};
    (void)fprintf(stderr, "sent %s, %s, the connection ends behind %zu bytes\n", cuttings[run->cutting],
                  run->has_pauses ? "with pauses" : "without a pause", run->end);
}
