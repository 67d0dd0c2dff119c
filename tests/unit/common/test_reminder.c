/* Tests of reminder: at which times people are reminded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/reminder.h"

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

static void reminders_come_after_one_hour_four_hours_and_each_day(void **state)
{
    static const struct {
        int64_t lasts_ms;
        int count;
    } rows[] = {
        {-DAY, 0},    {0, 0},   {HOUR - 1, 0},    {HOUR, 1},    {4 * HOUR - 1, 1}, {4 * HOUR, 2},
        {DAY - 1, 2}, {DAY, 3}, {2 * DAY - 1, 3}, {2 * DAY, 4}, {30 * DAY, 32},    {INT64_MAX, 100002},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(reminder_count(rows[i].lasts_ms), rows[i].count);
}

/* Looked at every five seconds, as problems_refresh() is called. */
static void a_weekend_has_a_handful_of_reminders(void **state)
{
    int given = 0;
    int logged = 0;
    (void)state;
    for (int64_t at = 0; at <= 60 * HOUR; at += 5 * SECOND)
        if (reminder_count(at) > given) {
            given = reminder_count(at);
            logged++;
        }
    assert_int_equal(logged, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reminders_come_after_one_hour_four_hours_and_each_day),
        cmocka_unit_test(a_weekend_has_a_handful_of_reminders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
