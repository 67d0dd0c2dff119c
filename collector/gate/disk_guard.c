/* disk_guard -- see disk_guard.h. Whatever fails here is tried again at the next update; nothing can lose an event. */
#include "collector/gate/disk_guard.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"

#define LAST_BYTES (1 << 20) /* with less than this free the reserve is wanted, by us or by the uploader */
#define MIB        (1 << 20)

int64_t disk_guard_reserve_bytes(int64_t in_flight)
{
    return in_flight + DISK_GUARD_RESERVE_BASE;
}

void disk_guard_init(struct disk_guard *guard, int64_t in_flight)
{
    guard->space = SPACE_OK;
    reserve_init(&guard->reserve, guard->spool_path, disk_guard_reserve_bytes(in_flight));
}

bool disk_guard_is_paused(const struct disk_guard *guard)
{
    return guard->space == SPACE_NO_DISK || guard->space == SPACE_AT_CEILING;
}

/* ---- telling the gate ---- */

static void describe_no_disk(const struct disk_guard *guard, char message[PROBLEM_TEXT_SIZE])
{
    int64_t floor = guard->rules.min_free_bytes;
    int64_t owed = reserve_owed(&guard->reserve);
    char reserve[64] = "";
    if (*guard->no_reserve.remedy) {
        (void)snprintf(message, PROBLEM_TEXT_SIZE,
                       "the reserve cannot be made, so nothing is read; nothing is lost: %.180s",
                       guard->no_reserve.text);
        return;
    }
    if (*guard->no_reserve.text) {
        (void)snprintf(
            message, PROBLEM_TEXT_SIZE,
            "%" PRId64
            " MiB cannot be reserved where SPOOL_PATH lies, so nothing is read; nothing is lost: %.120s",
            guard->reserve.bytes / MIB, guard->no_reserve.text);
        return;
    }
    if (owed > 0) (void)snprintf(reserve, sizeof reserve, " and a reserve of %" PRId64 " MiB", owed / MIB);
    (void)snprintf(message, PROBLEM_TEXT_SIZE,
                   "less than SPOOL_MIN_FREE (%" PRId64 " MiB)%s is free where SPOOL_PATH lies: nothing is "
                   "read, nothing is lost; it goes on at %" PRId64 " MiB",
                   floor / MIB, reserve, (floor + floor / 8 + owed) / MIB + 1);
}

/* Space helps only where it is missing, and lowering the floor only where that is. */
static const char *no_disk_remedy(const struct disk_guard *guard)
{
    if (*guard->no_reserve.remedy) return guard->no_reserve.remedy;
    return *guard->no_reserve.text || guard->is_reserve_lacking
               ? "free space on that disk, enlarge it, or lower INTAKE_MEMORY: what is reserved follows it"
               : "free space on that disk, enlarge it, or lower SPOOL_MIN_FREE";
}

static void post_no_disk(struct disk_guard *guard)
{
    char message[PROBLEM_TEXT_SIZE] = "";
    bool holds = guard->space == SPACE_NO_DISK;
    if (holds) describe_no_disk(guard, message);
    gate_post(guard->gate, GATE_PAUSED_DISK, holds, message, no_disk_remedy(guard));
}

static void post_ceiling(struct disk_guard *guard)
{
    char message[PROBLEM_TEXT_SIZE];
    (void)snprintf(message, sizeof message,
                   "the spool holds SPOOL_MAX_SIZE, %" PRId64
                   " MiB: nothing is read until events are shipped",
                   guard->rules.max_bytes / MIB);
    gate_post(guard->gate, GATE_PAUSED_CEILING, guard->space == SPACE_AT_CEILING, message,
              "see that the uploader runs and ships, or raise SPOOL_MAX_SIZE");
}

/* A warning before the pause; once that has come, it alone is told. */
static void report_low(struct disk_guard *guard)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t floor = guard->rules.min_free_bytes;
    if (guard->space == SPACE_NO_DISK) problems_drop(guard->problems, PROBLEM_DISK_LOW);
    if (guard->space != SPACE_LOW) {
        problems_end(guard->problems, PROBLEM_DISK_LOW);
        return;
    }
    (void)snprintf(message, sizeof message,
                   "less than twice SPOOL_MIN_FREE (%" PRId64
                   " MiB) is free where SPOOL_PATH lies: reading will stop "
                   "at %" PRId64 " MiB",
                   2 * floor / MIB, floor / MIB);
    problems_raise(guard->problems, PROBLEM_DISK_LOW, message,
                   "free space on that disk, enlarge it, or lower SPOOL_MIN_FREE");
}

/* The gate hears of changes, and of new figures while reading is paused. */
static void report(struct disk_guard *guard, enum space before)
{
    if (guard->space == SPACE_NO_DISK || before == SPACE_NO_DISK) post_no_disk(guard);
    if (guard->space == SPACE_AT_CEILING || before == SPACE_AT_CEILING) post_ceiling(guard);
    report_low(guard);
}

/* ---- deciding ---- */

static enum result measure(const struct disk_guard *guard, struct space_sizes *sizes, struct why *why)
{
    sizes->owed = reserve_owed(&guard->reserve);
    return space_free_bytes(guard->spool_path, &sizes->free, why);
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

bool disk_guard_wants_log_emptied(const struct disk_guard *guard, const struct space_sizes *sizes)
{
    return sizes->wal > 0 && space_is_at_ceiling(guard->space, sizes, &guard->rules);
}

struct disk_guard_wishes disk_guard_update(struct disk_guard *guard, struct space_sizes *sizes)
{
    struct why why = {0};
    enum space before = guard->space;
    if (measure(guard, sizes, &why) != RES_OK) {
        log_debug("cannot measure the free space", "why=%s", LOG_QUOTE(why.text));
        return (struct disk_guard_wishes){.is_space_low = before != SPACE_OK};
    }
    guard->is_reserve_lacking = sizes->free + sizes->unused < sizes->owed;
    guard->space = with_reserve(guard, space_decide(before, sizes, &guard->rules));
    report(guard, before);
    /* The log's file is space that is ours already; copying it into the spool's file may need some itself. */
    if (guard->space == SPACE_NO_DISK && sizes->free < LAST_BYTES) reserve_release(&guard->reserve);
    return (struct disk_guard_wishes){
        .is_space_low = guard->space != SPACE_OK,
        .is_urgent = disk_guard_is_paused(guard),
        .wants_log_copied = guard->space == SPACE_NO_DISK || space_is_log_long(sizes, &guard->rules),
    };
}

bool disk_guard_release_reserve(struct disk_guard *guard, bool is_full)
{
    struct why why = {0};
    int64_t free_bytes = 0;
    if (!guard->reserve.is_held) return false;
    if (!is_full)
        is_full = space_free_bytes(guard->spool_path, &free_bytes, &why) == RES_OK && free_bytes < LAST_BYTES;
    if (!is_full) return false;
    log_warn("the disk is full: the reserve is given up, so that what has been read can be committed",
             "bytes=%" PRId64, guard->reserve.bytes);
    reserve_release(&guard->reserve);
    return true;
}
