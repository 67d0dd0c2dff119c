/* chance -- see chance.h. Xorshift: quick, the same everywhere, good enough for tests. */
#include "tests/support/chance.h"

#include <stdio.h>
#include <stdlib.h>

struct chance chance_begin(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20140610;
    (void)fprintf(stderr, "TEST_SEED=%llu\n", (unsigned long long)seed);
    return (struct chance){seed * 2 + 1}; /* xorshift never leaves 0 */
}

size_t chance_below(struct chance *chance, size_t limit)
{
    chance->state ^= chance->state << 13;
    chance->state ^= chance->state >> 7;
    chance->state ^= chance->state << 17;
    return (size_t)(chance->state % limit);
}
