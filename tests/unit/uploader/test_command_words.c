/* test_command_words -- a command as words, as a shell would have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/command_words.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void commands_are_split_as_a_shell_does(void **state)
{
    static const struct {
        const char *command, *words; /* with | behind each; NULL: refused */
    } rows[] = {
        {"tool", "tool|"},
        {"  /opt/tool  --role \t a\n", "/opt/tool|--role|a|"},
        {"\"/opt/a b/tool\" 'x \"y\"' z", "/opt/a b/tool|x \"y\"|z|"},
        {"a\\ b \"c\\\"d\" 'e\\f' \"g\\h\"", "a b|c\"d|e\\f|g\\h|"},
        {"a'b'\"c\"", "abc|"},
        {"a '' \"\"", "a|||"},
        {"a \\", "a|\\|"},
        {"", NULL},
        {" \t\n", NULL},
        {"a 'b", NULL},
        {"a \"b\\\"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[100];
        char joined[200] = "";
        char *words[COMMAND_WORDS_MAX];
        (void)snprintf(text, sizeof text, "%s", rows[i].command);
        bool is_split = command_words_split(text, words);
        assert_int_equal(is_split, rows[i].words != NULL);
        for (size_t w = 0; is_split && words[w]; w++) strcat(strcat(joined, words[w]), "|");
        assert_string_equal(joined, rows[i].words ? rows[i].words : "");
    }
}

static void too_many_words_are_refused(void **state)
{
    char text[2 * COMMAND_WORDS_MAX + 2] = "";
    char *words[COMMAND_WORDS_MAX];
    (void)state;
    for (int count = 1; count <= COMMAND_WORDS_MAX; count++) {
        text[0] = '\0';
        for (int i = 0; i < count; i++) strcat(text, "a ");
        assert_int_equal(command_words_split(text, words), count < COMMAND_WORDS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_split_as_a_shell_does),
        cmocka_unit_test(too_many_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
