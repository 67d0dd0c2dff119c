/*
 * throttle -- slows the shipping of a backlog down, so that it does not slow the collector down. While events are
 * received, each millisecond of reading, rendering and hashing is followed by eight milliseconds of sleep, in each
 * thread that does such work; or by three if much is received. Uploads continue meanwhile.
 *
 * The sleeps are short and many, so an event never waits for the work on a whole batch. Priorities would not help:
 * between services, and between containers, nice(1) has no effect.
 */
#ifndef UPLOADER_SHIP_THROTTLE_H
#define UPLOADER_SHIP_THROTTLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/signals.h"
#include "common/turn.h"
#include "uploader/batch/pause.h"

#define THROTTLE_FACTOR      8       /* a sleep is this many times as long as the work before it */
#define THROTTLE_BUSY_FACTOR 3       /* at more than THROTTLE_BUSY_BYTES: the uploader must keep up */
#define THROTTLE_BUSY_BYTES  2000000 /* received in a second */
#define THROTTLE_WINDOW_MS   250     /* the shortest time over which the rate is measured */
#define THROTTLE_QUIET_MS    1000    /* nothing was received for this long: no more sleeping */
#define THROTTLE_WORK_US     500     /* the shortest work between two sleeps */
/* All sleeps of one piece of work together: nothing is reported meanwhile */
#define THROTTLE_SLEEP_MAX_MS 5000

struct throttle {
    struct signals *signals; /* borrowed; a stop ends every sleep */
    atomic_int factor; /* in force now; 0: no sleeping. The other fields belong to the updating thread: */
    bool has_measured;
    int64_t window_at;   /* monotonic ms: when the current window began, */
    int64_t bytes;       /* and how many bytes had been received then */
    int64_t received_at; /* monotonic ms: the end of the last window in which any were received, */
    int window_factor;   /* and the factor for its rate */
};

/*
 * `bytes` is the total that was ever received. `is_urgent`: space is low, so there is no sleeping. Call it from one
 * thread.
 */
void throttle_update(struct throttle *throttle, int64_t bytes, bool is_urgent);

/* One piece of work, of any thread: a batch to render, or an object to hash. */
struct throttle_work {
    struct throttle *throttle; /* borrowed; NULL: never sleeps */
    int64_t since_us;          /* monotonic: when it began, or last slept */
    int64_t slept_ms;
    struct turn *turn; /* borrowed; renewed with each slice; NULL: nobody watches this thread */
};

struct throttle_work throttle_begin(struct throttle *throttle, struct turn *turn);

/* Renews the turn, and sleeps if it is time to. Call it between two slices of the work. */
void throttle_sleep(struct throttle_work *work);

/* The same for code that does not know of throttles. Borrows `work`. */
struct pause throttle_pause(struct throttle_work *work);

#endif
