/*
 * iso_time -- see iso_time.h. Not strptime(3), which takes blanks before each number and the names of a locale; not
 * timegm(3), which counts leap seconds under TZ=right/UTC.
 */
#include "uploader/http/iso_time.h"

#include <stddef.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads `count` digits, between the bounds; NULL: they are not there, or `text` is NULL. Returns what follows. */
static const char *read_number(const char *text, int count, int first, int last, int *number)
{
    *number = 0;
    if (!text) return NULL;
    for (; count > 0; count--, text++) {
        if (!is_digit(*text)) return NULL;
        *number = *number * 10 + (*text - '0');
    }
    return *number >= first && *number <= last ? text : NULL;
}

static const char *read_char(const char *text, char c)
{
    return text && *text == c ? text + 1 : NULL;
}

/* ".123456789": its first three digits count. */
static const char *read_fraction(const char *text, int *ms)
{
    *ms = 0;
    if (!text || *text != '.') return text;
    text++;
    for (int unit = 100; is_digit(*text); text++, unit /= 10) *ms += (*text - '0') * unit;
    return text;
}

/* Z, +02:00 or -0700. */
static const char *read_zone(const char *text, int *offset_s)
{
    int hours = 0;
    int minutes = 0;
    *offset_s = 0;
    if (!text || *text == 'Z') return text ? text + 1 : NULL;
    if (*text != '+' && *text != '-') return NULL;
    int sign = *text == '-' ? -1 : 1;
    text = read_number(text + 1, 2, 0, 23, &hours);
    if (text && *text == ':') text++;
    text = read_number(text, 2, 0, 59, &minutes);
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return text;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Since 1970. A year begins in March here, so that the leap day is its last; 719468 days are from March 0000 to 1970. */
static int64_t days_since_1970(int year, int month, int day)
{
    int from_march = (month + 9) % 12;
    int64_t years = month <= 2 ? year - 1 : year;
    return years * 365 + years / 4 - years / 100 + years / 400 + (153 * from_march + 2) / 5 + day - 1 -
           719468;
}

bool iso_time_parse(const char *text, int64_t *at_ms)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0, offset_s = 0;
    text = read_char(read_number(text, 4, 1, 9999, &year), '-');
    text = read_char(read_number(text, 2, 1, 12, &month), '-');
    text = read_char(read_number(text, 2, 1, 31, &day), 'T');
    text = read_char(read_number(text, 2, 0, 23, &hour), ':');
    text = read_char(read_number(text, 2, 0, 59, &minute), ':');
    text = read_fraction(read_number(text, 2, 0, 60, &second), &ms); /* 60: a leap second */
    text = read_zone(text, &offset_s);
    if (!text || *text || day > days_of_month(year, month)) return false;
    int64_t seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *at_ms = (seconds - offset_s) * 1000 + ms;
    return true;
}
