/*
 * test_plain -- what the pass over plain events is sure of, libxml2 calls well-formed, with the same columns: every string
 * of a few tokens, every byte in every place of names and texts, references to every character, changed samples, random
 * events, and streams however they are cut. Both forms of common/xml/scan.h.
 *
 *     build/release/model/plain [TOKENS [INPUTS [SEED [PART PARTS]]]]
 *
 * TOKENS: of the longest strings that are all tried; INPUTS: random ones of each kind; SEED: of the first. One of several
 * processes that share a long run takes part number PART, from 0 on, of PARTS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xml/plain.h"
#include "tests/model/comparison.h"
#include "tests/model/outcome.h"
#include "tests/model/plain_stream.h"
#include "tests/model/plain_strings.h"
#include "tests/model/plain_tree.h"
#include "tests/support/sanitized.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define TOKENS             3
#define INPUTS             (IS_SANITIZED ? 10000 : 40000)
#define INPUTS_OF_A_STREAM 200 /* there are so many times fewer streams: each is cut in hundreds of ways */
#define CHARACTERS         0x110000u

struct trial {
    size_t tokens;
    size_t inputs;
    struct chance chance;
    size_t part, parts;
    bool is_long; /* more tokens than in CI: then all of what CI takes a part of */
    const char *acmsim;
};

static const char *const column_settings[] = {
    INDEX_FIELDS_DEFAULT,
    "uid=cn, name=a, time=*:b, sender=cn, source_name=x:y",
    "uid=*:cn, time=a",
};

static struct comparison *begin(const struct trial *trial, struct index_fields *fields, size_t setting)
{
    struct why why = {0};
    assert_int_equal(index_fields_parse(column_settings[setting], fields, &why), RES_OK);
    struct comparison *comparison = comparison_new(fields);
    comparison->is_reporting = trial->is_long;
    return comparison;
}

/* At least one input in `sure_in` must have been one that the pass is sure of: else there was nothing to compare. */
static void end(struct comparison *comparison, const char *what, uint64_t sure_in)
{
    bool has_failed = comparison->has_failed;
    comparison_print(comparison, what);
    bool is_enough = comparison->compared >= comparison->inputs / sure_in;
    comparison_free(comparison);
    assert_false(has_failed);
    assert_true(is_enough);
}

static struct slice slice_of(const struct buf *text)
{
    return (struct slice){text->data, text->len};
}

static void append_slice(struct buf *text, struct slice slice)
{
    buf_append(text, slice.data, slice.len);
}

/* ---- every string of tokens ---- */

/* In what the string stands: alone, as an event's content, between its children, in a child with another event behind. */
static const struct {
    const char *before, *behind;
} places[] = {{"", ""},
              {"<EVENT>", "</EVENT>"},
              {"<EVENT><cn>1</cn>", "\r\n<a>2</a></EVENT>"},
              {"<EVENT><cn>", "</cn></EVENT>\n<EVENT><cn>1</cn>"}};

static void check_in_place(struct comparison *comparison, struct slice text, size_t place)
{
    char input[256];
    size_t before = strlen(places[place].before);
    size_t behind = strlen(places[place].behind);
    assert_true(before + text.len + behind <= sizeof input);
    memcpy(input, places[place].before, before);
    if (text.len > 0) memcpy(input + before, text.data, text.len);
    memcpy(input + before + text.len, places[place].behind, behind);
    (void)comparison_check(comparison, (struct slice){input, before + text.len + behind}, "");
}

static void check_strings(struct comparison *comparison, struct buf *text, size_t more)
{
    size_t len = text->len;
    for (size_t place = 0; place < COUNT(places); place++) check_in_place(comparison, slice_of(text), place);
    for (size_t i = 0; more > 0 && i < plain_token_count() && !comparison->has_failed; i++) {
        append_slice(text, plain_token(i));
        check_strings(comparison, text, more - 1);
        text->len = len;
    }
}

static void every_string_of_tokens_is_judged_alike(void **state)
{
    const struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 1);
    struct buf text = BUF_EMPTY;
    for (size_t i = trial->part; i < plain_token_count(); i += trial->parts) {
        buf_clear(&text);
        append_slice(&text, plain_token(i));
        check_strings(comparison, &text, trial->tokens - 1);
    }
    buf_fini(&text);
    end(comparison, "strings of tokens", 100);
}

/* ---- every byte, every character ---- */

#define LONGEST_RUN 35 /* more than two words of either form */

