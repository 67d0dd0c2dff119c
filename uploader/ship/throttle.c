/* throttle -- see throttle.h. */
#include "uploader/ship/throttle.h"

#include "common/clock.h"

void throttle_init(struct throttle *throttle, struct signals *signals)
{
    throttle->signals = signals;
    throttle->policy = throttle_policy_begin();
    throttle->share = throttle->policy.share;
    throttle->is_gentle = false;
}

void throttle_look(struct throttle *throttle, const struct throttle_look *look)
{
    throttle_policy_look(&throttle->policy, clock_monotonic_ms(), look);
    throttle->share = throttle->policy.share;
    throttle->is_gentle = throttle->policy.state == THROTTLE_YIELDING;
}

void throttle_backlog(struct throttle *throttle, const struct throttle_backlog *backlog)
{
    throttle_policy_backlog(&throttle->policy, clock_monotonic_ms(), backlog);
}

struct throttle_work throttle_begin(struct throttle *throttle, struct turn *turn)
{
    return (struct throttle_work){.throttle = throttle, .since_us = clock_monotonic_us(), .turn = turn};
}

static void count_work(struct throttle_work *work, int share)
{
    int64_t now_us = clock_monotonic_us();
    work->owed_us += throttle_policy_sleep(share, now_us - work->since_us);
    work->since_us = now_us;
}

static void sleep_now(struct throttle_work *work, int64_t sleep_ms)
{
    (void)signals_wait(work->throttle->signals, (int)sleep_ms);
    int64_t now_us = clock_monotonic_us();
    work->owed_us -= now_us - work->since_us;
    if (work->owed_us < -THROTTLE_CREDIT_MS * 1000) work->owed_us = -THROTTLE_CREDIT_MS * 1000;
    work->since_us = now_us;
    work->slept_ms += sleep_ms;
}

void throttle_sleep(struct throttle_work *work)
{
    if (work->turn) turn_renew(work->turn);
    if (!work->throttle) return;
    count_work(work, work->throttle->share);
    int64_t left_ms = THROTTLE_SLEEP_MAX_MS - work->slept_ms;
    int64_t sleep_ms = work->owed_us / 1000 < left_ms ? work->owed_us / 1000 : left_ms;
    if (sleep_ms > 0) sleep_now(work, sleep_ms);
}

static void take_pause(void *context)
{
    throttle_sleep(context);
}

struct pause throttle_pause(struct throttle_work *work)
{
    return (struct pause){take_pause, work};
}
