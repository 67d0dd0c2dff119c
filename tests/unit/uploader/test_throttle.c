/* test_throttle -- when and how long a drain sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "uploader/ship/throttle.h"

#define WORK_MS 10

struct fixture {
    struct signals signals;
    struct throttle throttle;
    struct why why;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.throttle = {.signals = &fixture.signals}};
    *state = &fixture;
    return signals_open(&fixture.signals, &fixture.why) == RES_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    signals_close(&f->signals);
    return 0;
}

/* How long it sleeps after WORK_MS of work, in ms, as the throttle counts it. */
static int64_t sleep_after_work(struct throttle *throttle)
{
    struct throttle_work work = throttle_begin(throttle, NULL);
    work.since_us -= WORK_MS * 1000;
    int64_t since = clock_monotonic_ms();
    throttle_sleep(&work);
    int64_t took = clock_monotonic_ms() - since;
    assert_true(took >= work.slept_ms - 1);
    return work.slept_ms;
}

/* `bytes` are received during a window of `window_ms`. */
static void receive(struct throttle *throttle, int64_t bytes, int64_t window_ms, bool is_urgent)
{
    throttle_update(throttle, 1000, false);
    throttle->window_at -= window_ms;
    throttle_update(throttle, throttle->bytes + bytes, is_urgent);
}

static void work_does_not_sleep_before_events_are_received(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(sleep_after_work(NULL), 0);
    assert_int_equal(sleep_after_work(&f->throttle), 0);
    throttle_update(&f->throttle, 1 << 30, false); /* what was received before says nothing about the rate */
    assert_int_equal(sleep_after_work(&f->throttle), 0);
    receive(&f->throttle, 0, THROTTLE_WINDOW_MS, false);
    assert_int_equal(sleep_after_work(&f->throttle), 0);
}

static void a_sleep_is_a_multiple_of_the_work_during_reception(void **state)
{
    struct fixture *f = *state;
    receive(&f->throttle, 1, THROTTLE_WINDOW_MS, false);
    assert_in_range(sleep_after_work(&f->throttle), WORK_MS * THROTTLE_FACTOR, 2 * WORK_MS * THROTTLE_FACTOR);
    struct throttle_work little = throttle_begin(&f->throttle, NULL);
    throttle_sleep(&little);
    assert_int_equal(little.slept_ms, 0); /* it goes on first */
}

static void sleeps_are_shorter_where_much_is_received(void **state)
{
    struct fixture *f = *state;
    receive(&f->throttle, THROTTLE_BUSY_BYTES / 2, 1000, false);
    assert_int_equal(f->throttle.factor, THROTTLE_FACTOR);
    receive(&f->throttle, THROTTLE_BUSY_BYTES * 2, 1000, false);
    assert_in_range(sleep_after_work(&f->throttle), WORK_MS * THROTTLE_BUSY_FACTOR,
                    2 * WORK_MS * THROTTLE_BUSY_FACTOR);
}

static void a_second_without_events_ends_the_sleeping(void **state)
{
    struct fixture *f = *state;
    receive(&f->throttle, 1, THROTTLE_WINDOW_MS, false);
    f->throttle.received_at -= THROTTLE_QUIET_MS / 2;
    receive(&f->throttle, 0, THROTTLE_WINDOW_MS, false);
    assert_int_equal(f->throttle.factor, THROTTLE_FACTOR);
    f->throttle.received_at -= THROTTLE_QUIET_MS;
    receive(&f->throttle, 0, THROTTLE_WINDOW_MS, false);
    assert_int_equal(sleep_after_work(&f->throttle), 0);
    receive(&f->throttle, 1, THROTTLE_WINDOW_MS, false);
    assert_int_equal(f->throttle.factor, THROTTLE_FACTOR);
}

static void work_does_not_sleep_when_space_is_low(void **state)
{
    struct fixture *f = *state;
    receive(&f->throttle, 1, THROTTLE_WINDOW_MS, true);
    assert_int_equal(sleep_after_work(&f->throttle), 0);
}

static void the_sleeps_of_one_batch_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    receive(&f->throttle, 1, THROTTLE_WINDOW_MS, false);
    work.slept_ms = THROTTLE_SLEEP_MAX_MS - 10;
    work.since_us -= WORK_MS * 1000;
    throttle_sleep(&work);
    assert_int_equal(work.slept_ms, THROTTLE_SLEEP_MAX_MS);
    work.since_us -= WORK_MS * 1000;
    throttle_sleep(&work);
    assert_int_equal(work.slept_ms, THROTTLE_SLEEP_MAX_MS);
}

static void a_stop_ends_a_sleep_at_once(void **state)
{
    struct fixture *f = *state;
    struct throttle_work work = throttle_begin(&f->throttle, NULL);
    receive(&f->throttle, 1, THROTTLE_WINDOW_MS, false);
    work.since_us -= THROTTLE_SLEEP_MAX_MS * 1000;
    signals_raise_stop();
    int64_t since = clock_monotonic_ms();
    throttle_sleep(&work);
    assert_true(clock_monotonic_ms() - since < THROTTLE_SLEEP_MAX_MS / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(work_does_not_sleep_before_events_are_received),
        TEST(a_sleep_is_a_multiple_of_the_work_during_reception),
        TEST(sleeps_are_shorter_where_much_is_received),
        TEST(a_second_without_events_ends_the_sleeping),
        TEST(work_does_not_sleep_when_space_is_low),
        TEST(the_sleeps_of_one_batch_are_bounded),
        TEST(a_stop_ends_a_sleep_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
