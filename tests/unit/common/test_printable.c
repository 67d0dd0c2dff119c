/* test_printable -- what a sender's text becomes before a terminal sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/printable.h"

#include <string.h>

static const struct {
    const char *text, *expected;
} rows[] = {
    {"", ""},
    {"Door 3: forced \"open\" <b>", "Door 3: forced \"open\" <b>"},
    {"T\xc3\xbcr \xe2\x82\xac \xe4\xb8\xad \xf0\x9f\x9a\xaa",
     "T\xc3\xbcr \xe2\x82\xac \xe4\xb8\xad \xf0\x9f\x9a\xaa"},
    {"\x1b[2J\x1b]0;title\a", "\\x1b[2J\\x1b]0;title\\x07"},
    {"two\r\nlines\tand\x7f", "two\\x0d\\x0alines\\x09and\\x7f"},
    {"\\x1b is not an escape", "\\\\x1b is not an escape"},
    {"\xc2\x9b\x32J", "\\u009b2J"}, /* CSI as one character */
    {"\xc2\xa0kept", "\xc2\xa0kept"},
    {"exe\xe2\x80\xaetxt", "exe\\u202etxt"},
    {"a\xe2\x80\x8b\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf", "a\\u200b\\u2028\\u2066\\ufeff"},
    {"\xf3\xa0\x81\x81", "\\U000e0041"},
    {"\x9b\x32J", "\\x9b2J"}, /* as one byte: no UTF-8 */
    {"\xc0\xaf\xed\xa0\x80\xff", "\\xc0\\xaf\\xed\\xa0\\x80\\xff"},
    {"cut \xe2\x82", "cut \\xe2\\x82"},
};

static void control_and_invisible_characters_are_written_as_escapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = BUF_EMPTY;
        printable_append(&out, rows[i].text, strlen(rows[i].text));
        buf_append_char(&out, '\0');
        assert_string_equal(out.data, rows[i].expected);
        buf_fini(&out);
    }
}

static void no_text_of_two_bytes_leaves_a_control_character(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair <= 0xffff; pair++) {
        const char text[] = {(char)(pair >> 8), (char)pair};
        struct buf out = BUF_EMPTY;
        printable_append(&out, text, sizeof text);
        for (size_t i = 0; i < out.len; i++) {
            unsigned char c = (unsigned char)out.data[i];
            assert_true(c >= 0x20 && c != 0x7f);
            if (c == 0xc2) assert_true((unsigned char)out.data[i + 1] >= 0xa0);
        }
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_and_invisible_characters_are_written_as_escapes),
        cmocka_unit_test(no_text_of_two_bytes_leaves_a_control_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
