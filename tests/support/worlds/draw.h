/*
 * draw -- draws a world from its seed: settings, rows and when they arrive, what a person does and when, the weather.
 */
#ifndef TESTS_SUPPORT_WORLDS_DRAW_H
#define TESTS_SUPPORT_WORLDS_DRAW_H

#include "tests/support/worlds/world.h"

/* `refused_batches`: so many, which were refused, or will be, lie before the rows of the world; 0: a small world. */
void draw_world(struct world *world, uint64_t seed, int64_t refused_batches);

/* Settings of another start. */
void draw_settings(struct world *world);

/* Is all that can be shipped ever? */
bool draw_is_settled(const struct world *world);

#endif
