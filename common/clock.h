/*
 * clock -- milliseconds of the wall clock and of the monotonic clock, and time as text.
 *
 * Wall time (`_at`) is for people and for objects; it may jump. Waiting is measured by the monotonic clock (`_due`).
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

#define CLOCK_ISO_SIZE 32
#define CLOCK_KEY_SIZE 16

int64_t clock_now_ms(void);       /* since 1970, UTC */
int64_t clock_monotonic_ms(void); /* since some fixed moment; never jumps */
int64_t clock_monotonic_us(void); /* the same in microseconds */

/* Times come from servers and files, too: one after the year 9999 is written as the last moment of that year. */

/* 2031-05-04T10:11:12.345Z; the empty string for -1 (never). Returns `out`. */
const char *clock_iso(int64_t at_ms, char out[CLOCK_ISO_SIZE]);

/* 20310504_101112 in UTC, for object keys. Returns `out`. */
const char *clock_key_time(int64_t at_ms, char out[CLOCK_KEY_SIZE]);

#endif
