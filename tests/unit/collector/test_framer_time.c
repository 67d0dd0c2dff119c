/* test_framer_time -- what is told because a sender is silent, or something is held for too long; when that is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"
#include "tests/support/framing_fixture.h"

static const struct rules small_rules = {"EVENT", "", 64};
static const struct rules ignoring_rules = {"EVENT", "Ping", MEGABYTE};

static void a_gap_is_told_after_ten_seconds_of_silence(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "noise", ""},
         {9999, TICK, NULL, ""},
         {10000, TICK, NULL, "stray_bytes(noise)"},
         {20000, TICK, NULL, ""},
         {30000, RECEIVE, "more<EVENT/>", "stray_bytes(more)event(<EVENT/>)"}},
        {{0, RECEIVE, "a", ""},
         {9000, RECEIVE, "b", ""},
         {10000, TICK, NULL, ""},
         {19000, TICK, NULL, "stray_bytes(ab)"}},
        {{0, RECEIVE, "<EVENT/>\n", "event(<EVENT/>)"}, {10000, TICK, NULL, ""}, {99999, TICK, NULL, ""}},
        {{0, RECEIVE, "a<b>", ""}, {10000, TICK, NULL, "unknown_element(a<b>)"}},
        {{0, RECEIVE, "<!DOCTYPE a>\n", ""},
         {10000, TICK, NULL, "doctype(<!DOCTYPE a>)"},
         {11000, RECEIVE, "<EVENT/>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "<EVENT>1", ""}, /* an event is no gap */
         {10000, TICK, NULL, ""},
         {99999, TICK, NULL, ""},
         {100000, RECEIVE, "</EVENT>", "event(<EVENT>1</EVENT>)"}},
        {{0, RECEIVE, "GET / HTTP/1.1\r\n", ""},
         {9999, TICK, NULL, ""},
         {10000, TICK, NULL, "looks_like_http(GET / HTTP/1.1\r\n)"},
         {11000, RECEIVE, "<EVENT/>", ""},
         {21000, TICK, NULL, "looks_like_http(<EVENT/>)"},
         {31000, TICK, NULL, ""},
         {32000, END, NULL, ""}},
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

static void a_gap_is_told_when_it_has_been_held_for_a_minute(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "a", ""},
         {9000, RECEIVE, "b", ""},
         {18000, RECEIVE, "c", ""},
         {27000, RECEIVE, "d", ""},
         {36000, RECEIVE, "e", ""},
         {45000, RECEIVE, "f", ""},
         {54000, RECEIVE, "g", ""},
         {59999, TICK, NULL, ""},
         {60000, TICK, NULL, "stray_bytes(abcdefg)"}},
        {{0, RECEIVE, "a", ""},
         {54000, RECEIVE, "b", ""}, /* no tick before: it has not been read */
         {60000, RECEIVE, "c", "stray_bytes(abc)"},
         {61000, RECEIVE, "d", ""},
         {71000, TICK, NULL, "stray_bytes(d)"}},
        {{0, RECEIVE, "<a>1<b", ""},
         {9000, RECEIVE, " c='", ""},
         {18000, RECEIVE, "d", ""},
         {27000, RECEIVE, "d", ""},
         {60000, RECEIVE, "d", "unknown_element(<a>1)"}},
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

