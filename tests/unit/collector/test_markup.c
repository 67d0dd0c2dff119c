/* test_markup -- what is a name, what is a tag, which encoding does a declaration declare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/markup.h"

#include <stdlib.h>
#include <string.h>

#include "common/xml/chars.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct expectation {
    struct slice text;
    bool is_true;
};

#define YES(text)                                                                                            \
    {                                                                                                        \
        BYTES(text), true                                                                                    \
    }
#define NO(text)                                                                                             \
    {                                                                                                        \
        BYTES(text), false                                                                                   \
    }

static void check(bool (*is_accepted)(const char *text, size_t len), const struct expectation *rows,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_accepted(rows[i].text.data, rows[i].text.len) == rows[i].is_true) continue;
        bytes_print(rows[i].is_true ? "refused" : "accepted", rows[i].text);
        fail();
    }
}

static void white_space_is_exactly_what_xml_defines(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        assert_int_equal(xml_is_space((char)c), c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static void only_names_of_permitted_characters_are_accepted(void **state)
{
    static const struct expectation rows[] = {
        YES("a"),      YES("EVENT"), YES("a:b-c.d_1"), YES("_"),   YES(":"),  YES("\xC3\xA9t\xC3\xA9"),
        NO(""),        NO("1a"),     NO("-a"),         NO(".a"),   NO(" a"),  NO("a "),
        NO("a b"),     NO("a/"),     NO("a>"),         NO("a\0b"), NO("\0"),  NO("a=b"),
        NO("a'b"),     NO("a&b"),    NO("a@b"),        NO("a[b"),  NO("a`b"), NO("a{b"),
        YES("AZaz09"),
    };
    (void)state;
    check(markup_is_name, rows, COUNT(rows));
}

static void a_tag_has_a_name_and_proper_attributes(void **state)
{
    static const struct expectation rows[] = {
        YES("<a>"),
        YES("<a/>"),
        YES("<a />"),
        YES("<a\r\n\t>"),
        YES("</a>"),
        YES("</a\n>"),
        YES("<a:b-c.d>"),
        YES("<a b='c'>"),
        YES("<a b = \"c\" d\n=\n'e'/>"),
        YES("<a b='\">/' c=\"'\" d=''>"),
        NO(""),
        NO("<a b='<'>"),
        NO("<"),
        NO("<>"),
        NO("</>"),
        NO("<a"),
        NO("a>"),
        NO("< a>"),
        NO("</ a>"),
        NO("<1>"),
        NO("<a/ >"),
        NO("<a//>"),
        NO("</a/>"),
        NO("</a b='c'>"),
        NO("<a b>"),
        NO("<a b=>"),
        NO("<a b=c>"),
        NO("<a b='c>"),
        NO("<a b='c'd='e'>"),
        NO("<a 'b'>"),
        NO("<a>>"),
        NO("<a> "),
        NO("<a\0>"),
        NO("<!a>"),
        NO("<?a?>"),
        NO("<!-- -->"),
    };
    (void)state;
    check(markup_is_tag, rows, COUNT(rows));
}

static void a_truncated_tag_is_refused_without_reading_beyond_it(void **state)
{
    static const char tag[] = "<a b = 'c' d=\"e\" />";
    (void)state;
    for (size_t len = 0; len < strlen(tag); len++) {
        char *text = malloc(len + !len); /* a sanitizer sees a byte too many */
        assert_non_null(text);
        memcpy(text, tag, len);
        assert_false(markup_is_tag(text, len));
        assert_false(markup_is_name(text, len));
        free(text);
    }
    assert_true(markup_is_tag(tag, strlen(tag)));
}

