/* reserve -- see reserve.h. The file stays; its blocks come and go, so that no directory must be written. */
#include "collector/gate/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/inodes.h"
#include "common/log.h"
#include "common/ownership.h"

#define BLOCK_SIZE 512 /* what stat(2) counts in */

/* Is all of it allocated, not only its length set? */
static bool is_whole(const struct reserve *reserve, const struct stat *st)
{
    return st->st_size == reserve->bytes && st->st_blocks >= reserve->bytes / BLOCK_SIZE;
}

/* O_NONBLOCK: of a pipe or a device in its place only this is seen, that it is no file. */
static int open_file(const struct reserve *reserve, int flags)
{
    return open(reserve->path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0660);
}

static bool is_own(int fd, struct stat *st)
{
    return fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1;
}

/* Nobody writes into a reserve: what holds something is a person's. */
static bool is_blank(int fd)
{
    char bytes[4096];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] != 0) return false;
    return true;
}

/* Is it a file that would be lost, not only a name of one? */
static bool holds_something(const struct reserve *reserve)
{
    struct stat st;
    int fd = open_file(reserve, O_RDONLY);
    bool holds = fd >= 0 && is_own(fd, &st) && !is_blank(fd);
    if (fd >= 0) close(fd);
    return holds;
}

static void note_held(struct reserve *reserve, const struct stat *st)
{
    reserve->is_held = true;
    reserve->device = (int64_t)st->st_dev;
    reserve->inode = (int64_t)st->st_ino;
}

/* What an earlier process has left. */
static void find_held(struct reserve *reserve)
{
    struct stat st;
    int fd = open_file(reserve, O_RDONLY);
    if (fd >= 0 && is_own(fd, &st) && is_whole(reserve, &st) && is_blank(fd)) note_held(reserve, &st);
    if (fd >= 0) close(fd);
}

void reserve_init(struct reserve *reserve, const char *spool_path, int64_t bytes)
{
    char real[PATH_MAX]; /* the spool's own file system, where its path is a link */
    *reserve = (struct reserve){.spool_path = spool_path, .bytes = bytes};
    if (!realpath(spool_path, real)) (void)snprintf(real, sizeof real, "%s", spool_path);
    if ((size_t)snprintf(reserve->path, sizeof reserve->path, "%s-reserve", real) >= sizeof reserve->path)
        reserve->path[0] = '\0'; /* cannot be opened */
    find_held(reserve);
}

/* What was found in the reserve's place, or why nothing can be made there, and what a person can do. */
static enum result explain_open(const struct reserve *reserve, int error, struct why *why)
{
    struct stat st;
    bool is_there = lstat(reserve->path, &st) == 0;
    if (error == ENOSPC || error == EDQUOT) { /* the remedy is that of a full disk, if there are inodes */
        (void)why_set(why, RES_RETRY, "create %s: %s", reserve->path, strerror(error));
        return inodes_explain(reserve->path, RES_RETRY, why);
    }
    (void)why_remedy(why, RES_RETRY,
                     is_there ? "move it away or remove it: only the reserve belongs there"
                              : "see that the collector's user can make files there");
    if (is_there && S_ISDIR(st.st_mode))
        return why_set(why, RES_RETRY, "a directory lies in its place: %s", reserve->path);
    if (is_there && error == EEXIST)
        return why_set(why, RES_RETRY, "a file that holds something lies in its place: %s", reserve->path);
    if (is_there && error == EACCES)
        return why_set(why, RES_RETRY, "user %u's file in its place can be neither written nor removed: %s",
                       (unsigned)st.st_uid, reserve->path);
    return why_set(why, RES_RETRY, "%s: %s", strerror(error), reserve->path);
}

/* Are these the errors of a link, of what is no file, and of another user's file? */
static bool is_other_file(int error)
{
    return error == ELOOP || error == ENXIO || error == EACCES;
}

/*
 * The reserve's file, made where it is not there. What else lies there loses this name, but for a directory and a file
 * that hold something. -1: it cannot be had, and errno says why; EEXIST: such a file.
 */