/* A name, and a text, of `len` letters, of which the one at `at` is the byte. */
static void check_byte(struct comparison *comparison, size_t len, size_t at, char byte)
{
    char run[LONGEST_RUN];
    char input[256];
    memset(run, 'n', sizeof run);
    run[at] = byte;
    int run_len = (int)len;
    for (int kind = 0; kind < 3; kind++) {
        size_t used = 0;
        const char *parts[] = {"<EVENT><", NULL, "></", NULL, "></EVENT>"};
        if (kind == 1) parts[0] = "<EVENT><cn>", parts[2] = "", parts[4] = "</cn></EVENT>";
        if (kind == 2) parts[0] = "<EVENT><cn/>", parts[2] = "<b/>", parts[4] = "</EVENT>";
        for (size_t i = 0; i < COUNT(parts); i++) {
            size_t part_len = parts[i] ? strlen(parts[i]) : (size_t)run_len;
            memcpy(input + used, parts[i] ? parts[i] : run, part_len);
            used += part_len;
        }
        (void)comparison_check(comparison, (struct slice){input, used}, "");
    }
}

static void every_byte_in_every_place_of_a_name_and_a_text_is_judged_alike(void **state)
{
    const struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 1);
    size_t step = trial->is_long ? 1 : 5;
    for (size_t len = 1; len <= LONGEST_RUN; len += len < 9 ? 1 : step)
        for (size_t at = 0; at < len; at++)
            for (int byte = 0; byte < 256; byte++) check_byte(comparison, len, at, (char)byte);
    end(comparison, "bytes in names and texts", 5);
}

static void every_sequence_of_bytes_at_the_edges_of_utf8_is_judged_alike(void **state)
{
    static const char edges[] =
        "x<\x7F\x80\x8F\x90\x9F\xA0\xBD\xBE\xBF\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5\xFF";
    const size_t count = sizeof edges - 1;
    const struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 1);
    size_t strings = count * count * count * (trial->tokens < TOKENS ? 1 : count);
    for (size_t i = 0; i < strings; i++) {
        char cut_off[] = {'<',
                          'a',
                          '>',
                          edges[i % count],
                          edges[i / count % count],
                          edges[i / count / count % count],
                          edges[i / count / count / count]};
        struct slice bytes = {cut_off + 3, 4};
        check_in_place(comparison, bytes, 1 + i % (COUNT(places) - 1));
        (void)comparison_check(comparison, (struct slice){cut_off, sizeof cut_off}, "");
    }
    end(comparison, "bytes at the edges of UTF-8", 1000);
}

/* All in a long run; else those at the edges of what is allowed. */
static bool is_tried(const struct trial *trial, uint32_t number)
{
    static const uint32_t edges[] = {0, 0x80, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFD, 0x10000, 0x10FFFF, UINT32_MAX};
    for (size_t i = 0; !trial->is_long && i < COUNT(edges); i++)
        if (number + 0x24 >= edges[i] && number <= edges[i] + 0x24) return true;
    return trial->is_long;
}

static void check_reference(struct comparison *comparison, int zeros, uint64_t number)
{
    char input[128];
    int len =
        snprintf(input, sizeof input, "<EVENT><cn>&#%0*llu;</cn></EVENT>", zeros, (unsigned long long)number);
    (void)comparison_check(comparison, (struct slice){input, (size_t)len}, "");
    len = snprintf(input, sizeof input, "<EVENT><cn>&#x%0*llx;</cn></EVENT>", zeros,
                   (unsigned long long)number);
    (void)comparison_check(comparison, (struct slice){input, (size_t)len}, "");
}

/* And numbers that an addition would wrap around. */
static void references_to_every_character_are_judged_alike(void **state)
{
    const struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 1);
    for (uint32_t number = 0; number < CHARACTERS + 0x100; number++) {
        if (!is_tried(trial, number)) continue;
        check_reference(comparison, 0, number);
        check_reference(comparison, 40, number);
        for (unsigned bits = 16; bits < 64; bits += 8)
            check_reference(comparison, 0, ((uint64_t)1 << bits) + number);
    }
    end(comparison, "references", 20);
}

/* ---- random inputs ---- */

static const char *draw_encoding(struct chance *chance)
{
    static const char *const encodings[] = {"",      "",         "",         "UTF-8",
                                            "utf-8", "US-ASCII", "us-ascii", "windows-1252"};
    return encodings[chance_below(chance, COUNT(encodings))];
}

