/* test_pace -- how a drain gives way to the collector; the clock is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/pace.h"

#define START 5000

/* A pace that has seen so many bytes come in during its first window. */
static struct pace after(int64_t bytes, bool is_urgent)
{
    struct pace pace = {0};
    pace_look(&pace, 1000, is_urgent, START);
    pace_look(&pace, 1000 + bytes, is_urgent, START + PACE_WINDOW_MS);
    return pace;
}

/* The wait that a batch begun at 100 and done at 140 asks for, seen at 140; -1: none. */
static int wait_after_batch(struct pace *pace)
{
    int wait_ms = 500;
    pace_begin(pace, 100);
    pace_end(pace, 140);
    return pace_allows(pace, 140, &wait_ms) ? -1 : wait_ms;
}

static void nobody_rests_before_anything_has_come_in(void **state)
{
    struct pace unseen = {0};
    struct pace first = {0};
    struct pace quiet = after(0, false);
    (void)state;
    pace_look(&first, 1 << 30, false, START); /* what came in before us says nothing about now */
    assert_int_equal(wait_after_batch(&unseen), -1);
    assert_int_equal(wait_after_batch(&first), -1);
    assert_int_equal(wait_after_batch(&quiet), -1);
}

static void a_rest_is_as_long_as_the_work_and_longer_in_a_flood(void **state)
{
    struct pace calm = after(1, false);
    struct pace busy = after(PACE_FLOOD_BYTES - 1, false);
    struct pace flood = after(PACE_FLOOD_BYTES, false);
    (void)state;
    assert_int_equal(wait_after_batch(&calm), 40);
    assert_int_equal(wait_after_batch(&busy), 40);
    assert_int_equal(wait_after_batch(&flood), 40 * PACE_FLOOD_RESTS);
    assert_int_equal(pace_rest_ms(&calm, 100, 150), 50);
}

static void batches_are_worked_on_one_at_a_time_and_a_rest_ends(void **state)
{
    struct pace pace = after(1, false);
    int wait_ms = 500;
    (void)state;
    assert_true(pace_allows(&pace, 100, &wait_ms));
    pace_begin(&pace, 100);
    assert_false(pace_allows(&pace, 130, &wait_ms));
    assert_int_equal(wait_ms, 500); /* the end of the work will be heard */
    pace_end(&pace, 140);
    assert_false(pace_allows(&pace, 179, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_true(pace_allows(&pace, 180, &wait_ms));
}

static void a_second_without_events_ends_the_rests(void **state)
{
    struct pace pace = after(1, false);
    int64_t now = START + PACE_WINDOW_MS;
    (void)state;
    for (int64_t end = now + PACE_QUIET_MS; now < end; now += PACE_WINDOW_MS) {
        pace_look(&pace, 1001, false, now);
        assert_int_equal(wait_after_batch(&pace), 40);
    }
    pace_look(&pace, 1001, false, now);
    assert_int_equal(wait_after_batch(&pace), -1);
    pace_look(&pace, 1002, false, now + PACE_WINDOW_MS);
    assert_int_equal(wait_after_batch(&pace), 40);
}

static void where_space_is_short_nobody_rests(void **state)
{
    struct pace pace = after(PACE_FLOOD_BYTES, true);
    (void)state;
    assert_int_equal(wait_after_batch(&pace), -1);
    assert_int_equal(pace_rest_ms(&pace, 100, 150), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_rests_before_anything_has_come_in),
        cmocka_unit_test(a_rest_is_as_long_as_the_work_and_longer_in_a_flood),
        cmocka_unit_test(batches_are_worked_on_one_at_a_time_and_a_rest_ends),
        cmocka_unit_test(a_second_without_events_ends_the_rests),
        cmocka_unit_test(where_space_is_short_nobody_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
