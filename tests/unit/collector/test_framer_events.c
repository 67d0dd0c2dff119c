/* test_framer_events -- where an event begins and ends, and what makes it a reject, on tables of streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"
#include "tests/support/framing_fixture.h"

#define SMALL 64 /* a ceiling that small streams reach */
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LATIN "<?xml version='1.0' encoding='ISO-8859-1'?>"

static const struct rules small_rules = {"EVENT", "", SMALL};

/* ---- names ---- */

static void an_event_extends_from_start_tag_to_end_tag(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {EVENT("<EVENT></EVENT>"), X},
        {EVENT("<EVENT/>"), X},
        {EVENT("<EVENT />"), X},
        {EVENT("<EVENT\n>1</EVENT\t\n>"), X},
        {EVENT("<EVENT a=\"/>\">1</EVENT>"), X},
        {EVENT("<EVENT a='x>y'/>"), X},
        {EVENT("<EVENT a='x/'>1</EVENT>"), X},
        {EVENT("<EVENT a='\"' b=\"'\"/>"), X},
        {EVENT("<EVENT><cn/><a b='/'/></EVENT>"), X},
        {EVENT("<EVENT>it's <b>\"</b></EVENT>"), X},
        {EVENT("<EVENT><a b='</EVENT>'/></EVENT>"), X},
        {EVENT("<EVENT a='</EVENT>'/>"), X},
        {EVENT("<EVENT><!-- </EVENT> <EVENT> ' --></EVENT>"), X},
        {EVENT("<EVENT><!----->--></EVENT>"), X},
        {EVENT("<EVENT><!---></EVENT>--><!-- a-> </EVENT> --></EVENT>"), X},
        {EVENT("<EVENT><a b='<c </EVENT>'/><?p <c </EVENT> ?></EVENT>"), X},
        {EVENT("<EVENT><!-- -- > </EVENT> ---></EVENT>"), X},
        {EVENT("<EVENT><![CDATA[</EVENT><EVENT>]]></EVENT>"), X},
        {EVENT("<EVENT><![CDATA[]] </EVENT> >]]]></EVENT>"), X},
        {EVENT("<EVENT><?p </EVENT> '?></EVENT>"), X},
        {EVENT("<EVENT><?p > </EVENT> ?"
               "?></EVENT>"),
         X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void elements_with_similar_names_stay_inside_the_event(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {EVENT("<EVENT><EVENTS/><EVENT-ID>1</EVENT-ID><a:EVENT/></EVENT>"), X},
        {EVENT("<EVENT></EVENTX></EVENT.a></EVEN></EVENT>"), X},
        {EVENT("<EVENT><EVENT.x/><EVENT:x></EVENT:x><EVENT\xC3\xA9/></EVENT>"), X},
        {EVENT("<EVENT><EVEN\xC3\xA9/><A><B.c>1</B.c></A></E></EVENT>"), X},
        {EVENT("<EVENT><a b='<EVENTS> <EVEN <'/></EVENT>"), X},
        {EVENT("<EVENT><?p <EVENTS <EV ?></EVENT>"), X},
        {EVENT("<EVENT>< EVENT></ EVENT>&lt;EVENT></EVENT>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void an_event_element_may_have_any_name(void **state)
{
    static const struct {
        const char *events;
        struct part streams[3][PARTS_MAX];
    } rows[] = {
        {"acm:EVENT",
         {{SKIP("<acm:EVENTS xmlns:acm='a'>"), EVENT("<acm:EVENT><acm:cn/><EVENT/></acm:EVENT>")},
          {REJECT(UNKNOWN_ELEMENT, "<EVENT/>"), EVENT("<acm:EVENT/>")},
          {REJECT(CUT_OFF, "<acm:EVENT></EVENT><acm:EVENTS/>"), EVENT("<acm:EVENT/>")}}},
        {"\xC3\xA9v",
         {{EVENT("<\xC3\xA9v><\xC3\xA9/><\xC3\xA9v\xC3\xA9/><\xC3/></\xC3\xA9v>")},
          {REJECT(CUT_OFF, "<\xC3\xA9v><\xC3\xA9v\xA9><\xC3"), EVENT("<\xC3\xA9v/>")}}},
        {"Event", {{EVENT("<Event><EVENT/></EVENT></Event>")}}},
        {"a:b-c.d",
         {{EVENT("<a:b-c.d>1</a:b-c.d>"), EVENT("<a:b-c.d/>")},
          {REJECT(CUT_OFF, "<a:b-c.d><a:b-c.d2/>"), EVENT("<a:b-c.d/>")}}},
        {"E", {{EVENT("<E>1</E>"), EVENT("<E/>"), REJECT(UNKNOWN_ELEMENT, "<EE/>")}}},
        {"A, b:C , D", {{EVENT("<A>1</b:C></A>"), EVENT("<b:C>2</A></b:C>"), EVENT("<D/>")}}},
        {"*:E",
         {{EVENT("<E>1</a:E></E>"), EVENT("<a:E>2</E></b:E></a:E>"), EVENT("<\xC3\xA9:E/>")},
          {REJECT(UNKNOWN_ELEMENT, "<a:EE/>"), REJECT(UNKNOWN_ELEMENT, "<EE/>"), EVENT("<E/>")}}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rules rules = {rows[i].events, "", MEGABYTE};
        CHECK(&rules, rows[i].streams);
    }
}

static void an_event_element_may_have_a_very_long_name(void **state)
{
    char name[XML_NAMES_NAME_MAX + 1];
    char cut_off[sizeof name + 8];
    char whole[sizeof name + 8];
    struct rules rules = {name, "", MEGABYTE};
    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    size_t cut_len = (size_t)snprintf(cut_off, sizeof cut_off, "<%s>", name);
    size_t whole_len = (size_t)snprintf(whole, sizeof whole, "<%s/>", name);
    struct part parts[PARTS_MAX] = {{{cut_off, cut_len}, A_REJECT, REJECT_CUT_OFF, ""},
                                    {{whole, whole_len}, AN_EVENT, 0, ""}};
    check_stream(&rules, parts);
}

/* ---- events that are not well-formed ---- */

static void a_broken_event_still_ends_at_its_end_tag(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {EVENT("<EVENT><a></b></EVENT>"), X},
        {EVENT("<EVENT>a < b && c ]]> d</EVENT>"), X},
        {EVENT("<EVENT><a\n<b/></EVENT>"), X},
        {EVENT("<EVENT <a/>1</EVENT>"), X},
        {EVENT("<EVENT <!-- --><a/>1</EVENT>"), X},
        {EVENT("<EVENT><!x><![x><!-x></EVENT>"), X},
        {EVENT("<EVENT>1</EVENT x='>'>"), X},
        {EVENT("<EVENT>\0\xFF\x01</EVENT>"), X},
        {EVENT("<EVENT><a\0\xFF\x01></\xFF></ a></1></></>'</EVENT>"), X},
        {EVENT("<EVENT><abcdefg 'i>j'><abcdefgh\">\"></abcdefgh' '></EVENT>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void a_doctype_in_an_event_makes_it_a_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a></EVENT>"), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a [<!-- <EVENT> ]> -->]></EVENT>"), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a "), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a>")},
        {REJECT(CUT_OFF, "<EVENT><!DOCTYP")},
        {EVENT("<EVENT><!DOCTYP></EVENT>"), X},
        {EVENT("<EVENT><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a>]]></EVENT>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void an_element_with_too_many_attributes_makes_its_event_a_reject(void **state)
{
    (void)state;
    for (int count = FRAMER_VALUES_MAX; count <= FRAMER_VALUES_MAX + 1; count++) {
        struct buf text = BUF_EMPTY;
        buf_append_text(&text, "<EVENT><a");
        for (int i = 0; i < count; i++) buf_append_format(&text, " a%d='%d'", i, i);
        buf_append_text(&text, "/></EVENT>");
        bool is_event = count <= FRAMER_VALUES_MAX;
        struct part parts[PARTS_MAX] = {
            {{text.data, text.len}, is_event ? AN_EVENT : A_REJECT, REJECT_MALFORMED, ""}, X};
        check_stream(&plain_rules, parts);
        buf_fini(&text);
    }
}

/* ---- events that are cut off ---- */

static void a_start_tag_inside_an_event_cuts_that_event_off(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(CUT_OFF, "<EVENT><cn>1"), X},
        {REJECT(CUT_OFF, "<EVENT><cn>1</cn><na"), X},
        {REJECT(CUT_OFF, "<EVENT>"), REJECT(CUT_OFF, "<EVENT>"), EVENT("<EVENT/>"), X},
        {REJECT(CUT_OFF, "<EVENT a='"), X},
        {REJECT(CUT_OFF, "<EVENT><a b='<<EV"), X},
        {REJECT(CUT_OFF, "<EVENT><?p it's <"), X},
        {REJECT(CUT_OFF, "<EVENT><EV"), X},
        {REJECT(CUT_OFF, "<EVENT><!"), X},
        {REJECT(CUT_OFF, "<EVENT><![CDA"), X},
        {REJECT(CUT_OFF, "<EVENT></EVENT "), X},
        {REJECT(CUT_OFF, "<EVENT></EVENT x='>"), X},
        {REJECT(CUT_OFF, "<EVENT></EVE"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void a_declaration_before_the_start_tag_belongs_to_the_new_event(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(CUT_OFF, "<EVENT>1"), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {REJECT(CUT_OFF, "<EVENT>1"), SKIP(LATIN "\r\n\0\t"), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {REJECT(CUT_OFF, "<EVENT a='"), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {REJECT(CUT_OFF, "<EVENT>1 "), SKIP("<?xml version='1.0'?>"), X},
        {REJECT(CUT_OFF, "<EVENT>" LATIN), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {SKIP(LATIN), REJECT_IN("ISO-8859-1", CUT_OFF, "<EVENT>1")},
        {SKIP(LATIN), REJECT_IN("ISO-8859-1", CUT_OFF, "<EVENT>1"), SKIP("<?xml version='1.0'?>"), X},
        {REJECT(CUT_OFF, "<EVENT>1" LATIN "x"), X},
        {REJECT(CUT_OFF, "<EVENT>1<?xmlx ?>"), X},
        {REJECT(CUT_OFF, "<EVENT>1?>"), X},
        {REJECT(CUT_OFF, "<EVENT>1>"), X},
        {REJECT(CUT_OFF, "<EVENT>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void a_declaration_is_found_behind_an_event_that_is_too_long(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY), SKIP(LATIN "\n "), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "<a b='" FIFTY), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "<!--" FIFTY "</EVENT>"), X},
    };
    (void)state;
    CHECK(&small_rules, streams);
}

static void white_space_alone_before_the_start_tag_stays_in_the_event(void **state)
{
    struct buf text = BUF_EMPTY;
    (void)state;
    buf_append_text(&text, "<EVENT>");
    for (int i = 0; i < 1100; i++) buf_append_char(&text, ' ');
    struct part parts[PARTS_MAX] = {{{text.data, text.len}, A_REJECT, REJECT_CUT_OFF, ""}, X};
    check_stream(&plain_rules, parts);
    buf_fini(&text);
}

/* The longest white space and declaration that are searched: 1,024 bytes before the start tag. */
static void a_declaration_far_before_the_start_tag_stays_in_the_event(void **state)
{
    (void)state;
    for (size_t blanks = 1024 - strlen(LATIN); blanks <= 1025 - strlen(LATIN); blanks++) {
        char text[2048];
        size_t spaces_len = (size_t)snprintf(text, sizeof text, "%*s", (int)blanks, "");
        struct buf cut_off = BUF_EMPTY;
        struct buf declaration = BUF_EMPTY;
        bool is_found = blanks + strlen(LATIN) <= 1024;
        buf_append_text(&cut_off, "<EVENT>1");
        buf_append_text(is_found ? &declaration : &cut_off, LATIN);
        buf_append(is_found ? &declaration : &cut_off, text, spaces_len);
        struct part parts[PARTS_MAX] = {
            {{cut_off.data, cut_off.len}, A_REJECT, REJECT_CUT_OFF, ""},
            {{declaration.data, declaration.len}, SKIPPED, 0, ""},
            {{"<EVENT/>", strlen("<EVENT/>")}, AN_EVENT, 0, is_found ? "ISO-8859-1" : ""},
        };
        check_stream(&plain_rules, parts);
        buf_fini(&cut_off);
        buf_fini(&declaration);
    }
}

static void every_name_of_the_setting_cuts_an_event_off(void **state)
{
    static const struct rules rules = {"EVENT,Inner,*:Other", "", MEGABYTE};
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(CUT_OFF, "<EVENT>1"), EVENT("<Inner/>"), STRAY("</EVENT>")},
        {REJECT(CUT_OFF, "<Inner>1"), EVENT("<a:Other><Innen/></a:Other>"), STRAY("</Inner>")},
        {REJECT(CUT_OFF, "<a:Other>"), EVENT("<b:Other></b:Other>")},
    };
    static const struct explained details[] = {
        {"<EVENT><Inner/>",
         "cut off: Inner stands inside EVENT; if that is no accident, name only EVENT in EVENT_ELEMENT"},
        {"<a:Other><Other/>",
         "cut off: Other stands inside a:Other; if that is no accident, name only a:Other in EVENT_ELEMENT"},
        {"<EVENT><EVENT/>", "cut off: the next event began before this one's end tag"},
        {"<EVENT>", "cut off: the connection ended before the event's end tag"},
    };
    (void)state;
    CHECK(&rules, streams);
    CHECK_DETAILS(&rules, details);
}

static void a_stream_that_ends_in_an_event_leaves_a_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {X, REJECT(CUT_OFF, "<EVENT>")},         {X, REJECT(CUT_OFF, "<EVENT ")},
        {X, REJECT(CUT_OFF, "<EVENT>1</EVENT")}, {X, REJECT(CUT_OFF, "<EVENT>1<")},
        {X, REJECT(CUT_OFF, "<EVENT a='>")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* ---- events that are too long ---- */

static void an_event_that_is_too_long_keeps_its_beginning_and_its_true_length(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "</EVENT>"), X},
        {EVENT("<EVENT>" TEN TEN TEN TEN "012345678</EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "</EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY TEN), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY TEN)},
        {REJECT(CUT_OFF, "<EVENT>" FIFTY "0123456"), X},
        {REJECT(CUT_OFF, "<EVENT>" FIFTY "0123456")},
        {REJECT(OVERSIZE, "<EVENT a='" FIFTY FIFTY "'></EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT a='" FIFTY FIFTY "'/></EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT a='" FIFTY FIFTY), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "<a b='" FIFTY), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "</EVENT                      >"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "</EVENT \n>"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "</EVENTS></EVENTS></EVE></EVENT x></E></EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "<EVENTS><EVEN></EVENTX></x></EVE"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "<a b='<"), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a>" FIFTY FIFTY "</EVENT>"), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a>" FIFTY FIFTY), X},
    };
    static const struct explained details[] = {
        {"<EVENT>" FIFTY FIFTY "</EVENT>", "larger than MAX_MESSAGE_SIZE; its beginning is kept"},
        {"<EVENT>" FIFTY FIFTY, "larger than MAX_MESSAGE_SIZE, and cut off; its beginning is kept"},
        {"<EVENT><!DOCTYPE a>" FIFTY FIFTY, "a document type declaration (<!DOCTYPE) is not accepted"},
    };
    (void)state;
    CHECK(&small_rules, streams);
    CHECK_DETAILS(&small_rules, details);
}

/* A `<` whose name goes on for ever begins neither a start tag of an event nor the end tag. */
static void an_endless_name_in_an_event_that_is_too_long_is_passed(void **state)
{
    static const char *const beginnings[] = {"<EV", "</EVENT "};
    (void)state;
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        struct buf text = BUF_EMPTY;
        buf_append_text(&text, "<EVENT>" FIFTY FIFTY);
        buf_append_text(&text, beginnings[i]);
        for (int k = 0; k < 100; k++) buf_append_text(&text, i == 0 ? FIFTY : "                         ");
        for (int k = 0; k < 100; k++) buf_append_text(&text, i == 0 ? FIFTY : "                         ");
        buf_append_text(&text, "</EVENT>");
        struct part parts[PARTS_MAX] = {{{text.data, text.len}, A_REJECT, REJECT_OVERSIZE, ""}, X};
        check_stream(&small_rules, parts);
        buf_fini(&text);
    }
}

/* The event begins with its name, and has reached the limit before its start tag ends. */
static void an_event_whose_name_alone_is_too_long_is_oversize(void **state)
{
    static const struct rules rules = {"*:EVENT", "", SMALL};
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("<b>"), REJECT(OVERSIZE, "<a" FIFTY TEN ":EVENT>1</a" FIFTY TEN ":EVENT>"), X},
        {SKIP("<b>"), REJECT(OVERSIZE, "<a" FIFTY TEN ":EVENT>1"), X},
    };
    (void)state;
    CHECK(&rules, streams);
}

/* ---- settled ---- */

/* The columns' texts of the only event, joined, into `out`; false: no event, or it is left to a validator. */
static bool settle_in_two(const struct parsed_rules *parsed, struct slice stream, size_t cut, struct buf *out)
{
    struct framer *framer = framer_new(&parsed->options);
    struct frame frame = {.is_event = false};
    struct frame none;
    framer_feed(framer, stream.data, cut, 0);
    bool has_frame = framer_next(framer, &frame); /* whole in the first segment */
    if (!has_frame) {
        framer_feed(framer, stream.data + cut, stream.len - cut, 0);
        has_frame = framer_next(framer, &frame);
    }
    bool is_settled = has_frame && frame.is_event && frame.fields;
    for (int i = 0; is_settled && i < EVENT_FIELD_COUNT; i++) {
        buf_append(out, frame.fields[i].data ? frame.fields[i].data : "-",
                   frame.fields[i].data ? frame.fields[i].len : 1);
        buf_append_char(out, '|');
    }
    assert_false(framer_next(framer, &none));
    framer_free(framer);
    return is_settled;
}

static void a_plain_event_is_settled_wherever_it_is_cut(void **state)
{
    static const char text[] =
        "<EVENT>\r\n<cn>1&amp;2</cn><a><b>t</b></a><plasectrxEventname>&#65;</plasectrxEventname></EVENT>";
    static const char other[] = "<EVENT><cn a='1'>1</cn></EVENT>";
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    struct slice stream = {text, sizeof text - 1};
    struct buf expected = BUF_EMPTY;
    (void)state;
    assert_true(settle_in_two(parsed, stream, stream.len, &expected));
    for (size_t cut = 1; cut < stream.len; cut++) {
        struct buf columns = BUF_EMPTY;
        assert_true(settle_in_two(parsed, stream, cut, &columns));
        assert_int_equal(columns.len, expected.len);
        assert_memory_equal(columns.data, expected.data, expected.len);
        buf_fini(&columns);
    }
    for (size_t cut = 1; cut < sizeof other; cut++)
        assert_false(settle_in_two(parsed, (struct slice){other, sizeof other - 1}, cut, &expected));
    buf_fini(&expected);
    rules_free(parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_extends_from_start_tag_to_end_tag),
        cmocka_unit_test(elements_with_similar_names_stay_inside_the_event),
        cmocka_unit_test(an_event_element_may_have_any_name),
        cmocka_unit_test(an_event_element_may_have_a_very_long_name),
        cmocka_unit_test(a_broken_event_still_ends_at_its_end_tag),
        cmocka_unit_test(a_doctype_in_an_event_makes_it_a_reject),
        cmocka_unit_test(an_element_with_too_many_attributes_makes_its_event_a_reject),
        cmocka_unit_test(a_start_tag_inside_an_event_cuts_that_event_off),
        cmocka_unit_test(a_declaration_before_the_start_tag_belongs_to_the_new_event),
        cmocka_unit_test(a_declaration_is_found_behind_an_event_that_is_too_long),
        cmocka_unit_test(a_declaration_far_before_the_start_tag_stays_in_the_event),
        cmocka_unit_test(white_space_alone_before_the_start_tag_stays_in_the_event),
        cmocka_unit_test(every_name_of_the_setting_cuts_an_event_off),
        cmocka_unit_test(a_stream_that_ends_in_an_event_leaves_a_reject),
        cmocka_unit_test(an_event_that_is_too_long_keeps_its_beginning_and_its_true_length),
        cmocka_unit_test(an_endless_name_in_an_event_that_is_too_long_is_passed),
        cmocka_unit_test(an_event_whose_name_alone_is_too_long_is_oversize),
        cmocka_unit_test(a_plain_event_is_settled_wherever_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
