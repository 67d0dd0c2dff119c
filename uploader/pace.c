/* pace -- see pace.h. */
#include "uploader/pace.h"

/* A window ends, in which so much has come in. */
static void judge(struct pace *pace, int64_t bytes, int64_t now)
{
    if (bytes > 0) {
        pace->rests = bytes < PACE_FLOOD_BYTES ? 1 : PACE_FLOOD_RESTS;
        pace->came_at = now;
    } else if (now - pace->came_at >= PACE_QUIET_MS) {
        pace->rests = 0;
    }
}

void pace_look(struct pace *pace, int64_t bytes, bool is_urgent, int64_t now)
{
    bool is_first = pace->window_until == 0;
    if (is_first || now >= pace->window_until) {
        if (!is_first) judge(pace, bytes - pace->bytes, now);
        pace->bytes = bytes;
        pace->window_until = now + PACE_WINDOW_MS;
    }
    if (is_urgent) pace->rests = 0;
}

int64_t pace_rest_ms(const struct pace *pace, int64_t began, int64_t now)
{
    return (now - began) * pace->rests;
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
    if (pace->rests == 0) return true;
    if (pace->began != 0) return false;
    int64_t left = pace->rest_until - now;
    if (left > 0 && left < *wait_ms) *wait_ms = (int)left;
    return left <= 0;
}
