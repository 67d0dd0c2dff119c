/* disk_guard -- see disk_guard.h. Whatever fails here is tried again at the next look; nothing here can lose an event. */
#include "collector/spool/disk_guard.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/db.h"
#include "common/log.h"

#define LAST_BYTES (1 << 20) /* with less than this free the reserve is wanted, by us or by the uploader */
#define MIB        (1 << 20)

void room_init(struct room *room, const char *spool_path, int64_t in_flight)
{
    room->spool_path = spool_path;
    room->said_short = -1;
    reserve_init(&room->reserve, spool_path, in_flight + ROOM_RESERVE_BASE);
}

/* ---- stopping and going on ---- */

static bool is_paused(enum space space)
{
    return space == SPACE_NO_DISK || space == SPACE_AT_CEILING;
}

static void set_hold(struct room *room)
{
    bool is_held = room->is_failing || is_paused(room->space);
    if (is_held != room->is_held) intake_hold(room->intake, is_held);
    room->is_held = is_held;
}

void room_set_failing(struct room *room, bool is_failing)
{
    room->is_failing = is_failing;
    set_hold(room);
}

/* ---- saying it ---- */

static const char make_room[] = "make room on that disk, enlarge it, or lower SPOOL_MIN_FREE";

static void say_no_disk(struct room *room)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t floor = room->rules.min_free_bytes;
    if (*room->no_reserve.text)
        (void)snprintf(
            message, sizeof message,
            "%" PRId64
            " MiB cannot be reserved where SPOOL_PATH lies, so nothing is read; nothing is lost: %.120s",
            room->reserve.bytes / MIB, room->no_reserve.text);
    else
        (void)snprintf(message, sizeof message,
                       "less than SPOOL_MIN_FREE (%" PRId64
                       " MiB) is free where SPOOL_PATH lies: nothing is read, "
                       "nothing is lost; it goes on at %" PRId64 " MiB",
                       floor / MIB, (floor + floor / 8 + reserve_owed(&room->reserve)) / MIB + 1);
    problems_raise(room->problems, PROBLEM_PAUSED_DISK, message, make_room);
}

static void say_low(struct room *room)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t floor = room->rules.min_free_bytes;
    (void)snprintf(message, sizeof message,
                   "less than twice SPOOL_MIN_FREE (%" PRId64
                   " MiB) is free where SPOOL_PATH lies: reading will stop "
                   "at %" PRId64 " MiB",
                   2 * floor / MIB, floor / MIB);
    problems_raise(room->problems, PROBLEM_DISK_LOW, message, make_room);
}

static void say_ceiling(struct room *room)
{
    char message[PROBLEM_TEXT_SIZE];
    (void)snprintf(message, sizeof message,
                   "the spool holds SPOOL_MAX_SIZE, %" PRId64
                   " MiB: nothing is read until events are shipped",
                   room->rules.max_bytes / MIB);
    problems_raise(room->problems, PROBLEM_PAUSED_CEILING, message,
                   "see that the uploader runs and ships, or raise SPOOL_MAX_SIZE");
}

static void say(struct room *room)
{
    if (room->space == SPACE_NO_DISK) say_no_disk(room);
    if (room->space == SPACE_LOW) say_low(room);
    if (room->space == SPACE_AT_CEILING) say_ceiling(room);
    if (room->space != SPACE_NO_DISK) problems_end(room->problems, PROBLEM_PAUSED_DISK);
    if (room->space != SPACE_LOW) problems_end(room->problems, PROBLEM_DISK_LOW);
    if (room->space != SPACE_AT_CEILING) problems_end(room->problems, PROBLEM_PAUSED_CEILING);
}

/* Shipped events may go at once; and while reading is stopped, what is not shipped is not to wait until it is due. */
static void tell_uploader(struct room *room)
{
    struct why why = {0};
    bool is_short = room->space != SPACE_OK;
    bool is_urgent = is_paused(room->space);
    bool is_said = room->said_short == is_short && (!is_urgent || room->has_said_urgent);
    if (!is_said && spool_in_report_space(room->spool, is_short, is_urgent, &why) != RES_OK) {
        log_debug("cannot ask the uploader for room yet", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    room->said_short = is_short;
    room->has_said_urgent = is_urgent;
}

/* ---- looking ---- */

static enum result measure(const struct room *room, struct space_sizes *sizes, struct why *why)
{
    *sizes = (struct space_sizes){.owed = reserve_owed(&room->reserve)};
    sizes->wal = spool_in_wal_bytes(room->spool);
    enum result res = spool_in_sizes(room->spool, &sizes->used, &sizes->unused, why);
    return res == RES_OK ? space_free_bytes(room->spool_path, &sizes->free, why) : res;
}

/* Where there seems to be room, the reserve must be had before reading goes on. */
static enum space with_reserve(struct room *room, enum space space)
{
    why_clear(&room->no_reserve);
    if (space == SPACE_NO_DISK || reserve_owed(&room->reserve) == 0) return space;
    enum result res = reserve_make(&room->reserve, &room->no_reserve);
    if (res == RES_RETRY) return SPACE_NO_DISK;
    if (res == RES_REFUSE)
        log_warn("no space can be reserved: when the disk is full, what was read waits in memory", "why=%s",
                 LOG_QUOTE(room->no_reserve.text));
    return space;
}

/*
 * The log's file is space that is ours already. With all of it copied into the spool's file its next use begins at its
 * start: so the uploader can note what it ships and purge, even where another program takes the last byte.
 */
static void use_log_again(struct room *room, const struct space_sizes *sizes)
{
    struct db_wal wal;
    if (sizes->free < LAST_BYTES) reserve_release(&room->reserve); /* copying may need room itself */
    (void)spool_in_finish_checkpoint(room->spool, &wal);
}

void room_look(struct room *room, bool has_committed)
{
    struct why why = {0};
    struct space_sizes sizes;
    if (measure(room, &sizes, &why) != RES_OK) {
        log_debug("cannot look for room", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    room->space = with_reserve(room, space_judge(room->space, &sizes, &room->rules));
    set_hold(room);
    say(room);
    if (room->space == SPACE_NO_DISK) use_log_again(room, &sizes);
    if (room->space == SPACE_AT_CEILING && sizes.wal > 0)
        spool_in_truncate_wal(room->spool); /* it counts: emptied, it shows what the spool really holds */
    if (has_committed) room->has_said_urgent = false; /* there is more to ship now */
    tell_uploader(room);
}

bool room_make_way(struct room *room)
{
    struct why why = {0};
    int64_t free_bytes = 0;
    if (!room->reserve.is_held) return false;
    bool is_full =
        spool_in_was_full(room->spool) ||
        (space_free_bytes(room->spool_path, &free_bytes, &why) == RES_OK && free_bytes < LAST_BYTES);
    if (!is_full) return false;
    log_warn("the disk is full: the reserve is given up, so that what has been read can be committed",
             "bytes=%" PRId64, room->reserve.bytes);
    reserve_release(&room->reserve);
    return true;
}
