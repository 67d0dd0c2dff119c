/*
 * histogram -- how long something takes, in buckets as Prometheus wants them: one thread or several add, any thread reads.
 *
 * No lock: a reader may see a time in its bucket that is not in the sum yet. The next reading has both.
 */
#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 13

/* The upper bounds of the buckets in microseconds, ascending; the last one has none: INT64_MAX. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BUCKETS];

struct histogram {                             /* all zeros: nothing was added */
    _Atomic int64_t counts[HISTOGRAM_BUCKETS]; /* of each bucket alone */
    _Atomic int64_t sum_us;
};

/* A negative time counts as 0. */
void histogram_add(struct histogram *histogram, int64_t us);

#endif
