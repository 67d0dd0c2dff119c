/* test_server_time -- which time of a server is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/server_time.h"

#include "uploader/http/sigv4.h"

static const struct {
    const char *date;
    int64_t at_s; /* 0: not believed */
} rows[] = {
    {"Tue, 29 Jul 2025 16:15:00 GMT", 1753805700},
    {"Sat, 01 Jan 2000 00:00:00 GMT", SERVER_TIME_FIRST_S},
    {"Fri, 31 Dec 1999 23:59:59 GMT", 0},
    {"Tue, 31 Dec 2199 23:59:59 GMT", SERVER_TIME_LAST_S},
    {"Wed, 01 Jan 2200 00:00:00 GMT", 0},
    {"Fri, 31 Dec 9999 23:59:59 GMT", 0},
    {"Sat, 01 Jan 10000 00:00:00 GMT", 0},
    {"Mon, 01 Jan 292277026596 00:00:00 GMT", 0},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"1753805700", 0},
    {"", 0},
    {"now", 0},
};

static void only_a_time_that_a_clock_may_show_is_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t at_s = 0;
        bool is_believed = server_time_read(rows[i].date, &at_s);
        if (is_believed != (rows[i].at_s != 0) || (is_believed && at_s != rows[i].at_s))
            fail_msg("%s: %lld", rows[i].date, (long long)at_s);
    }
}

/* Our clock may be set after the difference was learnt: from 1970 to 2262, the last year of Linux. */
static void a_request_can_be_signed_however_our_clock_is_set(void **state)
{
    static const int64_t first_s = 0;
    static const int64_t last_s = INT64_C(9223372036);
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    (void)state;
    sigv4_timestamp(last_s + (SERVER_TIME_LAST_S - first_s), timestamp);
    sigv4_timestamp(first_s + (SERVER_TIME_FIRST_S - last_s), timestamp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_time_that_a_clock_may_show_is_believed),
        cmocka_unit_test(a_request_can_be_signed_however_our_clock_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
