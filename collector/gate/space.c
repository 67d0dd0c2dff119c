/* space -- see space.h. */
#include "collector/gate/space.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

bool space_is_at_ceiling(enum space before, const struct space_sizes *sizes, const struct space_rules *rules)
{
    int64_t limit = rules->max_bytes;
    if (limit == 0) return false;
    if (before == SPACE_AT_CEILING) limit -= limit / 4;
    return sizes->used + sizes->wal >= limit;
}

/* Of the pages alone: the log comes and goes, and purging does not shorten it. */
static bool is_near_ceiling(enum space before, const struct space_sizes *sizes,
                            const struct space_rules *rules)
{
    int64_t mark = rules->max_bytes / 2;
    if (mark == 0) return false;
    if (before == SPACE_NEAR_CEILING || before == SPACE_AT_CEILING) mark -= rules->max_bytes / 8;
    return sizes->used >= mark;
}

bool space_is_log_long(const struct space_sizes *sizes, const struct space_rules *rules)
{
    return rules->max_bytes > 0 && sizes->wal > rules->max_bytes / 4;
}

enum space space_decide(enum space before, const struct space_sizes *sizes, const struct space_rules *rules)
{
    int64_t available = sizes->free + sizes->unused - sizes->owed;
    int64_t floor = rules->min_free_bytes;
    int64_t more = floor / 8;
    if (available < floor + (before == SPACE_NO_DISK ? more : 0)) return SPACE_NO_DISK;
    if (space_is_at_ceiling(before, sizes, rules)) return SPACE_AT_CEILING;
    bool was_low = before == SPACE_LOW || before == SPACE_NO_DISK;
    if (available < 2 * floor + (was_low ? more : 0)) return SPACE_LOW;
    return is_near_ceiling(before, sizes, rules) ? SPACE_NEAR_CEILING : SPACE_OK;
}

enum result space_free_bytes(const char *path, int64_t *bytes, struct why *why)
{
    struct statvfs fs;
    *bytes = 0;
    if (statvfs(path, &fs) != 0) return why_set(why, RES_RETRY, "statvfs %s: %s", path, strerror(errno));
    *bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    return RES_OK;
}
