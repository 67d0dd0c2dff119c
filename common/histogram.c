/* histogram -- see histogram.h. The bounds fit a commit: from a fast disk's sync to one that hangs. */
#include "common/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BUCKETS] = {
    1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000, 30000000, INT64_MAX,
};

void histogram_add(struct histogram *histogram, int64_t us)
{
    size_t i = 0;
    if (us < 0) us = 0;
    while (us > histogram_bounds_us[i]) i++; /* the last bound is above every time */
    atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, us, memory_order_relaxed);
}
