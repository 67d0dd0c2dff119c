/*
 * throttle -- slows the shipping of a backlog down, so that it does not slow the collector down. Each thread that reads,
 * renders or hashes works for a share of the time and sleeps for the rest. Uploads continue meanwhile. What the share is,
 * and why, is throttle_policy.h; this is only how the threads keep to it.
 *
 * The sleeps are short and many, so an event never waits for the work on a whole batch. A sleep that ends late counts as
 * long as it was. Priorities would not help: between services, and between containers, nice(1) has no effect.
 */
#ifndef UPLOADER_SHIP_THROTTLE_H
#define UPLOADER_SHIP_THROTTLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/signals.h"
#include "common/turn.h"
#include "uploader/batch/pause.h"
#include "uploader/ship/throttle_policy.h"

#define THROTTLE_CREDIT_MS 20 /* a sleep that was too long shortens the next ones by at most so much */
/* All sleeps of one piece of work together: nothing is reported meanwhile */
#define THROTTLE_SLEEP_MAX_MS 5000

struct throttle {
    struct signals *signals; /* borrowed; a stop ends every sleep */
    atomic_int share;        /* in force now */
    atomic_bool is_gentle;   /* likewise: events come in and no backlog grows, so the collector goes first */
    /* It belongs to the thread that brings what it saw: */
    struct throttle_policy policy;
};

void throttle_init(struct throttle *throttle, struct signals *signals);

/* What one thread has seen: see throttle_policy.h. */
void throttle_look(struct throttle *throttle, const struct throttle_look *look);
void throttle_backlog(struct throttle *throttle, const struct throttle_backlog *backlog);

/* One piece of work, of any thread: a batch to render, or an object to hash. */
struct throttle_work {
    struct throttle *throttle; /* borrowed; NULL: never sleeps */
    int64_t since_us;          /* monotonic: work up to it is counted */
    int64_t owed_us;           /* of sleep; below 0: slept too long */
    int64_t slept_ms;
    struct turn *turn; /* borrowed; renewed with each slice; NULL: nobody watches this thread */
};

struct throttle_work throttle_begin(struct throttle *throttle, struct turn *turn);

/* Renews the turn, and sleeps if it is time to. Call it between two slices of the work. */
void throttle_sleep(struct throttle_work *work);

/* The same for code that does not know of throttles. Borrows `work`. */
struct pause throttle_pause(struct throttle_work *work);

#endif
