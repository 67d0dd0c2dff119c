/* test_framer_wrappers -- elements around events, and those that carry nothing, on tables of streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"
#include "tests/support/framing_fixture.h"

#define DECLARED "<?xml version='1.0'?>"

static const struct rules ignoring_rules = {"EVENT", "Ping, a:Pong, *:Any", MEGABYTE};

/* ---- wrappers ---- */

static void the_tags_of_elements_around_events_are_separators(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("<EVENTS>"), X, SKIP("</EVENTS>\n<EVENTS a='>' b=\"'\">"), X, SKIP("</EVENTS >")},
        {SKIP("<a><b>\n<c>"), X, SKIP("</c>"), X, SKIP("</b></a>"), X},
        {SKIP("<EVENT-LOG><EVENT.x><EVENT:x>"), X, SKIP("</EVENT:x></EVENT.x></EVENT-LOG>")},
        {SKIP("<EVENT\xC3\xA9>"), X, SKIP("</EVENT\xC3\xA9>")},
        {SKIP("<a>"), X, SKIP("<b>"), X, SKIP("</b>"), X, SKIP("</a>")},
        {SKIP("<a>"), STRAY("1"), SKIP("<b>"), X, SKIP("</b>"), STRAY("2"), SKIP("</a>")},
        {SKIP("<a>"), X}, /* never closed */
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void elements_without_text_attributes_and_children_are_separators_in_a_wrapper(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("<a><b/><c></c><d>\n</d ><e><!-- --></e>"), X, SKIP("<b/><c></c>\n</a>")},
        {SKIP("<a><b>"), X, SKIP("<c/></b><c/></a>")},
        {SKIP("<a>"), REJECT(UNKNOWN_ELEMENT, "<b c='d'/>"), X, SKIP("</a>")},
        {SKIP("<a>"), REJECT(UNKNOWN_ELEMENT, "<b c='d'></b>"), X, SKIP("</a>")},
        {SKIP("<a>"), REJECT(UNKNOWN_ELEMENT, "<b>1</b>"), X, SKIP("</a>")},
        {SKIP("<a>"), REJECT(UNKNOWN_ELEMENT, "<b><c/></b>"), X, SKIP("</a>")},
        {SKIP("<a>"), REJECT(UNKNOWN_ELEMENT, "<b><c>1</c></b>"), X, SKIP("</a>")},
        {REJECT(UNKNOWN_ELEMENT, "<b/>"), X},
        {REJECT(UNKNOWN_ELEMENT, "<b></b>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void an_end_tag_closes_the_innermost_element_of_its_name(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("<a><b><c>"), X, SKIP("</a>"), X, STRAY("</b>"), X},
        {SKIP("<a><a>"), X, SKIP("</a>"), X, SKIP("</a>"), X, STRAY("</a>")},
        {SKIP("<a>"), X, STRAY("</b>"), X, SKIP("</a>")},
        {SKIP("<a>"), X, REJECT(UNKNOWN_ELEMENT, "<b>1"), SKIP("</a>"), X},
        {REJECT(UNKNOWN_ELEMENT, "<a><b><c></a>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void a_declaration_closes_all_elements(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("<a><b>"), X, SKIP(DECLARED "<a>"), X, SKIP("</a>"), X, STRAY("</b>")},
        {SKIP("<a>"), X, SKIP(DECLARED), STRAY("</a>"), X},
        {REJECT(UNKNOWN_ELEMENT, "<a><b>1</b>"), SKIP(DECLARED "<a>"), X, SKIP("</a>")},
        {REJECT(UNKNOWN_ELEMENT, "<a>"), SKIP(DECLARED), X},
        {SKIP("<a>"), X, STRAY("1"), SKIP(DECLARED), X},
        {SKIP("<a>"), X, REJECT(UNKNOWN_ELEMENT, "<b>"), SKIP(DECLARED), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void the_outermost_of_more_than_64_elements_is_forgotten(void **state)
{
    (void)state;
    for (int depth = 63; depth <= 64; depth++) {
        struct buf opening = BUF_EMPTY;
        bool is_forgotten = depth == 64;
        buf_append_text(&opening, "<outermost>");
        for (int i = 0; i < depth; i++) buf_append_format(&opening, "<e%d>", i);
        struct part parts[PARTS_MAX] = {
            {{opening.data, opening.len}, SKIPPED, 0, ""},
            X,
            SKIP("</e0>"),
            X,
            PART("</outermost>", is_forgotten ? A_REJECT : SKIPPED, REJECT_STRAY_BYTES, ""),
        };
        check_stream(&plain_rules, parts);
        buf_fini(&opening);
    }
}

/* Before it, what stands in a wrapper up to the next event is one gap. */
static void elements_are_rejects_of_their_own_once_their_wrapper_has_held_an_event(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("<a>"), REJECT(UNKNOWN_ELEMENT, "<b>1</b>\n<c>2</c>"), X, REJECT(UNKNOWN_ELEMENT, "<b>1</b>"),
         SKIP("\n"), REJECT(UNKNOWN_ELEMENT, "<c>2</c>"), SKIP("</a>")},
        {SKIP("<a>"), X, STRAY("text"), REJECT(UNKNOWN_ELEMENT, "<b c='d'/>"),
         REJECT(UNKNOWN_ELEMENT, "<b c='d'/>"), X, SKIP("</a>")},
        {SKIP("<a><b>"), X, SKIP("</b>"), REJECT(UNKNOWN_ELEMENT, "<c>1</c><d>2</d>"), X, SKIP("</a>")},
        {SKIP("<a>"), X, REJECT(UNKNOWN_ELEMENT, "<b>1<c>2</c><d>3</d></b>"), X, SKIP("</a>")},
        {REJECT(UNKNOWN_ELEMENT, "<b>1</b>"), REJECT(UNKNOWN_ELEMENT, "<c>1</c>"), X,
         REJECT(UNKNOWN_ELEMENT, "<b>1</b>"), REJECT(UNKNOWN_ELEMENT, "<c>1</c>")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* Names are compared character by character, also where the units of a coding do not show them. */
static void names_beyond_ascii_are_compared_in_their_encoding(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT_IN("UTF-16LE", UNKNOWN_ELEMENT,
                   "<\0a\0\x2D\x4E>\0001\0<\0/\0a\0\x87\x65>\0<\0/\0a\0\x2D\x4E>\0")},
        {SKIP("<?xml version='1.0' encoding='Shift_JIS'?>"),
         REJECT_IN("Shift_JIS", UNKNOWN_ELEMENT, "<a\x95\x5C>1</a\x95\x5D></a\x95\x5C>")},
    };
    static const struct explained details[] = {
        {"<a\xC3\xA9/>",
         "EVENT_ELEMENT does not name the element a\xC3\xA9: if it is an event, name it there; if "
         "it carries nothing, name it in IGNORE_ELEMENTS"}};
    (void)state;
    CHECK(&plain_rules, streams);
    CHECK_DETAILS(&plain_rules, details);
}

static void the_declarations_of_wrappers_go_with_what_stands_in_them(void **state)
{
    static const char stream[] =
        "<a xmlns:p='1' xmlns='x' other='3' another='4'><b xmlns:r=\"3\"><EVENT/></b><EVENT/>noise"
        "<EVENT/></a><EVENT/><s xmlns:u='\xFF'><EVENT/></s>"
        "<?xml version='1.0' encoding='ISO-8859-1'?><t xmlns:u='\xE9'><EVENT/>"
        "<?xml version='1.0' encoding='unknown'?><t xmlns:u='\xE9'><EVENT/>"
        "<?xml version='1.0'?>"
        "<v xmlns:p='4'><w><EVENT/></w><p:X>1</p:X></v><EVENT/>" /* told when the wrapper is closed */
        "<\0t\0 \0x\0m\0l\0n\0s\0:\0u\0=\0'\0\xE9\0'\0>\0<EVENT/>";
    static const char *const namespaces[] = {" xmlns:p='1' xmlns:r=\"3\"",
                                             " xmlns:p='1'",
                                             " xmlns:p='1'",
                                             " xmlns:p='1'",
                                             "",
                                             "",
                                             " xmlns:u='\xC3\xA9'",
                                             "",
                                             " xmlns:p='4'",
                                             " xmlns:p='4'",
                                             "",
                                             " xmlns:u='\xC3\xA9'"};
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    struct frames *frames = frames_read(&parsed->options, (struct slice){stream, sizeof stream - 1}, WHOLE);
    (void)state;
    assert_int_equal(frames->count, COUNT(namespaces));
    for (size_t i = 0; i < frames->count; i++) assert_string_equal(frames->list[i].namespaces, namespaces[i]);
    frames_free(frames);
    rules_free(parsed);
}

/* ---- IGNORE_ELEMENTS ---- */

static void ignored_elements_are_separators_and_counted(void **state)
{
    static const struct {
        struct part parts[PARTS_MAX];
        uint64_t ignored;
    } rows[] = {
        {{SKIP("<Ping/>"), X, SKIP("<Ping>1</Ping>\n<a:Pong b='c'/>"), X, SKIP("<x:Any/><Any>2</Any>")}, 5},
        {{STRAY("a"), SKIP("<Ping>1</Ping>"), X}, 1},
        {{STRAY("a<Ping>1<b>2</b></Ping>b"), X}, 1},
        {{SKIP("<Ping><b>2</Ping>"), X}, 1},
        {{SKIP("<w>"), REJECT(UNKNOWN_ELEMENT, "<b>1</b>"), SKIP("<Ping>1</Ping>"), X}, 1},
        {{SKIP("<w><Ping>1</Ping>"), X, SKIP("<Ping>1</Ping></w>")}, 2},
        {{SKIP("<Ping>"), X, SKIP("</Ping>")}, 0}, /* a wrapper */
        {{REJECT(UNKNOWN_ELEMENT, "<b:Pong/>"), REJECT(UNKNOWN_ELEMENT, "<Pong/>"), X}, 0},
        {{REJECT(UNKNOWN_ELEMENT, "<b><Ping/></b>"), X}, 1},
        {{REJECT(UNKNOWN_ELEMENT, "<Ping>1"), SKIP(DECLARED), X}, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_stream(&ignoring_rules, rows[i].parts);
        struct parsed_rules *parsed = rules_parse(&ignoring_rules);
        struct framer *framer = framer_new(&parsed->options);
        struct frames *frames = frames_new();
        for (const struct part *part = rows[i].parts; part->kind != NO_PART; part++)
            frames_feed(frames, framer, part->text, 0);
        assert_int_equal(framer_ignored(framer), rows[i].ignored);
        frames_free(frames);
        framer_free(framer);
        rules_free(parsed);
    }
}

static void without_the_setting_no_element_is_ignored(void **state)
{
    struct parsed_rules *parsed = rules_parse(&ignoring_rules);
    static const char stream[] = "<Ping/>";
    (void)state;
    parsed->options.ignored = NULL;
    struct frames *frames = frames_read(&parsed->options, (struct slice){stream, sizeof stream - 1}, WHOLE);
    assert_int_equal(frames->count, 1);
    assert_int_equal(frames->list[0].reason, REJECT_UNKNOWN_ELEMENT);
    frames_free(frames);
    rules_free(parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tags_of_elements_around_events_are_separators),
        cmocka_unit_test(elements_without_text_attributes_and_children_are_separators_in_a_wrapper),
        cmocka_unit_test(an_end_tag_closes_the_innermost_element_of_its_name),
        cmocka_unit_test(a_declaration_closes_all_elements),
        cmocka_unit_test(the_outermost_of_more_than_64_elements_is_forgotten),
        cmocka_unit_test(elements_are_rejects_of_their_own_once_their_wrapper_has_held_an_event),
        cmocka_unit_test(names_beyond_ascii_are_compared_in_their_encoding),
        cmocka_unit_test(the_declarations_of_wrappers_go_with_what_stands_in_them),
        cmocka_unit_test(ignored_elements_are_separators_and_counted),
        cmocka_unit_test(without_the_setting_no_element_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
