/* segments -- see segments.h. */
#include "tests/support/segments.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/account.h"

#define SAMPLES  "tests/data/samples/"
#define START_MS 1000 /* the clock stands still */

static void *must(void *memory)
{
    if (!memory) abort();
    return memory;
}

static char *copy(const char *data, size_t len)
{
    char *bytes = must(malloc(len + !len));
    if (len > 0) memcpy(bytes, data, len);
    return bytes;
}

static char *copy_text(const char *text)
{
    return text ? must(strdup(text)) : NULL;
}

void frames_add(struct frames *frames, const struct frame *frame)
{
    if ((frames->count & (frames->count - 1)) == 0) /* full: its room is a power of two */
        frames->list = must(realloc(frames->list, (frames->count * 2 + 1) * sizeof *frames->list));
    struct frame *kept = &frames->list[frames->count++];
    *kept = *frame;
    kept->data = copy(frame->data, frame->len);
    kept->encoding = copy_text(frame->encoding);
    kept->namespaces = copy_text(frame->namespaces);
    kept->detail = copy_text(frame->is_event ? NULL : frame->detail);
}

static void take(struct frames *frames, struct framer *framer)
{
    struct frame frame;
    while (framer_next(framer, &frame)) frames_add(frames, &frame);
    size_t held = framer_held_bytes(framer);
    if (held > frames->most_held_bytes) frames->most_held_bytes = held;
}

void frames_feed(struct frames *frames, struct framer *framer, struct slice bytes, int64_t now_ms)
{
    char *segment = copy(bytes.data, bytes.len);
    framer_feed(framer, segment, bytes.len, now_ms);
    take(frames, framer);
    free(segment);
}

void frames_tick(struct frames *frames, struct framer *framer, int64_t now_ms)
{
    framer_tick(framer, now_ms);
    take(frames, framer);
}

void frames_end(struct frames *frames, struct framer *framer)
{
    framer_end(framer);
    take(frames, framer);
}

struct cuts random_cuts(struct chance *chance, size_t longest)
{
    struct cuts cuts = {.count = 1 + chance_below(chance, CUTS_MAX)};
    for (size_t i = 0; i < cuts.count; i++)
        cuts.lengths[i] = 1 + chance_below(chance, 1 + chance_below(chance, longest));
    return cuts;
}

struct frames *frames_new(void)
{
    return must(calloc(1, sizeof(struct frames)));
}

struct frames *frames_read(const struct framer_options *options, struct slice stream, struct cuts cuts)
{
    struct frames *frames = frames_new();
    struct framer *framer = framer_new(options);

    assert(cuts.count >= 1 && cuts.count <= CUTS_MAX);
    assert(cuts.lengths[cuts.count - 1] > 0);
    for (size_t at = 0, i = 0; at < stream.len; i++) {
        size_t len = cuts.lengths[i % cuts.count];
        if (len > stream.len - at) len = stream.len - at;
        frames_feed(frames, framer, (struct slice){stream.data + at, len}, START_MS);
        at += len;
    }
    frames_end(frames, framer);
    framer_free(framer);
    return frames;
}

/* Texts of frames are borrowed ones by their type; here they are copies. */
static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void frames_free(struct frames *frames)
{
    if (!frames) return;
    for (size_t i = 0; i < frames->count; i++) {
        free_text(frames->list[i].data);
        free_text(frames->list[i].encoding);
        free_text(frames->list[i].namespaces);
        free_text(frames->list[i].detail);
    }
    free(frames->list);
    free(frames);
}

/* A text that is NULL is not expected to be anything. */
static bool text_equals(const char *a, const char *b)
{
    return !a || !b || strcmp(a, b) == 0;
}

static bool frame_equals(const struct frame *a, const struct frame *b)
{
    if (a->is_event != b->is_event || a->at != b->at || a->len != b->len || a->true_len != b->true_len)
        return false;
    if (memcmp(a->data, b->data, a->len) != 0) return false;
    if (!text_equals(a->encoding, b->encoding) || !text_equals(a->namespaces, b->namespaces)) return false;
    return a->is_event || (a->reason == b->reason && text_equals(a->detail, b->detail));
}

bool frames_equal(const struct frames *a, const struct frames *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!frame_equals(&a->list[i], &b->list[i])) return false;
    return true;
}

