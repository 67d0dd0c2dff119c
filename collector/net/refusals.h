/*
 * refusals -- tells of senders that ALLOW_FROM does not let in, without filling the log.
 *
 * A source that has not been told of yet gets a line at once, the first REFUSALS_SOURCES of them; all other refusals are
 * counted, and told in one line a minute.
 */
#ifndef COLLECTOR_NET_REFUSALS_H
#define COLLECTOR_NET_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "collector/framing/event.h"

#define REFUSALS_SOURCES   16
#define REFUSALS_PERIOD_MS 60000

struct refusals { /* begins as zeroes */
    char sources[REFUSALS_SOURCES][EVENT_SOURCE_MAX];
    size_t source_count;
    char last[EVENT_SOURCE_MAX];
    int64_t untold;
    int64_t logged_at; /* monotonic ms */
};

/* One from `source` (a numeric address) was refused at `now` (monotonic ms). */
void refusals_add(struct refusals *refusals, const char *source, int64_t now);

/* Tells of what has been counted, if a minute has passed; to be called now and then. */
void refusals_log(struct refusals *refusals, int64_t now);

#endif