/* Any other encoding must make the pass unsure. */
static void check_random(struct comparison *comparison, const struct buf *text, struct chance *chance)
{
    const char *encoding = draw_encoding(chance);
    size_t len = comparison_check(comparison, slice_of(text), encoding);
    if (len > 0 && strcmp(encoding, "windows-1252") == 0)
        comparison_fail(comparison, slice_of(text), "sure although windows-1252 is declared");
}

static void random_strings_of_tokens_are_judged_alike(void **state)
{
    struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 1);
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < 4 * trial->inputs && !comparison->has_failed; i++) {
        bool is_in_child = chance_below(&trial->chance, 2) == 0;
        buf_clear(&text);
        buf_append_text(&text, is_in_child ? "<EVENT><cn>" : "<EVENT>");
        plain_append_tokens(&text, 12, &trial->chance);
        buf_append_text(&text, is_in_child ? "</cn></EVENT>" : "</EVENT>");
        check_random(comparison, &text, &trial->chance);
    }
    buf_fini(&text);
    end(comparison, "random strings of tokens", 4);
}

/* The truth about an event that is sure. */
static void check_columns(struct comparison *comparison, const struct plain_tree *tree)
{
    const struct slice *fields = comparison_fields(comparison);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        struct slice column = {NULL, 0};
        if (tree->has_column[i])
            column =
                (struct slice){tree->columns[i].len > 0 ? tree->columns[i].data : "", tree->columns[i].len};
        if (!comparison_is_same_text(fields[i], column))
            comparison_fail(comparison, slice_of(&tree->text), "a column is not what was written");
    }
}

static void check_tree(struct comparison *comparison, const struct plain_tree *tree)
{
    size_t len = comparison_check(comparison, slice_of(&tree->text), tree->is_ascii ? "US-ASCII" : "");
    if (comparison->has_failed) return;
    if (len != (tree->is_within ? tree->len : 0)) {
        comparison_fail(comparison, slice_of(&tree->text),
                        tree->is_within ? "plain, but not sure" : "sure beyond the limits");
        return;
    }
    if (len > 0) check_columns(comparison, tree);
}

/* The pass is sure of all that are within its limits, and of no other. */
static void random_plain_events_are_sure_with_their_columns(void **state)
{
    struct trial *trial = *state;
    for (size_t setting = 0; setting < COUNT(column_settings); setting++) {
        struct index_fields fields;
        struct comparison *comparison = begin(trial, &fields, setting);
        for (size_t i = 0; i < trial->inputs && !comparison->has_failed; i++) {
            struct plain_tree tree;
            plain_tree_build(&tree, &fields, i % 4 ? PLAIN_TREE_SMALL : PLAIN_TREE_ANY, &trial->chance);
            check_tree(comparison, &tree);
            plain_tree_fini(&tree);
        }
        end(comparison, column_settings[setting], 2);
    }
}

static void changed_plain_events_are_judged_alike(void **state)
{
    struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 1);
    for (size_t i = 0; i < 2 * trial->inputs && !comparison->has_failed; i++) {
        struct plain_tree tree;
        plain_tree_build(&tree, &fields, i % 64 ? PLAIN_TREE_SMALL : PLAIN_TREE_ANY, &trial->chance);
        plain_mutate(&tree.text, &trial->chance);
        check_random(comparison, &tree.text, &trial->chance);
        plain_tree_fini(&tree);
    }
    end(comparison, "changed plain events", 10);
}

/* ---- events of ACM ---- */

#define START "<EVENT>"

/* Where the next event begins; NULL: nowhere. */
static const char *find_event(struct slice text)
{
    return text.len > 0 ? memmem(text.data, text.len, START, strlen(START)) : NULL;
}

/* Each event must be sure, and is then changed, `changes` times. Returns how many there were. */
static size_t check_events(struct comparison *comparison, struct slice text, size_t changes,
                           struct chance *chance)
{
    size_t count = 0;
    struct buf changed = BUF_EMPTY;
    for (const char *at; (at = find_event(text)) && !comparison->has_failed; count++) {
        struct slice rest = {at, text.len - (size_t)(at - text.data)};
        size_t len = comparison_check(comparison, rest, "");
        if (len == 0) comparison_fail(comparison, rest, "an event of ACM is not sure");
        for (size_t i = 0; i < changes && !comparison->has_failed; i++) {
            buf_clear(&changed);
            append_slice(&changed, (struct slice){at, len});
            plain_mutate(&changed, chance);
            (void)comparison_check(comparison, rest, ""); /* its shape is known: the change may keep that */
            check_random(comparison, &changed, chance);
        }
        text = (struct slice){at + len, rest.len - len};
    }
    buf_fini(&changed);
    return count;
}

