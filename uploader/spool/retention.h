/*
 * retention -- the clock for RETENTION: for how many milliseconds this spool has been shipped from. Pure.
 *
 * It follows the monotonic clock, so that a change of the wall clock neither purges rows that were just shipped nor
 * keeps rows for ever. For the time in which no uploader ran it uses the wall clock, but counts a day at most: rows
 * are kept rather too long than too short.
 */
#ifndef UPLOADER_SPOOL_RETENTION_H
#define UPLOADER_SPOOL_RETENTION_H

#include <stdint.h>

struct retention_clock {
    int64_t ms_at_start, started; /* `started` is monotonic */
};

/* `stored_ms` was stored when the wall clock showed `stored_at`; 0: never. `now` is the wall clock. */
struct retention_clock retention_start(int64_t stored_ms, int64_t stored_at, int64_t now, int64_t monotonic);
int64_t retention_now(const struct retention_clock *clock, int64_t monotonic);

#endif