static void a_declaration_sets_the_encoding_that_it_declares(void **state)
{
    static const struct {
        const char *text;
        const char *encoding; /* NULL: stays as it was */
    } rows[] = {
        {"<?xml version='1.0' encoding='ISO-8859-1'?>", "ISO-8859-1"},
        {"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", "UTF-8"},
        {"<?xml\n\tversion = '1.0'\r\nencoding\t= \"a\" ?>", "a"},
        {"<?xml encoding='a'?>", "a"},
        {"<?xml version='1.0'?>", ""},
        {"<?xml ?>", ""},
        {"<?xml version='encoding=\"a\"'?>", ""},
        {"<?xml version='1.0' encoding=''?>", ""},
        {"<?xml version='1.0' Encoding='a' encodings='b'?>", ""},
        {"<?xml version='1.0'encoding='a'?>", ""},
        {"<?xml version=1.0 encoding='a'?>", ""},
        {"<?xml version='1.0' encoding='a?>", ""},
        {"<?xml version='1.0' encoding=a?>", ""},
        {"<?xml version='1.0' encoding='a' ", "a"},
        {"<?xml encoding='0123456789'?>", "0123456789"},
        {"<?xml encoding='0123456789a'?>", "0123456789"},
        {"<?xml-stylesheet encoding='a'?>", NULL},
        {"<?xmlx encoding='a'?>", NULL},
        {"<?XML encoding='a'?>", NULL},
        {"<? xml encoding='a'?>", NULL},
        {"<?a xml encoding='a'?>", NULL},
        {"<?xml?>", NULL},
        {"<?xml", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char encoding[11] = "as it is";
        markup_read_declaration(rows[i].text, strlen(rows[i].text), encoding, sizeof encoding);
        assert_string_equal(encoding, rows[i].encoding ? rows[i].encoding : "as it is");
    }
}

static void the_first_attribute_value_beyond_the_limit_is_found(void **state)
{
    static const struct {
        const char *text;
        const char *rest; /* from the value that is too many on; "": there is none */
    } rows[] = {
        {"", ""},
        {"text", ""},
        {"<a b='1' c='2'/>", ""},
        {"<a b='1' c='2' d='3'/>", "'3'/>"},
        {"<a b=\"'\" c='\"' d=\"3\"/>", "\"3\"/>"},
        {"<a b='>' c='>' d='>'/>", "'>'/>"},
        {"<a b='1' c='2'><a b='1' c='2'>", ""},
        {"<a><b c='1' d='2' e='3'>", "'3'>"},
        {"<a/>'1' '2' '3'", ""},
        {"<a b='1' <c d='2' e='3'", ""},
        {"<!-- <a b='1' c='2' d='3'> -- --> <a/>", ""},
        {"<!-- --><a b='1' c='2' d='3'>", "'3'>"},
        {"<![CDATA[<a b='1' c='2' d='3'>]] ]]><a/>", ""},
        {"<![CDATA[]]><a b='1' c='2' d='3'>", "'3'>"},
        {"<?p a='1' b='2' c='3' > ?><a/>", ""},
        {"<?p?><a b='1' c='2' d='3'>", "'3'>"},
        {"<a b='1' c='2' d='3", "'3"},
        {"<a b='1' c='2", ""},
        {"<a b='", ""},
        {"<!--", ""},
        {"<!-->a<b c='1' d='2' e='3'>", ""},
        {"<!-->--><b c='1' d='2' e='3'>", "'3'>"},
        {"<", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].text);
        char *copy = malloc(len + !len); /* a sanitizer sees a byte too many */
        assert_non_null(copy);
        memcpy(copy, rows[i].text, len);
        assert_int_equal(markup_find_crowded_tag(copy, len, 2), len - strlen(rows[i].rest));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_is_exactly_what_xml_defines),
        cmocka_unit_test(only_names_of_permitted_characters_are_accepted),
        cmocka_unit_test(a_tag_has_a_name_and_proper_attributes),
        cmocka_unit_test(a_truncated_tag_is_refused_without_reading_beyond_it),
        cmocka_unit_test(the_first_attribute_value_beyond_the_limit_is_found),
        cmocka_unit_test(a_declaration_sets_the_encoding_that_it_declares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
