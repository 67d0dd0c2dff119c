/* arrival -- see arrival.h. */
#include "common/status/arrival.h"

enum result arrival_load(struct stmt *stmt, int64_t id, struct arrival *arrival, struct why *why)
{
    arrival->is_there = false;
    stmt_set_int(stmt, ":id", id);
    enum result res = stmt_step(stmt, &arrival->is_there, why);
    if (res == RES_OK && arrival->is_there)
        *arrival = (struct arrival){true, stmt_int(stmt, 0), stmt_int(stmt, 1), stmt_int(stmt, 2)};
    stmt_reset(stmt);
    return res;
}

enum result arrival_find(struct stmt *stmt, int64_t low, int64_t high, int64_t at, int64_t *first,
                         struct why *why)
{
    struct arrival arrival;
    enum result res = RES_OK;
    while (low < high && res == RES_OK) {
        int64_t middle = low + (high - low) / 2;
        res = arrival_load(stmt, middle, &arrival, why);
        if (res != RES_OK) break;
        if (!arrival.is_there || arrival.id >= high || arrival.received_at >= at)
            high = middle;
        else
            low = arrival.id + 1;
    }
    *first = high;
    return res;
}
