/* test_backoff -- waits double up to the ceiling, and are scattered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/backoff.h"

#include <limits.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct backoff some = {.first_ms = 1000, .most_ms = 60000};

static void the_wait_is_between_half_and_all_the_doubled_time(void **state)
{
    static const struct {
        int failures;
        int64_t doubled;
    } rows[] = {{1, 1000},  {2, 2000},  {3, 4000},   {4, 8000},     {5, 16000},      {6, 32000},
                {7, 60000}, {8, 60000}, {64, 60000}, {1000, 60000}, {INT_MAX, 60000}};
    static const uint32_t randoms[] = {0, 1, 499, 500, 501, 12345, 30000, 30001, UINT32_MAX / 2, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t j = 0; j < COUNT(randoms); j++) {
            int64_t wait = backoff_ms(&some, rows[i].failures, randoms[j]);
            assert_true(wait >= rows[i].doubled / 2 && wait <= rows[i].doubled);
        }
        assert_int_equal(backoff_ms(&some, rows[i].failures, 0), rows[i].doubled / 2);
        uint32_t half = (uint32_t)(rows[i].doubled / 2);
        assert_int_equal(backoff_ms(&some, rows[i].failures, half), rows[i].doubled);
    }
}

static void a_ceiling_below_the_first_wait_holds_as_well(void **state)
{
    static const struct backoff low = {.first_ms = 1000, .most_ms = 300};
    (void)state;
    assert_int_equal(backoff_ms(&low, 1, 150), 300);
    assert_int_equal(backoff_ms(&low, 9, 150), 300);
}

static void a_backoff_of_zero_waits_zero(void **state)
{
    static const struct backoff none = {.first_ms = 0, .most_ms = 0};
    static const struct backoff least = {.first_ms = 1, .most_ms = 1};
    (void)state;
    assert_int_equal(backoff_ms(&none, 3, 77), 0);
    assert_in_range(backoff_ms(&least, 3, 77), 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_is_between_half_and_all_the_doubled_time),
        cmocka_unit_test(a_ceiling_below_the_first_wait_holds_as_well),
        cmocka_unit_test(a_backoff_of_zero_waits_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