/* Tags without attributes may be a wrapper's, and one that waits for its next event is no news. */
static void tags_of_open_elements_alone_are_not_told_after_silence(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "<a><b>\n", ""},
         {10000, TICK, NULL, ""},
         {70000, TICK, NULL, ""},
         {80000, RECEIVE, "<EVENT/>", "event(<EVENT/>)"},
         {80000, RECEIVE, "</b></a>", ""}},
        {{0, RECEIVE, "<a xmlns='b' xmlns:c='d'>", ""},
         {70000, TICK, NULL, ""},
         {80000, RECEIVE, "<EVENT/>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "<a>", ""}, {10000, TICK, NULL, ""}, {20000, END, NULL, "unknown_element(<a>)"}},
        {{0, RECEIVE, "<a b='c'>", ""}, /* data that would wait for ever */
         {10000, TICK, NULL, "unknown_element(<a b='c'>)"},
         {11000, RECEIVE, "<EVENT/></a>", "event(<EVENT/>)"}},
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

static void what_follows_a_gap_that_was_told_is_told_in_further_parts(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "<a>1", ""},
         {10000, TICK, NULL, "unknown_element(<a>1)"},
         {11000, RECEIVE, "2</a>\n<EVENT/>", "stray_bytes(2)event(<EVENT/>)"}},
        {{0, RECEIVE, "<a><EVENT/>", "event(<EVENT/>)"},
         {1000, RECEIVE, "1", ""},
         {11000, TICK, NULL, "stray_bytes(1)"},
         {12000, RECEIVE, "2</a><EVENT/>", "stray_bytes(2)event(<EVENT/>)"}},
        {{0, RECEIVE, "<a>1", ""},
         {10000, TICK, NULL, "unknown_element(<a>1)"},
         {11000, RECEIVE, "<?xml version='1.0'?><EVENT/>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "<a>1", ""},
         {10000, TICK, NULL, "unknown_element(<a>1)"},
         {11000, RECEIVE, "</a>\n<EVENT/>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "<a>1", ""},
         {10000, TICK, NULL, "unknown_element(<a>1)"},
         {11000, RECEIVE, "<b c='d'/><b>2</b></a><EVENT/>",
          "unknown_element(<b c='d'/><b>2</b>)event(<EVENT/>)"}},
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

static void an_ignored_element_that_is_told_after_silence_counts_as_a_wrapper(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "<Ping>1", ""},
         {10000, TICK, NULL, "unknown_element(<Ping>1)"},
         {11000, RECEIVE, "</Ping><Ping>1</Ping><EVENT/>", "event(<EVENT/>)"}},
    };
    (void)state;
    CHECK_MOMENTS(&ignoring_rules, streams);
}

static void unfinished_markup_is_told_only_if_it_is_long(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "<a b='", ""},
         {10000, TICK, NULL, ""},
         {59999, RECEIVE, "'><EVENT/></a>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "1<a b='", ""},
         {10000, TICK, NULL, "stray_bytes(1)"},
         {59999, RECEIVE, "'><EVENT/></a>", "event(<EVENT/>)"}},
    };
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    struct framer *framer = framer_new(&parsed->options);
    struct frames *frames = frames_new();
    struct buf text = BUF_EMPTY;
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
    buf_append_text(&text, "<a b='");
    while (text.len <= 4096) buf_append_char(&text, 'x');
    frames_feed(frames, framer, (struct slice){text.data, text.len}, 0);
    frames_tick(frames, framer, 9999);
    assert_int_equal(frames->count, 0);
    frames_tick(frames, framer, 10000);
    assert_int_equal(frames->count, 1);
    assert_int_equal(frames->list[0].true_len, text.len);
    assert_false(framer_is_unfinished(framer));
    buf_fini(&text);
    frames_free(frames);
    framer_free(framer);
    rules_free(parsed);
}

/* Received in time, a part of it a minute after the first: told then, although its sender goes on. */
static void long_markup_is_told_after_a_minute(void **state)
{
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    char more[500];
    (void)state;
    memset(more, 'x', sizeof more);
    for (int i = 0; i < 2; i++) {
        struct framer *framer = framer_new(&parsed->options);
        struct frames *frames = frames_new();
        frames_feed(frames, framer, (struct slice){"<a b='", 6}, 0);
        for (int64_t ms = 5000; ms < 60000; ms += 5000)
            frames_feed(frames, framer, (struct slice){more, sizeof more}, ms);
        assert_int_equal(frames->count, 0);
        assert_int_equal(framer_due(framer), 60000);
        if (i == 0) frames_feed(frames, framer, (struct slice){more, sizeof more}, 60000);
        if (i == 1) frames_tick(frames, framer, 60000);
        assert_int_equal(frames->count, 1);
        frames_free(frames);
        framer_free(framer);
    }
    rules_free(parsed);
}

