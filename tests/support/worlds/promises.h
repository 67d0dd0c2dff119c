/*
 * promises -- what scheduler.h promises, as an outsider can check it. Each is a function of its own, which calls
 * world_break() with what was broken.
 */
#ifndef TESTS_SUPPORT_WORLDS_PROMISES_H
#define TESTS_SUPPORT_WORLDS_PROMISES_H

#include "tests/support/worlds/world.h"

/* scheduler_next() says SHIP, ERRAND or PROVE, or SEAL, and it has not been done yet. */
void promises_check_begin(struct world *world, const struct scheduler_step *step);
void promises_check_seal(struct world *world, enum batch_kind kind);

/* scheduler_next() says WAIT, and nothing will happen before `wake`. */
void promises_check_wait(struct world *world, const struct scheduler_step *step, int64_t wake);

/* A try has failed for answer->cause; scheduler_end() says that it counts for `scope`. */
void promises_check_scope(struct world *world, const struct world_try *a_try, enum scope scope);

/* The world is at its end. */
void promises_check_end(struct world *world);

#endif
