/* pace -- see pace.h. */
#include "uploader/pace.h"

void pace_look(struct pace *pace, int64_t bytes, bool is_urgent, int64_t now)
{
    if (is_urgent)
        pace->shared_until = 0;
    else if (pace->has_looked && bytes != pace->bytes)
        pace->shared_until = now + PACE_QUIET_MS;
    pace->has_looked = true;
    pace->bytes = bytes;
}

int64_t pace_rest_ms(const struct pace *pace, int64_t began, int64_t now)
{
    return now < pace->shared_until ? (now - began) * PACE_RESTS : 0;
}

void pace_begin(struct pace *pace, int64_t now)
{
    pace->began = now;
}

void pace_end(struct pace *pace, int64_t now)
{
    if (pace->began == 0) return;
    pace->rest_until = now + pace_rest_ms(pace, pace->began, now);
    pace->began = 0;
}

bool pace_allows(const struct pace *pace, int64_t now, int *wait_ms)
{
    if (now >= pace->shared_until) return true;
    if (pace->began != 0) return false;
    int64_t left = pace->rest_until - now;
    if (left > 0 && left < *wait_ms) *wait_ms = (int)left;
    return left <= 0;
}
