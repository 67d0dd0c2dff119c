/*
 * why -- the explanation of an error, of fixed size; each layer of calls may add to it.
 *
 * The function that fails sets the text: `return why_set(why, RES_RETRY, "no space in %s", path);` Outer layers put a
 * prefix before it: `return why_wrap(why, res, "ship batch %" PRId64, id);` so that a person reads `ship batch 41: put
 * object: HTTP 503`. A text that is too long is cut at its end. Never put payload text in it.
 *
 * Whatever the values hold, a text is one line of printable characters (printable.h), in UTF-8.
 */
#ifndef COMMON_WHY_H
#define COMMON_WHY_H

#include <stdbool.h>

#include "common/result.h"

#define WHY_SIZE 1024

struct why {
    char text[WHY_SIZE];   /* what failed; "" if nothing has failed */
    char remedy[WHY_SIZE]; /* what a person can do about it; "" if a person need only wait */
    bool is_locked;        /* another connection's lock on a database was in the way (db.h) */
};

/* Sets the explanation and returns `res`. `why` is never NULL. */
enum result why_set(struct why *why, enum result res, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts the formatted text and ": " before the present text and returns `res`. */
enum result why_wrap(struct why *why, enum result res, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets what a person can do; returns `res`. */
enum result why_remedy(struct why *why, enum result res, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Empties both texts, for a struct that is used again for another try. */
void why_clear(struct why *why);

#endif
