/*
 * disk_guard -- see disk_guard.h. Whatever fails here is tried again at the next look; nothing here can lose an event.
 */
#include "collector/spool/disk_guard.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/spool/wal.h"
#include "common/log.h"

#define LAST_BYTES (1 << 20) /* with less than this free the reserve is wanted, by us or by the uploader */
#define MIB        (1 << 20)

void disk_guard_init(struct disk_guard *guard, const char *spool_path, int64_t in_flight)
{
    guard->spool_path = spool_path;
    guard->reported_low_space = -1;
    reserve_init(&guard->reserve, spool_path, in_flight + DISK_GUARD_RESERVE_BASE);
}

/* ---- stopping and going on ---- */

static bool is_paused(enum space space)
{
    return space == SPACE_NO_DISK || space == SPACE_AT_CEILING;
}

static void set_hold(struct disk_guard *guard)
{
    bool is_held = guard->is_failing || is_paused(guard->space);
    if (is_held != guard->is_held) intake_hold(guard->intake, is_held);
    guard->is_held = is_held;
}

void disk_guard_set_failing(struct disk_guard *guard, bool is_failing)
{
    guard->is_failing = is_failing;
    set_hold(guard);
}

/* ---- saying it ---- */

static const char free_space_remedy[] = "free space on that disk, enlarge it, or lower SPOOL_MIN_FREE";

static void report_no_disk(struct disk_guard *guard)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t floor = guard->rules.min_free_bytes;
    if (*guard->no_reserve.text)
        (void)snprintf(
            message, sizeof message,
            "%" PRId64
            " MiB cannot be reserved where SPOOL_PATH lies, so nothing is read; nothing is lost: %.120s",
            guard->reserve.bytes / MIB, guard->no_reserve.text);
    else
        (void)snprintf(message, sizeof message,
                       "less than SPOOL_MIN_FREE (%" PRId64
                       " MiB) is free where SPOOL_PATH lies: nothing is read, "
                       "nothing is lost; it goes on at %" PRId64 " MiB",
                       floor / MIB, (floor + floor / 8 + reserve_owed(&guard->reserve)) / MIB + 1);
    problems_raise(guard->problems, PROBLEM_PAUSED_DISK, message, free_space_remedy);
}

static void report_low(struct disk_guard *guard)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t floor = guard->rules.min_free_bytes;
    (void)snprintf(message, sizeof message,
                   "less than twice SPOOL_MIN_FREE (%" PRId64
                   " MiB) is free where SPOOL_PATH lies: reading will stop "
                   "at %" PRId64 " MiB",
                   2 * floor / MIB, floor / MIB);
    problems_raise(guard->problems, PROBLEM_DISK_LOW, message, free_space_remedy);
}

static void report_ceiling(struct disk_guard *guard)
{
    char message[PROBLEM_TEXT_SIZE];
    (void)snprintf(message, sizeof message,
                   "the spool holds SPOOL_MAX_SIZE, %" PRId64
                   " MiB: nothing is read until events are shipped",
                   guard->rules.max_bytes / MIB);
    problems_raise(guard->problems, PROBLEM_PAUSED_CEILING, message,
                   "see that the uploader runs and ships, or raise SPOOL_MAX_SIZE");
}

static void report(struct disk_guard *guard)
{
    if (guard->space == SPACE_NO_DISK) report_no_disk(guard);
    if (guard->space == SPACE_LOW) report_low(guard);
    if (guard->space == SPACE_AT_CEILING) report_ceiling(guard);
    if (guard->space != SPACE_NO_DISK) problems_end(guard->problems, PROBLEM_PAUSED_DISK);
    if (guard->space != SPACE_LOW) problems_end(guard->problems, PROBLEM_DISK_LOW);
    if (guard->space != SPACE_AT_CEILING) problems_end(guard->problems, PROBLEM_PAUSED_CEILING);
}

/* Shipped events may go at once; and while reading is stopped, what is not shipped is not to wait until it is due. */
static void report_to_uploader(struct disk_guard *guard)
{
    struct why why = {0};
    bool is_short = guard->space != SPACE_OK;
    bool is_urgent = is_paused(guard->space);
    bool is_reported = guard->reported_low_space == is_short && (!is_urgent || guard->has_reported_urgent);
    if (!is_reported && spool_in_report_space(guard->spool, is_short, is_urgent, &why) != RES_OK) {
        log_debug("cannot ask the uploader for space yet", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    guard->reported_low_space = is_short;
    guard->has_reported_urgent = is_urgent;
}

/* ---- looking ---- */

static enum result measure(const struct disk_guard *guard, struct space_sizes *sizes, struct why *why)
{
    *sizes = (struct space_sizes){.owed = reserve_owed(&guard->reserve)};
    sizes->wal = wal_bytes(spool_in_wal(guard->spool));
    enum result res = spool_in_sizes(guard->spool, &sizes->used, &sizes->unused, why);
    return res == RES_OK ? space_free_bytes(guard->spool_path, &sizes->free, why) : res;
}

/* Where there seems to be space, the reserve must be had before reading goes on. */
static enum space with_reserve(struct disk_guard *guard, enum space space)
{
    why_clear(&guard->no_reserve);
    if (space == SPACE_NO_DISK || reserve_owed(&guard->reserve) == 0) return space;
    enum result res = reserve_make(&guard->reserve, &guard->no_reserve);
    if (res == RES_RETRY) return SPACE_NO_DISK;
    if (res == RES_REFUSE)
        log_warn("no space can be reserved: when the disk is full, what was read waits in memory", "why=%s",
                 LOG_QUOTE(guard->no_reserve.text));
    return space;
}

/*
 * The log's file is space that is ours already. With all of it copied into the spool's file its next use begins at its
 * start: so the uploader can note what it ships and purge, even where another program takes the last byte.
 */
static void use_log_again(struct disk_guard *guard, const struct space_sizes *sizes)
{
    if (sizes->free < LAST_BYTES) reserve_release(&guard->reserve); /* copying may need space itself */
    (void)wal_finish(spool_in_wal(guard->spool));
}

void disk_guard_update(struct disk_guard *guard, bool has_committed)
{
    struct why why = {0};
    struct space_sizes sizes;
    if (measure(guard, &sizes, &why) != RES_OK) {
        log_debug("cannot measure the free space", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    guard->space = with_reserve(guard, space_decide(guard->space, &sizes, &guard->rules));
    set_hold(guard);
    report(guard);
    if (guard->space == SPACE_NO_DISK) use_log_again(guard, &sizes);
    if (guard->space == SPACE_AT_CEILING && sizes.wal > 0)
        wal_truncate(
            spool_in_wal(guard->spool)); /* it counts: emptied, it shows what the spool really holds */
    if (has_committed) guard->has_reported_urgent = false; /* there is more to ship now */
    report_to_uploader(guard);
}

bool disk_guard_release_reserve(struct disk_guard *guard)
{
    struct why why = {0};
    int64_t free_bytes = 0;
    if (!guard->reserve.is_held) return false;
    bool is_full =
        spool_in_was_full(guard->spool) ||
        (space_free_bytes(guard->spool_path, &free_bytes, &why) == RES_OK && free_bytes < LAST_BYTES);
    if (!is_full) return false;
    log_warn("the disk is full: the reserve is given up, so that what has been read can be committed",
             "bytes=%" PRId64, guard->reserve.bytes);
    reserve_release(&guard->reserve);
    return true;
}
