/*
 * figures -- counts, sizes and spans of time as people read them. Pure.
 */
#ifndef COMMON_FIGURES_H
#define COMMON_FIGURES_H

#include <stdint.h>

#define FIGURES_SIZE 32

/* Each writes its text into `out`, and returns it. */

/* `8,200,000` */
const char *figures_count(int64_t count, char out[FIGURES_SIZE]);

/* `812 bytes`, `6.6 KiB`, `10 MiB`, `73 GiB`: below ten with one decimal, and rounded down, as it may be what is free. */
const char *figures_bytes(int64_t bytes, char out[FIGURES_SIZE]);

/* `3 days`, `5 h`, `12 min`, `40 s`: by its largest unit that is at least 2 (days from 2 on), rounded down. */
const char *figures_span(int64_t ms, char out[FIGURES_SIZE]);

#endif
