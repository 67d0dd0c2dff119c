/*
 * source_log -- the lines about connections, each of which names an address, without filling the log.
 *
 * For each kind of line: an address about which there was none for SOURCE_LOG_PERIOD_MS gets its line at once, but no
 * more than SOURCE_LOG_SOURCES addresses in that time. All else is counted, and the counts are logged once a minute.
 */
#ifndef COLLECTOR_NET_SOURCE_LOG_H
#define COLLECTOR_NET_SOURCE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "collector/framing/event.h"

#define SOURCE_LOG_SOURCES   16
#define SOURCE_LOG_PERIOD_MS 60000

enum source_line {
    SOURCE_CONNECTED,
    SOURCE_DISCONNECTED,
    SOURCE_REPLACED,    /* disconnected, so that another sender has a place */
    SOURCE_SILENT,      /* disconnected after IDLE_TIMEOUT */
    SOURCE_CUT_OFF,     /* as SOURCE_REPLACED, with bytes that were not read */
    SOURCE_NOT_ALLOWED, /* not accepted: ALLOW_FROM does not name it */
    SOURCE_NO_PLACE,    /* not accepted: MAX_CONNECTIONS, and nobody can go */
    SOURCE_TOO_MANY,    /* not accepted: MAX_CONNECTIONS_PER_SOURCE */
    SOURCE_CROWDED,     /* not accepted: too many of its address wait for a place */
    SOURCE_DOMINANT,    /* one of several addresses, and it holds three quarters of all places */
    SOURCE_GIVEN_UP,    /* its unfinished event became a reject: memory is short, and it was slow */
    SOURCE_LINE_COUNT
};

struct source_log { /* starts zeroed */
    struct source_log_line {
        struct {
            char source[EVENT_SOURCE_MAX];
            int64_t at; /* monotonic ms: the last time that there was something about it, logged or counted */
        } recent[SOURCE_LOG_SOURCES];
        size_t recent_count;
        char last[EVENT_SOURCE_MAX]; /* the last address that was only counted */
        int64_t unlogged;            /* counted since the last line */
        int64_t since;               /* monotonic ms: when the first of these was */
    } lines[SOURCE_LINE_COUNT];
};

/*
 * It happened at `now` (monotonic ms) to a sender at `source` (a numeric address). `fields` are more key=value pairs
 * for the line, separated by blanks; "" for none.
 */
void source_log_add(struct source_log *log, enum source_line line, const char *source, int64_t now,
                    const char *fields);

/* Logs counts that are a minute old; to be called every few seconds. */
void source_log_flush(struct source_log *log, int64_t now);

/* Logs all counts: there will be no more. */
void source_log_end(struct source_log *log);

#endif
