/* reserve -- see reserve.h. The file stays; its blocks come and go, so that no directory must be written. */
#include "collector/gate/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

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
    if (fd >= 0 && is_own(fd, &st) && is_whole(reserve, &st)) note_held(reserve, &st);
    if (fd >= 0) close(fd);
}

void reserve_init(struct reserve *reserve, const char *spool_path, int64_t bytes)
{
    char real[PATH_MAX]; /* the spool's own file system, where its path is a link */
    *reserve = (struct reserve){.bytes = bytes};
    if (!realpath(spool_path, real)) (void)snprintf(real, sizeof real, "%s", spool_path);
    if ((size_t)snprintf(reserve->path, sizeof reserve->path, "%s-reserve", real) >= sizeof reserve->path)
        reserve->path[0] = '\0'; /* cannot be opened */
    find_held(reserve);
}

/* The reserve's file, made where it is not there. What else lies there loses this name. -1: it cannot be had. */
static int open_own(const struct reserve *reserve, struct stat *st)
{
    int fd = open_file(reserve, O_WRONLY | O_CREAT);
    if (fd >= 0 && is_own(fd, st)) return fd;
    bool is_other = fd >= 0 || errno == ELOOP || errno == ENXIO;
    if (fd >= 0) close(fd);
    if (!is_other || unlink(reserve->path) != 0) return -1;
    log_warn("a link, or what is no file, was removed: the reserve belongs there", "path=%s",
             LOG_QUOTE(reserve->path));
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
    if (fd < 0) return why_set(why, RES_RETRY, "open %s: %s", reserve->path, strerror(errno));
    if (fchmod(fd, 0660) != 0)
        log_debug("cannot set the reserve's mode", "path=%s", LOG_QUOTE(reserve->path));
    enum result res = allocate(reserve, fd, why);
    if (res == RES_OK) note_held(reserve, &st);
    close(fd);
    return res;
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
