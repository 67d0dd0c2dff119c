/*
 * aside -- see aside.h.
 *
 * Who removes a file that was left: opens it, locks it, and looks whether it still stands under its name; a name is only
 * taken away from a file by who has the lock on it. Who makes one and cannot lock it has met somebody who is about to
 * remove it, and takes the next place.
 */
#include "common/aside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTOR_PATH_SIZE 40

static bool place_path(const char *directory, const char *label, int place, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/.eventspool-%s-%d.part", directory, label, place);
    return len > 0 && len < PATH_MAX;
}

/* ---- without a name ---- */

static const char *descriptor_path(int fd, char path[DESCRIPTOR_PATH_SIZE])
{
    (void)snprintf(path, DESCRIPTOR_PATH_SIZE, "/proc/self/fd/%d", fd);
    return path;
}

/* False also where it could get no name later, because /proc is not mounted. */
static bool open_without_name(struct aside *aside, const char *directory, mode_t mode)
{
    char path[DESCRIPTOR_PATH_SIZE];
    aside->fd = open(directory, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
    if (aside->fd < 0) return false;
    if (faccessat(AT_FDCWD, descriptor_path(aside->fd, path), F_OK, 0) == 0) return true;
    close(aside->fd);
    aside->fd = -1;
    errno = ENOTSUP;
    return false;
}

/* What an open of a kind that the file system or the kernel does not know is answered with. */
static bool is_unknown(int error)
{
    return error == ENOTSUP || error == EISDIR || error == EINVAL || error == ENOSYS;
}

/* ---- with a name for now ---- */

static bool is_at(int fd, const char *path)
{
    struct stat own;
    struct stat there;
    return fstat(fd, &own) == 0 && lstat(path, &there) == 0 && own.st_dev == there.st_dev &&
           own.st_ino == there.st_ino;
}

static bool is_file_at(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void remove_if_left(const char *path)
{
    if (!is_file_at(path)) return;
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, path)) (void)unlink(path);
    close(fd);
}

/* False, with errno: EEXIST if the place is taken. */
static bool open_place(struct aside *aside, const char *path, mode_t mode)
{
    remove_if_left(path);
    aside->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (aside->fd < 0) return false;
    bool is_taken = flock(aside->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!is_taken && is_at(aside->fd, path)) return true;
    close(aside->fd);
    aside->fd = -1;
    errno = EEXIST;
    return false;
}

static bool open_with_name(struct aside *aside, const char *directory, const char *label, mode_t mode)
{
    errno = EEXIST;
    for (int place = 0; place < ASIDE_PLACES && errno == EEXIST; place++) {
        char path[PATH_MAX];
        bool has_path = place_path(directory, label, place, path);
        if (has_path && open_place(aside, path, mode)) {
            (void)snprintf(aside->path, sizeof aside->path, "%s", path);
            return true;
        }
        if (!has_path) errno = ENAMETOOLONG;
    }
    if (errno == EEXIST) errno = EBUSY;
    return false;
}

void aside_clean(const char *directory, const char *label)
{
    for (int place = 0; place < ASIDE_PLACES; place++) {
        char path[PATH_MAX];
        if (place_path(directory, label, place, path)) remove_if_left(path);
    }
}

/* ---- both ---- */

bool aside_open(struct aside *aside, const char *directory, const char *label, bool needs_path, mode_t mode)
{
    *aside = ASIDE_NONE;
    if (!needs_path) {
        if (open_without_name(aside, directory, mode)) return true;
        if (!is_unknown(errno)) return false;
    }
    return open_with_name(aside, directory, label, mode);
}

static bool link_to_name(const char *from, const char *path, int flags)
{
    if (linkat(AT_FDCWD, from, AT_FDCWD, path, flags) == 0) return true;
    if (errno == EPERM || errno == ENOSYS) errno = ENOTSUP;
    return false;
}

/* NFS knows only the second way, vfat only the first. */
static bool rename_to_name(const char *from, const char *path)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    if (!link_to_name(from, path, 0)) return false;
    (void)unlink(from);
    return true;
}

bool aside_name(struct aside *aside, const char *path)
{
    char descriptor[DESCRIPTOR_PATH_SIZE];
    bool is_named = *aside->path
                        ? rename_to_name(aside->path, path)
                        : link_to_name(descriptor_path(aside->fd, descriptor), path, AT_SYMLINK_FOLLOW);
    if (is_named) aside->path[0] = '\0';
    return is_named;
}

bool aside_replace(struct aside *aside, const char *path)
{
    assert(*aside->path);
    if (rename(aside->path, path) != 0) return false;
    aside->path[0] = '\0';
    return true;
}

void aside_close(struct aside *aside)
{
    int saved = errno;
    if (aside->fd < 0) return;
    if (*aside->path) (void)unlink(aside->path);
    close(aside->fd);
    *aside = ASIDE_NONE;
    errno = saved;
}
