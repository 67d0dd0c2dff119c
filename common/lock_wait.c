/* lock_wait -- see lock_wait.h. */
#include "common/lock_wait.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_locks.h"
#include "common/log.h"
#include "common/log_place.h"

/* Part of SQLite's file format: bytes of the `-shm` file that a program locks to write, to copy the log or to recover; */
#define SHM_FIRST 120
#define SHM_LAST  122
/* and those of the file itself that are locked for writing only by one who wants the spool for himself. */
#define FILE_FIRST 0x40000000
#define FILE_LAST  (FILE_FIRST + 511)

static const char remedy[] = "end the transaction of the program that holds the lock, or that program";

pid_t lock_wait_holder(const char *locks, uint64_t file, uint64_t shm, pid_t self)
{
    struct file_lock lock;
    while (file_locks_next(&locks, &lock)) {
        if (!lock.is_write || lock.pid == self) continue;
        if (lock.inode == file && file_lock_covers(&lock, FILE_FIRST, FILE_LAST)) return lock.pid;
        if (shm != 0 && lock.inode == shm && file_lock_covers(&lock, SHM_FIRST, SHM_LAST)) return lock.pid;
    }
    return 0;
}

static uint64_t inode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

static pid_t look(const char *spool_path)
{
    char shm[PATH_MAX];
    struct buf locks = BUF_EMPTY;
    (void)log_place_path(spool_path, "-shm", shm);
    file_locks_read(&locks);
    pid_t pid = lock_wait_holder(locks.data, inode_of(spool_path), inode_of(shm), getpid());
    buf_fini(&locks);
    return pid;
}

static void tell(void *context, const char *spool_path)
{
    (void)context;
    char name[FILE_LOCKS_NAME_SIZE];
    char who[FILE_LOCKS_NAME_SIZE + 32] = "another program";
    pid_t pid = look(spool_path);
    if (pid > 0) (void)snprintf(who, sizeof who, "%s (process %d)", file_locks_name(pid, name), (int)pid);
    log_warn("waiting for the spool: a program holds a lock on it", "holder=%s spool=%s remedy=%s",
             LOG_QUOTE(who), LOG_QUOTE(spool_path), LOG_QUOTE(remedy));
}

void lock_wait_watch(struct db *db)
{
    db_on_wait(db, LOCK_WAIT_TOLD_MS, tell, NULL);
}

enum result lock_wait_explain(enum result res, struct why *why)
{
    if (res != RES_RETRY || !why->is_locked || *why->remedy) return res;
    (void)why_remedy(why, res, "%s; then try again", remedy);
    return why_wrap(why, res, "another program holds a lock on the spool");
}
