/*
 * disk_guard -- decides whether reading goes on: stops it while there is no space on the disk or in the spool, or while
 * commits fail; says so; asks the uploader to make space; keeps the reserve (collector/gate/reserve.h).
 *
 * Reading goes on only with the reserve in place, so that all that is read can be committed however full the disk gets.
 * The writer's thread only.
 */
#ifndef COLLECTOR_SPOOL_DISK_GUARD_H
#define COLLECTOR_SPOOL_DISK_GUARD_H

#include "collector/gate/reserve.h"
#include "collector/gate/space.h"
#include "collector/intake/intake.h"
#include "collector/spool/append.h"
#include "common/problems.h"

/*
 * What the reserve holds besides the memory in flight: the log's overhead, and what the uploader needs to mark and
 * purge.
 */
#define DISK_GUARD_RESERVE_BASE (16 << 20)

struct disk_guard {
    struct spool_in *spool; /* borrowed, as the next two */
    struct intake *intake;
    struct problems *problems;
    const char *spool_path;
    struct space_rules rules;
    struct reserve reserve;
    enum space space;
    bool is_failing;          /* commits do */
    bool is_held;             /* reading has been stopped */
    struct why no_reserve;    /* there seems to be space, but the reserve cannot be had: why not */
    int reported_low_space;   /* to the uploader; -1: what an earlier process has said is not known */
    bool has_reported_urgent; /* of all that is in the spool, since reading stopped for want of space */
};

/* Begins with reading allowed; `in_flight` bytes at most wait in memory. */
void disk_guard_init(struct disk_guard *guard, const char *spool_path, int64_t in_flight);

/*
 * Looks at the sizes and does what follows from them: after each group, and every DISK_GUARD_TICK_MS while reading is
 * stopped.
 */
#define DISK_GUARD_TICK_MS 250
void disk_guard_update(struct disk_guard *guard, bool has_committed);

/* Commits fail, or succeed again. */
void disk_guard_set_failing(struct disk_guard *guard, bool is_failing);

/* A commit has failed: gives up the reserve if it was for want of space. true: the same commit may work now. */
bool disk_guard_release_reserve(struct disk_guard *guard);

#endif
