/* test_iso_time -- which times are read, and which texts are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/iso_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NO_TIME      INT64_MIN

static void times_are_parsed_in_every_form_that_servers_send(void **state)
{
    static const struct {
        const char *text;
        int64_t at_ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2031-05-04T10:11:12Z", 1935655872000},
        {"2031-05-04T10:11:12.5Z", 1935655872500},
        {"2031-05-04T10:11:12.123456789Z", 1935655872123},
        {"2031-05-04T10:11:12.00000000000000000000000000000000000000000000001Z", 1935655872000},
        {"2031-05-04T10:11:12+00:00", 1935655872000},
        {"2031-05-04T12:11:12+02:00", 1935655872000},
        {"2031-05-04T03:11:12.000-0700", 1935655872000},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"9999-12-31T23:59:59-23:59", 253402387139000},
        {"0001-01-01T00:00:00Z", -62135596800000},
        {"2031-05-04 10:11:12Z", NO_TIME},
        {"2031-05-04T10:11:12", NO_TIME},
        {"2031-05-04T10:11:12Zulu", NO_TIME},
        {"2031-05-04T10:11:12+2", NO_TIME},
        {"2031-05-04T10:11:12 Z", NO_TIME}, /* strptime() takes blanks here, and in the next two */
        {" 2031-05-04T10:11:12Z", NO_TIME},
        {"2031- 5- 4T10:11:12Z", NO_TIME},
        {"2031-05-04T10:11:12+99:99", NO_TIME},
        {"2031-05-04T10:11:12+", NO_TIME},
        {"2031-05-04T24:00:00Z", NO_TIME},
        {"2031-02-29T10:11:12Z", NO_TIME},
        {"2031-13-01T10:11:12Z", NO_TIME},
        {"2031-00-01T10:11:12Z", NO_TIME},
        {"0000-01-01T00:00:00Z", NO_TIME},
        {"9999999-01-01T00:00:00Z", NO_TIME},
        {"-001-01-01T00:00:00Z", NO_TIME},
        {"1935655872", NO_TIME},
        {"", NO_TIME},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t at_ms = NO_TIME;
        bool is_read = iso_time_parse(rows[i].text, &at_ms);
        if (is_read != (rows[i].at_ms != NO_TIME) || at_ms != rows[i].at_ms)
            fail_msg("%s: %lld", rows[i].text, (long long)at_ms);
    }
}

/* The C library counts the days, too. */
static void every_day_of_400_years_and_of_the_first_is_counted_right(void **state)
{
    static const int first_years[] = {1, 1850, 9599};
    (void)state;
    for (size_t i = 0; i < COUNT(first_years); i++) {
        struct tm tm = {.tm_year = first_years[i] - 1900, .tm_mday = 1};
        time_t at_s = timegm(&tm);
        for (int day = 0; day < 400 * 366; day++, at_s += 86400) {
            char text[40];
            int64_t at_ms = 0;
            (void)gmtime_r(&at_s, &tm);
            (void)snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", tm.tm_year + 1900, tm.tm_mon + 1,
                           tm.tm_mday);
            if (strlen(text) == 20 && (!iso_time_parse(text, &at_ms) || at_ms != (int64_t)at_s * 1000))
                fail_msg("%s", text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_parsed_in_every_form_that_servers_send),
        cmocka_unit_test(every_day_of_400_years_and_of_the_first_is_counted_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
