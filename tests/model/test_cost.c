/*
 * test_cost -- what a hostile stream costs, framed and with its events validated: at most eight times the processor time
 * of as many bytes of plain events that libxml2 judges: with VALIDATOR=auto these cost much less, and a hostile stream no
 * more. Ratios of one run; a stream that exceeds its ratio is measured again.
 *
 *     build/release/model/cost [MIB]     streams of so many MiB, with events of at most 1 MiB and of at most 8 MiB
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "collector/framing/framer.h"
#include "collector/framing/plain_event.h"
#include "collector/framing/validator.h"
#include "tests/model/hostile.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SEGMENT      ((size_t)64 << 10)
#define RATIO_MAX    8
#define FRAMES_MAX   40 /* where each dozen bytes are a frame: frames cost more than bytes */
#define MIB          ((size_t)1 << 20)

struct trial {
    int tolerance; /* of a short trial on a busy machine; 1: none */
    size_t stream_bytes;
    size_t ceilings[2]; /* 0: none */
};

/* What reads the streams: as an intake does, but without threads. */
struct intake {
    struct framer_options options;
    struct validator *validator;
    struct validator *libxml2; /* judges the plain events that all others are compared with */
    size_t stream_bytes;
    int tolerance;
};

static double processor_seconds(void)
{
    struct timespec now;
    int res = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    assert_int_equal(res, 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void take(const struct intake *intake, struct framer *framer)
{
    struct frame frame;
    struct verdict verdict;
    while (framer_next(framer, &frame)) {
        if (!frame.is_event || frame.fields) continue;
        struct validator_input input = {frame.data, frame.len, frame.encoding, frame.namespaces, false};
        validator_check(intake->validator, &input, &verdict);
        validator_trim(intake->validator);
    }
}

/* In segments; at its end 10 s of silence, then the end of the connection. */
static double measure_once(const struct intake *intake, const struct buf *stream)
{
    double begun = processor_seconds();
    struct framer *framer = framer_new(&intake->options);
    for (size_t at = 0; at < stream->len; at += SEGMENT) {
        size_t len = stream->len - at < SEGMENT ? stream->len - at : SEGMENT;
        framer_feed(framer, stream->data + at, len, 0);
        take(intake, framer);
    }
    framer_tick(framer, FRAMER_SILENCE_MS);
    take(intake, framer);
    framer_end(framer);
    take(intake, framer);
    framer_free(framer);
    return processor_seconds() - begun;
}

static double measure(const struct intake *intake, const struct hostile_stream *row, enum hostile_units units)
{
    struct buf stream = BUF_EMPTY;
    hostile_append(row, units, intake->stream_bytes, &stream);
    double seconds = measure_once(intake, &stream);
    buf_fini(&stream);
    return seconds;
}

static double measure_plain(const struct intake *intake, enum hostile_units units)
{
    struct intake judged = *intake;
    judged.options.plain = NULL;
    judged.validator = intake->libxml2;
    return measure(&judged, hostile_plain(), units);
}

/* A ratio that is too high is measured again, beside plain events: the machine may have been busy, or the other way. */
static double measure_ratio(const struct intake *intake, const struct hostile_stream *row,
                            enum hostile_units units, double plain, int ratio_max)
{
    double ratio = measure(intake, row, units) / plain;
    if (ratio <= ratio_max) return ratio;
    plain = measure_plain(intake, units);
    double again = measure(intake, row, units) / plain;
    return again < ratio ? again : ratio;
}

static size_t measure_row(const struct intake *intake, const struct hostile_stream *row,
                          const double plain[HOSTILE_UNITS])
{
    int ratio_max = (row->is_all_frames ? FRAMES_MAX : RATIO_MAX) * intake->tolerance;
    size_t slow = 0;
    (void)fprintf(stderr, "%-44.44s then %-24.24s", row->opening, row->repeated);
    for (enum hostile_units units = 0; units < HOSTILE_UNITS; units++) {
        double ratio = measure_ratio(intake, row, units, plain[units], ratio_max);
        if (ratio > ratio_max) slow++;
        (void)fprintf(stderr, " %6.2f%s", ratio, ratio > ratio_max ? "!" : " ");
    }
    (void)fputc('\n', stderr);
    return slow;
}

static size_t measure_all(const struct intake *intake)
{
    double plain[HOSTILE_UNITS];
    size_t slow = 0;
    for (enum hostile_units units = 0; units < HOSTILE_UNITS; units++)
        plain[units] = measure_plain(intake, units);
    (void)fprintf(stderr, "max_message %zu; plain events: %.2f ns a byte, in UTF-16 %.2f and %.2f\n",
                  intake->options.max_message, plain[0] * 1e9 / (double)intake->stream_bytes,
                  plain[1] * 1e9 / (double)intake->stream_bytes,
                  plain[2] * 1e9 / (double)intake->stream_bytes);
    for (size_t i = 0; hostile_stream(i); i++) slow += measure_row(intake, hostile_stream(i), plain);
    return slow;
}

static void a_hostile_stream_costs_at_most_eight_times_a_plain_one(void **state)
{
    const struct trial *trial = *state;
    struct xml_names events;
    struct xml_names ignored;
    struct why why = {0};
    struct intake intake = {.validator = validator_new(NULL),
                            .libxml2 = validator_new(&(struct validator_options){.is_libxml2_alone = true}),
                            .stream_bytes = trial->stream_bytes,
                            .tolerance = trial->tolerance};
    struct plain_event *plain = plain_event_new(&index_fields_default);
    size_t slow = 0;
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", "EVENT", &events, &why), RES_OK);
    assert_int_equal(xml_names_parse("IGNORE_ELEMENTS", "ping", &ignored, &why), RES_OK);
    for (size_t i = 0; i < COUNT(trial->ceilings) && trial->ceilings[i] > 0; i++) {
        intake.options = (struct framer_options){&events, &ignored, trial->ceilings[i], plain};
        slow += measure_all(&intake);
    }
    plain_event_free(plain);
    validator_free(intake.validator);
    validator_free(intake.libxml2);
    assert_int_equal(slow, 0);
}

int main(int argc, char **argv)
{
    struct trial trial = {2, MIB, {MIB / 8, 0}};
    if (argc > 1) trial = (struct trial){1, strtoul(argv[1], NULL, 10) * MIB, {MIB, 8 * MIB}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_hostile_stream_costs_at_most_eight_times_a_plain_one, &trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
