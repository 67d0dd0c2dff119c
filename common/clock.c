/* clock -- see clock.h. The system's clocks cannot fail with these arguments; that is asserted. */
#include "common/clock.h"

#include <assert.h>
#include <stdio.h>
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

const char *clock_iso(int64_t at_ms, char out[CLOCK_ISO_SIZE])
{
    struct tm utc;
    out[0] = '\0';
    if (at_ms < 0) return out;
    at_ms = at_most_latest(at_ms);
    split_utc(at_ms, &utc);
    size_t length = strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    assert(length > 0);
    (void)snprintf(out + length, CLOCK_ISO_SIZE - length, ".%03uZ", (unsigned)(at_ms % 1000) % 1000);
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
