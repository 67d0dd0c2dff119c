/* test_xml_names -- sets of element names as people write them: what is accepted, what is held, the messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/xml/names.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct xml_names parsed(const char *text)
{
    struct xml_names names;
    struct why why = {0};
    enum result res = xml_names_parse("EVENT_ELEMENT", text, &names, &why);
    if (res != RES_OK) fail_msg("%s: %s", text, why.text);
    return names;
}

static void names_are_separated_by_commas_with_any_white_space(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        {"EVENT", 1},
        {"EVENT,Event", 2},
        {" \tEVENT\r\n , s:Event ", 2},
        {"*:Event, Event", 2},
        {"*:Event,a:Event", 2},
        {"a,b,c,d,e,_f,g-h,i.j,k1", 9},
        {"", 0},
        {"\u00e9v\u00e9nement", 1},
        {" \t", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct xml_names names = parsed(rows[i].text);
        if (names.count != rows[i].count) fail_msg("%s: %zu names", rows[i].text, names.count);
    }
}

static void a_set_holds_names_as_written_and_with_any_prefix_where_asked(void **state)
{
    static const struct {
        const char *text;
        const char *name;
        bool is_held;
    } rows[] = {
        {"EVENT", "EVENT", true},
        {"EVENT", "Event", false},
        {"EVENT", "EVENTS", false},
        {"EVENT", "EVEN", false},
        {"EVENT", "s:EVENT", false},
        {"EVENT", "XEVENT", false},
        {"EVENT", "", false},
        {"s:Event", "s:Event", true},
        {"s:Event", "Event", false},
        {"s:Event", "t:Event", false},
        {"s:Event", "xs:Event", false},
        {"*:Event", "Event", true},
        {"*:Event", "s:Event", true},
        {"*:Event", ":Event", false},
        {"*:Event", "a:b:Event", false},
        {"*:Event", "sEvent", false},
        {"*:Event", "s:Events", false},
        {"*:Event", "s:xEvent", false},
        {"*:Event", "\u00e9:Event", true},
        {"a,*:b,c", "a", true},
        {"a,*:b,c", "z:b", true},
        {"a,*:b,c", "c", true},
        {"a,*:b,c", "z:c", false},
        {"", "EVENT", false},
        {"\u00e9", "\u00e9", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct xml_names names = parsed(rows[i].text);
        if (xml_names_hold(&names, rows[i].name, strlen(rows[i].name)) != rows[i].is_held)
            fail_msg("'%s' in '%s'", rows[i].name, rows[i].text);
    }
}

static void the_first_bytes_of_names_are_known(void **state)
{
    struct xml_names names = parsed("EVENT,s:x");
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(names.may_begin[byte], byte == 'E' || byte == 's');
    names = parsed("*:Event");
    assert_true(names.may_begin['a'] && names.may_begin['Z'] && names.may_begin['_'] &&
                names.may_begin[0xC3]);
    assert_false(names.may_begin['1'] || names.may_begin[':'] || names.may_begin['<'] || names.may_begin[0]);
    names = parsed("");
    for (int byte = 0; byte < 256; byte++) assert_false(names.may_begin[byte]);
}

static void a_wrong_name_is_refused_and_named_with_a_remedy(void **state)
{
    static const struct {
        const char *text;
        const char *part;
        const char *remedy;
    } rows[] = {
        {"EVENT Event", "'EVENT Event'", "separated by commas"},
        {"EVENT,", "''", "expected the name of an XML element"},
        {",EVENT", "''", "expected the name"},
        {"a,,b", "''", "expected the name"},
        {"<EVENT>", "'<EVENT>'", "expected the name"},
        {"a, 1b", "'1b'", "expected the name"},
        {"*", "'*'", "*:Event"},
        {"*:", "'*:'", "expected the name"},
        {"Event*", "'Event*'", "expected the name"},
        {"s:*", "'s:*'", "expected the name"},
        {":a", "':a'", "expected the name"},
        {"a:", "'a:'", "expected the name"},
        {"a:b:c", "'a:b:c'", "expected the name"},
        {"a:1", "'a:1'", "expected the name"},
        {"*:s:Event", "'*:s:Event'", "no other prefix"},
        {"{urn:x}Event", "'{urn:x}Event'", "expected the name"},
        {"a, b , a", "'a'", "twice"},
        {"*:a,*:a", "'*:a'", "twice"},
        {"\xE9", "", "not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct xml_names names;
        struct why why = {0};
        assert_int_equal(xml_names_parse("IGNORE_ELEMENTS", rows[i].text, &names, &why), RES_REFUSE);
        if (strncmp(why.text, "IGNORE_ELEMENTS: ", 17) != 0 || !strstr(why.text, rows[i].part) ||
            !strstr(why.text, rows[i].remedy))
            fail_msg("%s: %s", rows[i].text, why.text);
    }
}

static void a_name_may_be_256_bytes_long(void **state)
{
    char text[XML_NAMES_NAME_MAX + 8];
    struct xml_names names;
    struct why why = {0};
    (void)state;
    (void)snprintf(text, sizeof text, "n%0*d", XML_NAMES_NAME_MAX - 1, 0);
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", text, &names, &why), RES_OK);
    assert_true(xml_names_hold(&names, text, strlen(text)));
    (void)snprintf(text, sizeof text, "n%0*d", XML_NAMES_NAME_MAX, 0);
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", text, &names, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "256 bytes"));
}

static void a_set_has_32_names_at_most(void **state)
{
    struct buf text = BUF_EMPTY;
    struct xml_names names;
    struct why why = {0};
    (void)state;
    for (int i = 0; i < XML_NAMES_MAX; i++) buf_append_format(&text, "%sn%d", i > 0 ? "," : "", i);
    buf_append_char(&text, '\0');
    names = parsed(text.data);
    assert_int_equal(names.count, XML_NAMES_MAX);
    assert_true(xml_names_hold(&names, "n31", 3));
    text.len--;
    buf_append(&text, ",x", 3);
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", text.data, &names, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "'x': there are more than 32 names"));
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_separated_by_commas_with_any_white_space),
        cmocka_unit_test(a_set_holds_names_as_written_and_with_any_prefix_where_asked),
        cmocka_unit_test(the_first_bytes_of_names_are_known),
        cmocka_unit_test(a_wrong_name_is_refused_and_named_with_a_remedy),
        cmocka_unit_test(a_name_may_be_256_bytes_long),
        cmocka_unit_test(a_set_has_32_names_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
