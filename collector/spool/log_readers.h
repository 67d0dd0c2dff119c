/*
 * log_readers -- which other processes read the spool's write-ahead log now.
 *
 * A reader holds a shared lock on a byte of the `-shm` file while its transaction lasts, and the kernel lists all locks
 * in /proc/locks (common/file_locks.h).
 */
#ifndef COLLECTOR_SPOOL_LOG_READERS_H
#define COLLECTOR_SPOOL_LOG_READERS_H

#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"

#define LOG_READERS_MAX 16

struct log_readers {
    int count;                   /* more than LOG_READERS_MAX are not noted */
    pid_t pids[LOG_READERS_MAX]; /* ascending */
};

/*
 * The processes that read now, by the text of /proc/locks: `inode` is that of the `-shm` file, `self` this process,
 * which is left out. Pure.
 */
void log_readers_parse(struct log_readers *readers, const char *locks, uint64_t inode, pid_t self);

/* Looks at /proc/locks; nobody is found where that cannot be read. `spool_path` is the spool's. */
void log_readers_look(struct log_readers *readers, const char *spool_path);

/* Leaves those that are in `others`, too: who was there at each look has been reading for long. */
void log_readers_keep_common(struct log_readers *readers, const struct log_readers *others);

/*
 * Appends who they are, e.g. `sqlite3 (process 4711) and 2 more`, at most two by name; with nobody it says that they are
 * not in this machine's list.
 */
void log_readers_describe(const struct log_readers *readers, struct buf *out);

#endif
