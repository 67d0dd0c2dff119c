/* segments -- see segments.h. */
#include "tests/support/segments.h"

#include <assert.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES "tests/data/samples/"

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

static void note_held(struct frames *frames, const struct framer *framer)
{
    size_t held = framer_held_bytes(framer);
    if (held > frames->most_held_bytes) frames->most_held_bytes = held;
}

void frames_add(struct frames *frames, const struct frame *frame)
{
    if ((frames->count & (frames->count - 1)) == 0) /* full: its room is a power of two */
        frames->list = must(realloc(frames->list, (frames->count * 2 + 1) * sizeof *frames->list));
    struct frame *kept = &frames->list[frames->count++];
    *kept = *frame;
    kept->data = copy(frame->data, frame->len);
    kept->encoding = must(strdup(frame->encoding));
}

static void read_segment(struct frames *frames, struct framer *framer, const char *data, size_t len)
{
    struct frame frame;
    char *segment = copy(data, len);
    framer_feed(framer, segment, len);
    while (framer_next(framer, &frame)) {
        frames_add(frames, &frame);
        note_held(frames, framer);
    }
    note_held(frames, framer);
    free(segment);
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

struct frames *frames_read(const char *element, size_t max_message, struct slice stream, struct cuts cuts)
{
    struct frames *frames = frames_new();
    struct framer *framer = framer_new(element, max_message);
    struct frame frame;

    assert(cuts.count >= 1 && cuts.count <= CUTS_MAX);
    assert(cuts.lengths[cuts.count - 1] > 0);
    for (size_t at = 0, i = 0; at < stream.len; i++) {
        size_t len = cuts.lengths[i % cuts.count];
        if (len > stream.len - at) len = stream.len - at;
        read_segment(frames, framer, stream.data + at, len);
        at += len;
    }
    if (framer_end(framer, &frame)) frames_add(frames, &frame);
    bool is_over = !framer_end(framer, &frame);
    assert(is_over);
    framer_free(framer);
    return frames;
}

void frames_free(struct frames *frames)
{
    if (!frames) return;
    for (size_t i = 0; i < frames->count; i++) {
        free((void *)(uintptr_t)frames->list[i].data);
        free((void *)(uintptr_t)frames->list[i].encoding);
    }
    free(frames->list);
    free(frames);
}

static bool frame_equals(const struct frame *a, const struct frame *b)
{
    if (a->is_event != b->is_event || a->len != b->len || a->true_len != b->true_len) return false;
    if (memcmp(a->data, b->data, a->len) != 0) return false;
    if (a->detail && b->detail && strcmp(a->detail, b->detail) != 0) return false;
    return a->is_event ? strcmp(a->encoding, b->encoding) == 0 : a->reason == b->reason;
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
    for (size_t i = 0; i < bytes.len && i < 2000; i++) {
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
        bytes_print(kind, (struct slice){frame->data, frame->len});
    }
}

bool frames_come(const struct frames *expected, const char *element, size_t max_message, struct slice stream,
                 struct cuts cuts)
{
    struct frames *frames = frames_read(element, max_message, stream, cuts);
    bool is_equal = frames_equal(frames, expected);
    if (!is_equal) {
        bytes_print("stream", stream);
        (void)fprintf(stderr, "max_message %zu, segments of", max_message);
        for (size_t i = 0; i < cuts.count; i++) (void)fprintf(stderr, " %zu", cuts.lengths[i]);
        (void)fputc('\n', stderr);
        frames_print("expected", expected);
        frames_print("came", frames);
    }
    frames_free(frames);
    return is_equal;
}

/* ---- the account: it shares nothing with the code that it checks ---- */

#define SPACE "[ \t\r\n]"
#define NAME  "[A-Za-z_:\x80-\xFF][A-Za-z0-9_:.\x80-\xFF-]*"
#define VALUE "(\"[^\"]*\"|'[^']*')"
#define TAG   "^<(/" NAME SPACE "*|" NAME "(" SPACE "+" NAME SPACE "*=" SPACE "*" VALUE ")*" SPACE "*/?)>$"

struct account {
    const struct frames *frames;
    regex_t tag;
    regex_t own_tag; /* of the event element */
};

/* The text may hold NUL; a sanitizer wants one after it all the same. */
static bool matches(const regex_t *pattern, struct slice text)
{
    regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)text.len};
    char *terminated = must(calloc(1, text.len + 1));
    memcpy(terminated, text.data, text.len);
    bool is_match = regexec(pattern, terminated, 1, &whole, REG_STARTEND) == 0;
    free(terminated);
    return is_match;
}

