/*
 * schedule -- when the next events are due at a given rate.
 * Happy path: the schedule says how many events should have left, a token bucket how many may leave at once;
 * the smaller number counts. The bucket fills faster than the schedule runs, so it matters only after a
 * stall. What can fail: nothing.
 */
#include "tools/acmsim/schedule.h"

#include "tools/acmsim/clock.h"

#define CATCH_UP 1.25
#define BURST_S  0.010

void schedule_start(struct schedule *p, uint64_t rate, int64_t now_ns)
{
    *p = (struct schedule){.rate = rate, .started_ns = now_ns, .filled_ns = now_ns};
}

static double seconds_between(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)NS_PER_S;
}

uint64_t schedule_allow(struct schedule *p, int64_t now_ns)
{
    double rate = (double)p->rate;
    double most = rate * BURST_S > 1 ? rate * BURST_S : 1;
    double due = rate * seconds_between(p->started_ns, now_ns) - (double)p->spent;

    if (p->rate == 0) return UINT64_MAX;
    p->tokens += rate * CATCH_UP * seconds_between(p->filled_ns, now_ns);
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
    if (p->rate == 0) return p->started_ns;
    return p->started_ns + (int64_t)((double)(p->spent + 1) / (double)p->rate * (double)NS_PER_S);
}
