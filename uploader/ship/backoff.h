/*
 * backoff -- how long to wait after the nth failure in a row: doubling, capped, jittered. Pure.
 */
#ifndef UPLOADER_SHIP_BACKOFF_H
#define UPLOADER_SHIP_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t first_ms, most_ms;
};

/* `failures` counts from 1; `random` is any number. The result is between half and all of the doubled time. */
int64_t backoff_ms(const struct backoff *backoff, int failures, uint32_t random);

#endif
