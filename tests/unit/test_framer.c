/*
 * test_framer -- the framer on the samples, on tables of streams whose frames are known, and on random streams, each
 * cut into segments in many ways.
 * Run from the repository's root. The random tests print their seed; TEST_SEED=number in the environment sets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)
#define SMALL        64 /* a ceiling that small streams reach */
#define PARTS_MAX    9

/* ---- chance ---- */

static uint64_t chance;

static void print_seed(void)
{
    const char *given = getenv("TEST_SEED");
    chance = given ? strtoull(given, NULL, 10) : 20140610;
    print_message("TEST_SEED=%llu\n", (unsigned long long)chance);
    chance = chance * 2 + 1; /* xorshift never leaves 0 */
}

static size_t below(size_t limit)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (size_t)(chance % limit);
}

static struct cuts random_cuts(size_t longest)
{
    struct cuts cuts = {.count = 1 + below(CUTS_MAX)};
    for (size_t i = 0; i < cuts.count; i++) cuts.lengths[i] = 1 + below(longest);
    return cuts;
}

/* ---- the two checks ---- */

static void check_whole(struct slice stream, size_t max_message, const struct frames *frames)
{
    if (frames_account_for(frames, stream, max_message)) return;
    bytes_print("stream", stream);
    frames_print("came", frames);
    fail_msg("bytes are lost, invented or held; max_message is %zu", max_message);
}

static void check_cut(const char *element, struct slice stream, size_t max_message, struct cuts cuts,
                      const struct frames *expected)
{
    struct frames *frames = frames_read(element, max_message, stream, cuts);
    if (!frames_equal(frames, expected)) {
        bytes_print("stream", stream);
        frames_print("expected", expected);
        frames_print("came", frames);
        fail_msg("in %zu segments, the first of %zu bytes; max_message is %zu", cuts.count, cuts.lengths[0],
                 max_message);
    }
    frames_free(frames);
}

/* ---- samples ---- */

static void every_sample_gives_as_many_events_as_its_manifest_says(void **state)
{
    struct sample samples[SAMPLES_MAX];
    size_t count = samples_load(samples);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct slice stream = {samples[i].data, samples[i].len};
        struct frames *frames = frames_read("EVENT", MEGABYTE, stream, WHOLE);
        assert_int_equal(frames->count, samples[i].events); /* one that is broken inside is framed as well */
        for (size_t k = 0; k < frames->count; k++) assert_true(frames->list[k].is_event);
        check_whole(stream, MEGABYTE, frames);
        frames_free(frames);
    }
    samples_free(samples, count);
}

static void a_sample_gives_the_same_frames_however_it_is_cut(void **state)
{
    static const size_t lengths[] = {1, 2, 3, 7};
    struct sample samples[SAMPLES_MAX];
    size_t count = samples_load(samples);

    (void)state;
    print_seed();
    for (size_t i = 0; i < count; i++) {
        struct slice stream = {samples[i].data, samples[i].len};
        struct frames *whole = frames_read("EVENT", MEGABYTE, stream, WHOLE);
        size_t step =
            stream.len > 20000 ? 37 : 1; /* the long message is one long text: not each of its bytes */
        for (size_t at = 0; at < stream.len; at += step)
            check_cut("EVENT", stream, MEGABYTE, IN_TWO_AT(at), whole);
        for (size_t k = 0; k < COUNT(lengths); k++)
            check_cut("EVENT", stream, MEGABYTE, EACH_OF(lengths[k]), whole);
        for (int k = 0; k < 300; k++)
            check_cut("EVENT", stream, MEGABYTE, random_cuts(stream.len / 3), whole);
        frames_free(whole);
    }
    samples_free(samples, count);
}

/* ---- streams whose frames are known ---- */

/* A stream is the text of its parts, one after the other; what becomes of each is its kind. */
struct part {
    struct slice text;
    enum { NO_PART, SKIPPED, AN_EVENT, A_REJECT } kind;
    enum reject_reason reason;
    const char *encoding;
};

#define PART(text, ...)                                                                                      \
    {                                                                                                        \
        BYTES(text), __VA_ARGS__                                                                             \
    }
