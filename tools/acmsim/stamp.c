/*
 * stamp -- UTC seconds as the 14 digits YYYYMMDDHHMMSS.
 * Happy path: days to a date of the proleptic Gregorian calendar without tables or loops, as gmtime_r would
 * be the most expensive part of sending an event. What can fail: nothing within the years promised.
 */
#include "tools/acmsim/stamp.h"

static void write_two(char *at, uint32_t value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
}

/* In years that begin on 1 March the leap day is the last one, and the lengths of months follow a line. */
static void write_date(char *at, uint32_t days_since_1970)
{
    uint32_t days = days_since_1970 + 719468; /* since 0000-03-01 */
    uint32_t era = days / 146097;             /* of 400 years */
    uint32_t day_of_era = days % 146097;
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    uint32_t year = era * 400 + year_of_era + (month <= 2);

    write_two(at, year / 100);
    write_two(at + 2, year % 100);
    write_two(at + 4, month);
    write_two(at + 6, day_of_year - (153 * month_from_march + 2) / 5 + 1);
}

void stamp_write(char *at, int64_t seconds)
{
    uint32_t days = (uint32_t)(seconds / 86400);
    uint32_t second_of_day = (uint32_t)(seconds % 86400);

    write_date(at, days);
    write_two(at + 8, second_of_day / 3600);
    write_two(at + 10, second_of_day / 60 % 60);
    write_two(at + 12, second_of_day % 60);
}
