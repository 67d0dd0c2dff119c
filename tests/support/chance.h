/*
 * chance -- random numbers that can be had again: the seed is printed, and TEST_SEED=number in the environment sets it.
 */
#ifndef TESTS_SUPPORT_CHANCE_H
#define TESTS_SUPPORT_CHANCE_H

#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

struct chance chance_begin(void); /* prints the seed */
size_t chance_below(struct chance *chance, size_t limit);

#endif