#define SKIP(text)           PART(text, SKIPPED, 0, "")
#define EVENT(text)          PART(text, AN_EVENT, 0, "")
#define EVENT_IN(name, text) PART(text, AN_EVENT, 0, name)
#define REJECT(reason, text) PART(text, A_REJECT, REJECT_##reason, "")
#define STRAY(text)          REJECT(STRAY_BYTES, text)

#define X                                    EVENT("<EVENT>x</EVENT>")
#define CHECK(element, max_message, streams) check_streams(element, max_message, streams, COUNT(streams))

static void check_stream(const char *element, size_t max_message, const struct part *parts)
{
    char text[1024];
    struct slice stream = {text, 0};
    struct frame list[PARTS_MAX];
    struct frames expected = {.list = list};

    for (size_t i = 0; i < PARTS_MAX && parts[i].kind != NO_PART; i++) {
        struct slice from = parts[i].text;
        assert_true(from.len <= sizeof text - stream.len);
        memcpy(text + stream.len, from.data, from.len);
        stream.len += from.len;
        if (parts[i].kind == SKIPPED) continue;
        list[expected.count++] = (struct frame){.is_event = parts[i].kind == AN_EVENT,
                                                .data = from.data,
                                                .len = from.len < max_message ? from.len : max_message,
                                                .true_len = from.len,
                                                .encoding = parts[i].encoding,
                                                .reason = parts[i].reason};
    }
    check_cut(element, stream, max_message, WHOLE, &expected);
    check_cut(element, stream, max_message, EACH_OF(1), &expected);
    for (size_t at = 0; at < stream.len; at++)
        check_cut(element, stream, max_message, IN_TWO_AT(at), &expected);
}

static void check_streams(const char *element, size_t max_message, const struct part (*streams)[PARTS_MAX],
                          size_t count)
{
    for (size_t i = 0; i < count; i++) check_stream(element, max_message, streams[i]);
}

static void allowed_separators_leave_no_trace(void **state)
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
        {SKIP("<EVENTX>"), X, SKIP("</EVENTX><EVEN/><event/>"), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void an_event_reaches_from_its_start_tag_to_its_own_end_tag(void **state)
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

static void what_only_looks_like_the_event_element_stays_inside_the_event(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {EVENT("<EVENT><EVENTS/><EVENT-ID>1</EVENT-ID><a:EVENT/></EVENT>"), X},
        {EVENT("<EVENT></EVENTX></EVENT.a></EVEN></EVENT>"), X},
        {EVENT("<EVENT><a b='<EVENTS> <EVEN <'/></EVENT>"), X},
        {EVENT("<EVENT><?p <EVENTS <EV ?></EVENT>"), X},
        {EVENT("<EVENT>< EVENT></ EVENT>&lt;EVENT></EVENT>"), X},
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void a_candidate_is_framed_however_broken_it_is_inside(void **state)
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
    };
    (void)state;
    CHECK("EVENT", MEGABYTE, streams);
}

static void an_event_that_begins_inside_another_cuts_that_one_off(void **state)
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

static void a_stream_that_ends_inside_something_leaves_a_reject(void **state)
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

static void an_element_with_too_many_attributes_is_a_reject_before_any_parser_sees_it(void **state)
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

static void other_protocols_are_told_by_their_first_bytes(void **state)
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

#define SUBSET           "<!DOCTYPE a SYSTEM \"it's>\" [<!ENTITY b ']>'> <!-- don't ]> --> <!ENTITY c \"'\">] >"
#define IN_DOCTYPE(text) REJECT(DOCTYPE, text "<EVENT>y</EVENT>")

static void a_doctype_is_a_reject_with_what_follows_up_to_its_event(void **state)
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

static void of_what_is_too_long_the_beginning_is_kept_and_the_rest_counted(void **state)
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

static void an_event_has_the_encoding_of_the_last_declaration_before_it(void **state)
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
    for (size_t at = 0; at < stream.len; at++) check_cut(name, stream, MEGABYTE, IN_TWO_AT(at), &expected);
    check_cut(name, stream, MEGABYTE, EACH_OF(1), &expected);
}

