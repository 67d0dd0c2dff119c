/* space -- see space.h. */
#include "collector/gate/space.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

static bool is_at_ceiling(enum space before, const struct space_sizes *sizes, const struct space_rules *rules)
{
    int64_t limit = rules->max_bytes;
    if (limit == 0) return false;
    if (before == SPACE_AT_CEILING) limit -= limit / 16;
    return sizes->used + sizes->wal >= limit;
}

enum space space_decide(enum space before, const struct space_sizes *sizes, const struct space_rules *rules)
{
    int64_t available = sizes->free + sizes->unused - sizes->owed;
    int64_t floor = rules->min_free_bytes;
    int64_t more = floor / 8;
    if (available < floor + (before == SPACE_NO_DISK ? more : 0)) return SPACE_NO_DISK;
    if (is_at_ceiling(before, sizes, rules)) return SPACE_AT_CEILING;
    bool was_low = before == SPACE_LOW || before == SPACE_NO_DISK;
    return available < 2 * floor + (was_low ? more : 0) ? SPACE_LOW : SPACE_OK;
}

enum result space_free_bytes(const char *path, int64_t *bytes, struct why *why)
{
    struct statvfs fs;
    *bytes = 0;
    if (statvfs(path, &fs) != 0) return why_set(why, RES_RETRY, "statvfs %s: %s", path, strerror(errno));
    *bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    return RES_OK;
}