static size_t tag_len(const struct account *account, struct slice text)
{
    for (size_t len = 2; len <= text.len; len++) {
        struct slice tag = {text.data, len};
        if (text.data[len - 1] == '>' && matches(&account->tag, tag))
            return matches(&account->own_tag, tag) ? 0 : len;
    }
    return 0;
}

/* Bytes of the text from `opening` to `closing` that `text` begins with; 0: it does not. */
static size_t enclosed_len(struct slice text, const char *opening, const char *closing)
{
    size_t from = strlen(opening);
    if (text.len < from || memcmp(text.data, opening, from) != 0) return 0;
    const char *end = memmem(text.data + from, text.len - from, closing, strlen(closing));
    return end ? (size_t)(end - text.data) + strlen(closing) : 0;
}

/* Bytes of the one separator that `text` begins with; 0: it begins with none. */
static size_t separator_len(const struct account *account, struct slice text)
{
    if (memchr(" \t\r\n", *text.data, sizeof " \t\r\n")) return 1; /* or NUL */
    if (*text.data == '\xEF') return enclosed_len(text, "\xEF\xBB\xBF", "");
    if (*text.data != '<' || text.len < 2) return 0;
    if (text.data[1] == '?') return enclosed_len(text, "<?", "?>");
    if (text.data[1] == '!') return enclosed_len(text, "<!--", "-->");
    return tag_len(account, text);
}

static bool begins_with(struct slice text, const struct frame *frame)
{
    return frame->true_len <= text.len && memcmp(text.data, frame->data, frame->len) == 0;
}

/*
 * The frames from `next` on stand in the text one after the other, with nothing but separators before, between and
 * after them. What looks like a separator may be a frame's beginning, and the other way round: both are tried.
 */
static bool cover(const struct account *account, size_t next, struct slice text)
{
    const struct frames *frames = account->frames;
    if (text.len == 0) return next == frames->count;
    if (next < frames->count && begins_with(text, &frames->list[next])) {
        size_t len = (size_t)frames->list[next].true_len;
        if (cover(account, next + 1, (struct slice){text.data + len, text.len - len})) return true;
    }
    size_t len = separator_len(account, text);
    return len > 0 && cover(account, next, (struct slice){text.data + len, text.len - len});
}

static bool are_sound(const struct frames *frames, size_t max_message)
{
    for (size_t i = 0; i < frames->count; i++) {
        const struct frame *frame = &frames->list[i];
        size_t kept = frame->true_len < max_message ? (size_t)frame->true_len : max_message;
        if (frame->len != kept || frame->true_len == 0) return false;
        if (frame->is_event && (frame->data[0] != '<' || frame->data[frame->len - 1] != '>')) return false;
        if (frame->is_event ? frame->true_len > max_message : *frame->detail == '\0') return false;
    }
    return frames->most_held_bytes <= 2 * max_message || frames->most_held_bytes <= 256;
}

static void compile(regex_t *pattern, const char *text)
{
    int res = regcomp(pattern, text, REG_EXTENDED);
    assert(res == 0);
}

bool frames_account_for(const struct frames *frames, const char *element, struct slice stream,
                        size_t max_message)
{
    struct account account = {.frames = frames};
    char own_tag[512];
    (void)snprintf(own_tag, sizeof own_tag, "^</?%s(" SPACE "|/|>)", element);
    compile(&account.tag, TAG);
    compile(&account.own_tag, own_tag);
    bool is_good = cover(&account, 0, stream) && are_sound(frames, max_message);
    regfree(&account.tag);
    regfree(&account.own_tag);
    return is_good;
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
