/* test_retention -- the clock by which rows are kept: whatever the wall clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/retention.h"

#define HOUR ((int64_t)3600000)
#define DAY  (24 * HOUR)
#define NOW  ((int64_t)1700000000000)

static void the_wall_clock_adds_zero_to_one_day_between_runs(void **state)
{
    static const struct {
        int64_t stored_at, now, passed;
    } rows[] = {
        {NOW, NOW + HOUR, HOUR},
        {NOW, NOW + DAY, DAY},
        {NOW, NOW + 10000 * DAY, DAY}, /* it was set, or nothing ran for long */
        {NOW, NOW, 0},
        {NOW, NOW - 10000 * DAY, 0},
        {0, NOW, 0}, /* never stored */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retention_clock clock = retention_start(5 * DAY, rows[i].stored_at, rows[i].now, 77);
        assert_int_equal(retention_now(&clock, 77), 5 * DAY + rows[i].passed);
    }
}

static void only_the_monotonic_clock_counts_during_a_run(void **state)
{
    struct retention_clock clock = retention_start(DAY, NOW, NOW, 1000);
    (void)state;
    assert_int_equal(retention_now(&clock, 1000), DAY);
    assert_int_equal(retention_now(&clock, 1000 + HOUR), DAY + HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_adds_zero_to_one_day_between_runs),
        cmocka_unit_test(only_the_monotonic_clock_counts_during_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