void bytes_print(const char *title, struct slice bytes)
{
    (void)fprintf(stderr, "  %s, %zu bytes: ", title, bytes.len);
    for (size_t i = 0; i < bytes.len && i < 400; i++) {
        char c = bytes.data[i];
        (void)fprintf(stderr, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", (unsigned char)c);
    }
    (void)fputc('\n', stderr);
}

void frames_print(const char *title, const struct frames *frames)
{
    (void)fprintf(stderr, "%s: %zu frames\n", title, frames->count);
    for (size_t i = 0; i < frames->count && i < 50; i++) {
        const struct frame *frame = &frames->list[i];
        const char *kind = frame->is_event ? "event" : reject_reason_name(frame->reason);
        (void)fprintf(stderr, "  %6llu +%llu [%s] (%s)", (unsigned long long)frame->at,
                      (unsigned long long)frame->true_len, frame->encoding ? frame->encoding : "",
                      frame->detail ? frame->detail : "");
        bytes_print(kind, (struct slice){frame->data, frame->len});
    }
}

bool frames_come(const struct frames *expected, const struct framer_options *options, struct slice stream,
                 struct cuts cuts)
{
    struct frames *frames = frames_read(options, stream, cuts);
    bool is_equal = frames_equal(frames, expected);
    if (!is_equal) {
        bytes_print("stream", stream);
        (void)fprintf(stderr, "max_message %zu, segments of", options->max_message);
        for (size_t i = 0; i < cuts.count; i++) (void)fprintf(stderr, " %zu", cuts.lengths[i]);
        (void)fputc('\n', stderr);
        frames_print("expected", expected);
        frames_print("actual", frames);
    }
    frames_free(frames);
    return is_equal;
}

/* ---- the account ---- */

static bool is_sound(const struct frame *frame, struct slice stream, size_t max_message)
{
    size_t kept = frame->true_len < max_message ? (size_t)frame->true_len : max_message;
    if (frame->true_len == 0 || frame->len != kept) return false;
    if (frame->at > stream.len || frame->true_len > stream.len - frame->at) return false;
    if (memcmp(frame->data, stream.data + frame->at, frame->len) != 0) return false;
    return frame->is_event ? frame->true_len <= max_message : frame->detail && *frame->detail != '\0';
}

bool frames_account_for(const struct frames *frames, const struct framer_options *options,
                        struct slice stream)
{
    struct account account = {.events = options->events, .ignored = options->ignored, .stream = stream};
    size_t at = 0;
    for (size_t i = 0; i < frames->count; i++) {
        const struct frame *frame = &frames->list[i];
        if (!is_sound(frame, stream, options->max_message) || frame->at < at) return false;
        if (!account_is_separators(&account, at, (size_t)frame->at, false)) return false;
        at = (size_t)(frame->at + frame->true_len);
    }
    return account_is_separators(&account, at, stream.len, true) &&
           frames->most_held_bytes <= 2 * options->max_message + FRAMES_HELD_EXTRA;
}

/* ---- the samples ---- */

static FILE *open_sample(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, SAMPLES "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) (void)fprintf(stderr, "%s does not open; run the tests from the repository's root\n", path);
    return must(file);
}

static void load(struct sample *sample)
{
    FILE *file = open_sample(sample->name);
    sample->data = must(malloc(sample->len));
    size_t got = fread(sample->data, 1, sample->len, file);
    assert(got == sample->len && fgetc(file) == EOF);
    (void)fclose(file);
}

size_t samples_load(struct sample samples[SAMPLES_MAX])
{
    char line[512];
    char verdict[32];
    size_t count = 0;
    FILE *manifest = open_sample("MANIFEST.tsv");

    while (fgets(line, sizeof line, manifest)) {
        struct sample sample = {0};
        int taken =
            sscanf(line, "%63s %zu %zu %31[^\t\n]", sample.name, &sample.len, &sample.events, verdict);
        if (taken != 4) continue; /* the heading */
        sample.is_broken = strstr(verdict, "bad") != NULL;
        load(&sample);
        assert(count < SAMPLES_MAX);
        samples[count++] = sample;
    }
    (void)fclose(manifest);
    assert(count > 0);
    return count;
}

void samples_free(struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) free(samples[i].data);
}