/* The last bytes of the part may begin an event's start tag: if they were reported, the event would be lost. */
static void a_part_of_a_comment_ends_before_what_may_begin_an_event(void **state)
{
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    struct framer *framer = framer_new(&parsed->options);
    struct frames *frames = frames_new();
    char comment[5000] = "<!-- ";
    (void)state;
    memset(comment + 5, 'x', sizeof comment - 5);
    memcpy(comment + sizeof comment - 3, "<EV", 3);
    frames_feed(frames, framer, (struct slice){comment, sizeof comment}, 0);
    frames_tick(frames, framer, 10000);
    assert_int_equal(frames->count, 1);
    assert_int_equal(frames->list[0].true_len, sizeof comment - 3);
    frames_feed(frames, framer, (struct slice){"ENT>1</EVENT>", 13}, 11000);
    assert_int_equal(frames->count, 1);
    frames_tick(frames, framer, 21000);
    assert_int_equal(frames->count, 2);
    assert_true(frames->list[1].is_event);
    assert_int_equal(frames->list[1].true_len, 16);
    frames_free(frames);
    framer_free(framer);
    rules_free(parsed);
}

static void framer_due_says_when_something_may_be_told(void **state)
{
    static const struct {
        const char *text;
        int64_t due, due_after_silence;
    } rows[] = {
        {"", -1, -1},
        {"<EVENT/> ", -1, -1},
        {"noise", 11000, -1},
        {"<a>", 11000, 71000}, /* it is looked at again each minute */
        {"<a b='", 11000, -1},
        {"<EVENT>", -1, -1},
        {"<EVENT><!-- ", 11000, -1},
        {"<EVENT><!-- <EVENT>", 11000, -1},
        {"<!-- ", 11000, -1},
        {"GET / HTTP/1.", 11000, -1},
    };
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct framer *framer = framer_new(&parsed->options);
        struct frames *frames = frames_new();
        frames_feed(frames, framer, (struct slice){rows[i].text, strlen(rows[i].text)}, 1000);
        assert_int_equal(framer_due(framer), rows[i].due);
        frames_tick(frames, framer, 11000);
        assert_int_equal(framer_due(framer), rows[i].due_after_silence);
        frames_free(frames);
        framer_free(framer);
    }
    rules_free(parsed);
}

static void a_foreign_connection_is_told_when_it_is_full(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "GET / HTTP/1.1\r\n", ""},
         {1000, RECEIVE, "012345678901234567890123456789012345678901234567<EVENT/>",
          "looks_like_http(GET / HTTP/1.1\r\n012345678901234567890123456789012345678901234567)"},
         {11000, TICK, NULL, "looks_like_http(<EVENT/>)"}},
    };
    (void)state;
    CHECK_MOMENTS(&small_rules, streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_told_after_ten_seconds_of_silence),
        cmocka_unit_test(a_gap_is_told_when_it_has_been_held_for_a_minute),
        cmocka_unit_test(tags_of_open_elements_alone_are_not_told_after_silence),
        cmocka_unit_test(what_follows_a_gap_that_was_told_is_told_in_further_parts),
        cmocka_unit_test(an_ignored_element_that_is_told_after_silence_counts_as_a_wrapper),
        cmocka_unit_test(unfinished_markup_is_told_only_if_it_is_long),
        cmocka_unit_test(long_markup_is_told_after_a_minute),
        cmocka_unit_test(a_part_of_a_comment_ends_before_what_may_begin_an_event),
        cmocka_unit_test(framer_due_says_when_something_may_be_told),
        cmocka_unit_test(a_foreign_connection_is_told_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
