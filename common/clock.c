/* clock -- see clock.h. The system's clocks cannot fail with these arguments; that is asserted. */
#include "common/clock.h"

#include <assert.h>
#include <time.h>

static struct timespec read_clock(clockid_t which)
{
    struct timespec now;
    int res = clock_gettime(which, &now);
    assert(res == 0);
    return now;
}

static int64_t read_ms(clockid_t which)
{
    struct timespec now = read_clock(which);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_us(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#define LATEST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t at_most_latest(int64_t at_ms)
{
    return at_ms < LATEST_MS ? at_ms : LATEST_MS;
}

static void split_utc(int64_t at_ms, struct tm *utc)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm *done = gmtime_r(&seconds, utc);
    assert(done);
}

/* Appends the last digits of a number, and what stands behind them; strftime() and snprintf() would take ten times as long, for each event. */
static char *put_part(char *to, int number, int digits, char end)
{
    for (int i = digits; i > 0; i--) {
        to[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    to[digits] = end;
    return to + digits + 1;
}

const char *clock_iso(int64_t at_ms, char out[CLOCK_ISO_SIZE])
{
    struct tm utc;
    out[0] = '\0';
    if (at_ms < 0) return out;
    at_ms = at_most_latest(at_ms);
    split_utc(at_ms, &utc);
    char *to = put_part(out, utc.tm_year + 1900, 4, '-');
    to = put_part(to, utc.tm_mon + 1, 2, '-');
    to = put_part(to, utc.tm_mday, 2, 'T');
    to = put_part(to, utc.tm_hour, 2, ':');
    to = put_part(to, utc.tm_min, 2, ':');
    to = put_part(to, utc.tm_sec, 2, '.');
    to = put_part(to, (int)(at_ms % 1000), 3, 'Z');
    *to = '\0';
    return out;
}

const char *clock_key_time(int64_t at_ms, char out[CLOCK_KEY_SIZE])
{
    struct tm utc;
    split_utc(at_ms < 0 ? 0 : at_most_latest(at_ms), &utc);
    size_t length = strftime(out, CLOCK_KEY_SIZE, "%Y%m%d_%H%M%S", &utc);
    assert(length == CLOCK_KEY_SIZE - 1);
    return out;
}
