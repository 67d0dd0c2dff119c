/* test_history -- the last hour and day in steps, whatever the clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/status/history.h"

#include <stdlib.h>

#define MINUTE INT64_C(60000)
#define START  (28333333 * MINUTE) /* some minute of 2023 */
#define POINTS 5

static void add(struct history *h, int64_t at, int64_t received, int64_t shipped)
{
    struct history_totals totals = {received, shipped, received - shipped};
    history_add(h, at, &totals);
}

static struct live_series *copy(const struct history *h)
{
    static struct live_series series;
    history_copy(h, &series);
    return &series;
}

static void assert_points(const int64_t *points, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)
{
    const int64_t expected[POINTS] = {a, b, c, d, e};
    for (size_t i = 0; i < POINTS; i++) assert_int_equal(points[i], expected[i]);
}

static int set_up(void **state)
{
    struct history *h = calloc(1, sizeof *h);
    if (!h) return -1;
    history_init(h, MINUTE, POINTS);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void before_the_first_look_there_are_no_points(void **state)
{
    assert_int_equal(copy(*state)->count, 0);
}

static void what_came_in_a_step_is_the_difference_of_the_ends(void **state)
{
    struct history *h = *state;
    for (int64_t i = 0; i < 4; i++) {
        add(h, START + i * MINUTE, 100 * i, 10 * i);
        add(h, START + i * MINUTE + MINUTE - 1, 100 * i + 7, 10 * i + 1);
    }
    struct live_series *series = copy(h);
    assert_int_equal(series->count, POINTS);
    assert_int_equal(series->step_ms, MINUTE);
    assert_true(series->end_at == START + 4 * MINUTE);
    assert_points(series->received, -1, -1, 100, 100, 100);
    assert_points(series->shipped, -1, -1, 10, 10, 10);
    assert_points(series->backlog, -1, 6, 96, 186, 276);
}

static void a_step_in_which_nobody_looked_is_not_known(void **state)
{
    struct history *h = *state;
    add(h, START, 0, 0);
    add(h, START + 2 * MINUTE, 50, 0);
    add(h, START + 3 * MINUTE, 70, 0);
    assert_points(copy(h)->received, -1, -1, -1, -1, 20);
}

static void what_is_taken_back_is_nothing_added(void **state)
{
    struct history *h = *state;
    add(h, START, 10, 5);
    add(h, START + MINUTE, 10, 3);
    assert_points(copy(h)->shipped, -1, -1, -1, -1, 0);
}

static void a_clock_that_jumps_back_takes_the_steps_ahead_away(void **state)
{
    struct history *h = *state;
    for (int64_t i = 0; i < 5; i++) add(h, START + i * MINUTE, 10 * i, 0);
    add(h, START + 2 * MINUTE, 45, 0);
    struct live_series *series = copy(h);
    assert_true(series->end_at == START + 3 * MINUTE);
    assert_points(series->received, -1, -1, -1, 10, 35);
    add(h, START + 3 * MINUTE, 50, 0);
    assert_points(copy(h)->received, -1, -1, 10, 35, 5);
}

static void a_clock_that_jumps_far_ahead_and_back_leaves_the_rest_alone(void **state)
{
    struct history *h = *state;
    for (int64_t i = 0; i < 3; i++) add(h, START + i * MINUTE, 10 * i, 0);
    add(h, START + INT64_C(1000000) * MINUTE, 21, 0);
    assert_points(copy(h)->received, -1, -1, -1, -1, -1);
    add(h, START + 3 * MINUTE, 25, 0);
    assert_int_equal(copy(h)->received[POINTS - 2], 10);
    assert_int_equal(copy(h)->received[POINTS - 1], 5);
}

static void a_clock_in_1970_or_before_adds_nothing(void **state)
{
    struct history *h = *state;
    add(h, 5, 10, 0);
    add(h, -5 * MINUTE, 10, 0);
    assert_int_equal(copy(h)->count, 0);
}

static void what_was_before_the_start_can_be_filled_in(void **state)
{
    struct history *h = *state;
    struct history_totals then = {60, -1, 3};
    add(h, START, 100, 50);
    assert_true(history_end_at(h, 1) == START);
    history_fill(h, 1, &then);
    then.received = 40;
    history_fill(h, 2, &then);
    history_fill(h, 1, &then); /* is known already */
    history_fill(h, POINTS + 1, &then);
    struct live_series *series = copy(h);
    assert_points(series->received, -1, -1, -1, 20, 40);
    assert_points(series->shipped, -1, -1, -1, -1, -1);
    assert_points(series->backlog, -1, -1, 3, 3, 50);
}

static void a_day_of_looks_every_second_stays_within_its_ring(void **state)
{
    struct history *h = *state;
    history_init(h, 5 * MINUTE, LIVE_DAY_POINTS);
    for (int64_t s = 0; s < INT64_C(90000); s += 10) add(h, START + s * 1000, s, s / 2);
    struct live_series *series = copy(h);
    assert_int_equal(series->count, LIVE_DAY_POINTS);
    for (size_t i = 0; i + 1 < series->count; i++) assert_int_equal(series->received[i], 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_the_first_look_there_are_no_points, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_came_in_a_step_is_the_difference_of_the_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_in_which_nobody_looked_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_taken_back_is_nothing_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_jumps_back_takes_the_steps_ahead_away, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_jumps_far_ahead_and_back_leaves_the_rest_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_clock_in_1970_or_before_adds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_before_the_start_can_be_filled_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_day_of_looks_every_second_stays_within_its_ring, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
