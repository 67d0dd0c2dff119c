/* test_framer -- what a framer holds and lends, and what its caller may ask and tell it besides the stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"
#include "tests/support/event_names.h"
#include "tests/support/framing_fixture.h"

static const struct framer_options options = {&event_names, NULL, MEGABYTE, NULL};
static const struct framer_options small_options = {&event_names, NULL, 64, NULL};

static void feed(struct framer *framer, const char *text)
{
    framer_feed(framer, text, strlen(text), 0);
}

/* No frame comes of the text. */
static void feed_in_vain(struct framer *framer, const char *text)
{
    struct frame frame;
    feed(framer, text);
    assert_false(framer_next(framer, &frame));
}

static void check_frame(const struct frame *frame, enum reject_reason reason, const char *data)
{
    assert_false(frame->is_event);
    assert_int_equal(frame->reason, reason);
    assert_int_equal(frame->len, strlen(data));
    assert_memory_equal(frame->data, data, frame->len);
}

/* ---- memory ---- */

static void an_endless_construct_uses_bounded_memory(void **state)
{
    static const char *const beginnings[] = {
        "<EVENT>",          "<!--",      "<?a ",     "a",   "<a b='",    "<!DOCTYPE a '",
        "<EVENT><![CDATA[", "<EVENT><a", "\xFF\xFE", "<a>", "<![CDATA[", "POST / HTTP/1.1\r\n",
        "<!DOCTYPE a [<!--"};
    static const size_t ceilings[] = {1024, 1000000};
    char *more = malloc(5000);

    (void)state;
    assert_non_null(more);
    memset(more, 'x', 5000);
    for (size_t i = 0; i < COUNT(beginnings) * COUNT(ceilings); i++) {
        struct framer_options limited = {&event_names, NULL, ceilings[i / COUNT(beginnings)], NULL};
        const char *beginning = beginnings[i % COUNT(beginnings)];
        struct framer *framer = framer_new(&limited);
        struct frame frame;
        uint64_t told = 0;
        feed(framer, beginning);
        for (int k = 0; k < 1000; k++) {
            while (framer_next(framer, &frame)) told += frame.true_len;
            assert_in_range(framer_held_bytes(framer), 0, 2 * limited.max_message + FRAMES_HELD_EXTRA);
            framer_feed(framer, more, 5000, 0);
        }
        framer_end(framer);
        while (framer_next(framer, &frame)) told += frame.true_len;
        assert_int_equal(told, (beginning[0] == '\xFF' ? 0 : strlen(beginning)) + 5000 * 1000);
        framer_free(framer);
    }
    free(more);
}

static void a_large_construct_releases_its_memory_at_its_end(void **state)
{
    static const char *const rows[][2] = {
        {"<EVENT>", "</EVENT> "}, {"<!--", "--><EVENT/>"}, {"hello", "<EVENT/>"}, {"<a>", "</a>"}};
    static char more[MEGABYTE / 2];

    (void)state;
    memset(more, 'x', sizeof more);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(&options);
        struct frame frame;
        feed_in_vain(framer, rows[i][0]);
        framer_feed(framer, more, sizeof more, 0);
        assert_false(framer_next(framer, &frame));
        assert_true(framer_held_bytes(framer) >= sizeof more);
        feed(framer, rows[i][1]);
        while (framer_next(framer, &frame)) assert_int_equal(frame.true_len, frame.len);
        assert_true(framer_held_bytes(framer) <= 4096);
        framer_free(framer);
    }
    framer_free(NULL);
}

static void an_event_that_is_too_long_releases_its_memory_once_it_was_lent(void **state)
{
    struct framer *framer = framer_new(&small_options);
    struct frame frame;
    (void)state;
    feed(framer, "<EVENT>0123456789012345678901234567890123456789012345678901234567890</EVENT>");
    assert_true(framer_next(framer, &frame));
    assert_int_equal(frame.len, 64);
    size_t held_bytes = framer_held_bytes(framer);
    assert_false(framer_next(framer, &frame));
    assert_true(framer_held_bytes(framer) < held_bytes);
    framer_free(framer);
}

