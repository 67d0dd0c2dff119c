/*
 * schedule -- when the next events are due at a given rate, or with a given time between two of them.
 * Happy path: the schedule says how many events should have left, a token bucket how many may leave at once;
 * the smaller number counts. The bucket fills faster than the schedule runs, so it matters only after a
 * stall. What can fail: nothing.
 */
#include "tools/acmsim/schedule.h"

#include "tools/acmsim/clock.h"

#define CATCH_UP 1.25
#define BURST_S  0.010

#define MS_PER_S 1000.0

void schedule_start(struct schedule *p, uint64_t rate, uint64_t interval_ms, int64_t now_ns)
{
    *p = (struct schedule){.rate = (double)rate, .started_ns = now_ns, .filled_ns = now_ns};
    if (interval_ms == 0) return;
    p->rate = MS_PER_S / (double)interval_ms;
    p->ahead = 1;
    p->tokens = 1;
}

bool schedule_has_limit(const struct schedule *p)
{
    return p->rate > 0;
}

static double seconds_between(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)NS_PER_S;
}

uint64_t schedule_allow(struct schedule *p, int64_t now_ns)
{
    double most = p->rate * BURST_S > 1 ? p->rate * BURST_S : 1;
    double due = p->rate * seconds_between(p->started_ns, now_ns) + (double)p->ahead - (double)p->spent;

    if (!schedule_has_limit(p)) return UINT64_MAX;
    p->tokens += p->rate * CATCH_UP * seconds_between(p->filled_ns, now_ns);
    p->filled_ns = now_ns;
    if (p->tokens > most) p->tokens = most;
    due = due < p->tokens ? due : p->tokens;
    return due > 0 ? (uint64_t)due : 0;
}

void schedule_spend(struct schedule *p, uint64_t events)
{
    p->spent += events;
    p->tokens -= (double)events;
}

int64_t schedule_next_due_ns(const struct schedule *p)
{
    if (!schedule_has_limit(p)) return p->started_ns;
    return p->started_ns + (int64_t)((double)(p->spent + 1 - p->ahead) / p->rate * (double)NS_PER_S);
}
