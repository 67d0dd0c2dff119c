/*
 * pace -- a drain gives way to the collector. While events come in, one batch at a time is read, rendered and hashed, and
 * then follows a rest as long as that took, longer while they come in at full speed: of two cores, more than one stays free.
 * Uploads go on meanwhile.
 *
 * It is not left to priorities: between services, and between containers, nice(1) means nothing.
 * Times are milliseconds of the monotonic clock.
 */
#ifndef UPLOADER_PACE_H
#define UPLOADER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_WINDOW_MS   250     /* over which is measured what comes in */
#define PACE_QUIET_MS    1000    /* without anything: nobody needs a rest */
#define PACE_FLOOD_BYTES 5000000 /* in a window, and more: full speed */
#define PACE_FLOOD_RESTS 3       /* then a rest is so many times as long */

struct pace {
    int64_t window_until; /* 0: nothing was seen yet */
    int64_t bytes;        /* that had come in when the window began */
    int64_t came_at;      /* the end of the last window in which something came */
    int rests;            /* how many times as long as the work; 0: nobody needs a rest */
    int64_t began;        /* 0: no batch is worked on */
    int64_t rest_until;
};

/* So many bytes have come in, ever. Where space is short (`is_urgent`), nobody gains by a rest. */
void pace_look(struct pace *pace, int64_t bytes, bool is_urgent, int64_t now);

/* A batch's bytes are begun; they are done, or given up. */
void pace_begin(struct pace *pace, int64_t now);
void pace_end(struct pace *pace, int64_t now);

/* May the next batch begin? Where not, `*wait_ms` falls to the time until it may, if only a rest is in the way. */
bool pace_allows(const struct pace *pace, int64_t now, int *wait_ms);

/* How long to rest after other work that began then and ends now. */
int64_t pace_rest_ms(const struct pace *pace, int64_t began, int64_t now);

#endif
