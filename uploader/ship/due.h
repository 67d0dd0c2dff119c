/*
 * due -- is it time to seal the waiting rows? Pure.
 */
#ifndef UPLOADER_SHIP_DUE_H
#define UPLOADER_SHIP_DUE_H

#include "uploader/spool/spool.h"

/*
 * The oldest waiting row, and since when it has been the oldest by the monotonic clock: so a wall clock that is set
 * back cannot make it wait for ever.
 */
struct due_watch {
    int64_t first_id;
    int64_t seen_at; /* monotonic ms */
};

struct due_rules {
    int64_t rotation_ms, max_file_bytes;
    int64_t flush_id; /* rows up to this id are due at once */
};

/* `now` is the wall clock, `monotonic` the monotonic one, in ms. Updates `watch` when another row is the oldest. */
bool due_now(const struct waiting *waiting, const struct due_rules *rules, struct due_watch *watch,
             int64_t now, int64_t monotonic);

#endif
