/* test_command -- which subcommand a command line asks for, and what it gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/command.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 6

static int run_nothing(const struct command_line *line)
{
    (void)line;
    return EX_OK;
}

static const struct command commands[] = {
    {"run", NULL, run_nothing, "the first"},
    {"tail", "[-n N]", run_nothing, "takes arguments"},
    {"rejects retry", "[ID...]", run_nothing, "two words"},
    {"rejects list", NULL, run_nothing, "two words, and no arguments"},
    {NULL, NULL, NULL, NULL},
};

static const struct command_detail details[] = {
    {"tail", "-n N", "how many"},
    {"rejects list", "3", "an exit code of its own"},
    {NULL, NULL, NULL},
};
static const struct setting no_settings[] = {SETTING_END};
static const struct program program = {"program", "does nothing", commands, no_settings, details};

static const struct {
    const char *words[WORDS_MAX]; /* after the program's name */
    const char *command;          /* NULL: none */
    int arguments, exit_code;
} rows[] = {
    {{NULL}, "run", 0, EX_OK},
    {{"run"}, "run", 0, EX_OK},
    {{"run", "fast"}, NULL, 0, EX_USAGE},
    {{"tail"}, "tail", 0, EX_OK},
    {{"tail", "-n", "5"}, "tail", 2, EX_OK},
    {{"tails"}, NULL, 0, EX_USAGE},
    {{"tai"}, NULL, 0, EX_USAGE},
    {{""}, NULL, 0, EX_USAGE},
    {{"rejects"}, NULL, 0, EX_USAGE},
    {{"rejects", "retry"}, "rejects retry", 0, EX_OK},
    {{"rejects", "retry", "1", "2", "3"}, "rejects retry", 3, EX_OK},
    {{"rejects retry"}, NULL, 0, EX_USAGE},
    {{"rejects", "list"}, "rejects list", 0, EX_OK},
    {{"rejects", "list", "1"}, NULL, 0, EX_USAGE},
    {{"rejects", "shred"}, NULL, 0, EX_USAGE},
    {{"retry", "rejects"}, NULL, 0, EX_USAGE},
    {{"run", "--help"}, NULL, 0, EX_OK},
    {{"tail", "-n", "5", "--help"}, NULL, 0, EX_OK},
    {{"rejects", "retry", "-h"}, NULL, 0, EX_OK},
    {{"rejects", "--help"}, NULL, 0, EX_OK},
    {{"rejects", "shred", "--help"}, NULL, 0, EX_USAGE},
    {{"tails", "--help"}, NULL, 0, EX_USAGE},
};

static void each_command_line_finds_its_subcommand_or_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *argv[WORDS_MAX + 2] = {strdup("program")};
        struct command_line line = {0};
        int argc = 1;
        int exit_code = -1;
        for (; rows[i].words[argc - 1]; argc++) argv[argc] = strdup(rows[i].words[argc - 1]);
        const struct command *found = command_find(&program, argc, argv, &line, &exit_code);
        assert_int_equal(exit_code, rows[i].exit_code);
        assert_true((found != NULL) == (rows[i].command != NULL));
        if (found) {
            assert_string_equal(found->name, rows[i].command);
            assert_int_equal(line.argc, 1 + rows[i].arguments);
            assert_null(line.argv[line.argc]);
            for (int k = 1; k < line.argc; k++) assert_string_equal(line.argv[k], argv[argc - line.argc + k]);
        }
        while (argc > 0) free(argv[--argc]);
    }
}

/* A descriptor that can only be read stands for a full disk. */
static void a_lost_output_makes_an_exit_code_of_0_into_1(void **state)
{
    static const struct {
        bool is_lost;
        int before, after;
    } ends[] = {
        {false, EX_OK, EX_OK},      {false, EX_TEMPFAIL, EX_TEMPFAIL},
        {true, EX_OK, EX_FAILED},   {true, EX_TEMPFAIL, EX_TEMPFAIL},
        {true, EX_USAGE, EX_USAGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)fflush(stdout);
        int saved = dup(STDOUT_FILENO);
        int unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(saved >= 0 && unwritable >= 0);
        if (ends[i].is_lost) assert_true(dup2(unwritable, STDOUT_FILENO) >= 0);
        if (ends[i].is_lost) (void)printf("lost\n");
        int exit_code = command_end(&program, ends[i].before);
        assert_true(dup2(saved, STDOUT_FILENO) >= 0);
        clearerr(stdout);
        close(saved);
        close(unwritable);
        assert_int_equal(exit_code, ends[i].after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_output_makes_an_exit_code_of_0_into_1),
        cmocka_unit_test(each_command_line_finds_its_subcommand_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
