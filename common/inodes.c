/* inodes -- see inodes.h. */
#include "common/inodes.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

int64_t inodes_left(const char *path)
{
    struct statvfs fs;
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(dir, sizeof dir, "%.*s", slash && slash > path ? (int)(slash - path) : 1,
                   slash ? path : ".");
    if (statvfs(path, &fs) != 0 && statvfs(dir, &fs) != 0) return INT64_MAX;
    if (fs.f_files == 0) return INT64_MAX; /* made as they are needed */
    return fs.f_favail < INT64_MAX ? (int64_t)fs.f_favail : INT64_MAX;
}

enum result inodes_explain(const char *path, enum result res, struct why *why)
{
    if (inodes_left(path) > 0) return res;
    (void)why_remedy(why, res, INODES_REMEDY);
    return why_wrap(why, res, "no inodes are left for another file");
}
