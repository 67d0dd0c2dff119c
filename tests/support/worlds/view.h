/*
 * view -- what an outsider knows of a scope who sees only when tries begin and how they end. It is careful: between
 * what is surely so and what may be so lie tries that ran beside each other, of which the promises say less.
 */
#ifndef TESTS_SUPPORT_WORLDS_VIEW_H
#define TESTS_SUPPORT_WORLDS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

/* The least that the first pause may be, and the least after many failures: half of the doubled time. */
#define VIEW_AWAY_FIRST_MS    250
#define VIEW_REFUSED_FIRST_MS 2500
#define VIEW_SCOUT_FIRST_MS   500
#define VIEW_LATER_MS         10000 /* from the tenth failure in a row on */
#define VIEW_ASKED_MAX_MS     300000
#define VIEW_REST_MS          60000 /* no rest is longer; no probe holds its place longer */

struct view {
    bool is_well;        /* surely: tries may run beside each other */
    bool is_failing;     /* surely: one at a time, each after a rest */
    int failures;        /* in a row, surely counted */
    int64_t failed_at;   /* the last failure that may count; -1: none, or a person has ended its rest */
    int64_t counted_at;  /* the last failure that surely counts, */
    int64_t doubt_at;    /* and that may; -1: none */
    int64_t rested_from; /* the last failure that surely begins a rest; -1: none since a person ended it */
    int64_t good_at;     /* the last success that surely counts; -1: none */
    int64_t well_at;     /* and the last that may */
    int64_t asked_until;
    int64_t unwell_from; /* since when one at a time: the start, or a failure */
    int64_t first_ms;    /* the least first pause */
};

struct view_try {
    int64_t began;
    bool is_probe;   /* it began while the scope was not known to work */
    bool has_others; /* another such try that still holds its place runs */
};

struct view view_start(int64_t first_ms, int64_t now);
void view_succeed(struct view *view, const struct view_try *a_try, int64_t now);
void view_fail(struct view *view, const struct view_try *a_try, bool is_silent, int64_t asked_ms,
               int64_t now);
void view_hurry(struct view *view);

/* Before this, no try may begin, whatever runs. */
int64_t view_floor(const struct view *view);

/* From then on, no rest stands in the way; what runs may. */
int64_t view_ceiling(const struct view *view);

#endif
