/* test_print -- what is printed is lines of printable characters, whatever the values hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/print.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *line, *lines;
} rows[] = {
    {"", "[]\n", "\n"},
    {"Access Denied", "[Access Denied]\n", "Access Denied\n"},
    {"no\nok      objects can be written", "[no\\x0aok      objects can be written]\n",
     "no\nok      objects can be written\n"},
    {"two\n\nlines\n", "[two\\x0a\\x0alines\\x0a]\n", "two\n\nlines\n"},
    {"\rok \x1b[2K\t", "[\\x0dok \\x1b[2K\\x09]\n", "\\x0dok \\x1b[2K\\x09\n"},
    {"\xc2\x9b\x32J \x9b\x32J", "[\\u009b2J \\x9b2J]\n", "\\u009b2J \\x9b2J\n"},
    {"gnp\xe2\x80\xaeqes.exe\xe2\x81\xa9", "[gnp\\u202eqes.exe\\u2069]\n", "gnp\\u202eqes.exe\\u2069\n"},
    {"C:\\new T\xc3\xbcr", "[C:\\new T\xc3\xbcr]\n", "C:\\new T\xc3\xbcr\n"},
    {"cut \xe2\x82", "[cut \\xe2\\x82]\n", "cut \\xe2\\x82\n"},
};

/* Prints by print_line(), or else by print_lines(). The caller frees what has been printed. */
static char *printed(const char *text, bool is_one_line)
{
    char *out = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&out, &len);
    assert_non_null(file);
    if (is_one_line)
        print_line(file, "[%s]", text);
    else
        print_lines(file, text);
    assert_int_equal(fclose(file), 0);
    return out;
}

static void foreign_text_stays_in_its_line_and_is_printable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *line = printed(rows[i].text, true);
        char *lines = printed(rows[i].text, false);
        assert_string_equal(line, rows[i].line);
        assert_string_equal(lines, rows[i].lines);
        free(line);
        free(lines);
    }
}

static void a_long_entry_goes_on_under_its_text(void **state)
{
    static const struct {
        size_t columns;
        const char *text, *lines;
    } cases[] = {
        {0, "one line for programs, however long it may be",
         "label        one line for programs, however long it may be\n"},
        {20, "too few columns to break", "label        too few columns to break\n"},
        {30, "sixteen columns fit in", "label        sixteen columns\n             fit in\n"},
        {30, "sixteen columns. not so", "label        sixteen columns.\n             not so\n"},
        {30, "a /very/long/path/stays/whole here",
         "label        a\n             /very/long/path/stays/whole\n             here\n"},
        {30, "sixt\xc3\xa9\xc3\xa9n c\xc3\xb6l\xc3\xbcmns. \n",
         "label        sixt\xc3\xa9\xc3\xa9n c\xc3\xb6l\xc3\xbcmns.\n             \\x0a\n"},
        {30, "run `eventspool check`, then look",
         "label        run\n             `eventspool check`,\n             then look\n"},
        {30, "`a b` or `c d` or `e f`", "label        `a b` or `c d`\n             or `e f`\n"},
        {30, "a ` that stands alone is text", "label        a ` that stands\n             alone is text\n"},
        {30, "", "label        \n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = NULL;
        size_t len = 0;
        FILE *file = open_memstream(&out, &len);
        assert_non_null(file);
        print_entry(file, "label", cases[i].columns, "%s", cases[i].text);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(out, cases[i].lines);
        free(out);
    }
}

static void what_is_printable_already_is_not_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *once = printed(rows[i].text, false);
        char *twice = printed(once, false);
        assert_string_equal(once, twice);
        free(once);
        free(twice);
    }
}

static void a_line_is_written_over_within_the_width_of_the_terminal(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *printed;
    } over[] = {
        {"12 of 50", 80, "\r12 of 50\x1b[K"},
        {"12 of 50", 9, "\r12 of 50\x1b[K"},
        {"12 of 50", 8, "\r12 of 5\x1b[K"}, /* the last column stays free */
        {"12 of 50", 1, "\r\x1b[K"},
        {"", 1, "\r\x1b[K"},
        {"a\nb\x1b[2J", 80, "\ra\\x0ab\\x1b[2J\x1b[K"},
        {"T\xc3\xbcr", 3, "\rT\x1b[K"}, /* no letter is cut in two */
    };
    (void)state;
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        char *out = NULL;
        size_t len = 0;
        FILE *file = open_memstream(&out, &len);
        assert_non_null(file);
        print_over(file, over[i].text, strlen(over[i].text), over[i].columns);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(out, over[i].printed);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_stays_in_its_line_and_is_printable),
        cmocka_unit_test(a_long_entry_goes_on_under_its_text),
        cmocka_unit_test(what_is_printable_already_is_not_changed),
        cmocka_unit_test(a_line_is_written_over_within_the_width_of_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
