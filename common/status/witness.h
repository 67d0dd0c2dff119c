/*
 * witness -- logs problems that nobody can publish about himself, such as a program that does not run: what one program
 * finds of them in the status is logged when it begins, again as a reminder, and when it ends, as its own problems are.
 */
#ifndef COMMON_STATUS_WITNESS_H
#define COMMON_STATUS_WITNESS_H

#include "common/status/status.h"

struct witness;

/* Of the problems `codes`, `count` of them, borrowed until witness_free(). Never fails: out of memory aborts. */
struct witness *witness_new(const enum problem_code *codes, size_t count);
void witness_free(struct witness *witness); /* accepts NULL */

/*
 * To be called every few seconds with a judged status. What is seen for less than WITNESS_MS is not logged: programs that
 * are started or restarted together miss each other for a moment.
 */
#define WITNESS_MS 4000
void witness_update(struct witness *witness, const struct status *status);

#endif
