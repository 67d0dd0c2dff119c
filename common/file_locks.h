/*
 * file_locks -- the kernel's list of the locks on files, /proc/locks, and the names of the processes in it. Nothing of a
 * spool is opened here: closing any descriptor of a spool file would drop SQLite's locks. A process of another container
 * may be missing in the list, and a name may be that of a process which has taken the number since.
 */
#ifndef COMMON_FILE_LOCKS_H
#define COMMON_FILE_LOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"

#define FILE_LOCKS_NAME_SIZE 32

struct file_lock {
    pid_t pid;
    bool is_write;
    char device[16]; /* the kernel's number, which may differ from stat(2)'s */
    uint64_t inode;
    int64_t first, last; /* bytes */
};

/* Appends the list, terminated; it is empty where it cannot be read. */
void file_locks_read(struct buf *out);

/*
 * The next POSIX lock that a process holds; `*line` goes on behind it, and is the whole text at first. False at the end.
 * Lines of any other kind are passed over.
 */
bool file_locks_next(const char **line, struct file_lock *lock);

bool file_lock_covers(const struct file_lock *lock, int64_t first, int64_t last);

/* The name of its program, which anybody may choose: only plain characters of it. Returns `name`, or a word for it. */
const char *file_locks_name(pid_t pid, char name[FILE_LOCKS_NAME_SIZE]);

#endif
