/* retention -- see retention.h. */
#include "uploader/spool/retention.h"

#define GAP_MOST_MS ((int64_t)86400000)

struct retention_clock retention_start(int64_t stored_ms, int64_t stored_at, int64_t now, int64_t monotonic)
{
    int64_t gap = stored_at > 0 ? now - stored_at : 0;
    if (gap < 0) gap = 0;
    if (gap > GAP_MOST_MS) gap = GAP_MOST_MS;
    return (struct retention_clock){stored_ms + gap, monotonic};
}

int64_t retention_now(const struct retention_clock *clock, int64_t monotonic)
{
    return clock->ms_at_start + (monotonic - clock->started);
}
