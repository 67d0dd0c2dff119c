/* test_histogram -- times in buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/histogram.h"

static void a_time_is_counted_once_in_the_first_bucket_that_takes_it(void **state)
{
    struct histogram h = {.sum_us = 0};
    (void)state;
    histogram_add(&h, 0);
    histogram_add(&h, -5);
    histogram_add(&h, 1000);
    histogram_add(&h, 1001);
    histogram_add(&h, INT64_MAX / 2);
    assert_int_equal(h.counts[0], 3);
    assert_int_equal(h.counts[1], 1);
    assert_int_equal(h.counts[HISTOGRAM_BUCKETS - 1], 1);
    assert_int_equal(h.sum_us, 2001 + INT64_MAX / 2);
}

static void the_bounds_ascend_and_the_last_has_no_end(void **state)
{
    (void)state;
    for (size_t i = 1; i < HISTOGRAM_BUCKETS; i++)
        assert_true(histogram_bounds_us[i] > histogram_bounds_us[i - 1]);
    assert_true(histogram_bounds_us[HISTOGRAM_BUCKETS - 1] == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_counted_once_in_the_first_bucket_that_takes_it),
        cmocka_unit_test(the_bounds_ascend_and_the_last_has_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
