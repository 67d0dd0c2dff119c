/*
 * file_watch -- have these files changed since they were read? A stat(2) each: cheap enough for every request.
 */
#ifndef UPLOADER_CREDENTIALS_FILE_WATCH_H
#define UPLOADER_CREDENTIALS_FILE_WATCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define FILE_WATCH_MAX 8

struct file_watch {
    struct {
        char path[PATH_MAX];
        struct stat seen; /* all zero: the file was not there */
    } files[FILE_WATCH_MAX];
    size_t count;
};

/* Call it before the file is read: any change after the call is noticed. The file need not exist yet. */
void file_watch_add(struct file_watch *watch, const char *path);
void file_watch_clear(struct file_watch *watch);

/* Has one of the files been written, replaced, created or removed? Compares device, inode, size, and both times. */
bool file_watch_has_changed(const struct file_watch *watch);

#endif
