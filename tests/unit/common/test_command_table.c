/* test_command_table -- which subcommand was meant, what is said of one, and the table for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/command_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WORDS_MAX    4

static const struct command commands[] = {
    {"run", NULL, NULL, "the service"},
    {"flush", NULL, NULL, "ships everything"},
    {"tail", "[-n N]", NULL, "follows"},
    {"rejects list", "[--all]", NULL, "lists"},
    {"rejects retry", "[ID...]", NULL, "validates again"},
    {NULL, NULL, NULL, NULL},
};
static const struct command_detail details[] = {
    {"tail", "-n N", "how many"},
    {"rejects list", "--all", "all of them"},
    {"rejects list", "3", "a code of its own"},
    {NULL, NULL, NULL},
};

static void a_misspelt_subcommand_has_the_nearest_word(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *meant; /* NULL: none */
    } rows[] = {
        {{"flsh"}, "flush"},
        {{"flushh"}, "flush"},
        {{"tial"}, "tail"},
        {{"rnu"}, NULL},
        {{"rn"}, "run"},
        {{"rejects", "lst"}, "rejects list"},
        {{"reject", "retry", "5"}, "rejects retry"},
        {{"reject"}, "rejects"},
        {{"rejcets", "something"}, "rejects"},
        {{"frobnicate"}, NULL},
        {{"x"}, NULL},
        {{""}, NULL},
        {{"a-word-that-is-longer-than-any-name-of-a-subcommand-could-ever-be-in-this-program-or-in-another-"
          "one-of-it"},
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *argv[WORDS_MAX + 1] = {NULL};
        char meant[COMMAND_NAME_SIZE] = "";
        size_t distance = COMMAND_TABLE_FAR;
        int argc = 0;
        for (; rows[i].words[argc]; argc++) argv[argc] = strdup(rows[i].words[argc]);
        bool is_found = command_table_suggest(commands, argc, argv, &distance, meant);
        if (is_found != (rows[i].meant != NULL) || strcmp(meant, is_found ? rows[i].meant : "") != 0)
            fail_msg("%s: %s", rows[i].words[0], meant);
        while (argc > 0) free(argv[--argc]);
    }
}

static void the_nearest_of_two_tables_is_taken(void **state)
{
    static const struct command others[] = {{"flash", NULL, NULL, ""}, {NULL, NULL, NULL, NULL}};
    char word[] = "flus";
    char *argv[] = {word, NULL};
    char meant[COMMAND_NAME_SIZE] = "";
    size_t distance = COMMAND_TABLE_FAR;
    (void)state;
    assert_true(command_table_suggest(others, 1, argv, &distance, meant));
    assert_true(command_table_suggest(commands, 1, argv, &distance, meant));
    assert_string_equal(meant, "flush");
    assert_false(command_table_suggest(others, 1, argv, &distance, meant));
    assert_string_equal(meant, "flush");
}

/* What `print` writes; the caller frees it. */
static char *written(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void explain_tail(FILE *out)
{
    command_table_explain("program", &commands[2], details, out);
}

static void explain_list(FILE *out)
{
    command_table_explain("program", &commands[3], details, out);
}

static void list_all(FILE *out)
{
    command_table_list(commands, details, out);
}

static void the_explanation_has_usage_meaning_arguments_and_exit_codes(void **state)
{
    (void)state;
    char *tail = written(explain_tail);
    assert_ptr_equal(strstr(tail, "usage: program tail [-n N]\n\nfollows\n\nArguments:\n  -n N "), tail);
    assert_non_null(strstr(tail, "\n\nExit codes:\n  0 "));
    assert_non_null(strstr(tail, "\n  78 "));
    assert_null(strstr(tail, "--all"));
    free(tail);
    char *list = written(explain_list);
    assert_non_null(strstr(list, "\n\nExit codes:\n  3 "));
    assert_null(strstr(list, "\n  78 "));
    free(list);
}

static void the_table_for_programs_has_a_line_for_each_row(void **state)
{
    (void)state;
    char *list = written(list_all);
    assert_non_null(strstr(list, "command\trun\t\tthe service\n"));
    assert_non_null(strstr(list, "command\trejects list\t[--all]\tlists\n"));
    assert_non_null(strstr(list, "detail\ttail\t-n N\thow many\n"));
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misspelt_subcommand_has_the_nearest_word),
        cmocka_unit_test(the_nearest_of_two_tables_is_taken),
        cmocka_unit_test(the_explanation_has_usage_meaning_arguments_and_exit_codes),
        cmocka_unit_test(the_table_for_programs_has_a_line_for_each_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
