/*
 * pace -- a drain gives way to the collector. While events come in, each millisecond of reading, rendering and hashing is
 * followed by a rest eight times as long, in each thread that does so; three times where much comes in. Uploads go on
 * meanwhile.
 *
 * Rests are short and many: an event never waits behind the work on a whole batch. It is not left to priorities: between
 * services, and between containers, nice(1) means nothing.
 */
#ifndef UPLOADER_SHIP_PACE_H
#define UPLOADER_SHIP_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/signals.h"

#define PACE_RESTS 8 /* a rest is so many times as long as the work, */
#define PACE_BUSY_RESTS                                                                                      \
    3 /* and so many where more than so much comes in a second: the uploader must keep up */
#define PACE_BUSY_BYTES 2000000
#define PACE_WINDOW_MS  250  /* over which that is measured, at least */
#define PACE_QUIET_MS   1000 /* nothing has come in for so long: nobody needs a rest */
#define PACE_WORK_US    500  /* at least so much work at a time */
#define PACE_MOST_MS    5000 /* that one piece of work, a batch, rests in all: signs of life wait for it */

struct pace {
    struct signals *signals; /* borrowed; a stop ends all rests */
    atomic_int rests;        /* so many times as long as the work, now */
    bool has_looked;         /* these are the owner's alone, times are monotonic, in ms: */
    int64_t window_at;       /* a window began, */
    int64_t bytes;           /* when so many had come in; */
    int64_t came_at;         /* the end of the last window in which any came, */
    int came_rests;          /* and what they asked for */
};

/* `bytes` have come in, ever. Where space is short (`is_urgent`), nobody gains by a rest. By one thread. */
void pace_look(struct pace *pace, int64_t bytes, bool is_urgent);

/* A piece of work, of any thread. */
struct pace_work {
    int64_t since_us; /* monotonic: it has rested, or begun */
    int64_t rested_ms;
};

struct pace_work pace_begin(void);

/* Between two slices of the work: rests, if it is time to. A NULL `pace` never rests. */
void pace_give_way(struct pace *pace, struct pace_work *work);

#endif
