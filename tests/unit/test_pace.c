/* test_pace -- how a drain gives way to the collector; the clock is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/pace.h"

#define START 5000

/* A pace that has seen so many bytes come in. */
static struct pace after(int64_t bytes, bool is_urgent)
{
    struct pace pace = {0};
    pace_look(&pace, 1000, is_urgent, START - 10);
    pace_look(&pace, 1000 + bytes, is_urgent, START);
    return pace;
}

/* The wait that a batch begun 40 ms ago and done now asks for; -1: none. */
static int wait_after_batch(struct pace *pace, int64_t now)
{
    int wait_ms = 500;
    pace_begin(pace, now - 40);
    pace_end(pace, now);
    return pace_allows(pace, now, &wait_ms) ? -1 : wait_ms;
}

static void nobody_rests_before_anything_has_come_in(void **state)
{
    struct pace unseen = {0};
    struct pace first = {0};
    struct pace quiet = after(0, false);
    (void)state;
    pace_look(&first, 1 << 30, false, START); /* what came in before us says nothing about now */
    assert_int_equal(wait_after_batch(&unseen, START), -1);
    assert_int_equal(wait_after_batch(&first, START), -1);
    assert_int_equal(wait_after_batch(&quiet, START), -1);
}

static void while_events_come_in_batches_are_worked_on_one_at_a_time_with_rests(void **state)
{
    struct pace pace = after(1, false);
    int wait_ms = 500;
    (void)state;
    assert_true(pace_allows(&pace, START, &wait_ms));
    pace_begin(&pace, START);
    assert_false(pace_allows(&pace, START + 30, &wait_ms));
    assert_int_equal(wait_ms, 500); /* the end of the work will be heard */
    pace_end(&pace, START + 40);
    assert_false(pace_allows(&pace, START + 40 + 40 * PACE_RESTS - 1, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_true(pace_allows(&pace, START + 40 + 40 * PACE_RESTS, &wait_ms));
    assert_int_equal(pace_rest_ms(&pace, START, START + 50), 50 * PACE_RESTS);
}

static void a_second_without_events_ends_the_rests(void **state)
{
    struct pace pace = after(1, false);
    (void)state;
    pace_look(&pace, 1001, false, START + PACE_QUIET_MS - 1);
    assert_int_equal(wait_after_batch(&pace, START + PACE_QUIET_MS - 1), 40 * PACE_RESTS);
    pace_look(&pace, 1001, false, START + PACE_QUIET_MS);
    assert_int_equal(wait_after_batch(&pace, START + PACE_QUIET_MS), -1);
    pace_look(&pace, 1002, false, START + PACE_QUIET_MS + 1);
    assert_int_equal(wait_after_batch(&pace, START + PACE_QUIET_MS + 1), 40 * PACE_RESTS);
}

static void where_space_is_short_nobody_rests(void **state)
{
    struct pace pace = after(1, true);
    (void)state;
    assert_int_equal(wait_after_batch(&pace, START), -1);
    assert_int_equal(pace_rest_ms(&pace, START - 50, START), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_rests_before_anything_has_come_in),
        cmocka_unit_test(while_events_come_in_batches_are_worked_on_one_at_a_time_with_rests),
        cmocka_unit_test(a_second_without_events_ends_the_rests),
        cmocka_unit_test(where_space_is_short_nobody_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
