/*
 * why -- a fixed-size explanation that grows outward, layer by layer.
 *
 * The line that fails explains: `return why_set(why, RES_RETRY, "no space in %s", path);`
 * Outer layers prefix: `return why_wrap(why, res, "ship batch %" PRId64, id);` so that a person reads
 * `ship batch 41: put object: HTTP 503`. What does not fit is cut at the end. Never put payload text in it.
 */
#ifndef COMMON_WHY_H
#define COMMON_WHY_H

#include "common/result.h"

#define WHY_SIZE 1024

struct why {
    char text[WHY_SIZE];   /* what failed, "" while nothing has */
    char remedy[WHY_SIZE]; /* what a person can do about it, "" where waiting is all there is */
};

/* Sets the explanation and returns `res`. `why` is never NULL. */
enum result why_set(struct why *why, enum result res, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts `format: ` before what is there and returns `res`. */
enum result why_wrap(struct why *why, enum result res, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what a person can do, in plain words; returns `res`. */
enum result why_remedy(struct why *why, enum result res, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An explanation starts afresh where the same struct serves one try after another. */
void why_clear(struct why *why);

#endif
