/*
 * log_readers -- see log_readers.h. Two reads of one process, or of two that are seen one after the other, are one look:
 * the list is a snapshot, and a name may be that of a process which has taken the number since.
 */
#include "collector/spool/log_readers.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

/* Bytes of the `-shm` file, part of SQLite's file format: a reader locks one of 123 to 127, an open spool 128. */
#define READ_FIRST 123
#define READ_LAST  127
#define OPEN_BYTE  128

#define LOCKS_STEP 65536
#define NAME_SIZE  32
#define NAMES      2

struct lock {
    pid_t pid;
    char device[16];
    uint64_t inode;
    int64_t first, last;
};

/* One line, `1: POSIX  ADVISORY  READ 4711 fe:00:11378770 124 124`; false if it is of another kind. */
static bool parse_line(const char *line, struct lock *lock)
{
    char pid[24];
    char device[32];
    char first[24];
    char last[24];
    if (sscanf(line, "%*[0-9]: POSIX %*s READ %23s %31s %23s %23s", pid, device, first, last) != 4)
        return false;
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

static bool covers(const struct lock *lock, int64_t first, int64_t last)
{
    return lock->first <= last && lock->last >= first;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}

/* The kernel's number of the device may differ from stat(2)'s: our own lock on the open spool shows it. */
static void find_device(char device[16], const char *locks, uint64_t inode, pid_t self)
{
    struct lock lock;
    *device = '\0';
    for (const char *line = locks; line && *line && !*device; line = next_line(line))
        if (parse_line(line, &lock) && lock.pid == self && lock.inode == inode &&
            covers(&lock, OPEN_BYTE, OPEN_BYTE))
            memcpy(device, lock.device, sizeof lock.device);
}

static void add(struct log_readers *readers, pid_t pid)
{
    int i = 0;
    while (i < readers->count && readers->pids[i] < pid) i++;
    if ((i < readers->count && readers->pids[i] == pid) || readers->count == LOG_READERS_MAX) return;
    memmove(&readers->pids[i + 1], &readers->pids[i], (size_t)(readers->count - i) * sizeof readers->pids[0]);
    readers->pids[i] = pid;
    readers->count++;
}

void log_readers_parse(struct log_readers *readers, const char *locks, uint64_t inode, pid_t self)
{
    struct lock lock;
    char device[16];
    find_device(device, locks, inode, self);
    readers->count = 0;
    for (const char *line = locks; line && *line; line = next_line(line)) {
        if (!parse_line(line, &lock) || lock.inode != inode || lock.pid == self) continue;
        if (*device && strcmp(device, lock.device) != 0) continue;
        if (covers(&lock, READ_FIRST, READ_LAST)) add(readers, lock.pid);
    }
}

static void read_whole(const char *path, struct buf *out)
{
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

void log_readers_look(struct log_readers *readers, const char *spool_path)
{
    char path[PATH_MAX];
    struct stat st;
    struct buf locks = BUF_EMPTY;
    readers->count = 0;
    (void)snprintf(path, sizeof path, "%s-shm", spool_path);
    if (stat(path, &st) != 0) return;
    read_whole("/proc/locks", &locks);
    log_readers_parse(readers, locks.data, st.st_ino, getpid());
    buf_fini(&locks);
}

void log_readers_keep_common(struct log_readers *readers, const struct log_readers *others)
{
    int count = 0;
    for (int i = 0; i < readers->count; i++)
        for (int k = 0; k < others->count; k++)
            if (readers->pids[i] == others->pids[k]) readers->pids[count++] = readers->pids[i];
    readers->count = count;
}

/* The name of its program, which anybody may choose: only plain characters of it. */
static const char *name_of(pid_t pid, char name[NAME_SIZE])
{
    char path[48];
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, name, NAME_SIZE - 1) : 0;
    if (fd >= 0) close(fd);
    name[n > 0 ? n : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._+-:/ ", *c)) *c = '?';
    return *name ? name : "a program";
}

void log_readers_describe(const struct log_readers *readers, struct buf *out)
{
    char name[NAME_SIZE];
    if (readers->count == 0)
        buf_append_format(out,
                          "a program that is not in the list of processes here, such as one in a container");
    for (int i = 0; i < readers->count && i < NAMES; i++)
        buf_append_format(out, "%s%s (process %d)", i == 0 ? "" : ", ", name_of(readers->pids[i], name),
                          (int)readers->pids[i]);
    if (readers->count > NAMES) buf_append_format(out, " and %d more", readers->count - NAMES);
}
