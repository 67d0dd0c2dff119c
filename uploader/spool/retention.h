/*
 * retention -- the clock for RETENTION: for how many milliseconds this spool has been shipped from. Pure.
 *
 * It runs with the monotonic clock. So a wall clock that is set forward purges nothing early, and one that is set back
 * keeps nothing for ever. For the time in which no uploader ran it adds what the wall clock says, at most a day: rows
 * are kept too long rather than too short.
 */
#ifndef UPLOADER_SPOOL_RETENTION_H
#define UPLOADER_SPOOL_RETENTION_H

#include <stdint.h>

struct retention_clock {
    int64_t ms_at_start, started; /* `started` is monotonic */
};

/*
 * The clock at a start: `stored_ms` was stored when the wall clock showed `stored_at`, 0 if never. `now` is the wall
 * clock.
 */
struct retention_clock retention_start(int64_t stored_ms, int64_t stored_at, int64_t now, int64_t monotonic);
int64_t retention_now(const struct retention_clock *clock, int64_t monotonic);

#endif
