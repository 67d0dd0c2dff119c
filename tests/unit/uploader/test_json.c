/* test_json -- strings are escaped as RFC 8259 asks; what is UTF-8 and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/utf8.h"
#include "uploader/render/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Initializes a text and its length; the literal may hold NUL. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void assert_is(struct buf *buf, const char *expected)
{
    buf_append_char(buf, '\0');
    assert_string_equal(buf->data, expected);
    buf_fini(buf);
}

static void only_characters_that_json_forbids_are_escaped(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } rows[] = {
        {BYTES(""), "\"\""},
        {BYTES("plain / <b>&amp;</b> 'x'"), "\"plain / <b>&amp;</b> 'x'\""},
        {BYTES("say \"no\""), "\"say \\\"no\\\"\""},
        {BYTES("C:\\dir\\"), "\"C:\\\\dir\\\\\""},
        {BYTES("a\nb\rc\td"), "\"a\\nb\\rc\\td\""},
        {BYTES("\0\x01\b\f\x1f"), "\"\\u0000\\u0001\\u0008\\u000c\\u001f\""},
        {BYTES("\x7f"), "\"\x7f\""},
        {BYTES("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xAA"), "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xAA\""},
        {BYTES("\xE2\x80\xA8"), "\"\xE2\x80\xA8\""}, /* a line separator needs no escape */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        json_string(&out, rows[i].text, rows[i].len);
        assert_is(&out, rows[i].json);
    }
}

static void each_ascii_character_is_kept_or_escaped(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++) {
        struct buf out = BUF_EMPTY;
        char text = (char)c;
        json_escape(&out, &text, 1);
        if (c >= 0x20 && c != '"' && c != '\\')
            assert_int_equal(out.len, 1);
        else
            assert_int_equal(out.data[0], '\\');
        buf_fini(&out);
    }
}

/* Whatever stands before and behind it, as bytes are looked at several at a time. */
static void a_character_is_escaped_wherever_it_stands(void **state)
{
    static const char characters[] = "\"\\\n\x1f \x7f\x80\xff!#[]";
    (void)state;
    for (size_t len = 1; len <= 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (const char *c = characters; *c; c++) {
                bool is_escaped = strchr("\"\\\n\x1f", *c);
                const char *escaped = *c == '\n'     ? "\\n"
                                      : *c == '\x1f' ? "\\u001f"
                                                     : (char[]){'\\', *c, '\0'};
                struct buf out = BUF_EMPTY;
                char expected[64] = "";
                char *text = malloc(len); /* a sanitizer sees a byte too many */
                assert_non_null(text);
                memset(text, 'x', len);
                text[at] = *c;
                (void)snprintf(expected, sizeof expected, "%.*s%s%.*s", (int)at, "xxxxxxxxxxxxxxxxxxxx",
                               is_escaped ? escaped : (char[]){*c, '\0'}, (int)(len - at - 1),
                               "xxxxxxxxxxxxxxxxxxxx");
                json_escape(&out, text, len);
                assert_is(&out, expected);
                free(text);
            }
        }
    }
}

static void an_objects_members_are_separated_by_commas(void **state)
{
    static const struct {
        bool is_pretty;
        int members;
        const char *json;
    } rows[] = {
        {false, 0, "{}"},
        {false, 1, "{\"a\":\"1\"}"},
        {false, 3, "{\"a\":\"1\",\"b\":\"x\\\"y\",\"c\":\"\"}"},
        {true, 0, "  {}"},
        {true, 1, "  {\n    \"a\": \"1\"\n  }"},
        {true, 3, "  {\n    \"a\": \"1\",\n    \"b\": \"x\\\"y\",\n    \"c\": \"\"\n  }"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        struct json_object object;
        json_begin(&object, &out, rows[i].is_pretty);
        if (rows[i].members > 0) json_add_text(&object, "a", "1");
        if (rows[i].members > 1) json_add(&object, "bcd", 1, "x\"y", 3);
        if (rows[i].members > 2) json_add(&object, "c", 1, "", 0);
        json_end(&object);
        assert_is(&out, rows[i].json);
    }
}

static void utf8_is_validated_as_rfc_3629_defines_it(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool is_utf8;
    } rows[] = {
        {BYTES(""), true},
        {BYTES("ascii\0\x7f"), true},
        {BYTES("\xC2\x80"), true},         /* U+0080 */
        {BYTES("\xDF\xBF"), true},         /* U+07FF */
        {BYTES("\xE0\xA0\x80"), true},     /* U+0800 */
        {BYTES("\xED\x9F\xBF"), true},     /* U+D7FF */
        {BYTES("\xEE\x80\x80"), true},     /* U+E000 */
        {BYTES("\xEF\xBF\xBF"), true},     /* U+FFFF */
        {BYTES("\xF0\x90\x80\x80"), true}, /* U+10000 */
        {BYTES("\xF4\x8F\xBF\xBF"), true}, /* U+10FFFF */
        {BYTES("a\xC3\xA9z\xE2\x82\xAC\xF0\x9F\x9A\xAA."), true},
        {BYTES("\x80"), false}, /* a continuation without a beginning */
        {BYTES("\xBF"), false},
        {BYTES("a\x80z"), false},
        {BYTES("\xC3\xA9\xA9"), false},
        {BYTES("\xC0\x80"), false}, /* overlong */
        {BYTES("\xC1\xBF"), false},
        {BYTES("\xE0\x80\x80"), false},
        {BYTES("\xE0\x9F\xBF"), false},
        {BYTES("\xF0\x80\x80\x80"), false},
        {BYTES("\xF0\x8F\xBF\xBF"), false},
        {BYTES("\xED\xA0\x80"), false}, /* surrogates */
        {BYTES("\xED\xBF\xBF"), false},
        {BYTES("\xED\xA0\xBD\xED\xB8\x80"), false},
        {BYTES("\xF4\x90\x80\x80"), false}, /* above U+10FFFF */
        {BYTES("\xF5\x80\x80\x80"), false},
        {BYTES("\xF8\x88\x80\x80\x80"), false},
        {BYTES("\xFE"), false},
        {BYTES("\xFF"), false},
        {BYTES("\xC3"), false}, /* truncated */
        {BYTES("\xE2\x82"), false},
        {BYTES("\xE2"), false},
        {BYTES("\xF0\x9F\x9A"), false},
        {BYTES("\xF0\x9F"), false},
        {BYTES("\xF0"), false},
        {BYTES("\xC3z"), false},
        {BYTES("\xE2\x82z"), false},
        {BYTES("\xE2z\xAC"), false},
        {BYTES("\xF0\x9F\x9Az"), false},
        {BYTES("\xE2\x82\xC3\xA9"), false},
        {BYTES("caf\xE9"), false}, /* ISO-8859-1 */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = malloc(rows[i].len + !rows[i].len); /* a sanitizer sees a byte too many */
        assert_non_null(text);
        memcpy(text, rows[i].text, rows[i].len);
        if ((utf8_valid_len(text, rows[i].len) == rows[i].len) != rows[i].is_utf8) fail_msg("row %zu", i);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_characters_that_json_forbids_are_escaped),
        cmocka_unit_test(each_ascii_character_is_kept_or_escaped),
        cmocka_unit_test(a_character_is_escaped_wherever_it_stands),
        cmocka_unit_test(an_objects_members_are_separated_by_commas),
        cmocka_unit_test(utf8_is_validated_as_rfc_3629_defines_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
