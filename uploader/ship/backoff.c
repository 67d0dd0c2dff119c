/* backoff -- see backoff.h. */
#include "uploader/ship/backoff.h"

int64_t backoff_ms(const struct backoff *backoff, int failures, uint32_t random)
{
    int64_t wait = backoff->first_ms;
    for (int i = 1; i < failures && wait < backoff->most_ms; i++) wait *= 2;
    if (wait > backoff->most_ms) wait = backoff->most_ms;
    return wait / 2 + (int64_t)(random % (uint64_t)(wait / 2 + 1));
}
