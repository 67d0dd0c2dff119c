/*
 * pace -- a drain gives way to the collector. While events come in, one batch at a time is read, rendered and hashed, and
 * then follows a rest three times as long as that took: of two cores, more than one stays free. Uploads go on meanwhile.
 *
 * It is not left to priorities: between services, and between containers, nice(1) means nothing.
 * Times are milliseconds of the monotonic clock.
 */
#ifndef UPLOADER_PACE_H
#define UPLOADER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_RESTS    3    /* a rest is so many times as long as the work */
#define PACE_QUIET_MS 1000 /* nothing has come in for so long: nobody needs a rest */

struct pace {
    bool has_looked;
    int64_t bytes;        /* that have come in, ever, when it was looked last */
    int64_t shared_until; /* the collector is at work */
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
