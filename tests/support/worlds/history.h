/*
 * history -- keeps what an outsider knows of each scope, group and kind up to date, as tries begin and end.
 */
#ifndef TESTS_SUPPORT_WORLDS_HISTORY_H
#define TESTS_SUPPORT_WORLDS_HISTORY_H

#include "tests/support/worlds/world.h"

/* A new scheduler knows only which batches are open. */
void history_restart(struct world *world);
void history_begin(struct world *world, struct world_try *a_try);

/* The try is over, which counts for `scope` if it has failed. Its batch is refused, settled, or open as before. */
void history_end(struct world *world, const struct world_try *a_try, enum scope scope);
void history_hurry(struct world *world);

/* While a group is open, each of its batches is tried once: is there one that was not, and does not run? */
bool history_has_untried(const struct world *world, int group);

/* An open group in which each batch has been tried may rest again. */
void history_close_group(struct world *world, int group);

/* Does this try still hold a probe's place now? */
bool history_holds_place(const struct world *world, const struct world_try *a_try);

#endif
