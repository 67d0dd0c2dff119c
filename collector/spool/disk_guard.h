/*
 * disk_guard -- decides whether reading goes on: stops it while there is no room on the disk or in the spool, or while commits
 * fail; says so; asks the uploader to make room; keeps the reserve (collector/gate/reserve.h).
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

/* What the reserve holds besides the memory in flight: the log's overhead, and what the uploader needs to mark and purge. */
#define ROOM_RESERVE_BASE (16 << 20)

struct room {
    struct spool_in *spool; /* borrowed, as the next two */
    struct intake *intake;
    struct problems *problems;
    const char *spool_path;
    struct space_rules rules;
    struct reserve reserve;
    enum space space;
    bool is_failing;       /* commits do */
    bool is_held;          /* reading has been stopped */
    struct why no_reserve; /* there seems to be room, but the reserve cannot be had: why not */
    int said_short;        /* to the uploader; -1: what an earlier process has said is not known */
    bool has_said_urgent;  /* of all that is in the spool, since reading stopped for want of room */
};

/* Begins with reading allowed; `in_flight` bytes at most wait in memory. */
void room_init(struct room *room, const char *spool_path, int64_t in_flight);

/* Looks at the sizes and does what follows from them: after each group, and every ROOM_TICK_MS while reading is stopped. */
#define ROOM_TICK_MS 250
void room_look(struct room *room, bool has_committed);

/* Commits fail, or work again. */
void room_set_failing(struct room *room, bool is_failing);

/* A commit has failed: gives up the reserve if it was for want of space. true: the same commit may work now. */
bool room_make_way(struct room *room);

#endif
