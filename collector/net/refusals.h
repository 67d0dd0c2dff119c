/*
 * refusals -- logs senders that ALLOW_FROM does not let in, without filling the log.
 *
 * Each of the first REFUSALS_SOURCES addresses is logged at once, at its first refusal. All other refusals are counted,
 * and the count is logged once a minute.
 */
#ifndef COLLECTOR_NET_REFUSALS_H
#define COLLECTOR_NET_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "collector/framing/event.h"

#define REFUSALS_SOURCES   16
#define REFUSALS_PERIOD_MS 60000

struct refusals { /* starts zeroed */
    char sources[REFUSALS_SOURCES][EVENT_SOURCE_MAX];
    size_t source_count;
    char last[EVENT_SOURCE_MAX]; /* the last address that was only counted */
    int64_t unlogged;            /* refusals counted since the last line */
    int64_t logged_at;           /* monotonic ms */
};

/* A sender at `source` (a numeric address) was refused at `now` (monotonic ms). */
void refusals_add(struct refusals *refusals, const char *source, int64_t now);

/* Logs the counted refusals if the last line is a minute old; to be called every few seconds. */
void refusals_log(struct refusals *refusals, int64_t now);

#endif
