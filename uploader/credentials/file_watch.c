/* file_watch -- see file_watch.h. */
#include "uploader/credentials/file_watch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void stat_file(const char *path, struct stat *seen)
{
    if (stat(path, seen) != 0) memset(seen, 0, sizeof *seen);
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

void file_watch_add(struct file_watch *watch, const char *path)
{
    assert(watch->count < FILE_WATCH_MAX);
    size_t i = watch->count++;
    (void)snprintf(watch->files[i].path, sizeof watch->files[i].path, "%s", path);
    stat_file(watch->files[i].path, &watch->files[i].seen);
}

void file_watch_clear(struct file_watch *watch)
{
    watch->count = 0;
}

bool file_watch_has_changed(const struct file_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        const struct stat *seen = &watch->files[i].seen;
        struct stat now;
        stat_file(watch->files[i].path, &now);
        if (now.st_dev != seen->st_dev || now.st_ino != seen->st_ino || now.st_size != seen->st_size ||
            !is_same_time(&now.st_mtim, &seen->st_mtim) || !is_same_time(&now.st_ctim, &seen->st_ctim))
            return true;
    }
    return false;
}
