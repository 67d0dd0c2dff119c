/* check_space -- see check_space.h. */
#include "collector/commands/check_space.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/commands/run.h"
#include "collector/gate/disk_guard.h"
#include "collector/spool/schema.h"
#include "common/db.h"
#include "common/inodes.h"
#include "common/lockfile.h"
#include "common/problems.h"
#include "common/spool.h"

/* The pages of an existing spool, as its writer counts them. Nothing where they cannot be read now. */
static void load_pages(const char *path, struct space_sizes *sizes)
{
    struct db *db = NULL;
    struct why ignored = {0};
    int64_t pages = 0;
    int64_t free_pages = 0;
    int64_t page_bytes = 0;
    if (access(path, F_OK) != 0) return;
    enum result res = db_open(&db, path, SPOOL_BUSY_MS, &ignored);
    if (res == RES_OK) res = db_get_int(db, "PRAGMA page_count", &pages, &ignored);
    if (res == RES_OK) res = db_get_int(db, "PRAGMA freelist_count", &free_pages, &ignored);
    if (res == RES_OK) res = db_get_int(db, "PRAGMA page_size", &page_bytes, &ignored);
    db_close(db);
    if (res != RES_OK) return;
    sizes->used = (pages - free_pages) * page_bytes;
    sizes->unused = free_pages * page_bytes;
}

static enum result refuse_disk(const struct settings *settings, const struct space_sizes *sizes,
                               const char *place, struct why *why)
{
    int64_t available = sizes->free + sizes->unused;
    const char *lower =
        available < sizes->owed ? "INTAKE_MEMORY, which the reserve follows" : "SPOOL_MIN_FREE";
    (void)why_remedy(
        why, RES_RETRY,
        "free space on that disk, enlarge the disk, or lower %s: while less is free, nothing is read", lower);
    return why_set(why, RES_RETRY,
                   "SPOOL_MIN_FREE is %" PRId64 " MiB, %" PRId64 " MiB more have to be reserved, and %" PRId64
                   " MiB are free in %s",
                   settings->spool_min_free_bytes >> 20, sizes->owed >> 20, available >> 20, place);
}

static enum result refuse_ceiling(const struct settings *settings, const struct space_sizes *sizes,
                                  struct why *why)
{
    (void)why_remedy(why, RES_RETRY,
                     "see that the uploader runs and ships, or raise SPOOL_MAX_SIZE: nothing is read until "
                     "a quarter of it is free");
    return why_set(why, RES_RETRY, "the spool holds %" PRId64 " MiB, and SPOOL_MAX_SIZE is %" PRId64 " MiB",
                   sizes->used >> 20, settings->spool_max_bytes >> 20);
}

/* A running collector knows more: what is in the log, and that a pause lasts until there is more room. */
static enum result ask_running(const char *spool_path, struct why *why)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    struct problem problem;
    const char *text = lockfile_read(spool_path, "collector", buffer);
    while (problems_parse(&text, "collector", &problem)) {
        if (strcmp(problem.code, "paused_disk") != 0 && strcmp(problem.code, "paused_ceiling") != 0) continue;
        (void)why_remedy(why, RES_RETRY, "%s", problem.remedy);
        return why_set(why, RES_RETRY, "the running collector reads nothing: %s", problem.message);
    }
    return RES_OK;
}

/* Each file that `run` makes and that is not there yet. */
static int count_missing(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-reserve", "-collector.lock"};
    char file[PATH_MAX + 32];
    int missing = 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        (void)snprintf(file, sizeof file, "%s%s", path, endings[i]);
        missing += access(file, F_OK) != 0;
    }
    return missing;
}

static enum result check_inodes(const char *path, const char *place, struct why *why)
{
    int64_t left = inodes_left(place);
    int missing = count_missing(path);
    if (missing <= left) return RES_OK;
    (void)why_set(why, RES_RETRY, "%d files are to be made in %s, and inodes are left for %" PRId64, missing,
                  place, left);
    return why_remedy(why, RES_RETRY, INODES_REMEDY);
}

/* With the reserve, which `run` takes first. The write-ahead log is left out: `run` empties it before it pauses. */
static enum result measure(const struct settings *settings, const char *place, struct space_sizes *sizes,
                           struct why *why)
{
    struct reserve reserve;
    *sizes = (struct space_sizes){.wal = 0};
    load_pages(settings->spool_path, sizes);
    reserve_init(&reserve, settings->spool_path, disk_guard_reserve_bytes(run_in_flight_bytes(settings)));
    sizes->owed = reserve_owed(&reserve);
    enum result res = reserve_check(&reserve, why);
    if (res != RES_OK) return why_wrap(why, res, "the reserve cannot be made");
    return space_free_bytes(place, &sizes->free, why);
}

enum result check_space(const struct settings *settings, struct why *why)
{
    char dir[PATH_MAX];
    struct space_sizes sizes;
    struct space_rules rules = {settings->spool_max_bytes, settings->spool_min_free_bytes};
    char real[PATH_MAX]; /* where the spool is a link, all of its files lie beside its end */
    const char *path = realpath(settings->spool_path, real) ? real : settings->spool_path;
    const char *place = spool_nearest_directory(path, dir);
    enum result res = check_inodes(path, place, why);
    if (res == RES_OK) res = measure(settings, place, &sizes, why);
    if (res != RES_OK) return res;
    switch (space_decide(SPACE_OK, &sizes, &rules)) {
    case SPACE_NO_DISK: return refuse_disk(settings, &sizes, place, why);
    case SPACE_AT_CEILING: return refuse_ceiling(settings, &sizes, why);
    case SPACE_OK:
    case SPACE_NEAR_CEILING:
    case SPACE_LOW: break;
    }
    return ask_running(settings->spool_path, why);
}
