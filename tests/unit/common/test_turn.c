/* test_turn -- a thread's sign of life: in which call it is, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/turn.h"

#include "common/clock.h"

static void a_thread_in_no_call_has_lasted_for_nothing(void **state)
{
    struct turn turn = {.since = 0};
    const char *call = NULL;
    (void)state;
    assert_int_equal(turn_lasts(&turn, &call), 0);
    turn_begin(&turn, "work");
    turn_end(&turn);
    assert_int_equal(turn_lasts(&turn, &call), 0);
}

static void a_call_is_named_and_its_time_counted(void **state)
{
    struct turn turn = {.since = 0};
    const char *call = NULL;
    (void)state;
    turn_begin(&turn, "work");
    assert_in_range(turn_lasts(&turn, &call), 0, TURN_STALLED_MS - 1);
    assert_string_equal(call, "work");
    turn.since = clock_monotonic_ms() - TURN_STALLED_MS;
    assert_true(turn_lasts(&turn, &call) >= TURN_STALLED_MS);
    turn_begin(&turn, "other work");
    assert_in_range(turn_lasts(&turn, &call), 0, TURN_STALLED_MS - 1);
    assert_string_equal(call, "other work");
}

static void a_call_that_does_a_part_of_its_work_is_not_stalled(void **state)
{
    struct turn turn = {.since = 0};
    const char *call = NULL;
    (void)state;
    turn_renew(&turn);
    assert_int_equal(turn_lasts(&turn, &call), 0);
    turn_begin(&turn, "work");
    turn.since = clock_monotonic_ms() - TURN_STALLED_MS;
    turn_renew(&turn);
    assert_in_range(turn_lasts(&turn, &call), 0, TURN_STALLED_MS - 1);
    assert_string_equal(call, "work");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_in_no_call_has_lasted_for_nothing),
        cmocka_unit_test(a_call_is_named_and_its_time_counted),
        cmocka_unit_test(a_call_that_does_a_part_of_its_work_is_not_stalled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
