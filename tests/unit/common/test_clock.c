/* test_clock -- moments as people and object keys write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    int64_t at_ms;
    const char *iso;
    const char *key;
} instants[] = {
    {0, "1970-01-01T00:00:00.000Z", "19700101_000000"},
    {1, "1970-01-01T00:00:00.001Z", "19700101_000000"},
    {86399999, "1970-01-01T23:59:59.999Z", "19700101_235959"},
    {951782400000, "2000-02-29T00:00:00.000Z", "20000229_000000"},
    {1753805700045, "2025-07-29T16:15:00.045Z", "20250729_161500"},
    {2147483648000, "2038-01-19T03:14:08.000Z", "20380119_031408"},
    {253402300799999, "9999-12-31T23:59:59.999Z", "99991231_235959"},
    {253402300800000, "9999-12-31T23:59:59.999Z", "99991231_235959"},
    {INT64_MAX, "9999-12-31T23:59:59.999Z", "99991231_235959"},
};

static void a_moment_is_written_in_utc_with_milliseconds(void **state)
{
    char out[CLOCK_ISO_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(instants); i++)
        assert_string_equal(clock_iso(instants[i].at_ms, out), instants[i].iso);
}

static void every_moment_is_written_as_the_c_library_does(void **state)
{
    (void)state;
    for (int64_t at_ms = 0; at_ms < INT64_C(253402300800000); at_ms += INT64_C(100000000007)) {
        char out[CLOCK_ISO_SIZE];
        char expected[CLOCK_ISO_SIZE * 2];
        time_t seconds = (time_t)(at_ms / 1000);
        size_t len = strftime(expected, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
        (void)snprintf(expected + len, sizeof expected - len, ".%03dZ", (int)(at_ms % 1000));
        assert_string_equal(clock_iso(at_ms, out), expected);
    }
}

static void an_object_key_carries_whole_seconds(void **state)
{
    char out[CLOCK_KEY_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(instants); i++)
        assert_string_equal(clock_key_time(instants[i].at_ms, out), instants[i].key);
}

static void a_negative_time_becomes_an_empty_text(void **state)
{
    char out[CLOCK_ISO_SIZE] = "as it was";
    (void)state;
    assert_string_equal(clock_iso(-1, out), "");
}

static void the_wall_clock_is_plausible_and_the_monotonic_one_increases(void **state)
{
    (void)state;
    assert_true(clock_now_ms() > 1577836800000); /* 2020 */
    int64_t before = clock_monotonic_ms();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ms();
        assert_true(now >= before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(every_moment_is_written_as_the_c_library_does),
        cmocka_unit_test(an_object_key_carries_whole_seconds),
        cmocka_unit_test(a_negative_time_becomes_an_empty_text),
        cmocka_unit_test(the_wall_clock_is_plausible_and_the_monotonic_one_increases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
