/* throttle -- see throttle.h. */
#include "uploader/ship/throttle.h"

#include <time.h>

#include "common/clock.h"

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A window ends now, in which `bytes` were received. */
static void end_window(struct throttle *throttle, int64_t bytes, int64_t now)
{
    int64_t bytes_per_second = bytes * 1000 / (now - throttle->window_at);
    if (bytes == 0) return;
    throttle->received_at = now;
    throttle->window_factor = bytes_per_second < THROTTLE_BUSY_BYTES ? THROTTLE_FACTOR : THROTTLE_BUSY_FACTOR;
}

void throttle_update(struct throttle *throttle, int64_t bytes, bool is_urgent)
{
    int64_t now = clock_monotonic_ms();
    bool is_first = !throttle->has_measured; /* what was received before says nothing about the rate */
    if (is_first || now - throttle->window_at >= THROTTLE_WINDOW_MS) {
        if (!is_first) end_window(throttle, bytes - throttle->bytes, now);
        throttle->has_measured = true;
        throttle->window_at = now;
        throttle->bytes = bytes;
    }
    bool is_quiet = now - throttle->received_at >= THROTTLE_QUIET_MS;
    throttle->factor = is_quiet || is_urgent ? 0 : throttle->window_factor;
}

struct throttle_work throttle_begin(struct throttle *throttle, struct turn *turn)
{
    return (struct throttle_work){.throttle = throttle, .since_us = now_us(), .turn = turn};
}

void throttle_sleep(struct throttle_work *work)
{
    int factor = work->throttle ? work->throttle->factor : 0;
    if (work->turn) turn_renew(work->turn);
    if (factor == 0 || work->slept_ms >= THROTTLE_SLEEP_MAX_MS) return;
    int64_t worked_us = now_us() - work->since_us;
    if (worked_us < THROTTLE_WORK_US) return;
    int64_t sleep_ms = worked_us * factor / 1000;
    if (sleep_ms > THROTTLE_SLEEP_MAX_MS - work->slept_ms) sleep_ms = THROTTLE_SLEEP_MAX_MS - work->slept_ms;
    (void)signals_wait(work->throttle->signals, (int)sleep_ms);
    work->slept_ms += sleep_ms;
    work->since_us = now_us();
}

static void take_pause(void *context)
{
    throttle_sleep(context);
}

struct pause throttle_pause(struct throttle_work *work)
{
    return (struct pause){take_pause, work};
}
