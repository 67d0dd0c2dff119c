/*
 * live -- what only the running collector knows: who is connected, and what has happened in the last 24 hours. The page
 * shows it beside the status; other programs that read the spool do without it.
 */
#ifndef COMMON_STATUS_LIVE_H
#define COMMON_STATUS_LIVE_H

#include <stddef.h>
#include <stdint.h>

#define LIVE_SOURCES_MAX 64
#define LIVE_HOUR_POINTS 60  /* of a minute each */
#define LIVE_DAY_POINTS  288 /* of five minutes each */

/* One address that is connected now. */
struct live_source {
    char source[64];
    int64_t connections;
    int64_t connected_at; /* its oldest connection */
    int64_t last_at;      /* when it last sent a byte; 0: it has sent none */
    int64_t events;       /* of its present connections */
};

/* What happened in the steps of a time, the last of which ends at `end_at`; -1 where it is not known. */
struct live_series {
    int64_t end_at;
    int64_t step_ms;
    size_t count;
    int64_t received[LIVE_DAY_POINTS], shipped[LIVE_DAY_POINTS]; /* events within the step */
    int64_t backlog[LIVE_DAY_POINTS];                            /* events at its end */
};

struct status_live {
    int64_t connections;
    struct live_source sources[LIVE_SOURCES_MAX]; /* those with the most events, most first */
    size_t source_count;
    int64_t events_per_minute
        [LIVE_SOURCES_MAX]; /* of the sender at the same place in the status; -1: not known yet */
    struct live_series hour, day;
};

#endif
