/* test_tail_options -- the arguments of `collector tail`, and which texts they want. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/commands/tail_options.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WORDS_MAX    8

static void arguments_are_taken_in_any_order_or_refused(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        bool is_right;
        struct tail_options options;
    } rows[] = {
        {{NULL}, true, {10, NULL, NULL, false, false}},
        {{"-n", "5"}, true, {5, NULL, NULL, false, false}},
        {{"-n0", "--json"}, true, {0, NULL, NULL, false, true}},
        {{"--json", "--sender", "a", "-n", "999999999", "--name", "b*"},
         true,
         {999999999, "a", "b*", false, true}},
        {{"--rejects", "--json"}, true, {10, NULL, NULL, true, true}},
        {{"--sender", ""}, true, {10, "", NULL, false, false}},
        {{"--sender", "--json"}, true, {10, "--json", NULL, false, false}},
        {{"-n"}, false, {0, NULL, NULL, false, false}},
        {{"-n", "-1"}, false, {0, NULL, NULL, false, false}},
        {{"-n", "1000000000"}, false, {0, NULL, NULL, false, false}},
        {{"-n", "5x"}, false, {0, NULL, NULL, false, false}},
        {{"--sender"}, false, {0, NULL, NULL, false, false}},
        {{"--json", "--name"}, false, {0, NULL, NULL, false, false}},
        {{"--rejects", "--name", "x"}, false, {0, NULL, NULL, false, false}},
        {{"--sender", "x", "--rejects"}, false, {0, NULL, NULL, false, false}},
        {{"5"}, false, {0, NULL, NULL, false, false}},
        {{"--sender=x"}, false, {0, NULL, NULL, false, false}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *argv[WORDS_MAX + 2] = {strdup("tail")};
        struct command_line line = {.argc = 1, .argv = argv};
        struct tail_options got;
        for (; rows[i].words[line.argc - 1]; line.argc++)
            argv[line.argc] = strdup(rows[i].words[line.argc - 1]);
        bool is_right = tail_options_parse(&line, &got);
        if (is_right != rows[i].is_right) fail_msg("row %zu", i);
        const struct tail_options *wanted = &rows[i].options;
        if (is_right) {
            assert_int_equal(got.count, wanted->count);
            assert_int_equal(got.is_rejects, wanted->is_rejects);
            assert_int_equal(got.is_json, wanted->is_json);
            assert_true((got.sender != NULL) == (wanted->sender != NULL));
            if (got.sender) assert_string_equal(got.sender, wanted->sender);
            assert_true((got.name != NULL) == (wanted->name != NULL));
            if (got.name) assert_string_equal(got.name, wanted->name);
        }
        while (line.argc > 0) free(argv[--line.argc]);
    }
}

static void a_text_matches_as_a_whole_or_by_its_beginning(void **state)
{
    static const struct {
        const char *wanted, *text;
        bool is_match;
    } rows[] = {
        {NULL, "x", true},     {NULL, NULL, true},      {"acm", "acm", true},  {"acm", "acm-1", false},
        {"acm", "ac", false},  {"acm*", "acm-1", true}, {"acm*", "acm", true}, {"acm*", "xacm", false},
        {"*", "x", true},      {"*", NULL, true},       {"", NULL, true},      {"", "", true},
        {"", "x", false},      {"a*b", "a*b", true},    {"a*b", "axb", false}, {"a**", "a*b", true},
        {"Acm", "acm", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(tail_options_match(rows[i].wanted, rows[i].text), rows[i].is_match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_taken_in_any_order_or_refused),
        cmocka_unit_test(a_text_matches_as_a_whole_or_by_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
