/*
 * test_conservation -- every byte is an event, a reject, or a separator: the framer on generated streams of every kind,
 * however they are cut, wherever their sender pauses, and wherever the connection ends.
 *
 *     build/release/model/conservation [STREAMS [SEED]]
 *
 * A stream that shows a fault is printed with its parts, after it was made as small as it can be; its seed builds it
 * again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/model/truth.h"

#define STREAMS      3000 /* about 3 s */
#define SHRINK_TRIES 10
#define LARGE        100000 /* bytes of a stream with an event beyond 1 MiB */

struct trial {
    size_t streams;
    uint64_t seed; /* of the first stream; each further one has the next */
};

/* What was seen, so that a reader knows how much the checks had to say. */
struct tally {
    size_t bytes;
    size_t parts[FATE_UNKNOWN + 1];
};

static struct frames *send_one(const struct stream *stream, struct run run, struct run *failed,
                               struct fault *fault)
{
    struct fault found = {0};
    struct frames *frames = run_send(&run, stream, &found);
    truth_check(stream, &run, frames, &found);
    if (found.text[0] != '\0' && fault->text[0] == '\0') {
        *fault = found;
        *failed = run;
    }
    return frames;
}

/* While the clock stands still, the frames are the same however the stream is cut. */
static void check_cuts(const struct stream *stream, size_t end, struct chance *chance, struct run *failed,
                       struct fault *fault)
{
    struct frames *whole = send_one(stream, (struct run){CUT_NOT, false, end, 1}, failed, fault);
    int first = end > LARGE ? 1 : 0; /* byte by byte such a stream takes too long */
    for (int i = first; i < 3; i++) {
        struct run run = {i == 0 ? CUT_EACH_BYTE : CUT_AT_RANDOM, false, end,
                          chance_below(chance, SIZE_MAX) | 1};
        struct frames *frames = send_one(stream, run, failed, fault);
        if (!frames_equal(whole, frames) && fault->text[0] == '\0') {
            *failed = run;
            fault_set(fault, "the frames are others than those of the stream in one piece");
        }
        frames_free(frames);
    }
    frames_free(whole);
}

static bool is_right(const struct stream_plan *plan, uint64_t seed, struct tally *tally, struct run *failed,
                     struct fault *fault)
{
    struct stream stream;
    struct chance chance = {seed};
    *fault = (struct fault){0};
    stream_build(&stream, plan);
    check_cuts(&stream, stream.text.len, &chance, failed, fault);
    check_cuts(&stream, chance_below(&chance, stream.text.len + 1), &chance, failed, fault);
    for (int i = 0; i < 2; i++) {
        size_t end = i == 0 ? stream.text.len : chance_below(&chance, stream.text.len + 1);
        struct run run = {CUT_AT_RANDOM, true, end, chance_below(&chance, SIZE_MAX) | 1};
        frames_free(send_one(&stream, run, failed, fault));
    }
    tally->bytes += stream.text.len;
    for (size_t i = 0; i < stream.count; i++) tally->parts[stream.parts[i].fate]++;
    stream_fini(&stream);
    return fault->text[0] == '\0';
}

static bool is_right_in_many_ways(const struct stream_plan *plan, uint64_t seed, uint64_t *failing_seed)
{
    struct tally tally = {0};
    struct run failed;
    struct fault fault;
    for (uint64_t i = 0; i < SHRINK_TRIES; i++) {
        *failing_seed = seed + 2 * i; /* odd, as the first one: never 0 */
        if (!is_right(plan, *failing_seed, &tally, &failed, &fault)) return false;
    }
    return true;
}

/* Leaves out items for as long as the stream still shows a fault, perhaps with other cuts. */
static uint64_t shrink(struct stream_plan *plan, uint64_t seed)
{
    for (size_t i = plan->count; i > 0; i--) {
        struct stream_plan smaller = *plan;
        uint64_t other = seed;
        smaller.count--;
        memmove(&smaller.items[i - 1], &smaller.items[i], (plan->count - i) * sizeof plan->items[0]);
        if (is_right_in_many_ways(&smaller, seed, &other)) continue;
        *plan = smaller;
        seed = other;
    }
    return seed;
}

static void print_frames(const char *title, const struct stream *stream, struct run run)
{
    struct fault ignored = {0};
    struct frames *frames = run_send(&run, stream, &ignored);
    frames_print(title, frames);
    frames_free(frames);
}

static void report(struct stream_plan *plan, uint64_t seed)
{
    struct tally tally = {0};
    struct stream stream;
    struct run failed = {0};
    struct fault fault;
    seed = shrink(plan, seed);
    bool is_good = is_right(plan, seed, &tally, &failed, &fault);
    (void)fprintf(stderr, "\n%s\n", is_good ? "(the fault is gone)" : fault.text);
    run_print(&failed);
    stream_build(&stream, plan);
    stream_print(&stream);
    print_frames("frames", &stream, failed);
    print_frames("in one piece", &stream, (struct run){CUT_NOT, false, failed.end, 1});
    stream_fini(&stream);
}

/* Seeds that follow one another give streams that have nothing in common. */
static struct chance begin_stream(uint64_t seed)
{
    struct chance chance = {seed * 0x9E3779B97F4A7C15U | 1};
    for (int i = 0; i < 20; i++) (void)chance_below(&chance, 2);
    return chance;
}

static void every_byte_is_in_an_event_a_reject_or_a_separator(void **state)
{
    struct trial *trial = *state;
    struct tally tally = {0};
    struct run failed;
    struct fault fault;
    for (size_t i = 0; i < trial->streams; i++) {
        struct chance chance = begin_stream(trial->seed + i);
        struct stream_plan plan = stream_plan(&chance);
        uint64_t seed = chance_below(&chance, SIZE_MAX) | 1;
        if (is_right(&plan, seed, &tally, &failed, &fault)) continue;
        (void)fprintf(stderr, "stream %zu, given again by: conservation 1 %llu; %s\n", i,
                      (unsigned long long)(trial->seed + i), fault.text);
        report(&plan, seed);
        fail_msg("%s", fault.text);
    }
    (void)fprintf(
        stderr,
        "%zu streams, %zu bytes; parts: %zu separators, %zu events, %zu + %zu rejects of their own, %zu in "
        "rejects, %zu loose, %zu unknown\n",
        trial->streams, tally.bytes, tally.parts[FATE_SEPARATOR], tally.parts[FATE_EVENT],
        tally.parts[FATE_EXACT], tally.parts[FATE_OWN], tally.parts[FATE_REJECT], tally.parts[FATE_LOOSE],
        tally.parts[FATE_UNKNOWN]);
}

int main(int argc, char **argv)
{
    struct chance given = chance_begin(); /* TEST_SEED or the usual one */
    struct trial trial = {.streams = argc > 1 ? strtoull(argv[1], NULL, 10) : STREAMS,
                          .seed = argc > 2 ? strtoull(argv[2], NULL, 10) : given.state / 2};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_byte_is_in_an_event_a_reject_or_a_separator, &trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
