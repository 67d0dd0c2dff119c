/*
 * rates -- events a minute of each sender, from what each had sent about a minute ago. Pure.
 */
#ifndef COLLECTOR_STATUS_RATES_H
#define COLLECTOR_STATUS_RATES_H

#include "common/status/status.h"

#define RATES_STEP_MS 10000 /* between two samples */
#define RATES_SAMPLES 7     /* so the oldest one is a minute old, or a little more */

struct rates_sender {
    char sender[STATUS_NAME_SIZE], source[64];
    int64_t events;
};

struct rates_sample {
    int64_t at; /* monotonic ms; 0: there is none yet */
    size_t count;
    struct rates_sender senders[STATUS_SENDERS_MAX];
};

struct rates { /* all zeros: nothing is known yet */
    struct rates_sample samples[RATES_SAMPLES];
    size_t newest;
};

/* The senders as they are at `at` (monotonic ms): kept as a sample if the last one is old enough. */
void rates_add(struct rates *rates, const struct status *status, int64_t at);

/*
 * Events a minute of the sender at each place of the status at `at`; -1 where it is not known. One that was not there in the
 * old sample has begun since.
 */
void rates_copy(const struct rates *rates, const struct status *status, int64_t at,
                int64_t events_per_minute[STATUS_SENDERS_MAX]);

#endif