/* One is longer than the pass reads, one is not well-formed: neither may be sure. */
static void every_sample_is_sure_and_its_changes_are_judged_alike(void **state)
{
    struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 0);
    struct sample samples[SAMPLES_MAX];
    size_t sure = 0;
    size_t count = samples_load(samples);
    for (size_t i = 0; i < count && !comparison->has_failed; i++) {
        struct slice text = {samples[i].data, samples[i].len};
        const char *at = find_event(text);
        bool is_plain = !samples[i].is_broken && samples[i].len / samples[i].events <= XML_PLAIN_MAX;
        if (is_plain) {
            assert_int_equal(check_events(comparison, text, trial->inputs / 40, &trial->chance),
                             samples[i].events);
            sure += samples[i].events;
        } else {
            assert_non_null(at);
            assert_int_equal(
                comparison_check(comparison, (struct slice){at, text.len - (size_t)(at - text.data)}, ""), 0);
        }
    }
    samples_free(samples, count);
    (void)fprintf(stderr, "%zu events of samples are sure\n", sure);
    end(comparison, "changed samples", 10);
    assert_true(sure >= 15);
}

static void read_acmsim(const struct trial *trial, struct buf *text)
{
    char command[1024];
    (void)snprintf(command, sizeof command, "exec '%s' --stdout --count 60 --separator newline",
                   trial->acmsim);
    FILE *pipe = popen(command, "r"); /* NOLINT: the path is this build's */
    assert_non_null(pipe);
    size_t got = 0;
    do {
        buf_reserve(text, 65536);
        got = fread(text->data + text->len, 1, 65536, pipe);
        text->len += got;
    } while (got > 0);
    assert_int_equal(pclose(pipe), 0);
}

static void every_event_of_acmsim_is_sure_and_its_changes_are_judged_alike(void **state)
{
    struct trial *trial = *state;
    struct index_fields fields;
    struct comparison *comparison = begin(trial, &fields, 0);
    struct buf text = BUF_EMPTY;
    read_acmsim(trial, &text);
    size_t count = check_events(comparison, slice_of(&text), trial->inputs / 120, &trial->chance);
    buf_fini(&text);
    end(comparison, "changed events of acmsim", 10);
    assert_int_equal(count, 60);
}

/* ---- streams ---- */

struct streams {
    struct xml_names events, ignored;
    struct index_fields fields;
    struct outcome_judges libxml2, both;
    struct outcome expected, seen;
    size_t count, runs, events_in, settled;
};

static void open_streams(struct streams *streams, size_t max_message, const struct validator_options *options)
{
    struct why why = {0};
    *streams = (struct streams){0};
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", PLAIN_STREAM_EVENTS, &streams->events, &why), RES_OK);
    assert_int_equal(xml_names_parse("IGNORE_ELEMENTS", PLAIN_STREAM_IGNORED, &streams->ignored, &why),
                     RES_OK);
    assert_int_equal(index_fields_parse(column_settings[1], &streams->fields, &why), RES_OK);
    struct framer_options framer = {&streams->events, &streams->ignored, max_message, NULL};
    struct validator_options validator = *options;
    validator.fields = &streams->fields;
    outcome_open(&streams->libxml2, &framer, &validator, true);
    outcome_open(&streams->both, &framer, &validator, false);
}

static void close_streams(struct streams *streams)
{
    outcome_close(&streams->libxml2);
    outcome_close(&streams->both);
    outcome_fini(&streams->expected);
    outcome_fini(&streams->seen);
}

static void check_cuts(struct streams *streams, struct slice stream, struct cuts cuts)
{
    outcome_read(&streams->seen, &streams->both, stream, cuts);
    streams->runs++;
    if (outcome_equals(&streams->expected, &streams->seen) && !streams->seen.is_wrong) return;
    bytes_print("stream", stream);
    bytes_print("libxml2", slice_of(&streams->expected.text));
    bytes_print("both", slice_of(&streams->seen.text));
    (void)fprintf(stderr, "cut at %zu, %zu and so on\n", cuts.lengths[0], cuts.lengths[cuts.count > 1]);
    fail_msg("in a stream: %s", streams->seen.is_wrong ? "settled what may not be" : "another outcome");
}

