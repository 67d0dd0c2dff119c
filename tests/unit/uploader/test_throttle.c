/* test_throttle -- threads keep to their share of the time. What the share is: test_throttle_policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "uploader/ship/throttle.h"

#define WORK_US 10000

struct fixture {
    struct signals signals;
    struct throttle throttle;
    struct why why;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    throttle_init(&fixture.throttle, &fixture.signals);
    *state = &fixture;
    return signals_open(&fixture.signals, &fixture.why) == RES_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    signals_close(&f->signals);
    return 0;
}

/* How long it sleeps, in ms, after so much more work. */
static int64_t sleep_after(struct throttle_work *work, int64_t work_us)
{
    int64_t slept_ms = work->slept_ms;
    work->since_us -= work_us;
    int64_t since = clock_monotonic_ms();
    throttle_sleep(work);
    assert_true(clock_monotonic_ms() - since >= work->slept_ms - slept_ms - 1);
    return work->slept_ms - slept_ms;
}

static void work_without_a_throttle_or_with_all_of_the_time_does_not_sleep(void **state)
{
    struct fixture *f = *state;
    struct throttle_work alone = throttle_begin(NULL, NULL);
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    assert_int_equal(sleep_after(&alone, WORK_US), 0);
    assert_int_equal(sleep_after(&work, WORK_US), 0);
    f->throttle.share = THROTTLE_SHARE_HALF; /* what was done before is not paid for afterwards */
    assert_int_equal(sleep_after(&work, 100), 0);
}

static void work_for_half_of_the_time_sleeps_as_long_as_it_worked(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    f->throttle.share = THROTTLE_SHARE_HALF;
    assert_true(sleep_after(&work, WORK_US) >= WORK_US / 1000);
    struct throttle_work longer = throttle_begin(&f->throttle, NULL);
    f->throttle.share = THROTTLE_SHARE_LEAST;
    assert_true(sleep_after(&longer, WORK_US) >= 3 * WORK_US / 1000);
}

static void short_works_are_added_up_until_a_sleep_is_worth_it(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    f->throttle.share = THROTTLE_SHARE_HALF;
    work.owed_us = 500;
    work.since_us = clock_monotonic_us() + 1000000; /* as if no time passed: this test may be preempted */
    throttle_sleep(&work);
    assert_int_equal(work.slept_ms, 0);
    work.owed_us = 500;
    assert_true(sleep_after(&work, 600) >= 1);
}

static void a_sleep_that_was_too_long_shortens_the_next_but_by_a_bound(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    f->throttle.share = THROTTLE_SHARE_HALF;
    work.owed_us = -1000000000; /* longer than any preemption of this test */
    assert_int_equal(sleep_after(&work, WORK_US), 0);
    work.owed_us = 1000 - WORK_US;
    (void)sleep_after(&work, WORK_US);
    assert_true(work.slept_ms > 0);
    assert_true(work.owed_us >= -THROTTLE_CREDIT_MS * 1000);
}

static void a_piece_of_work_sleeps_no_longer_than_its_bound(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    f->throttle.share = THROTTLE_SHARE_LEAST;
    work.slept_ms = THROTTLE_SLEEP_MAX_MS - 10;
    assert_int_equal(sleep_after(&work, 1000000), 10);
    assert_int_equal(sleep_after(&work, 1000000), 0);
}

static void a_stop_ends_the_sleep(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    f->throttle.share = THROTTLE_SHARE_LEAST;
    work.since_us -= THROTTLE_SLEEP_MAX_MS * INT64_C(1000);
    signals_request_stop(&f->signals);
    int64_t since = clock_monotonic_ms();
    throttle_sleep(&work);
    assert_true(clock_monotonic_ms() - since < THROTTLE_SLEEP_MAX_MS / 2);
}

static void the_share_follows_what_was_seen(void **state)
{
    struct fixture *f = *state;
    struct throttle_look look = {.bytes = 1000, .rows = 1};
    throttle_look(&f->throttle, &look);
    assert_int_equal(f->throttle.share, THROTTLE_SHARE_ALL);
    assert_false(f->throttle.is_gentle);
    look = (struct throttle_look){.bytes = 2000, .rows = 2};
    throttle_look(&f->throttle, &look);
    assert_int_equal(f->throttle.policy.state, THROTTLE_YIELDING);
    assert_int_equal(f->throttle.share, f->throttle.policy.share);
    assert_true(f->throttle.share < THROTTLE_SHARE_ALL);
    assert_true(f->throttle.is_gentle);
}

#define WITH_THROTTLE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_THROTTLE(work_without_a_throttle_or_with_all_of_the_time_does_not_sleep),
        WITH_THROTTLE(work_for_half_of_the_time_sleeps_as_long_as_it_worked),
        WITH_THROTTLE(short_works_are_added_up_until_a_sleep_is_worth_it),
        WITH_THROTTLE(a_sleep_that_was_too_long_shortens_the_next_but_by_a_bound),
        WITH_THROTTLE(a_piece_of_work_sleeps_no_longer_than_its_bound),
        WITH_THROTTLE(a_stop_ends_the_sleep),
        WITH_THROTTLE(the_share_follows_what_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