static int open_own(const struct reserve *reserve, struct stat *st)
{
    if (holds_something(reserve)) {
        errno = EEXIST;
        return -1;
    }
    int fd = open_file(reserve, O_WRONLY | O_CREAT);
    if (fd >= 0 && is_own(fd, st)) return fd;
    int error = fd >= 0 ? ELOOP : errno;
    if (fd >= 0) close(fd);
    if (!is_other_file(error) || unlink(reserve->path) != 0) {
        errno = error;
        return -1;
    }
    log_warn("a link, another user's file, or what is no file, was removed: the reserve belongs there",
             "path=%s", LOG_QUOTE(reserve->path));
    fd = open_file(reserve, O_WRONLY | O_CREAT | O_EXCL);
    if (fd < 0 || fstat(fd, st) == 0) return fd;
    close(fd);
    return -1;
}

static enum result allocate(struct reserve *reserve, int fd, struct why *why)
{
    /* From nothing: a file of another length, or with holes, may be left over. posix_fallocate() would write where the
     * file system cannot allocate, and that is no promise there. */
    bool is_done = ftruncate(fd, 0) == 0 && fallocate(fd, 0, 0, reserve->bytes) == 0;
    if (is_done) return RES_OK;
    int error = errno;
    if (ftruncate(fd, 0) != 0)
        log_debug("cannot empty the reserve", "why=%s", LOG_QUOTE(strerror(errno))); /* the next try does */
    reserve->is_impossible = error == EOPNOTSUPP || error == ENOSYS || error == EFBIG;
    return why_set(why, reserve->is_impossible ? RES_REFUSE : RES_RETRY, "allocate %s: %s", reserve->path,
                   strerror(error));
}

enum result reserve_make(struct reserve *reserve, struct why *why)
{
    struct stat st;
    if (reserve->is_held) return RES_OK;
    int fd = open_own(reserve, &st);
    if (fd < 0) return explain_open(reserve, errno, why);
    ownership_give_away(fd, reserve->spool_path);
    if ((st.st_mode & 0777) != 0660 && fchmod(fd, 0660) != 0)
        log_debug("cannot set the reserve's mode", "path=%s", LOG_QUOTE(reserve->path));
    enum result res = allocate(reserve, fd, why);
    if (res == RES_OK) note_held(reserve, &st);
    close(fd);
    return res;
}

/* May this user take the file's name away? In a sticky directory that is its owner's right, and the directory's. */
static bool is_removable(const struct reserve *reserve, const struct stat *st)
{
    char dir[PATH_MAX];
    struct stat parent;
    (void)snprintf(dir, sizeof dir, "%s", reserve->path);
    char *slash = strrchr(dir, '/');
    if (slash) slash[slash == dir] = '\0';
    const char *name = slash ? dir : ".";
    if (stat(name, &parent) != 0 || faccessat(AT_FDCWD, name, W_OK | X_OK, AT_EACCESS) != 0) return false;
    uid_t self = geteuid();
    return !(parent.st_mode & S_ISVTX) || self == 0 || self == st->st_uid || self == parent.st_uid;
}

enum result reserve_check(const struct reserve *reserve, struct why *why)
{
    struct stat st;
    if (reserve->is_held || lstat(reserve->path, &st) != 0) return RES_OK;
    if (holds_something(reserve)) return explain_open(reserve, EEXIST, why);
    bool is_usable = S_ISREG(st.st_mode) && faccessat(AT_FDCWD, reserve->path, W_OK, AT_EACCESS) == 0;
    if (is_usable || (!S_ISDIR(st.st_mode) && is_removable(reserve, &st))) return RES_OK;
    return explain_open(reserve, EACCES, why);
}

/* Is it the file that was allocated, whatever names it has got meanwhile? */
static bool is_held_file(const struct reserve *reserve, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (int64_t)st.st_dev == reserve->device &&
           (int64_t)st.st_ino == reserve->inode;
}

void reserve_release(struct reserve *reserve)
{
    if (!reserve->is_held) return;
    int fd = open_file(reserve, O_WRONLY);
    bool is_empty = fd >= 0 && is_held_file(reserve, fd) && ftruncate(fd, 0) == 0;
    if (!is_empty && unlink(reserve->path) != 0 && errno != ENOENT)
        log_warn("cannot give up the reserve", "why=%s", LOG_QUOTE(strerror(errno)));
    if (fd >= 0) close(fd);
    reserve->is_held = false;
}

int64_t reserve_owed(const struct reserve *reserve)
{
    return reserve->is_held || reserve->is_impossible ? 0 : reserve->bytes;
}
