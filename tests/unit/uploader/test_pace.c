/* test_pace -- how a drain gives way to the collector. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "uploader/ship/pace.h"

#define WORK_MS 10

struct fixture {
    struct signals signals;
    struct pace pace;
    struct why why;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.pace = {.signals = &fixture.signals}};
    *state = &fixture;
    return signals_open(&fixture.signals, &fixture.why) == RES_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    signals_close(&f->signals);
    return 0;
}

/* How long a rest follows on WORK_MS of work, in ms; as the pace counts it. */
static int64_t rest_after_work(struct pace *pace)
{
    struct pace_work work = pace_begin();
    work.since_us -= WORK_MS * 1000;
    int64_t since = clock_monotonic_ms();
    pace_give_way(pace, &work);
    int64_t took = clock_monotonic_ms() - since;
    assert_true(took >= work.rested_ms - 1);
    return work.rested_ms;
}

/* So many bytes come in during a window of so many milliseconds. */
static void come_in(struct pace *pace, int64_t bytes, int64_t window_ms, bool is_urgent)
{
    pace_look(pace, 1000, false);
    pace->window_at -= window_ms;
    pace_look(pace, pace->bytes + bytes, is_urgent);
}

static void nobody_rests_before_anything_has_come_in(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rest_after_work(NULL), 0);
    assert_int_equal(rest_after_work(&f->pace), 0);
    pace_look(&f->pace, 1 << 30, false); /* what came in before us says nothing about now */
    assert_int_equal(rest_after_work(&f->pace), 0);
    come_in(&f->pace, 0, PACE_WINDOW_MS, false);
    assert_int_equal(rest_after_work(&f->pace), 0);
}

static void while_events_come_in_a_rest_is_some_times_as_long_as_the_work(void **state)
{
    struct fixture *f = *state;
    come_in(&f->pace, 1, PACE_WINDOW_MS, false);
    assert_in_range(rest_after_work(&f->pace), WORK_MS * PACE_RESTS, 2 * WORK_MS * PACE_RESTS);
    struct pace_work little = pace_begin();
    pace_give_way(&f->pace, &little);
    assert_int_equal(little.rested_ms, 0); /* it goes on first */
}

static void where_much_comes_in_rests_are_shorter(void **state)
{
    struct fixture *f = *state;
    come_in(&f->pace, PACE_BUSY_BYTES / 2, 1000, false);
    assert_int_equal(f->pace.rests, PACE_RESTS);
    come_in(&f->pace, PACE_BUSY_BYTES * 2, 1000, false);
    assert_in_range(rest_after_work(&f->pace), WORK_MS * PACE_BUSY_RESTS, 2 * WORK_MS * PACE_BUSY_RESTS);
}

static void a_second_without_events_ends_the_rests(void **state)
{
    struct fixture *f = *state;
    come_in(&f->pace, 1, PACE_WINDOW_MS, false);
    f->pace.came_at -= PACE_QUIET_MS / 2;
    come_in(&f->pace, 0, PACE_WINDOW_MS, false);
    assert_int_equal(f->pace.rests, PACE_RESTS);
    f->pace.came_at -= PACE_QUIET_MS;
    come_in(&f->pace, 0, PACE_WINDOW_MS, false);
    assert_int_equal(rest_after_work(&f->pace), 0);
    come_in(&f->pace, 1, PACE_WINDOW_MS, false);
    assert_int_equal(f->pace.rests, PACE_RESTS);
}

static void where_space_is_short_nobody_rests(void **state)
{
    struct fixture *f = *state;
    come_in(&f->pace, 1, PACE_WINDOW_MS, true);
    assert_int_equal(rest_after_work(&f->pace), 0);
}

static void a_batch_rests_no_longer_than_signs_of_life_can_wait(void **state)
{
    struct fixture *f = *state;
    struct pace_work work = pace_begin();
    come_in(&f->pace, 1, PACE_WINDOW_MS, false);
    work.rested_ms = PACE_MOST_MS - 10;
    work.since_us -= WORK_MS * 1000;
    pace_give_way(&f->pace, &work);
    assert_int_equal(work.rested_ms, PACE_MOST_MS);
    work.since_us -= WORK_MS * 1000;
    pace_give_way(&f->pace, &work);
    assert_int_equal(work.rested_ms, PACE_MOST_MS);
}

static void a_stop_ends_a_rest_at_once(void **state)
{
    struct fixture *f = *state;
    struct pace_work work = pace_begin();
    come_in(&f->pace, 1, PACE_WINDOW_MS, false);
    work.since_us -= PACE_MOST_MS * 1000;
    signals_ask_stop();
    int64_t since = clock_monotonic_ms();
    pace_give_way(&f->pace, &work);
    assert_true(clock_monotonic_ms() - since < PACE_MOST_MS / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_rests_before_anything_has_come_in),
        TEST(while_events_come_in_a_rest_is_some_times_as_long_as_the_work),
        TEST(where_much_comes_in_rests_are_shorter),
        TEST(a_second_without_events_ends_the_rests),
        TEST(where_space_is_short_nobody_rests),
        TEST(a_batch_rests_no_longer_than_signs_of_life_can_wait),
        TEST(a_stop_ends_a_rest_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
