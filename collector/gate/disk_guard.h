/*
 * disk_guard -- is there room to go on reading? It raises and clears two reasons of the gate, GATE_PAUSED_DISK and
 * GATE_PAUSED_CEILING, and the problem `disk_low`; it keeps the reserve (collector/gate/reserve.h); and it says what
 * else would make room, for the caller to do.
 *
 * Reading goes on only with the reserve in place, so that all that is read can be committed however full the disk gets.
 * The thread that owns the spool's writing side only.
 */
#ifndef COLLECTOR_GATE_DISK_GUARD_H
#define COLLECTOR_GATE_DISK_GUARD_H

#include "collector/gate/gate.h"
#include "collector/gate/reserve.h"
#include "collector/gate/space.h"

/*
 * What the reserve holds besides the memory in flight: the log's overhead, and what the uploader needs to mark and
 * purge.
 */
#define DISK_GUARD_RESERVE_BASE (16 << 20)
#define DISK_GUARD_TICK_MS      250 /* between two updates while reading is paused */

struct disk_guard {
    struct gate *gate; /* borrowed, as all pointers here */
    struct problems *problems;
    const char *spool_path;
    struct space_rules rules;
    struct reserve reserve;
    enum space space;
    struct why no_reserve;   /* there seems to be space, but the reserve cannot be had: why not */
    bool is_reserve_lacking; /* there is not even room for the reserve alone */
};

/* What would make room, or keep what there is. */
struct disk_guard_wishes {
    bool is_space_low;     /* the uploader need not keep what is shipped, */
    bool is_urgent;        /* and should ship all that is in the spool now, whatever its age */
    bool wants_log_copied; /* all of the write-ahead log copied, so that its next use begins at its start */
};

/*
 * Is the ceiling reached with the write-ahead log in it? Emptied, that shows what the spool really holds: to be tried
 * before each update, which may pause the reading.
 */
bool disk_guard_wants_log_emptied(const struct disk_guard *guard, const struct space_sizes *sizes);

/* What the reserve takes where at most `in_flight` bytes wait in memory, in bytes. */
int64_t disk_guard_reserve_bytes(int64_t in_flight);

/* Begins with reading allowed. The caller has set the borrowed pointers and the rules. */
void disk_guard_init(struct disk_guard *guard, int64_t in_flight);

/*
 * Measures the disk and decides. `sizes` are the spool's: used, unused and wal; the rest is filled in here. To be called
 * after each group, and every DISK_GUARD_TICK_MS while reading is paused.
 */
struct disk_guard_wishes disk_guard_update(struct disk_guard *guard, struct space_sizes *sizes);

/* Is reading paused for want of room? */
bool disk_guard_is_paused(const struct disk_guard *guard);

/*
 * A write to the spool has failed; `is_full`: for want of space, as far as is known. Gives up the reserve if it is so.
 * true: the same write may work now.
 */
bool disk_guard_release_reserve(struct disk_guard *guard, bool is_full);

#endif
