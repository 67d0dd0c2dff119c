/* pace -- see pace.h. */
#include "uploader/ship/pace.h"

#include <time.h>

#include "common/clock.h"

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* So much came in during a window that ends now. */
static void end_window(struct pace *pace, int64_t bytes, int64_t now)
{
    int64_t a_second = bytes * 1000 / (now - pace->window_at);
    if (bytes == 0) return;
    pace->came_at = now;
    pace->came_rests = a_second < PACE_BUSY_BYTES ? PACE_RESTS : PACE_BUSY_RESTS;
}

void pace_look(struct pace *pace, int64_t bytes, bool is_urgent)
{
    int64_t now = clock_monotonic_ms();
    bool is_first = !pace->has_looked; /* what came in before says nothing about now */
    if (is_first || now - pace->window_at >= PACE_WINDOW_MS) {
        if (!is_first) end_window(pace, bytes - pace->bytes, now);
        pace->has_looked = true;
        pace->window_at = now;
        pace->bytes = bytes;
    }
    bool is_quiet = now - pace->came_at >= PACE_QUIET_MS;
    pace->rests = is_quiet || is_urgent ? 0 : pace->came_rests;
}

struct pace_work pace_begin(void)
{
    return (struct pace_work){.since_us = now_us()};
}

void pace_give_way(struct pace *pace, struct pace_work *work)
{
    int rests = pace ? pace->rests : 0;
    if (rests == 0 || work->rested_ms >= PACE_MOST_MS) return;
    int64_t worked_us = now_us() - work->since_us;
    if (worked_us < PACE_WORK_US) return;
    int64_t rest_ms = worked_us * rests / 1000;
    if (rest_ms > PACE_MOST_MS - work->rested_ms) rest_ms = PACE_MOST_MS - work->rested_ms;
    (void)signals_wait(pace->signals, (int)rest_ms);
    work->rested_ms += rest_ms;
    work->since_us = now_us();
}
