/*
 * schedule -- when the next events are due at a given rate, or with a given time between two of them.
 * On schedule, event k is due k/rate after the start, or with an interval (k-1) intervals after it. Behind schedule
 * (a stalled machine or receiver) it catches up at 1.25 times the rate, and never in bursts of more than 10 ms worth.
 */
#ifndef ACMSIM_SCHEDULE_H
#define ACMSIM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule {
    double rate;    /* events per second; 0: no limit */
    uint64_t ahead; /* events that are due at the start */
    uint64_t spent; /* events let go so far */
    int64_t started_ns, filled_ns;
    double tokens; /* events that may leave at once */
};

/* `interval_ms` counts if it is not 0, else `rate`; with neither there is no limit. */
void schedule_start(struct schedule *schedule, uint64_t rate, uint64_t interval_ms, int64_t now_ns);

bool schedule_has_limit(const struct schedule *schedule);

/* How many events may leave now; UINT64_MAX without a limit. */
uint64_t schedule_allow(struct schedule *schedule, int64_t now_ns);

/* `events` of those allowed have left. */
void schedule_spend(struct schedule *schedule, uint64_t events);

/* When the next event is due, at the earliest. */
int64_t schedule_next_due_ns(const struct schedule *schedule);

#endif
