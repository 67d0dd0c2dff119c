/* file_locks -- see file_locks.h. */
#include "common/file_locks.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define LOCKS_STEP 65536

/* One line, `1: POSIX  ADVISORY  READ 4711 fe:00:11378770 124 124`; false if it is of another kind. */
static bool parse_line(const char *line, struct file_lock *lock)
{
    char kind[8];
    char pid[24];
    char device[32];
    char first[24];
    char last[24];
    if (sscanf(line, "%*[0-9]: POSIX %*s %7s %23s %31s %23s %23s", kind, pid, device, first, last) != 5)
        return false;
    lock->is_write = strcmp(kind, "WRITE") == 0;
    if (!lock->is_write && strcmp(kind, "READ") != 0) return false;
    char *inode = strrchr(device, ':');
    lock->pid = (pid_t)strtol(pid, NULL, 10);
    if (!inode || lock->pid <= 0 || (size_t)(inode - device) >= sizeof lock->device) return false;
    *inode++ = '\0';
    lock->inode = strtoull(inode, NULL, 10);
    lock->first = strtoll(first, NULL, 10);
    lock->last = strcmp(last, "EOF") == 0 ? INT64_MAX : strtoll(last, NULL, 10);
    memcpy(lock->device, device, strlen(device) + 1);
    return true;
}

bool file_locks_next(const char **line, struct file_lock *lock)
{
    bool is_lock = false;
    while (!is_lock && **line) {
        const char *end = strchr(*line, '\n');
        is_lock = parse_line(*line, lock);
        *line = end ? end + 1 : *line + strlen(*line);
    }
    return is_lock;
}

bool file_lock_covers(const struct file_lock *lock, int64_t first, int64_t last)
{
    return lock->first <= last && lock->last >= first;
}

void file_locks_read(struct buf *out)
{
    static const char path[] = "/proc/locks";
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && n > 0) {
        buf_reserve(out, LOCKS_STEP);
        n = read(fd, out->data + out->len, LOCKS_STEP);
        if (n > 0) out->len += (size_t)n;
    }
    if (fd < 0 || n < 0) log_debug("cannot read the list of locks", "path=%s why=%s", path, strerror(errno));
    if (fd >= 0) close(fd);
    buf_append(out, "", 1);
}

const char *file_locks_name(pid_t pid, char name[FILE_LOCKS_NAME_SIZE])
{
    char path[48];
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, name, FILE_LOCKS_NAME_SIZE - 1) : 0;
    if (fd >= 0) close(fd);
    name[n > 0 ? n : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._+-:/ ", *c)) *c = '?';
    return *name ? name : "a program";
}
