/*
 * retention -- a clock for keeping shipped rows: how many ms this spool has been shipped from. Pure.
 *
 * It runs with the monotonic clock, so a wall clock that is set neither purges what was shipped a moment ago nor keeps
 * rows for ever. While no uploader runs it takes the wall clock's word, for a day at most: rows are kept too long rather
 * than too short.
 */
#ifndef UPLOADER_SPOOL_RETENTION_H
#define UPLOADER_SPOOL_RETENTION_H

#include <stdint.h>

struct retention_clock {
    int64_t ms_at_start, started; /* `started` is monotonic */
};

/* `stored_ms` was stored when the wall clock showed `stored_at` (0: never was); now the clocks show these. */
struct retention_clock retention_start(int64_t stored_ms, int64_t stored_at, int64_t now, int64_t monotonic);
int64_t retention_now(const struct retention_clock *clock, int64_t monotonic);

#endif