static void check_stream(struct streams *streams, struct slice stream, struct chance *chance)
{
    outcome_read(&streams->expected, &streams->libxml2, stream, WHOLE);
    check_cuts(streams, stream, WHOLE);
    streams->count++;
    streams->events_in += streams->seen.events;
    streams->settled += streams->seen.settled;
    check_cuts(streams, stream, EACH_OF(1));
    for (size_t at = 1; at < stream.len && stream.len < 1500; at++)
        check_cuts(streams, stream, IN_TWO_AT(at));
    for (size_t i = 0; i < 4; i++) check_cuts(streams, stream, random_cuts(chance, 1 + stream.len / (1 + i)));
}

/* However they are cut, and whatever mends what is not plain. */
static void streams_have_the_same_outcome_with_and_without_the_pass(void **state)
{
    static const struct {
        size_t max_message;
        struct validator_options validator;
    } rows[] = {
        {1 << 20, {.default_encoding = "UTF-8"}},
        {1 << 20,
         {.default_encoding = "windows-1252", .replaces_invalid = true, .namespaces = " xmlns:s='u'"}},
        {120, {.default_encoding = NULL, .replaces_invalid = true}},
    };
    struct trial *trial = *state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        struct streams streams;
        struct buf stream = BUF_EMPTY;
        open_streams(&streams, rows[row].max_message, &rows[row].validator);
        for (size_t i = 0; i < trial->inputs / INPUTS_OF_A_STREAM; i++) {
            buf_clear(&stream);
            plain_stream_build(&stream, &streams.fields, &trial->chance);
            check_stream(&streams, slice_of(&stream), &trial->chance);
        }
        (void)fprintf(stderr, "%zu streams, cut in %zu ways; of %zu events %zu were settled\n", streams.count,
                      streams.runs, streams.events_in, streams.settled);
        assert_true(streams.settled >= streams.events_in / 3);
        buf_fini(&stream);
        close_streams(&streams);
    }
}

/* ---- the program ---- */

static size_t argument(int argc, char **argv, int i, size_t otherwise)
{
    return argc > i ? strtoull(argv[i], NULL, 10) : otherwise;
}

/* The simulator of the same build. */
static const char *find_acmsim(const char *program)
{
    static char path[512];
    const char *bin = getenv("BIN");
    const char *slash = strrchr(program, '/');
    int folder = slash ? (int)(slash - program) : 0;
    if (bin)
        (void)snprintf(path, sizeof path, "%s/acmsim", bin);
    else
        (void)snprintf(path, sizeof path, "%.*s/../bin/acmsim", slash ? folder : 1, slash ? program : ".");
    return path;
}

int main(int argc, char **argv)
{
    struct trial trial = {.tokens = argument(argc, argv, 1, TOKENS),
                          .inputs = argument(argc, argv, 2, INPUTS),
                          .chance = chance_begin(), /* TEST_SEED or the usual one */
                          .part = argument(argc, argv, 4, 0),
                          .parts = argument(argc, argv, 5, 1),
                          .acmsim = find_acmsim(argv[0])};
    trial.is_long = trial.tokens > TOKENS;
    if (argc > 3) trial.chance.state = strtoull(argv[3], NULL, 10) * 0x9E3779B97F4A7C15U | 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_string_of_tokens_is_judged_alike, &trial),
        cmocka_unit_test_prestate(every_sample_is_sure_and_its_changes_are_judged_alike, &trial),
        cmocka_unit_test_prestate(every_event_of_acmsim_is_sure_and_its_changes_are_judged_alike, &trial),
        cmocka_unit_test_prestate(every_byte_in_every_place_of_a_name_and_a_text_is_judged_alike, &trial),
        cmocka_unit_test_prestate(every_sequence_of_bytes_at_the_edges_of_utf8_is_judged_alike, &trial),
        cmocka_unit_test_prestate(references_to_every_character_are_judged_alike, &trial),
        cmocka_unit_test_prestate(random_plain_events_are_sure_with_their_columns, &trial),
        cmocka_unit_test_prestate(changed_plain_events_are_judged_alike, &trial),
        cmocka_unit_test_prestate(random_strings_of_tokens_are_judged_alike, &trial),
        cmocka_unit_test_prestate(streams_have_the_same_outcome_with_and_without_the_pass, &trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
