/*
 * space_keeper -- runs the disk guard (collector/gate/disk_guard.h) on this spool: measures, does what would make room,
 * and tells the uploader when space is low. The writer's thread only.
 */
#ifndef COLLECTOR_SPOOL_SPACE_KEEPER_H
#define COLLECTOR_SPOOL_SPACE_KEEPER_H

#include "collector/gate/disk_guard.h"
#include "collector/spool/append.h"

struct space_keeper {
    struct spool_in *spool; /* borrowed; NULL until it is open: then only the disk is looked at */
    struct disk_guard guard;
    int reported_low_space;   /* to the uploader; -1: what an earlier process has said is not known */
    bool has_reported_urgent; /* of all that is in the spool, since reading was paused for want of space */
};

/* The caller has set up the guard. Never fails. */
void space_keeper_init(struct space_keeper *keeper, int64_t in_flight_bytes);

/* To be called after each group (`has_committed`), and now and then: every DISK_GUARD_TICK_MS while paused. */
void space_keeper_update(struct space_keeper *keeper, bool has_committed);

#endif
