/*
 * due -- is it time to seal what waits? Pure.
 */
#ifndef UPLOADER_SHIP_DUE_H
#define UPLOADER_SHIP_DUE_H

#include "uploader/spool/spool.h"

/* The oldest waiting row as we have seen it: the monotonic clock waits with it, so that a wall clock that was set back
 * cannot make it wait for ever. */
struct due_watch {
    int64_t first_id;
    int64_t seen_at; /* monotonic ms */
};

struct due_rules {
    int64_t rotation_ms, max_file_bytes;
    int64_t flush_id; /* up to here it is due at once */
};

/* `now` wall and `monotonic` ms. Renews `watch` when another row has become the oldest. */
bool due_now(const struct waiting *waiting, const struct due_rules *rules, struct due_watch *watch,
             int64_t now, int64_t monotonic);

#endif
