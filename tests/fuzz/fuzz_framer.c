/*
 * fuzz_framer -- however a stream is cut, the same frames come; and they and the separators are all of it, also where
 * the sender pauses.
 *
 * The input's first bytes choose the ceiling, the names, the cuts and the pauses; the rest is the stream. Built by
 * `make MODE=fuzz`; run it from the repository's root:
 *     build/fuzz/fuzz/framer -dict=tests/fuzz/framer.dict -max_len=600 DIRECTORY tests/data/samples
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xml/names.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CUTS         4
#define CHOICES      (2 + 2 * CUTS) /* bytes of the input that are no stream */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const size_t ceilings[] = {16, 64, 300, 1 << 20};

static const struct {
    const char *events;
    const char *ignored;
} lists[] = {{"EVENT", ""}, {"E", "HB"}, {"acm:EVENT,E", "*:HB"}, {"*:EVENT", ""}, {"\xC3\xA9v", "HB"}};

static void parse_names(const char *text, struct xml_names *names)
{
    struct why why = {0};
    enum result res = xml_names_parse("EVENT_ELEMENT", text, names, &why);
    assert(res == RES_OK);
}

/* The stream in segments with the given pauses between them, in seconds. */
static struct frames *read_with_pauses(const struct framer_options *options, struct slice stream,
                                       struct cuts cuts, const uint8_t pauses[CUTS])
{
    struct frames *frames = frames_new();
    struct framer *framer = framer_new(options);
    int64_t now_ms = 0;
    for (size_t at = 0, i = 0; at < stream.len; i = (i + 1) % CUTS) {
        size_t len = cuts.lengths[i] < stream.len - at ? cuts.lengths[i] : stream.len - at;
        frames_feed(frames, framer, (struct slice){stream.data + at, len}, now_ms);
        at += len;
        now_ms += pauses[i] % 64 * 1000;
        if (pauses[i] >= 64) frames_tick(frames, framer, now_ms);
    }
    frames_end(frames, framer);
    framer_free(framer);
    return frames;
}

static void check_account(const struct frames *frames, const struct framer_options *options,
                          struct slice stream)
{
    if (frames_account_for(frames, options, stream)) return;
    bytes_print("stream", stream);
    frames_print("frames that do not account for it", frames);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xml_names events;
    struct xml_names ignored;
    if (size < CHOICES) return 0;
    parse_names(lists[data[1] % COUNT(lists)].events, &events);
    parse_names(lists[data[1] % COUNT(lists)].ignored, &ignored);
    struct framer_options options = {
        .events = &events, .ignored = &ignored, .max_message = ceilings[data[0] % COUNT(ceilings)]};
    struct cuts cuts = {.count = CUTS};
    for (size_t i = 0; i < CUTS; i++) cuts.lengths[i] = 1U + data[2 + i];
    struct slice stream = {(const char *)data + CHOICES, size - CHOICES};

    struct frames *whole = frames_read(&options, stream, WHOLE);
    check_account(whole, &options, stream);
    if (!frames_come(whole, &options, stream, EACH_OF(1))) abort();
    if (!frames_come(whole, &options, stream, cuts)) abort();
    frames_free(whole);
    struct frames *paused = read_with_pauses(&options, stream, cuts, data + 2 + CUTS);
    check_account(paused, &options, stream);
    frames_free(paused);
    return 0;
}
