/*
 * test_framer_recovery -- comments and CDATA sections hide the start tags of events; those without an end are given up,
 * on tables of streams, some of them in time.
 */
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

/* ---- those that are closed hide ---- */

static void closed_comments_and_cdata_sections_hide_start_tags(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {EVENT("<EVENT><!-- </EVENT><EVENT> --></EVENT>"), X},
        {EVENT("<EVENT><![CDATA[ </EVENT><EVENT> ]]></EVENT>"), X},
        {EVENT("<EVENT><!-- <![CDATA[ --></EVENT>"), X},
        {EVENT("<EVENT><![CDATA[ <!-- ]]></EVENT>"), X},
        {STRAY("<!-- <EVENT/> -->"), X},
        {STRAY("<![CDATA[ <EVENT/> ]]>"), X},
        {REJECT(DOCTYPE, "<!DOCTYPE a [<!-- <EVENT/> -->]><EVENT/>"), X},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a [<!-- <EVENT/> -->]></EVENT>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* ---- (b) the connection ends ---- */

static void at_the_connections_end_open_ones_are_given_up(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(MALFORMED, "<EVENT>1<!-- 2</EVENT>"), X, X},
        {REJECT(MALFORMED, "<EVENT>1<![CDATA[ 2</EVENT>"), X, X},
        {REJECT(CUT_OFF, "<EVENT>1<!-- 2"), X, X},
        {REJECT(CUT_OFF, "<EVENT>1<![CDATA[ 2"), X, X},
        {REJECT(CUT_OFF, "<EVENT>1<!-- 2")},
        {STRAY("<!-- 2"), SKIP(" "), X, X},
        {STRAY("1<![CDATA[ 2"), X, X},
        {STRAY("<!--")},
        {REJECT(DOCTYPE, "<!DOCTYPE a [<!-- 2"), SKIP(" "), X, STRAY("]>")},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a [<!-- 2</EVENT>"), X},
        {REJECT(MALFORMED, "<EVENT>1<!-- 2</EVENT>"), EVENT("<EVENT><![CDATA[ 3 ]]></EVENT>"),
         REJECT(MALFORMED, "<EVENT><![CDATA[</EVENT>"), X},
        {REJECT(MALFORMED, "<EVENT><!-- <![CDATA[ ]]></EVENT>"), X}, /* later openings are believed */
        {REJECT(MALFORMED, "<EVENT><!-- <![CDATA[ </EVENT>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

#define FOUND(what, count)                                                                                   \
    "; a " what " that begins in it has no end: it was taken for text, and " count " found behind it"
#define COMMENT "comment (<!--)"
#define CDATA   "CDATA section (<![CDATA[)"

static void the_detail_says_how_many_events_were_found(void **state)
{
    static const struct explained details[] = {
        {"<EVENT><!-- </EVENT><EVENT/>", "not well-formed" FOUND(COMMENT, "1 event was")},
        {"<EVENT><![CDATA[</EVENT><EVENT/><EVENT/>", "not well-formed" FOUND(CDATA, "2 events were")},
        {"<EVENT><!-- </EVENT>", "not well-formed" FOUND(COMMENT, "0 events were")},
        {"<EVENT><!-- <EVENT/>",
         "cut off: the next event began before this one's end tag" FOUND(COMMENT, "1 event was")},
        {"<!-- <EVENT/>",
         "these bytes stand between events and belong to none" FOUND(COMMENT, "1 event was")},
        {"<!DOCTYPE a [<!-- <EVENT/><EVENT/>",
         "a document type declaration (<!DOCTYPE) is not accepted" FOUND(COMMENT, "2 events were")},
        {"<EVENT><!-- <![CDATA[ </EVENT><EVENT/>", "not well-formed" FOUND(COMMENT, "1 event was")},
    };
    (void)state;
    CHECK_DETAILS(&plain_rules, details);
}

/* ---- (a) MAX_MESSAGE_SIZE is reached ---- */

static void at_max_message_size_open_ones_are_given_up(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {REJECT(MALFORMED, "<EVENT><!-- </EVENT>"), X, X, X, X},
        {REJECT(CUT_OFF, "<EVENT><![CDATA[ "), X, X, X, X},
        {REJECT(OVERSIZE, "<EVENT><!-- " FIFTY FIFTY "</EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT><!-- " FIFTY "<![CDATA[" FIFTY "</EVENT>"), X},
        {REJECT(OVERSIZE, "<EVENT><!-- " FIFTY FIFTY " -->"), X},
        {REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "<!-- </EVENT>"), X, STRAY("-->")},
        {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a [<!-- " FIFTY "</EVENT>"), X},
        {STRAY("<![CDATA["), X, X, X, X},
        {STRAY("1"), STRAY("<![CDATA["), X, X, X, X},
        {REJECT(DOCTYPE, "<!DOCTYPE a [<!--"), X, X, X, STRAY("]>"), X},
        {STRAY("<!-- " FIFTY "012345678"), STRAY(TEN "-->"), X},
    };
    (void)state;
    CHECK(&small_rules, streams);
}

/* ---- (c) the sender falls silent ---- */

static void after_silence_an_open_one_with_a_start_tag_behind_it_is_given_up(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "<EVENT><!-- </EVENT><EVENT/>", ""},
         {9999, TICK, NULL, ""},
         {10000, TICK, NULL, "malformed(<EVENT><!-- </EVENT>)event(<EVENT/>)"}},
        {{0, RECEIVE, "<EVENT><![CDATA[", ""},
         {9000, RECEIVE, "</EVENT><EVENT/>", ""},
         {18999, TICK, NULL, ""},
         {19000, TICK, NULL, "malformed(<EVENT><![CDATA[</EVENT>)event(<EVENT/>)"}},
        {{0, RECEIVE, "<EVENT><!-- </EVENT>", ""}, /* no start tag behind it */
         {10000, TICK, NULL, ""},
         {60000, TICK, NULL, ""},
         {61000, RECEIVE, "--></EVENT>", "event(<EVENT><!-- </EVENT>--></EVENT>)"}},
        {{0, RECEIVE, "<EVENT><!-- </EVENT>", ""},
         {10000, TICK, NULL, ""},
         {11000, RECEIVE, "<EVENT/>", ""}, /* silence begins anew */
         {20999, TICK, NULL, ""},
         {21000, TICK, NULL, "malformed(<EVENT><!-- </EVENT>)event(<EVENT/>)"}},
        {{0, RECEIVE, "<EVENT><!-- <EVENT", ""}, /* its name is not complete */
         {10000, TICK, NULL, ""},
         {11000, RECEIVE, ">", ""},
         {21000, TICK, NULL, "cut_off(<EVENT><!-- )"},
         {22000, RECEIVE, "</EVENT>", "event(<EVENT></EVENT>)"}},
        {{0, RECEIVE, "<!-- <EVENT/>", ""},
         {9999, TICK, NULL, ""},
         {10000, TICK, NULL, "stray_bytes(<!--)event(<EVENT/>)"}},
        {{0, RECEIVE, "1<![CDATA[<EVENT/>", ""},
         {10000, TICK, NULL, "stray_bytes(1<![CDATA[)event(<EVENT/>)"}},
        {{0, RECEIVE, "<!DOCTYPE a [<!-- <EVENT/>", ""},
         {10000, TICK, NULL, "doctype(<!DOCTYPE a [<!--)event(<EVENT/>)"}},
        {{0, RECEIVE, "<EVENT><!DOCTYPE a [<!-- <EVENT/>", ""},
         {10000, TICK, NULL, "doctype(<EVENT><!DOCTYPE a [<!-- )event(<EVENT/>)"}},
        {{0, RECEIVE, "<EVENT><!-- </EVENT><EVENT/>", ""}, /* in time */
         {9999, TICK, NULL, ""},
         {9999, RECEIVE, "--></EVENT>", "event(<EVENT><!-- </EVENT><EVENT/>--></EVENT>)"}},
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

/* ---- long comments between events ---- */

/* `opening`, then `len` letters. */
static void feed_long(struct frames *frames, struct framer *framer, const char *opening, size_t len,
                      int64_t ms)
{
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, opening);
    while (text.len < len + strlen(opening)) buf_append_char(&text, 'x');
    frames_feed(frames, framer, (struct slice){text.data, text.len}, ms);
    buf_fini(&text);
}

static void check_told(const struct frames *frames, size_t count, size_t last_len, enum reject_reason reason)
{
    assert_int_equal(frames->count, count);
    assert_false(frames->list[count - 1].is_event);
    assert_int_equal(frames->list[count - 1].true_len, last_len);
    assert_int_equal(frames->list[count - 1].reason, reason);
}

static void a_long_comment_told_in_parts_stays_open(void **state)
{
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct framer *framer = framer_new(&parsed->options);
        struct frames *frames = frames_new();
        feed_long(frames, framer, i ? "<!--" : "<![CDATA[", 5000, 0);
        frames_tick(frames, framer, 9999);
        assert_int_equal(frames->count, 0);
        frames_tick(frames, framer, 10000); /* the last two bytes may begin its end */
        check_told(frames, 1, 5000 + (i ? 4 : 9) - 2, REJECT_STRAY_BYTES);
        frames_tick(frames, framer, 70000);
        assert_int_equal(frames->count, 1);
        feed_long(frames, framer, "", 100, 71000);
        frames_tick(frames, framer, 81000);
        check_told(frames, 2, 100, REJECT_STRAY_BYTES);
        /* Still open, so it hides the start tag; what is behind its end is read as usual. */
        const char *end = i ? "<EVENT>--><EVENT/>" : "<EVENT>]]><EVENT/>";
        frames_feed(frames, framer, (struct slice){end, strlen(end)}, 82000);
        assert_int_equal(frames->count, 4);
        assert_int_equal(frames->list[2].reason, REJECT_STRAY_BYTES);
        assert_int_equal(frames->list[2].true_len, 2 + strlen("<EVENT>-->"));
        assert_true(frames->list[3].is_event);
        frames_free(frames);
        framer_free(framer);
    }
    rules_free(parsed);
}

static void a_short_open_comment_is_not_told_after_silence(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "<!-- abc", ""},
         {10000, TICK, NULL, ""},
         {60000, TICK, NULL, ""},
         {61000, RECEIVE, "--><EVENT/>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "1<!-- abc", ""}, /* content before it is told */
         {10000, TICK, NULL, "stray_bytes(1)"},
         {61000, RECEIVE, "--><EVENT/>", "event(<EVENT/>)"}},
        {{0, RECEIVE, "<![CDATA[ abc", ""},
         {60000, TICK, NULL, ""},
         {61000, RECEIVE, "]]><EVENT/>", "stray_bytes(<![CDATA[ abc]]>)event(<EVENT/>)"}},
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

static void a_start_tag_behind_it_keeps_an_open_comment_from_being_told_in_parts(void **state)
{
    static const struct moment streams[][MOMENTS_MAX] = {
        {{0, RECEIVE, "1<!-- <EVENT>", ""},
         {9000, RECEIVE, "x", ""},
         {18000, RECEIVE, "x", ""},
         {27000, RECEIVE, "x", ""},
         {60000, RECEIVE, "x", "stray_bytes(1)"}, /* held for a minute; its sender is not silent */
         {61000, RECEIVE, "-->", "stray_bytes(<!-- <EVENT>xxxx-->)"}}, /* since the first second */
    };
    (void)state;
    CHECK_MOMENTS(&plain_rules, streams);
}

static void an_open_comment_in_a_doctype_waits_for_its_end(void **state)
{
    struct parsed_rules *parsed = rules_parse(&plain_rules);
    struct framer *framer = framer_new(&parsed->options);
    struct frames *frames = frames_new();
    (void)state;
    feed_long(frames, framer, "<!DOCTYPE a [<!--", 5000, 0);
    assert_int_equal(framer_due(framer), 10000);
    frames_tick(frames, framer, 10000);
    frames_tick(frames, framer, 60000);
    assert_int_equal(frames->count, 0);
    assert_int_equal(framer_due(framer), -1);
    frames_feed(frames, framer, (struct slice){"-->]><EVENT/>", 13}, 61000);
    assert_int_equal(frames->count, 1);
    assert_int_equal(frames->list[0].reason, REJECT_DOCTYPE);
    assert_int_equal(frames->list[0].true_len, 17 + 5000 + 13);
    frames_free(frames);
    framer_free(framer);
    rules_free(parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_comments_and_cdata_sections_hide_start_tags),
        cmocka_unit_test(at_the_connections_end_open_ones_are_given_up),
        cmocka_unit_test(the_detail_says_how_many_events_were_found),
        cmocka_unit_test(at_max_message_size_open_ones_are_given_up),
        cmocka_unit_test(after_silence_an_open_one_with_a_start_tag_behind_it_is_given_up),
        cmocka_unit_test(a_long_comment_told_in_parts_stays_open),
        cmocka_unit_test(a_start_tag_behind_it_keeps_an_open_comment_from_being_told_in_parts),
        cmocka_unit_test(an_open_comment_in_a_doctype_waits_for_its_end),
        cmocka_unit_test(a_short_open_comment_is_not_told_after_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
