/*
 * arrivals -- do rejects arrive now, of which reasons, and how many? Pure.
 *
 * It follows from facts in the spool, so that a restart changes nothing: the counters of arrivals
 * (collector/spool/reject_counts.h), and the newest rows of rejects. A reason arrives if its last reject came within
 * ARRIVALS_MS and is not settled: a reject that was retried or dismissed does not count, unless others of its reason are
 * left. What a retry leaves of a reject has that one's time of arrival, and no counter: it begins nothing.
 *
 * How many came is the difference of the counters over that time. They are looked at every second, and remembered every
 * ARRIVALS_STEP_MS.
 */
#ifndef COLLECTOR_STATUS_ARRIVALS_H
#define COLLECTOR_STATUS_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/status/reasons.h"
#include "common/problem.h"

#define ARRIVALS_MS           300000 /* a reject is news for so long */
#define ARRIVALS_STEP_MS      10000
#define ARRIVALS_STEPS        (ARRIVALS_MS / ARRIVALS_STEP_MS + 2)
#define ARRIVALS_ELEMENT_SIZE 80 /* of an element's name that is shown; a longer one is cut */

/* Of one reason; times in ms since 1970. */
struct arrivals_reason {
    int64_t total, last_at; /* its counter; last_at 0: none ever came */
    int64_t rows;           /* among the newest of the last ARRIVALS_MS */
    int64_t unsettled;      /* of these */
    int64_t newest_at;      /* of these; 0: there is none */
};

struct arrivals_facts {
    int64_t now;
    struct arrivals_reason of[REASONS_COUNT];
    char detail
        [PROBLEM_TEXT_SIZE]; /* of the newest unsettled reject of an unknown element; "": there is none */
};

struct arrivals_sample {
    int64_t at;
    int64_t totals[REASONS_COUNT];
};

/* What is remembered of earlier looks; all zeros at first. */
struct arrivals {
    struct arrivals_sample samples[ARRIVALS_STEPS]; /* the oldest first */
    size_t count;
};

/* Takes the facts of now in. */
void arrivals_note(struct arrivals *arrivals, const struct arrivals_facts *facts);

struct arrivals_texts {
    char message[PROBLEM_TEXT_SIZE], remedy[PROBLEM_TEXT_SIZE];
};

/* Is `rejects_arriving` present: does any reason arrive other than unknown_element? Then its texts are filled in. */
bool arrivals_find_rejects(const struct arrivals *arrivals, const struct arrivals_facts *facts,
                           struct arrivals_texts *texts);

/* The same for `unknown_elements`, which names the element of the newest one. */
bool arrivals_find_unknown(const struct arrivals *arrivals, const struct arrivals_facts *facts,
                           struct arrivals_texts *texts);

#endif
