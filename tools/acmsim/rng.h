/*
 * rng -- numbers that look random and repeat exactly with the same seed (splitmix64).
 * Every template event has a generator of its own, so what one draws never shifts another.
 */
#ifndef ACMSIM_RNG_H
#define ACMSIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The generator number `which` of this seed; `purpose` keeps families of generators apart. */
static inline struct rng rng_of(uint64_t seed, uint64_t purpose, uint64_t which)
{
    struct rng r = {seed};

    r.state = rng_next(&r) ^ (purpose << 32);
    r.state = rng_next(&r) ^ which;
    return r;
}

/* 0 .. below-1; `below` is small, so the modulo's bias does not show. */
static inline unsigned rng_below(struct rng *r, unsigned below)
{
    return (unsigned)(rng_next(r) % below);
}

static inline bool rng_one_in(struct rng *r, unsigned n)
{
    return rng_below(r, n) == 0;
}

#endif
