/* test_progress -- figures of long work: as a text in the spool, their rate, and the line for a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/progress.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void check_text(struct buf *text, const char *expected)
{
    buf_append_char(text, '\0');
    assert_string_equal(text->data, expected);
    buf_fini(text);
}

static void the_line_says_what_is_done_how_fast_and_how_long_it_takes(void **state)
{
    static const struct {
        int64_t done, total;
        double rate;
        const char *line;
    } rows[] = {
        {120000, 500000, 8200, "flush: 120,000 of 500,000 events shipped, 8,200/s, 47 s left"},
        {0, 1, -1, "flush: 0 of 1 events shipped"},
        {999, 1000, 1, "flush: 999 of 1,000 events shipped, 1.0/s, 1 s left"},
        {1000, 1000, 12.4, "flush: 1,000 of 1,000 events shipped, 12/s"},
        {1200, 0, 300, "flush: 1,200 events shipped, 300/s"},
        {1200, 1000, 300, "flush: 1,200 events shipped, 300/s"}, /* no longer a total */
        {0, 5, 0, "flush: 0 of 5 events shipped, 0/s"},
        {3, 5, 0.5, "flush: 3 of 5 events shipped, 30/min, 4 s left"},
        {3, 5, 9.94, "flush: 3 of 5 events shipped, 9.9/s, 1 s left"},
        {0, 59, 1, "flush: 0 of 59 events shipped, 1.0/s, 59 s left"},
        {0, 60, 1, "flush: 0 of 60 events shipped, 1.0/s, 1 min 0 s left"},
        {0, 200, 1, "flush: 0 of 200 events shipped, 1.0/s, 3 min 20 s left"},
        {0, 1500, 1, "flush: 0 of 1,500 events shipped, 1.0/s, 25 min left"},
        {0, 7500, 1, "flush: 0 of 7,500 events shipped, 1.0/s, 2 h 5 min left"},
        {0, 273600, 1, "flush: 0 of 273,600 events shipped, 1.0/s, 3 d 4 h left"},
        {0, INT64_MAX, 1, "flush: 0 of 9,223,372,036,854,775,807 events shipped, 1.0/s"}, /* who knows */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct progress progress;
        struct buf text = BUF_EMPTY;
        progress_set(&progress, rows[i].done, rows[i].total, "events shipped");
        progress_append_line(&text, "flush", &progress, rows[i].rate);
        check_text(&text, rows[i].line);
    }
}

static void figures_and_the_sentence_are_read_as_they_were_written(void **state)
{
    static const struct {
        struct progress progress;
        const char *text;
    } rows[] = {
        {{120, 500, "events shipped"}, "120 500 events shipped\n380 to ship"},
        {{3, 0, "rejects"}, "3 0 rejects\n380 to ship"},
        {{INT64_MAX, INT64_MAX, "x"}, "9223372036854775807 9223372036854775807 x\n380 to ship"},
        {{0, 0, ""}, "380 to ship"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct progress *written = &rows[i].progress;
        struct progress progress;
        struct buf text = BUF_EMPTY;
        progress_write(written, "380 to ship", strlen("380 to ship"), &text);
        check_text(&text, rows[i].text);
        assert_string_equal(progress_read(rows[i].text, &progress), "380 to ship");
        assert_int_equal(progress.done, written->done);
        assert_int_equal(progress.total, written->total);
        assert_string_equal(progress.unit, written->unit);
    }
}

static void a_text_of_another_form_is_a_sentence_without_figures(void **state)
{
    static const char *const texts[] = {
        "",
        "half",
        "380 to ship",
        "1 2 batches checked", /* no line break */
        "1 2 \nhalf",
        "1 2\nhalf",
        "-1 2 events\nhalf",
        " 1 2 events\nhalf",
        "1  2 events\nhalf",
        "1 2x events\nhalf",
        "1 99999999999999999999 events\nhalf",
        "1 2 \x1b[2J\nhalf",
        "1 2 Events\nhalf",
        "1 2 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nhalf", /* a unit of 48 letters */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct progress progress;
        assert_ptr_equal(progress_read(texts[i], &progress), texts[i]);
        assert_string_equal(progress.unit, "");
        assert_int_equal(progress.done, 0);
    }
}

/* ---- the rate ---- */

static int near(double rate, double expected)
{
    return rate > expected - 0.01 && rate < expected + 0.01;
}

static void no_rate_is_known_in_the_first_two_seconds(void **state)
{
    struct progress_meter meter = {.count = 0};
    (void)state;
    assert_true(progress_meter_note(&meter, 10, 5000) < 0);
    assert_true(progress_meter_note(&meter, 1000, 6999) < 0);
    assert_true(near(progress_meter_note(&meter, 1010, 7000), 500));
}

static void the_rate_is_that_of_the_last_half_minute(void **state)
{
    struct progress_meter meter = {.count = 0};
    double rate = 0;
    int64_t done = 0;
    (void)state;
    for (int64_t now = 0; now <= 100000; now += 200) rate = progress_meter_note(&meter, done += 20, now);
    assert_true(near(rate, 100));
    for (int64_t now = 100200; now <= 115000; now += 200) rate = progress_meter_note(&meter, done, now);
    assert_true(rate > 40 && rate < 60); /* half of it stood still */
    for (int64_t now = 115200; now <= 131000; now += 200) rate = progress_meter_note(&meter, done, now);
    assert_true(rate == 0);
    for (int64_t now = 131200; now <= 162000; now += 200) rate = progress_meter_note(&meter, done += 2, now);
    assert_true(near(rate, 10));
}

static void looks_that_are_far_apart_give_a_rate_too(void **state)
{
    struct progress_meter meter = {.count = 0};
    (void)state;
    (void)progress_meter_note(&meter, 0, 0);
    assert_true(near(progress_meter_note(&meter, 600, 60000), 10));
    assert_true(near(progress_meter_note(&meter, 1800, 120000), 20));
}

static void work_that_begins_anew_has_a_rate_of_its_own(void **state)
{
    struct progress_meter meter = {.count = 0};
    (void)state;
    (void)progress_meter_note(&meter, 0, 0);
    (void)progress_meter_note(&meter, 5000, 5000);
    assert_true(progress_meter_note(&meter, 10, 6000) < 0);
    assert_true(near(progress_meter_note(&meter, 30, 8000), 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_what_is_done_how_fast_and_how_long_it_takes),
        cmocka_unit_test(figures_and_the_sentence_are_read_as_they_were_written),
        cmocka_unit_test(a_text_of_another_form_is_a_sentence_without_figures),
        cmocka_unit_test(no_rate_is_known_in_the_first_two_seconds),
        cmocka_unit_test(the_rate_is_that_of_the_last_half_minute),
        cmocka_unit_test(looks_that_are_far_apart_give_a_rate_too),
        cmocka_unit_test(work_that_begins_anew_has_a_rate_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