static void an_event_within_a_segment_is_not_copied(void **state)
{
    static const char segment[] = "<EVENT>1</EVENT> <EVENT>2</EVENT><EVENT>3</EV";
    struct framer *framer = framer_new(&options);
    struct frame frame;

    (void)state;
    feed(framer, segment);
    assert_true(framer_next(framer, &frame) && frame.data == segment);
    assert_true(framer_next(framer, &frame) && frame.data == strstr(segment, "<EVENT>2"));
    assert_false(framer_next(framer, &frame));
    assert_true(framer_is_unfinished(framer));
    feed(framer, "ENT>\n");
    assert_true(framer_next(framer, &frame) && frame.is_event && frame.len == strlen("<EVENT>3</EVENT>"));
    assert_false(framer_next(framer, &frame));
    assert_false(framer_is_unfinished(framer));
    framer_free(framer);
}

/* ---- setting aside ---- */

static void an_event_that_is_set_aside_is_a_reject_and_the_stream_goes_on(void **state)
{
    static const struct {
        const struct framer_options *options;
        const char *text;
        enum reject_reason reason;
        const char *detail;
    } rows[] = {
        {&options, "<EVENT>1", REJECT_CUT_OFF, "for want of memory"},
        {&options, "<EVENT>1<!-- <EVENT>", REJECT_CUT_OFF, "for want of memory"},
        {&options, "<EVENT><!DOCTYPE a>", REJECT_DOCTYPE,
         "a document type declaration (<!DOCTYPE) is not accepted"},
        {&small_options, "<EVENT>01234567890123456789012345678901234567890123456789012345678901234567890",
         REJECT_OVERSIZE, "larger than MAX_MESSAGE_SIZE, and cut off; its beginning is kept"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(rows[i].options);
        struct frame frame;
        feed_in_vain(framer, rows[i].text);
        assert_true(framer_is_unfinished(framer));
        assert_true(framer_set_aside(framer, "for want of memory", &frame));
        assert_false(frame.is_event);
        assert_int_equal(frame.reason, rows[i].reason);
        assert_int_equal(frame.true_len, strlen(rows[i].text));
        assert_string_equal(frame.detail, rows[i].detail);
        assert_false(framer_next(framer, &frame));
        assert_false(framer_is_unfinished(framer));
        feed(framer, "x<EVENT/>");
        assert_true(framer_next(framer, &frame));
        check_frame(&frame, REJECT_STRAY_BYTES, "x");
        assert_true(framer_next(framer, &frame) && frame.is_event);
        assert_false(framer_next(framer, &frame));
        framer_free(framer);
    }
}

static void what_is_held_of_a_gap_may_be_set_aside(void **state)
{
    static const struct {
        const char *text;
        enum reject_reason reason;
    } rows[] = {
        {"noise", REJECT_STRAY_BYTES},
        {"<a>", REJECT_UNKNOWN_ELEMENT},
        {"<a>1<b c='", REJECT_UNKNOWN_ELEMENT},
        {"<!-- <EVENT>", REJECT_STRAY_BYTES},
        {"<!DOCTYPE a [<!-- ", REJECT_STRAY_BYTES},
        {"GET / HTTP/1.1", REJECT_LOOKS_LIKE_HTTP},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(&options);
        struct frame frame;
        feed_in_vain(framer, rows[i].text);
        assert_true(framer_set_aside(framer, "not shown", &frame));
        check_frame(&frame, rows[i].reason, rows[i].text);
        assert_false(framer_next(framer, &frame));
        assert_false(framer_is_unfinished(framer));
        framer_free(framer);
    }
}

static void nothing_is_set_aside_where_nothing_is_held(void **state)
{
    static const char *const rows[] = {"", " \n", "<!-- -->"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(&options);
        struct frame frame;
        feed_in_vain(framer, rows[i]);
        assert_false(framer_set_aside(framer, "not shown", &frame));
        assert_false(framer_is_unfinished(framer));
        framer_free(framer);
    }
}

/* ---- a retry ---- */

static void a_resumed_stream_has_the_encoding_and_the_wrappers_of_its_beginning(void **state)
{
    static const struct {
        const char *encoding, *namespaces;
        struct slice text;
        const char *frame_encoding;
    } rows[] = {
        {"", "", BYTES("<EVENT/>"), ""},
        {"ISO-8859-1", " xmlns:a='b'", BYTES("<EVENT/>"), "ISO-8859-1"},
        {"UTF-8", "", BYTES("<EVENT/>"), "UTF-8"},
        {"UTF-16LE", " xmlns:a='b'", BYTES("<\0E\0V\0E\0N\0T\0/\0>\0"), "UTF-16LE"},
        {"UTF-16BE", "", BYTES("\0<\0E\0V\0E\0N\0T\0/\0>"), "UTF-16BE"},
        {"", "", BYTES("GET / HTTP/1.1\n<EVENT/>"), ""}, /* its beginning is not a connection's */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(&options);
        struct frame frame = {0};
        framer_resume(framer, rows[i].encoding, rows[i].namespaces);
        framer_feed(framer, rows[i].text.data, rows[i].text.len, 0);
        while (!frame.is_event) assert_true(framer_next(framer, &frame));
        assert_string_equal(frame.encoding, rows[i].frame_encoding);
        assert_string_equal(frame.namespaces, rows[i].namespaces);
        framer_free(framer);
    }
}

/* ---- questions ---- */

static void unfinished_is_what_the_framer_still_holds(void **state)
{
    static const struct {
        const char *text;
        bool is_unfinished;
    } rows[] = {
        {"", false}, {"<EVENT/> \n", false}, {"noise", true}, {"<a>", true},
        {"<", true}, {"<EVENT>", true},      {"<!-- ", true}, {"<!-- -->", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(&options);
        struct frame frame;
        feed(framer, rows[i].text);
        while (framer_next(framer, &frame)) assert_true(frame.is_event);
        assert_int_equal(framer_is_unfinished(framer), rows[i].is_unfinished);
        assert_true((framer_held_bytes(framer) >= strlen(rows[i].text)) || !rows[i].is_unfinished);
        framer_free(framer);
    }
}

/* Its own bytes have been read and dropped, but it goes on. */
static void an_event_that_is_too_long_is_unfinished_until_its_end(void **state)
{
    struct framer *framer = framer_new(&small_options);
    struct frame frame;
    (void)state;
    feed_in_vain(framer, "<EVENT>01234567890123456789012345678901234567890123456789012345678901234567890");
    assert_true(framer_is_unfinished(framer));
    feed(framer, "</EVENT>");
    assert_true(framer_next(framer, &frame) && frame.reason == REJECT_OVERSIZE);
    assert_false(framer_next(framer, &frame));
    assert_false(framer_is_unfinished(framer));
    framer_free(framer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_construct_uses_bounded_memory),
        cmocka_unit_test(a_large_construct_releases_its_memory_at_its_end),
        cmocka_unit_test(an_event_that_is_too_long_releases_its_memory_once_it_was_lent),
        cmocka_unit_test(an_event_within_a_segment_is_not_copied),
        cmocka_unit_test(an_event_that_is_set_aside_is_a_reject_and_the_stream_goes_on),
        cmocka_unit_test(what_is_held_of_a_gap_may_be_set_aside),
        cmocka_unit_test(nothing_is_set_aside_where_nothing_is_held),
        cmocka_unit_test(a_resumed_stream_has_the_encoding_and_the_wrappers_of_its_beginning),
        cmocka_unit_test(unfinished_is_what_the_framer_still_holds),
        cmocka_unit_test(an_event_that_is_too_long_is_unfinished_until_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
