/* turn -- see turn.h. */
#include "common/turn.h"

#include "common/clock.h"

void turn_begin(struct turn *turn, const char *call)
{
    atomic_store(&turn->call, call);
    atomic_store(&turn->since, clock_monotonic_ms());
}

void turn_end(struct turn *turn)
{
    atomic_store(&turn->since, 0);
}

void turn_renew(struct turn *turn)
{
    if (atomic_load(&turn->since) != 0) atomic_store(&turn->since, clock_monotonic_ms());
}

int64_t turn_lasts(struct turn *turn, const char **call)
{
    int64_t since = atomic_load(&turn->since);
    *call = atomic_load(&turn->call);
    if (since == 0 || atomic_load(&turn->since) != since) return 0; /* another call has begun meanwhile */
    int64_t lasts = clock_monotonic_ms() - since;
    return lasts > 0 ? lasts : 0;
}
