/*
 * test_framer -- the framer on tables of streams whose frames are known, each cut into segments in many ways; and what
 * it holds. Longer streams, random ones and the samples: test_framer_corpus.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/parts.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)
#define SMALL        64 /* a ceiling that small streams reach */

#define CHECK(element, max_message, streams) check_streams(element, max_message, streams, COUNT(streams))

/* ---- streams whose frames are known ---- */

static void check_stream(const char *element, size_t max_message, const struct part *parts)
{
    struct buf text = BUF_EMPTY;
    struct frames *expected = frames_new();
    parts_append(parts, max_message, &text, expected);
    struct slice stream = {text.data, text.len};

    assert_true(frames_come(expected, element, max_message, stream, WHOLE));
    assert_true(frames_come(expected, element, max_message, stream, EACH_OF(1)));
    for (size_t at = 0; at < stream.len; at++)
        assert_true(frames_come(expected, element, max_message, stream, IN_TWO_AT(at)));
    frames_free(expected);
    buf_fini(&text);
}

static void check_streams(const char *element, size_t max_message, const struct part (*streams)[PARTS_MAX],
                          size_t count)
{
    for (size_t i = 0; i < count; i++) check_stream(element, max_message, streams[i]);
}

static void allowed_separators_produce_no_frame(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("")},
        {SKIP(" \r\n\t")},
        {X, X},
        {SKIP("\r\n"), X, SKIP("\n\n\t "), X, SKIP("\n")},
        {SKIP("\0"), X, SKIP("\0\0"), X, SKIP("\0")},
        {SKIP("\xEF\xBB\xBF"), X, SKIP("\xEF\xBB\xBF\xEF\xBB\xBF"), X, SKIP("\xEF\xBB\xBF")},
        {SKIP("<!-- a -->"), X, SKIP("<!----><!-- > - -- <EVENT> don't -->"), X, SKIP("<!---->")},
        {SKIP("<?a?>"), X,
         SKIP("<?b > ? it's ?"
              "?>"),
         X, SKIP("<?c ?>")},
        {SKIP("<?xml version=\"1.0\"?>"), X, SKIP("<?xml version='1.0'?>\n"), X},
        {SKIP("<EVENTS>"), X, SKIP("</EVENTS>\n<EVENTS a='>' b=\"'\">"), X, SKIP("</EVENTS ><none/>")},
        {SKIP("<EVENT-LOG>"), X, SKIP("</EVENT-LOG><a:EVENT xmlns:a='b'/>"), X},
        {SKIP("<EVENT.x>"), X, SKIP("</EVENT.x><EVENT:x/>"), X},
        {SKIP("<EVENTX>"), X, SKIP("</EVENTX><EVEN/><event/>"), X},
        {SKIP("<EVENT\xC3\xA9>"), X, SKIP("</EVENT\xC3\xA9>\0<\xC3\x89/>"), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

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
    CHECK("EVENT", MEGABYTE, streams);
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
    CHECK("EVENT", MEGABYTE, streams);
}

