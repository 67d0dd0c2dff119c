/* test_framer_gap -- what stands between events, separators and gaps, on tables of streams. */
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

static const struct rules small_rules = {"EVENT", "", SMALL};

/* ---- separators ---- */

static void separators_give_no_frame(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP("")},
        {SKIP(" \r\n\t")},
        {X, X},
        {SKIP("\r\n"), X, SKIP("\n\n\t "), X, SKIP("\n")},
        {SKIP("\0"), X, SKIP("\0\0"), X, SKIP("\0")},
        {SKIP("\xEF\xBB\xBF"), EVENT_IN("UTF-8", "<EVENT/>"), SKIP("\xEF\xBB\xBF\xEF\xBB\xBF"),
         EVENT_IN("UTF-8", "<EVENT/>"), SKIP("\xEF\xBB\xBF")},
        {SKIP("\x02"), X, SKIP("\x03\x02"), X, SKIP("\x03\x01\x04")},
        {SKIP("\x0B"), X, SKIP("\x1C\r\x0B"), X, SKIP("\x1C\r")},
        {SKIP("<!-- a -->"), X, SKIP("<!----><!-- > - -- <EVENTS> don't -->"), X, SKIP("<!---->")},
        {SKIP("<?a?>"), X,
         SKIP("<?b > ? it's ?"
              "?>"),
         X, SKIP("<?c ?>")},
        {SKIP("<?x a<b <EVENTS> <?>"), X},
        {SKIP("<?xml version=\"1.0\"?>"), X, SKIP("<?xml version='1.0'?>\n"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* Of 4,096 bytes it is a separator, of one more it is content. */
static void long_comments_and_instructions_are_content(void **state)
{
    static const struct {
        const char *opening, *closing, *encoding;
    } rows[] = {
        {"<!--", "-->", ""}, {"<?p ", "?>", ""}, {"<?xml encoding='ISO-8859-1' a='", "'?>", "ISO-8859-1"}};
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        const char *opening = rows[i / 2].opening;
        const char *closing = rows[i / 2].closing;
        size_t len = 4096 + i % 2;
        bool is_separator = len == 4096;
        struct buf text = BUF_EMPTY;
        buf_append_text(&text, opening);
        while (text.len < len - strlen(closing)) buf_append_char(&text, 'x');
        buf_append_text(&text, closing);
        struct part parts[PARTS_MAX] = {
            {{text.data, text.len}, is_separator ? SKIPPED : A_REJECT, REJECT_STRAY_BYTES, ""},
            EVENT_IN(is_separator ? rows[i / 2].encoding : "", "<EVENT/>"),
        };
        check_stream(&plain_rules, parts);
        buf_fini(&text);
    }
}

static void comments_that_hold_a_start_tag_are_content(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {STRAY("<!-- <EVENT>x</EVENT> -->"), X},
        {SKIP("<!-- <EVENTS> </EVENT> <EV <EVENT-->"), X}, /* no start tag's name ends in it */
        {STRAY("<?p "), X, STRAY("?>")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* ---- gaps ---- */

static void a_gap_reaches_from_its_first_to_its_last_byte_of_content(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {STRAY("hello")},
        {SKIP("\n"), STRAY("a b"), SKIP("\n"), X, SKIP(" "), STRAY("c d"), SKIP(" "), X, STRAY("e")},
        {STRAY("a < b <1> << c <d e> <f g='<'> </h i='j'>"), X},
        {STRAY("a<!-- --><?p?>\0\nb"), X},
        {STRAY("a\xEF\xBB\xBF"
               "b"),
         EVENT_IN("UTF-8", "<EVENT/>")},
        {STRAY("a"), SKIP("<!-- -->"), X, STRAY("b"), SKIP("<?p?>"), X},
        {STRAY("a\0b"), SKIP("\xEF\xBB\xBF"), EVENT_IN("UTF-8", "<EVENT/>")},
        {STRAY("\xEF\xBB"), X},
        {STRAY("\xEF"), SKIP("\xEF\xBB\xBF "), EVENT_IN("UTF-8", "<EVENT/>")},
        {STRAY("</EVENT>"), X, STRAY("</EVENT >")},
        {STRAY("<!ELEMENT a>"), X},
        {STRAY("<EVENTS a='"), X},
        {STRAY("<d e>")},
        {STRAY("<EV<EV"), X},
        {STRAY("<EVENT"), X}, /* its name might have gone on */
        {STRAY("<!DOC"), X},
        {STRAY("<EVENT\0>"), X},
        {STRAY("<?<"), X},
        {STRAY("noise<?x "), X, SKIP("<?xml version='1.0'?>"), X}, /* an instruction hides no event */
        {STRAY("<?x ?"), X, STRAY("?>")},
        {STRAY("<![CDATA[ <EVENT/> ]]>"), X},
        {STRAY("\xC3\xA9"), SKIP(" "), X},
    };
    static const struct explained details[] = {
        {"hello", "these bytes stand between events and belong to none"}};
    (void)state;
    CHECK(&plain_rules, streams);
    CHECK_DETAILS(&plain_rules, details);
}

static void a_gap_that_is_full_is_told_in_parts(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {STRAY(FIFTY TEN "0123"), STRAY(FIFTY TEN "4567"), STRAY(TEN), X},
        {STRAY(FIFTY TEN), SKIP("    "), STRAY(TEN), X},
        {STRAY(TEN), SKIP("<!--" FIFTY "-->"), X},
        {STRAY(FIFTY), SKIP("<!--" TEN TEN TEN TEN TEN "0123456-->"), X},
        {STRAY(FIFTY), STRAY("<![CDATA[" TEN TEN TEN TEN "]]>"), X},
        {SKIP("<?p " FIFTY "?>"), X},
        {STRAY("<a b='" FIFTY "01234567"), STRAY("'>"), X},
        {STRAY(TEN TEN TEN TEN TEN), STRAY("<a b='" TEN TEN TEN), X},
        {STRAY("<?p " FIFTY TEN), STRAY(FIFTY), X},
        {STRAY("<a" FIFTY TEN "01"), STRAY(TEN), X},
        {REJECT(UNKNOWN_ELEMENT, "<a><b><c><d><e><f><g><h><i><j><k><l><m><n><o><p><q><r><s><t><u>"),
         SKIP("<v><w>"), X, SKIP("</w></a>")},
        {SKIP("<a><b><c><d><e><f><g><h><i><j><k><l><m><n><o><p><q><r><s><t><u>"), X, SKIP("</u></a>")},
    };
    (void)state;
    CHECK(&small_rules, streams);
}

/* An endless tag might be the start tag of an event with a long name, so it is not the gap's at once. */
static void what_stands_before_an_endless_tag_is_told_first(void **state)
{
    struct parsed_rules *parsed = rules_parse(&small_rules);
    struct buf stream = BUF_EMPTY;
    (void)state;
    buf_append_text(&stream, FIFTY "<a b='");
    while (stream.len < 3000) buf_append_char(&stream, 'x');
    buf_append_text(&stream, "<EVENT/>");
    struct slice text = {stream.data, stream.len};
    struct frames *frames = frames_read(&parsed->options, text, WHOLE);
    assert_int_equal(frames->list[0].true_len, 50);
    for (size_t i = 1; i < frames->count; i++) {
        assert_int_equal(frames->list[i].at, frames->list[i - 1].at + frames->list[i - 1].true_len);
        assert_true(frames->list[i].true_len <= 64);
    }
    assert_true(frames->list[frames->count - 1].is_event);
    assert_true(frames_come(frames, &parsed->options, text, EACH_OF(1)));
    frames_free(frames);
    buf_fini(&stream);
    rules_free(parsed);
}

static void an_element_around_no_event_is_one_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(UNKNOWN_ELEMENT, "<Event>1</Event>"), X},
        {X, SKIP("\n"), REJECT(UNKNOWN_ELEMENT, "<a><b/>\n<c>1</c></a>"), SKIP("\n"), X},
        {REJECT(UNKNOWN_ELEMENT, "<a/>"), REJECT(UNKNOWN_ELEMENT, "<b></b>"), SKIP(" "),
         REJECT(UNKNOWN_ELEMENT, "<c d='e'/>")},
        {REJECT(UNKNOWN_ELEMENT, "noise <a>1</a>"), STRAY("noise"), X},
        {REJECT(UNKNOWN_ELEMENT, "<a><b>1</a>"), STRAY("</b>"), X},
        {REJECT(UNKNOWN_ELEMENT, "<a><!-- --><![CDATA[ <EVENT> ]]><?p?></a>"), X},
        {REJECT(UNKNOWN_ELEMENT, "<a>"), SKIP("\n")},
        {REJECT(UNKNOWN_ELEMENT, "<a>\n<b")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

#define NAMED_AS_EVENT ": if it is an event, name it there; if it carries nothing, name it in IGNORE_ELEMENTS"

static void the_detail_of_a_gap_names_its_element_and_the_settings(void **state)
{
    static const struct explained details[] = {
        {"<Event><a/>1</Event>", "EVENT_ELEMENT does not name the element Event" NAMED_AS_EVENT},
        {"noise<b/>", "EVENT_ELEMENT does not name the element b" NAMED_AS_EVENT},
        {"<a><b>1</b>", "EVENT_ELEMENT does not name the element b, which stands in a" NAMED_AS_EVENT},
        {"<a>1<EVENT/>", "these bytes stand between events and belong to none"},
        {"<a><b>1</b><EVENT/>", "EVENT_ELEMENT does not name the element b" NAMED_AS_EVENT},
        {"<a" FIFTY FIFTY "/>",
         "EVENT_ELEMENT does not name the element a" FIFTY TEN TEN "012345678" NAMED_AS_EVENT},
        {"<a b='", "cut off: the connection ended inside a tag, comment or instruction"},
        {"x<a b='", "these bytes stand between events and belong to none"},
    };
    (void)state;
    CHECK_DETAILS(&plain_rules, details);
}

/* ---- document types ---- */

#define SUBSET           "<!DOCTYPE a SYSTEM \"it's>\" [<!ENTITY b ']>'> <!-- don't ]> --> <!ENTITY c \"'\">] >"
#define IN_DOCTYPE(text) REJECT(DOCTYPE, text "<EVENT>y</EVENT>")

static void a_doctype_and_the_event_behind_it_are_one_reject(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {IN_DOCTYPE("<!DOCTYPE a>"), X},
        {IN_DOCTYPE(SUBSET "\n"), X},
        {IN_DOCTYPE("<!DOCTYPE a><!-- --> <?p?>\0"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>"), IN_DOCTYPE("<!DOCTYPE b>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>"), SKIP(" ")},
        {STRAY("b"), IN_DOCTYPE("<!DOCTYPE a>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>b"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>"), SKIP("<EVENTS>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a><"), SKIP(" "), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a>\xEF"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<!----><!---> ' -->]>"), X},
        {IN_DOCTYPE("<!DOCTYPE a '<!--\0-'>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<!-- b -->--]>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<!-- <EVENT> -->]>"), X},
        {IN_DOCTYPE("<!DOCTYPE a [<EV!--]>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a><EVENT>1"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a><EVENT>1")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void an_unfinished_doctype_hides_no_event(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(DOCTYPE, "<!DOCTYPE a [ "), X, IN_DOCTYPE("<!DOCTYPE b>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a \""), X, IN_DOCTYPE("<!DOCTYPE b>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a [<!-- b --> "), X, STRAY("]>")},
    };
    static const struct explained details[] = {
        {"<!DOCTYPE a>", "a document type declaration (<!DOCTYPE) is not accepted"},
        {"<!DOCTYPE a><EVENT/>", "a document type declaration (<!DOCTYPE) is not accepted"},
    };
    (void)state;
    CHECK(&plain_rules, streams);
    CHECK_DETAILS(&plain_rules, details);
}

/* ---- other protocols ---- */

static void a_connection_of_another_protocol_gives_no_event(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(LOOKS_LIKE_HTTP, "POST / HTTP/1.1\r\nHost: a\r\n\r\n<EVENT/>")},
        {REJECT(LOOKS_LIKE_HTTP, "HTTP/1.0 200 OK\r\n\r\n<EVENT/>")},
        {REJECT(LOOKS_LIKE_HTTP, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        {REJECT(LOOKS_LIKE_TLS, "\x16\x03\x01\x02\0\x01<?\xFC<EVENT/>")},
        {STRAY("\x16"), X},
        {STRAY("POSTS / GET /")},
        {STRAY("GET / HTTP/x"), SKIP(" "), X},
        {SKIP("\r\n"), STRAY("GET / HTTP/1.1\r\nHost: a"), SKIP("\r\n\r\n"), X},
        {X, STRAY("GET / HTTP/1.1"), SKIP("\r\n"), X},
    };
    static const struct part in_parts[][PARTS_MAX] = {
        {REJECT(LOOKS_LIKE_HTTP, "POST / HTTP/1.1\r\n01234567890123456789012345678901234567890123456"),
         REJECT(LOOKS_LIKE_HTTP, "<EVENT/>" FIFTY "012345"), REJECT(LOOKS_LIKE_HTTP, "<EVENT/>")},
    };
    static const struct explained details[] = {
        {"GET / HTTP/1.1\r\n",
         "this is HTTP: the sender must use plain TCP, and no event is taken out of this connection"},
        {"\x16\x03\x01", "this is a TLS handshake: the sender must use plain TCP, or a TLS proxy must stand "
                         "before this port"},
    };
    (void)state;
    CHECK(&plain_rules, streams);
    CHECK(&small_rules, in_parts);
    CHECK_DETAILS(&plain_rules, details);
}

static void a_proxy_header_is_named_in_the_detail(void **state)
{
    static const char proxy2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C";
    static const struct part streams[][PARTS_MAX] = {
        {STRAY("PROXY TCP4 192.0.2.1 192.0.2.2 1 2"), SKIP("\r\n"), X},
        {SKIP("\r\n\r\n\0\r\n"), STRAY("QUIT\n!"), X},
    };
    static const struct explained details[] = {
        {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n<EVENT/>",
         "these bytes stand between events and belong to none; a PROXY protocol header begins the "
         "connection: turn it off in the load balancer"},
    };
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    (void)state;
    CHECK(&plain_rules, streams);
    CHECK_DETAILS(&plain_rules, details);
    struct frames *frames =
        frames_read(&parsed->options, (struct slice){proxy2, sizeof proxy2 - 1}, EACH_OF(1));
    assert_int_equal(frames->count, 1);
    assert_non_null(strstr(frames->list[0].detail, "PROXY"));
    frames_free(frames);
    rules_free(parsed);
}

static void the_proxy_header_is_named_once(void **state)
{
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    static const char stream[] = "PROXY TCP4\r\n<EVENT/>noise<EVENT/>";
    struct frames *frames = frames_read(&parsed->options, (struct slice){stream, sizeof stream - 1}, WHOLE);
    (void)state;
    assert_int_equal(frames->count, 4);
    assert_non_null(strstr(frames->list[0].detail, "PROXY"));
    assert_null(strstr(frames->list[2].detail, "PROXY"));
    frames_free(frames);
    rules_free(parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_give_no_frame),
        cmocka_unit_test(long_comments_and_instructions_are_content),
        cmocka_unit_test(comments_that_hold_a_start_tag_are_content),
        cmocka_unit_test(a_gap_reaches_from_its_first_to_its_last_byte_of_content),
        cmocka_unit_test(a_gap_that_is_full_is_told_in_parts),
        cmocka_unit_test(what_stands_before_an_endless_tag_is_told_first),
        cmocka_unit_test(an_element_around_no_event_is_one_reject),
        cmocka_unit_test(the_detail_of_a_gap_names_its_element_and_the_settings),
        cmocka_unit_test(a_doctype_and_the_event_behind_it_are_one_reject),
        cmocka_unit_test(an_unfinished_doctype_hides_no_event),
        cmocka_unit_test(a_connection_of_another_protocol_gives_no_event),
        cmocka_unit_test(a_proxy_header_is_named_in_the_detail),
        cmocka_unit_test(the_proxy_header_is_named_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
