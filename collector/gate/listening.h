/*
 * listening -- since when has the collector been listening to its senders without a long interruption? A sender that was
 * silent while nobody listened, because the collector did not run or the gate was closed, is not to be blamed.
 *
 * The time of the last look at which the gate was open is remembered. If it is long ago at the next one, the listening
 * begins anew there; short interruptions, such as a restart, do not count, so that a collector that is restarted each
 * day still finds who is silent. A suspended machine and a wall clock that jumps forward look like an interruption as
 * well. What is remembered is kept in the spool (collector/spool/collector_row.h), for the next process.
 *
 * One thread notes; any thread may load.
 */
#ifndef COLLECTOR_GATE_LISTENING_H
#define COLLECTOR_GATE_LISTENING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Times in ms since 1970. */
struct listening_span {
    int64_t since; /* 0: no long interruption is known */
    int64_t at;    /* when the gate was last seen open; 0: never */
};

struct listening {
    int64_t gap_ms; /* a longer interruption counts */
    _Atomic int64_t since, at;
};

/* Of what counts as silence, interruptions of a small part do not matter; none that is shorter than some looks is seen. */
int64_t listening_gap_ms(int64_t silence_ms);

/* The span after a look at `now` at which the gate is open. Pure. */
struct listening_span listening_go_on(struct listening_span span, int64_t now, int64_t gap_ms);

/* What the last process has left; before the first note. */
void listening_begin(struct listening *listening, int64_t gap_ms, const struct listening_span *last);

/* The gate is open, to be called every few seconds while it is. */
void listening_note(struct listening *listening, int64_t now);

struct listening_span listening_load(struct listening *listening);

#endif
