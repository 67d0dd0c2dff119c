/* server_clock -- see server_clock.h. */
#include "uploader/store/server_clock.h"

#include <stdlib.h>

void server_clock_read(struct server_clock *c, int64_t server_at, int64_t now, int64_t monotonic)
{
    int64_t reading = server_at - monotonic;
    int64_t ahead_ms = server_at - now;
    bool counts = !c->has_last || llabs(reading - c->last) <= SERVER_CLOCK_AGREE_MS;
    c->has_last = true;
    c->last = reading;
    if (!counts) return;
    c->believed = reading;
    c->ahead_ms = ahead_ms;
    c->is_wrong = llabs(ahead_ms) >= (c->is_wrong ? SERVER_CLOCK_RIGHT_MS : SERVER_CLOCK_WRONG_MS);
}

bool server_clock_is_wrong(struct server_clock *c, int64_t now, int64_t monotonic, int64_t *ahead_ms)
{
    if (llabs(c->believed + monotonic - now) < SERVER_CLOCK_RIGHT_MS) c->is_wrong = false;
    *ahead_ms = c->ahead_ms;
    return c->is_wrong;
}
