/* test_json_text -- texts of any bytes as strings of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/json_text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void any_bytes_become_a_string_of_json(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } rows[] = {
#define ROW(text, json) {text, sizeof(text) - 1, json}
        ROW("", "\"\""),
        ROW("Lobby 1", "\"Lobby 1\""),
        ROW("a\"b\\c", "\"a\\\"b\\\\c\""),
        ROW("a\tb\nc\x1b[2J\x7f", "\"a\\u0009b\\u000ac\\u001b[2J\\u007f\""),
        ROW("a\0b", "\"a\\u0000b\""),
        ROW("T\xc3\xbcr", "\"T\xc3\xbcr\""),
        ROW("\xe2\x80\xae", "\"\\u202e\""),
        ROW("\xc2\x9b", "\"\\u009b\""),
        ROW("\xf0\x9f\x9a\xaa", "\"\xf0\x9f\x9a\xaa\""),
        ROW("\xf3\xa0\x80\x81", "\"\\udb40\\udc01\""),
        ROW("\xff\xc3(", "\"\\ufffd\\ufffd(\""),
        ROW("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""),
#undef ROW
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        json_text_append(&out, rows[i].text, rows[i].len);
        buf_append_char(&out, '\0');
        assert_string_equal(out.data, rows[i].json);
        buf_fini(&out);
    }
}

static void no_text_is_null(void **state)
{
    struct buf out = BUF_EMPTY;
    (void)state;
    json_text_append_or_null(&out, NULL);
    json_text_append_or_null(&out, "x");
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data, "null\"x\"", 7);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_become_a_string_of_json),
        cmocka_unit_test(no_text_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
