/* lockfile -- see lockfile.h. */
#include "common/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/path.h"

#define TAKE_TRIES 6  /* a healthcheck holds the lock for a moment */
#define PID_SIZE   16 /* the first line: the process number, padded with blanks */
#define FILE_SIZE  (PID_SIZE + LOCKFILE_TEXT_SIZE)

/* The same path for every spelling of the spool's path, through links, and before the spool exists. */
static const char *lock_path(char out[PATH_MAX], const char *spool_path, const char *program)
{
    char real[PATH_MAX];
    if (!realpath(spool_path, real)) (void)snprintf(real, sizeof real, "%s", spool_path);
    if ((size_t)snprintf(out, PATH_MAX, "%s-%s.lock", real, program) >= PATH_MAX) out[0] = '\0';
    return out;
}

static enum result held_by_other(int fd, const char *spool_path, const char *program, struct why *why)
{
    char pid[PID_SIZE + 1] = "";
    if (pread(fd, pid, PID_SIZE, 0) > 0) pid[strcspn(pid, " \n")] = '\0';
    return why_set(why, RES_RETRY,
                   "another %s (process %s) already works on %s: only one per spool is possible", program,
                   *pid ? pid : "unknown", spool_path);
}

/* Writes the file at its full size, so that later changes need no disk space. */
static void fill(const struct lockfile *lock, const char *path)
{
    char page[FILE_SIZE + 1];
    (void)snprintf(page, sizeof page, "%-*d\n%*s", PID_SIZE - 1, (int)getpid(), LOCKFILE_TEXT_SIZE, "");
    if (pwrite(lock->fd, page, FILE_SIZE, 0) != FILE_SIZE || ftruncate(lock->fd, FILE_SIZE) != 0)
        log_warn("cannot write the lock file", "path=%s remedy=%s", LOG_QUOTE(path),
                 LOG_QUOTE(
                     "free space on that disk: `healthcheck --strict` cannot show problems until a restart"));
}

enum result lockfile_take(struct lockfile *lock, const char *spool_path, const char *program, struct why *why)
{
    char path[PATH_MAX];
    struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};

    lock->fd = open(lock_path(path, spool_path, program), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (lock->fd < 0)
        return why_set(why, RES_REFUSE, "SPOOL_PATH: cannot create %s: %s", path, strerror(errno));
    if (fchmod(lock->fd, 0660) != 0)
        log_debug("cannot set the lock file's mode", "path=%s", LOG_QUOTE(path)); /* another user's file */
    for (int tries = 0; flock(lock->fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (tries == TAKE_TRIES) {
            enum result res = held_by_other(lock->fd, spool_path, program, why);
            lockfile_release(lock);
            return res;
        }
        (void)nanosleep(&nap, NULL);
    }
    fill(lock, path);
    lockfile_beat(lock);
    return RES_OK;
}

void lockfile_release(struct lockfile *lock)
{
    if (lock->fd >= 0) close(lock->fd);
    lock->fd = -1;
}

void lockfile_beat(const struct lockfile *lock)
{
    if (lock->fd >= 0 && futimens(lock->fd, NULL) != 0)
        log_debug("cannot renew the sign of life", "why=%s", LOG_QUOTE(strerror(errno)));
}

void lockfile_publish(const struct lockfile *lock, const char *text)
{
    char space[LOCKFILE_TEXT_SIZE + 1];
    (void)snprintf(space, sizeof space, "%-*s", LOCKFILE_TEXT_SIZE, text);
    if (lock->fd >= 0 && pwrite(lock->fd, space, LOCKFILE_TEXT_SIZE, PID_SIZE) != LOCKFILE_TEXT_SIZE)
        log_debug("cannot write the published text into the lock file", "why=%s", LOG_QUOTE(strerror(errno)));
}

const char *lockfile_read(const char *spool_path, const char *program, char text[LOCKFILE_TEXT_SIZE])
{
    char path[PATH_MAX];
    text[0] = '\0';
    int fd = open(lock_path(path, spool_path, program), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    ssize_t n = is_held ? pread(fd, text, LOCKFILE_TEXT_SIZE - 1, PID_SIZE) : 0;
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    return text;
}

/* Why a lock file cannot be read: nobody has made it, or this user may not see it. */
static enum result explain_unseen(const char *path, const char *program, int error, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    if (error == ENOENT)
        return why_set(why, RES_RETRY, "no %s has run here: %s: %s", program, path_show(path, shown),
                       strerror(error));
    (void)path_explain("lock file", path, error, RES_RETRY, why);
    return why_wrap(why, RES_RETRY, "cannot see whether a %s runs", program);
}

enum result lockfile_check(const char *spool_path, const char *program, struct why *why)
{
    char path[PATH_MAX];
    struct stat st;
    int fd = open(lock_path(path, spool_path, program), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return explain_unseen(path, program, errno, why);
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    bool has_time = fstat(fd, &st) == 0;
    close(fd);
    if (!is_held) return why_set(why, RES_RETRY, "no %s is running on %s", program, spool_path);
    int64_t age_ms = has_time ? clock_now_ms() - (int64_t)st.st_mtim.tv_sec * 1000 : INT64_MAX;
    if (age_ms > LOCKFILE_DEAD_MS)
        return why_set(why, RES_RETRY, "the %s has shown no sign of life for %lld s", program,
                       (long long)(age_ms / 1000));
    return RES_OK;
}
