/*
 * log_readers -- see log_readers.h. Two reads of one process, or of two that are seen one after the other, are one look:
 * the list is a snapshot.
 */
#include "collector/spool/log_readers.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_locks.h"
#include "common/log_place.h"

/* Bytes of the `-shm` file, part of SQLite's file format: a reader locks one of 123 to 127, an open spool 128. */
#define READ_FIRST 123
#define READ_LAST  127
#define OPEN_BYTE  128

#define NAMES 2

/* The kernel's number of the device may differ from stat(2)'s: our own lock on the open spool shows it. */
static void find_device(char device[16], const char *locks, uint64_t inode, pid_t self)
{
    struct file_lock lock;
    *device = '\0';
    while (!*device && file_locks_next(&locks, &lock))
        if (!lock.is_write && lock.pid == self && lock.inode == inode &&
            file_lock_covers(&lock, OPEN_BYTE, OPEN_BYTE))
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
    struct file_lock lock;
    char device[16];
    find_device(device, locks, inode, self);
    readers->count = 0;
    while (file_locks_next(&locks, &lock)) {
        if (lock.is_write || lock.inode != inode || lock.pid == self) continue;
        if (*device && strcmp(device, lock.device) != 0) continue;
        if (file_lock_covers(&lock, READ_FIRST, READ_LAST)) add(readers, lock.pid);
    }
}

void log_readers_look(struct log_readers *readers, const char *spool_path)
{
    char path[PATH_MAX];
    struct stat st;
    struct buf locks = BUF_EMPTY;
    readers->count = 0;
    if (stat(log_place_path(spool_path, "-shm", path), &st) != 0) return;
    file_locks_read(&locks);
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

void log_readers_describe(const struct log_readers *readers, struct buf *out)
{
    char name[FILE_LOCKS_NAME_SIZE];
    if (readers->count == 0)
        buf_append_format(out,
                          "a program that is not in the list of processes here, such as one in a container");
    for (int i = 0; i < readers->count && i < NAMES; i++)
        buf_append_format(out, "%s%s (process %d)", i == 0 ? "" : ", ",
                          file_locks_name(readers->pids[i], name), (int)readers->pids[i]);
    if (readers->count > NAMES) buf_append_format(out, " and %d more", readers->count - NAMES);
}