static void a_reject_says_what_to_do(void **state)
{
    static const struct {
        const char *stream;
        const char *detail; /* some of its words */
    } rows[] = {
        {"GET / HTTP/1.1\r\n", "HTTP"},
        {"\x16\x03\x01", "TLS"},
        {"<!DOCTYPE a>", "document type"},
        {"hello", "between events"},
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

/* ---- random streams ---- */

static struct slice random_stream(char *data, size_t tokens)
{
    static const char vocabulary[] =
        "<EVENT>|</EVENT>|<EVENT|</EVENT|<EV|ENT|<|>|/>|/|<!--|-->|--|-|<![CDATA[|]]>|]|[|<?|?>|?|'|\"|=| |a|"
        "<a>|</a>|<a b='c'>|<!|!|<!DOCTYPE|<!DOCTYPE a>|<?xml version='1.0' encoding='b'?>|\xEF\xBB\xBF|\xEF|"
        "\xBB|GET |<EVENT>x</EVENT>|";
    size_t len = 0;

    while (tokens-- > 0) {
        const char *token = vocabulary;
        for (size_t nth = below(39); nth > 0; nth--) token = strchr(token, '|') + 1;
        for (; *token != '|'; token++) data[len++] = *token;
        if (below(40) == 0) data[len++] = '\0';
    }
    return (struct slice){data, len};
}

static void no_byte_of_a_random_stream_is_lost_however_it_is_cut(void **state)
{
    static const size_t ceilings[] = {16, 40, MEGABYTE};
    char data[64 * 40];

    (void)state;
    print_seed();
    for (int i = 0; i < 6000; i++) {
        size_t max_message = ceilings[below(COUNT(ceilings))];
        struct slice stream = random_stream(data, 1 + below(below(2) ? 8 : 60));
        struct frames *whole = frames_read("EVENT", max_message, stream, WHOLE);
        check_whole(stream, max_message, whole);
        check_cut("EVENT", stream, max_message, EACH_OF(1), whole);
        for (int k = 0; k < 6; k++) check_cut("EVENT", stream, max_message, random_cuts(20), whole);
        frames_free(whole);
    }
}

/* ---- memory ---- */

static void an_endless_piece_holds_no_more_than_the_ceiling(void **state)
{
    static const char *const beginnings[] = {
        "<EVENT>", "<!--", "<?a ", "a", "<a b='", "<!DOCTYPE a '", "<EVENT><![CDATA["};
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

static void a_large_piece_does_not_keep_its_memory_for_ever(void **state)
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
        assert_true(framer_held_bytes(framer) <= 65536);
        framer_free(framer);
    }
    framer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_gives_as_many_events_as_its_manifest_says),
        cmocka_unit_test(a_sample_gives_the_same_frames_however_it_is_cut),
        cmocka_unit_test(allowed_separators_leave_no_trace),
        cmocka_unit_test(an_event_reaches_from_its_start_tag_to_its_own_end_tag),
        cmocka_unit_test(what_only_looks_like_the_event_element_stays_inside_the_event),
        cmocka_unit_test(a_candidate_is_framed_however_broken_it_is_inside),
        cmocka_unit_test(an_event_that_begins_inside_another_cuts_that_one_off),
        cmocka_unit_test(a_stream_that_ends_inside_something_leaves_a_reject),
        cmocka_unit_test(a_run_of_stray_bytes_is_one_reject),
        cmocka_unit_test(an_element_with_too_many_attributes_is_a_reject_before_any_parser_sees_it),
        cmocka_unit_test(other_protocols_are_told_by_their_first_bytes),
        cmocka_unit_test(a_doctype_is_a_reject_with_what_follows_up_to_its_event),
        cmocka_unit_test(of_what_is_too_long_the_beginning_is_kept_and_the_rest_counted),
        cmocka_unit_test(an_event_has_the_encoding_of_the_last_declaration_before_it),
        cmocka_unit_test(the_event_element_may_have_any_name),
        cmocka_unit_test(the_event_element_may_have_a_very_long_name),
        cmocka_unit_test(a_reject_says_what_to_do),
        cmocka_unit_test(no_byte_of_a_random_stream_is_lost_however_it_is_cut),
        cmocka_unit_test(an_endless_piece_holds_no_more_than_the_ceiling),
        cmocka_unit_test(a_large_piece_does_not_keep_its_memory_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