static void a_broken_event_still_ends_at_its_end_tag(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {EVENT("<EVENT><a></b></EVENT>"), X},
        {EVENT("<EVENT>a < b && c ]]> d</EVENT>"), X},
        {EVENT("<EVENT><a\n<b/></EVENT>"), X},
        {EVENT("<EVENT <a/>1</EVENT>"), X},
        {EVENT("<EVENT <!-- --><a/>1</EVENT>"), X},
        {EVENT("<EVENT><!x><![x><!-x></EVENT>"), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a></EVENT>"), X},
        {EVENT("<EVENT>1</EVENT x='>"), X},
        {EVENT("<EVENT>\0\xFF\x01</EVENT>"), X},
        {EVENT("<EVENT><a\0\xFF\x01></\xFF></ a></1></></>'</EVENT>"), X},
        {EVENT("<EVENT><abcdefg 'i>j'><abcdefgh\">\"></abcdefgh'></EVENT>'></EVENT>"), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

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
        {REJECT(CUT_OFF, "<EVENT></EVE"), X},
        {REJECT(CUT_OFF, "<EVENT><?xml version='1.0' encoding='x'?>"), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void a_stream_that_ends_inside_a_construct_leaves_a_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {X, REJECT(CUT_OFF, "<EVENT>")},
        {X, REJECT(CUT_OFF, "<EVENT")},
        {X, REJECT(CUT_OFF, "<EVENT>1</EVENT")},
        {X, REJECT(CUT_OFF, "<EVENT><![CDATA[</EVENT>")},
        {X, SKIP("\n"), REJECT(CUT_OFF, "<")},
        {X, SKIP(" "), REJECT(CUT_OFF, "<EVENTS a='")},
        {X, REJECT(CUT_OFF, "<!-- <EVENT>x</EVENT>")},
        {X, REJECT(CUT_OFF, "<?xml version='1.0'")},
        {X, REJECT(CUT_OFF, "\xEF\xBB")},
        {X, STRAY("abc <!-- ")},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void a_run_of_stray_bytes_is_one_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {STRAY("hello")},
        {SKIP("\n"), STRAY("a b\n"), X, SKIP(" "), STRAY("c d "), X, SKIP(" "), STRAY("e ")},
        {STRAY("a < b <1> << c <d e> <f g='<'> </h i='j'>"), X},
        {STRAY("a"), SKIP("<EVENTS>"), STRAY("b"), SKIP("</EVENTS>"), STRAY("c")},
        {STRAY("a"), SKIP("<!-- -->"), X, STRAY("b"), SKIP("<?p?>"), X},
        {STRAY("a\0b\xEF\xBB\xBF"), X},
        {STRAY("\xEF\xBB"), X},
        {STRAY("\xEF\xEF\xBB\xBF "), X},
        {STRAY("</EVENT>"), X, STRAY("</EVENT >")},
        {STRAY("<!ELEMENT a>"), X},
        {STRAY("<![CDATA["), X, STRAY("]]>")},
        {STRAY("<EVENTS a='"), X},
        {STRAY("<d e>")},
        {STRAY("<EV<EV"), X},
        {STRAY("<EVENT"), X}, /* its name might have gone on */
        {STRAY("<!DOC"), X},
        {STRAY("<EVENT\0>"), X},
        {STRAY("noise<?x "), X, SKIP("<?xml version='1.0'?>"),
         X}, /* an unfinished instruction hides no event */
        {STRAY("<?x ?"), X, STRAY("?>")},
        {SKIP("<?x a<b <EVENTS> <?>"), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void the_framer_rejects_an_element_with_too_many_attributes(void **state)
{
    static const char head[] = "<EVENT><a";
    static const char tail[] = "/></EVENT><EVENT/>";
    (void)state;
    for (int count = FRAMER_VALUES_MAX; count <= FRAMER_VALUES_MAX + 1; count++) {
        struct framer *framer = framer_new("EVENT", MEGABYTE);
        struct buf stream = BUF_EMPTY;
        struct frame frame;
        buf_append_text(&stream, head);
        for (int i = 0; i < count; i++) buf_append_format(&stream, " a%d='%d'", i, i);
        buf_append_text(&stream, tail);
        framer_feed(framer, stream.data, stream.len);
        assert_true(framer_next(framer, &frame));
        assert_int_equal(frame.is_event, count <= FRAMER_VALUES_MAX);
        if (!frame.is_event) assert_int_equal(frame.reason, REJECT_MALFORMED);
        assert_true(framer_next(framer, &frame) && frame.is_event);
        assert_false(framer_next(framer, &frame));
        buf_fini(&stream);
        framer_free(framer);
    }
}

static void other_protocols_are_recognised_by_their_first_bytes(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(LOOKS_LIKE_HTTP, "POST / HTTP/1.1\r\nHost: a\r\n\r\n"), X},
        {SKIP("\r\n"), REJECT(LOOKS_LIKE_HTTP, "GET ")},
        {REJECT(LOOKS_LIKE_HTTP, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        {X, REJECT(LOOKS_LIKE_HTTP, "GET /")},
        {REJECT(LOOKS_LIKE_TLS, "\x16\x03\x01\x02\0\x01<?\xFC")},
        {REJECT(LOOKS_LIKE_TLS, "\x16\x03\x01\x02\0\x01\xFC"), X},
        {STRAY("\x16")},
        {STRAY("POSTS / GET /")},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

/* In UTF-16 each character of ASCII has a NUL after it, or before it: what comes first then is a separator. */
#define LITTLE "<\0E\0V\0E\0N\0T\0>\0\xE9\0<\0/\0E\0V\0E\0N\0T\0>\0\n\0"
#define BIG    "<\0E\0V\0E\0N\0T\0>\0\xE9\0<\0/\0E\0V\0E\0N\0T\0>\0\n"

static void a_run_of_utf16_is_an_encoding_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(ENCODING, "\xFF\xFE" LITTLE)},
        {REJECT(ENCODING, "\xFF\xFE" LITTLE), X, REJECT(ENCODING, "\xFF\xFE" LITTLE LITTLE), X},
        {REJECT(ENCODING, "\xFE\xFF\0" BIG "\0" BIG), X},
        {REJECT(ENCODING, LITTLE), X},
        {SKIP("\n\0"), REJECT(ENCODING, LITTLE), X},
        {SKIP("\0"), REJECT(ENCODING, BIG), X},
        {SKIP("\0\r\0\n\0"), REJECT(ENCODING, BIG), X},
        {SKIP("<?xml version='1.0'?>"), REJECT(ENCODING, "\xFF\xFE" LITTLE), SKIP("<!---->"), X},
        {REJECT(ENCODING, "\xFF\xFE<\0?\0x\0m\0l\0?\0>\0" LITTLE), X},
        {REJECT(ENCODING, "\xFF\xFE"), X},
        {REJECT(ENCODING, "\xFE\xFF")},
        {STRAY("\xFF"), X, STRAY("\xFE"), X, STRAY("a\xFF\xFE" LITTLE),
         X}, /* where a run begins, not in it */
        {REJECT(DOCTYPE, "<!DOCTYPE a>"), REJECT(ENCODING, "\xFF\xFE" LITTLE), X},
        {SKIP("\0\0"), X, SKIP("\0"), X, SKIP("\0<a>\0</a>\0"), X, SKIP("\0")}, /* NUL as a separator */
        {EVENT("<EVENT>" LITTLE "\xFF\xFE</EVENT>"), X},                        /* the validator's */
    };
    static const struct part too_long[][PARTS_MAX] = {
        {REJECT(ENCODING, "\xFF\xFE" LITTLE LITTLE LITTLE), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
    CHECK("EVENT", SMALL, too_long);
}

#define SUBSET           "<!DOCTYPE a SYSTEM \"it's>\" [<!ENTITY b ']>'> <!-- don't ]> --> <!ENTITY c \"'\">] >"
#define IN_DOCTYPE(text) REJECT(DOCTYPE, text "<EVENT>y</EVENT>")

static void a_doctype_and_the_event_after_it_are_one_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {IN_DOCTYPE("<!DOCTYPE a>"), X},
        {IN_DOCTYPE(SUBSET "\n"), X},
        {IN_DOCTYPE("<!DOCTYPE a><!-- --> <?p?>\0\xEF\xBB\xBF"), X},
        {IN_DOCTYPE("<!DOCTYPE a><!DOCTYPE b>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a> ")},
        {STRAY("b"), IN_DOCTYPE("<!DOCTYPE a>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>"), STRAY("b"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>"), SKIP("<EVENTS>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>< "), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>\xEF"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a [ "), X, IN_DOCTYPE("<!DOCTYPE b>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a \""), X, IN_DOCTYPE("<!DOCTYPE b>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<!----><!---> ' -->]>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a [<EV<")},
        {IN_DOCTYPE("<!DOCTYPE a '<!--\0-'>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<!-- b -->--]>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<EV!--]>"), X},
        {REJECT(CUT_OFF, "<!DOCTYPE a><EVENT>1"), X},
        {REJECT(CUT_OFF, "<!DOCTYPE a><EVENT>1")},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LATIN "<?xml version='1.0' encoding='ISO-8859-1'?>"

static void an_overlong_frame_keeps_its_beginning_and_its_true_length(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "</EVENT>"), X},
        {EVENT("<EVENT>" TEN TEN TEN TEN "012345678</EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY "</EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY TEN), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY TEN)},
        {REJECT(CUT_OFF, "<EVENT>" FIFTY "0123456"), X},
        {STRAY(FIFTY FIFTY), X},
        {STRAY(FIFTY FIFTY), SKIP("<!--" FIFTY TEN "-->"), X},
        {SKIP("<!-- " FIFTY TEN " -->"), X},
        {SKIP("<?p " FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY "?>"), X},
        {STRAY("<EVENTS a='" FIFTY TEN "'>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [" FIFTY "]>"), X},
        {STRAY(FIFTY FIFTY), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {STRAY(TEN TEN TEN), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
    };
    (void)state;
    CHECK("EVENT", SMALL, streams);
}

static void an_event_has_the_encoding_of_the_preceding_declaration(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {X, SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>"), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {SKIP("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), EVENT_IN("UTF-8", "<EVENT/>")},
        {SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>"), SKIP("<?xml version='1.0'?>"), X},
        {SKIP(LATIN "<?xml-stylesheet encoding='a'?>"), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {STRAY("a"), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {SKIP("<?xml encoding='" FIFTY "'?>"), EVENT_IN(TEN TEN TEN "012345678", "<EVENT/>")},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void the_event_element_may_have_any_name(void **state)
{
    static const struct part prefixed[][PARTS_MAX] = {
        {SKIP("<acm:EVENTS xmlns:acm='a'>"), EVENT("<acm:EVENT><acm:cn/><EVENT/></acm:EVENT>"),
         SKIP("<EVENT/>")},
        {REJECT(CUT_OFF, "<acm:EVENT></EVENT><acm:EVENTS/>"), EVENT("<acm:EVENT/>")},
    };
    static const struct part not_ascii[][PARTS_MAX] = {
        {SKIP("<\xC3\xA9/>"), EVENT("<\xC3\xA9v><\xC3\xA9/><\xC3\xA9v\xC3\xA9/><\xC3/></\xC3\xA9v>")},
        {REJECT(CUT_OFF, "<\xC3\xA9v><\xC3\xA9v\xA9><\xC3"), EVENT("<\xC3\xA9v/>")},
    };
    static const struct part mixed[][PARTS_MAX] = {
        {SKIP("<EVENT/>"), EVENT("<Event><EVENT/></EVENT></Event>")},
    };
    static const struct part odd[][PARTS_MAX] = {
        {SKIP("<a:b/>"), EVENT("<a:b-c.d>1</a:b-c.d>"), EVENT("<a:b-c.d/>")},
        {REJECT(CUT_OFF, "<a:b-c.d><a:b-c.d2/>"), EVENT("<a:b-c.d/>")},
    };
    static const struct part one_letter[][PARTS_MAX] = {
        {SKIP("<EE/>"), EVENT("<E>1</E>"), EVENT("<E/>")},
    };
    (void)state;
    CHECK("Event", MEGABYTE, mixed);
    CHECK("acm:EVENT", MEGABYTE, prefixed);
    CHECK("\xC3\xA9v", MEGABYTE, not_ascii);
    CHECK("a:b-c.d", MEGABYTE, odd);
    CHECK("E", MEGABYTE, one_letter);
}

static void the_event_element_may_have_a_very_long_name(void **state)
{
    char name[FRAMER_ELEMENT_MAX + 1];
    char text[2 * sizeof name + 8];
    struct slice stream = {text, 0};

    (void)state;
    memset(name, 'n', FRAMER_ELEMENT_MAX);
    name[FRAMER_ELEMENT_MAX] = '\0';
    stream.len = (size_t)sprintf(text, "<%s><%s/>", name, name);
    struct frame list[] = {
        {.data = text, .len = sizeof name + 1, .true_len = sizeof name + 1, .reason = REJECT_CUT_OFF},
        {.data = text + sizeof name + 1, .len = sizeof name + 2, .true_len = sizeof name + 2, .encoding = ""},
    };
    struct frames expected = {.list = list, .count = 2};
    list[1].is_event = true;
    for (size_t at = 0; at < stream.len; at++)
        assert_true(frames_come(&expected, name, MEGABYTE, stream, IN_TWO_AT(at)));
    assert_true(frames_come(&expected, name, MEGABYTE, stream, EACH_OF(1)));
}

static void a_rejects_detail_names_its_cause(void **state)
{
    static const struct {
        const char *stream;
        const char *detail; /* some of its words */
    } rows[] = {
        {"GET / HTTP/1.1\r\n", "HTTP"},
        {"\x16\x03\x01", "TLS"},
        {"<!DOCTYPE a>", "document type"},
        {"hello", "between events"},
        {"\xFF\xFE<", "UTF-16: the sender must use UTF-8"},
        {"<EVENT>", "connection ended"},
        {"<EVENT><EVENT/>", "next event began"},
        {"<EVENT>" FIFTY FIFTY "</EVENT>", "MAX_MESSAGE_SIZE"},
        {"<EVENT>" FIFTY FIFTY, "MAX_MESSAGE_SIZE"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice stream = {rows[i].stream, strlen(rows[i].stream)};
        struct frames *frames = frames_read("EVENT", SMALL, stream, WHOLE);
        assert_non_null(strstr(frames->list[0].detail, rows[i].detail));
        frames_free(frames);
    }
}

/* ---- memory ---- */

static void an_endless_construct_uses_bounded_memory(void **state)
{
    static const char *const beginnings[] = {
        "<EVENT>",          "<!--",      "<?a ",    "a", "<a b='", "<!DOCTYPE a '",
        "<EVENT><![CDATA[", "<EVENT><a", "\xFF\xFE"};
    static const size_t ceilings[] = {1024, 1000000};
    char *more = malloc(5000);

    (void)state;
    assert_non_null(more);
    memset(more, 'x', 5000);
    for (size_t i = 0; i < COUNT(beginnings) * COUNT(ceilings); i++) {
        size_t max_message = ceilings[i / COUNT(beginnings)];
        const char *beginning = beginnings[i % COUNT(beginnings)];
        struct framer *framer = framer_new("EVENT", max_message);
        struct frame frame;
        framer_feed(framer, beginning, strlen(beginning));
        for (int k = 0; k < 1000; k++) {
            assert_false(framer_next(framer, &frame));
            assert_in_range(framer_held_bytes(framer), 0, 2 * max_message);
            framer_feed(framer, more, 5000);
        }
        assert_false(framer_next(framer, &frame));
        assert_true(framer_end(framer, &frame));
        assert_int_equal(frame.len, max_message);
        assert_int_equal(frame.true_len, strlen(beginning) + 5000 * 1000);
        assert_false(framer_end(framer, &frame));
        framer_free(framer);
    }
    free(more);
}

static void a_large_construct_releases_its_memory_at_its_end(void **state)
{
    static const char *const rows[][2] = {{"<EVENT>", "</EVENT> "}, {"<!--", "--> "}, {"hello", "<!-- -->"}};
    static const char more[MEGABYTE / 2];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new("EVENT", MEGABYTE);
        struct frame frame;
        framer_feed(framer, rows[i][0], strlen(rows[i][0]));
        assert_false(framer_next(framer, &frame));
        framer_feed(framer, more, sizeof more);
        assert_false(framer_next(framer, &frame));
        assert_true(framer_held_bytes(framer) >= sizeof more);
        framer_feed(framer, rows[i][1], strlen(rows[i][1]));
        while (framer_next(framer, &frame)) assert_int_equal(frame.true_len, frame.len);
        assert_true(framer_held_bytes(framer) <= 4096);
        framer_free(framer);
    }
    framer_free(NULL);
}

static void an_event_within_a_segment_is_not_copied(void **state)
{
    static const char segment[] = "<EVENT>1</EVENT> <EVENT>2</EVENT><EVENT>3</EV";
    struct framer *framer = framer_new("EVENT", MEGABYTE);
    struct frame frame;

    (void)state;
    framer_feed(framer, segment, strlen(segment));
    assert_true(framer_next(framer, &frame) && frame.data == segment);
    assert_true(framer_next(framer, &frame) && frame.data == strstr(segment, "<EVENT>2"));
    assert_false(framer_next(framer, &frame));
    assert_true(framer_is_unfinished(framer));
    framer_feed(framer, "ENT>\n", strlen("ENT>\n"));
    assert_true(framer_next(framer, &frame) && frame.is_event && frame.len == strlen("<EVENT>3</EVENT>"));
    assert_false(framer_next(framer, &frame));
    assert_false(framer_is_unfinished(framer));
    framer_free(framer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed_separators_produce_no_frame),
        cmocka_unit_test(an_event_extends_from_start_tag_to_end_tag),
        cmocka_unit_test(elements_with_similar_names_stay_inside_the_event),
        cmocka_unit_test(a_broken_event_still_ends_at_its_end_tag),
        cmocka_unit_test(a_start_tag_inside_an_event_cuts_that_event_off),
        cmocka_unit_test(a_stream_that_ends_inside_a_construct_leaves_a_reject),
        cmocka_unit_test(a_run_of_stray_bytes_is_one_reject),
        cmocka_unit_test(the_framer_rejects_an_element_with_too_many_attributes),
        cmocka_unit_test(other_protocols_are_recognised_by_their_first_bytes),
        cmocka_unit_test(a_run_of_utf16_is_an_encoding_reject),
        cmocka_unit_test(a_doctype_and_the_event_after_it_are_one_reject),
        cmocka_unit_test(an_overlong_frame_keeps_its_beginning_and_its_true_length),
        cmocka_unit_test(an_event_has_the_encoding_of_the_preceding_declaration),
        cmocka_unit_test(the_event_element_may_have_any_name),
        cmocka_unit_test(the_event_element_may_have_a_very_long_name),
        cmocka_unit_test(a_rejects_detail_names_its_cause),
        cmocka_unit_test(an_endless_construct_uses_bounded_memory),
        cmocka_unit_test(an_event_within_a_segment_is_not_copied),
        cmocka_unit_test(a_large_construct_releases_its_memory_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
