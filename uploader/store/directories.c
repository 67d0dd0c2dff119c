/* directories -- see directories.h. */
#include "uploader/store/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool sync_open(int fd, int (*sync)(int))
{
    if (fd < 0) return false;
    bool is_ok = sync(fd) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return is_ok;
}

static bool sync_directory(const char *path)
{
    return sync_open(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fsync);
}

bool directories_sync(const char *directory, const char *inside)
{
    if (sync_directory(directory)) return true;
    if (errno != EACCES) return false;
    /* It may be written to and not listed: the whole file system is synced by what can be opened in it. */
    return sync_open(open(inside, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), syncfs);
}

static bool make_one(const char *path, bool was_synced)
{
    char parent[PATH_MAX];
    (void)snprintf(parent, sizeof parent, "%s", path);
    if (mkdir(path, 0777) == 0) return directories_sync(dirname(parent), path);
    if (errno != EEXIST) return false;
    return was_synced || sync_directory(dirname(parent)) || errno == EACCES;
}

bool directories_make(const char *path, bool was_synced)
{
    char part[PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!make_one(part, was_synced)) return false;
        *slash = '/';
    }
    return true;
}
