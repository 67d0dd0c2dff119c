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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/inodes.h"
#include "common/log.h"
#include "common/ownership.h"
#include "common/path.h"

#define TAKE_TRIES  6
#define LINE_SIZE   16 /* the first line: the owner's process number, and whether it has released the lock */
#define FILE_SIZE   (LINE_SIZE + LOCKFILE_TEXT_SIZE)
#define BLANKS_SIZE 2048

/* Behind the process number, padded with blanks. Earlier versions had blanks alone. */
#define RUNNING "running"
#define ENDED   "ended"

/* The same path for every spelling of the spool's path, through links, and before the spool exists. */
static const char *lock_path(char out[PATH_MAX], const char *spool_path, const char *program)
{
    char real[PATH_MAX];
    if (!realpath(spool_path, real)) (void)snprintf(real, sizeof real, "%s", spool_path);
    if ((size_t)snprintf(out, PATH_MAX, "%s-%s.lock", real, program) >= PATH_MAX) out[0] = '\0';
    return out;
}

/* ---- opening ---- */

/* O_NONBLOCK: of a pipe or a device in its place only this is seen, that it is no file. */
static int open_file(const char *path, int flags)
{
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0660);
}

/* RES_REFUSE, with the remedy that helps whatever it is that lies there. */
static enum result refuse_file(const char *path, const char *what, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    (void)why_remedy(why, RES_REFUSE,
                     "find out who has made it and remove it, or set SPOOL_PATH to a directory "
                     "in which only the two programs may write");
    return why_set(why, RES_REFUSE, "SPOOL_PATH: the lock file %s is %s", path_show(path, shown), what);
}

static enum result explain_open(const char *path, int error, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    switch (error) {
    case ELOOP: return refuse_file(path, "a symbolic link, which is not followed", why);
    case EISDIR:
    case ENXIO: return refuse_file(path, "no regular file", why);
    case EACCES: return path_explain("lock file", path, error, RES_REFUSE, why);
    default:
        (void)why_set(why, RES_REFUSE, "SPOOL_PATH: cannot create %s: %s", path_show(path, shown),
                      strerror(error));
        return error == ENOSPC ? inodes_explain(path, RES_REFUSE, why) : RES_REFUSE;
    }
}

struct first_line {
    char pid[LINE_SIZE + 1];
    char state[LINE_SIZE + 1]; /* "" in a file of an earlier version */
};

/* False if there is none; the file may be empty. */
static bool read_first_line(int fd, struct first_line *first)
{
    char line[LINE_SIZE + 1] = "";
    *first = (struct first_line){.pid = ""};
    if (pread(fd, line, LINE_SIZE, 0) != LINE_SIZE || line[LINE_SIZE - 1] != '\n') return false;
    size_t digits = strspn(line, "0123456789");
    const char *state = line + digits + strspn(line + digits, " ");
    (void)snprintf(first->pid, sizeof first->pid, "%.*s", (int)digits, line);
    (void)snprintf(first->state, sizeof first->state, "%.*s", (int)strcspn(state, " \n"), state);
    return digits > 0;
}

/* A crash of the machine may have left it empty, or zeros in it. */
static bool is_lock_file(int fd, const struct stat *st)
{
    struct first_line first;
    char byte = '\0';
    return st->st_size == 0 || (pread(fd, &byte, 1, 0) == 1 && byte == '\0') || read_first_line(fd, &first);
}

/*
 * Backups make hard links of our own file, which may stay. One to somebody else's file would have us write into that,
 * as the kernel allows unless fs.protected_hardlinks is set.
 */
static enum result check_kind(int fd, const char *path, struct stat *st, struct why *why)
{
    if (fstat(fd, st) != 0) return why_set(why, RES_REFUSE, "SPOOL_PATH: stat %s: %s", path, strerror(errno));
    if (!S_ISREG(st->st_mode)) return refuse_file(path, "no regular file", why);
    if (st->st_nlink > 1 && !is_lock_file(fd, st))
        return refuse_file(path, "a hard link to a file that is no lock file", why);
    return RES_OK;
}

/* Another user of the group has made the file with the mode that it needs, and this one may not set it. */
static void give_rights(int fd, const char *spool_path, const char *path, const struct stat *st)
{
    ownership_give_away(fd, spool_path);
    if (st->st_nlink == 1 && (st->st_mode & 0777) != 0660 && fchmod(fd, 0660) != 0)
        log_debug("cannot set the lock file's mode", "path=%s", LOG_QUOTE(path));
}

/* ---- the owner before ---- */

static const char *read_holder(int fd, struct first_line *first)
{
    (void)read_first_line(fd, first);
    return *first->pid ? first->pid : "unknown";
}

static enum result held_by_other(int fd, const char *spool_path, const char *program, struct why *why)
{
    struct first_line first;
    return why_set(why, RES_RETRY,
                   "another %s (process %s) already works on %s: only one per spool is possible", program,
                   read_holder(fd, &first), spool_path);
}

/* To be called before anything is written: the time of the last change is that of the last sign of life. */
static enum lockfile_end read_last_end(int fd, const struct stat *st)
{
    struct first_line first;
    char alive_at[CLOCK_ISO_SIZE];
    if (!read_first_line(fd, &first)) return LOCKFILE_END_UNKNOWN;
    if (strcmp(first.state, ENDED) == 0) return LOCKFILE_END_CLEAN;
    if (strcmp(first.state, RUNNING) != 0) return LOCKFILE_END_UNKNOWN;
    log_warn("the last run did not end cleanly; nothing that was committed is lost",
             "last_process=%s last_sign_of_life=%s", first.pid,
             clock_iso((int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000, alive_at));
    return LOCKFILE_END_UNCLEAN;
}

/* ---- taking and releasing ---- */

static const char *make_line(char line[LINE_SIZE + 1], const char *state)
{
    (void)snprintf(line, LINE_SIZE + 1, "%-7u %-7s\n", (unsigned)getpid() % 10000000, state); /* below 2^22 */
    return line;
}

/* This run may end in any way, and nothing could be noted: not even that the one before it has ended well is left. */
static void drop_last_end(int fd)
{
    struct first_line first;
    if (!read_first_line(fd, &first) || strcmp(first.state, ENDED) != 0) return;
    if (ftruncate(fd, 0) != 0) log_debug("cannot empty the lock file", "why=%s", LOG_QUOTE(strerror(errno)));
}

/* Writes the file at its full size, so that later changes need no disk space. */
static bool write_whole(int fd, const char *text)
{
    char line[LINE_SIZE + 1];
    char page[FILE_SIZE + 1];
    (void)snprintf(page, sizeof page, "%s%-*s", make_line(line, RUNNING), LOCKFILE_TEXT_SIZE, text);
    return pwrite(fd, page, FILE_SIZE, 0) == FILE_SIZE;
}

/* Writes the file and makes it durable: else the line of the owner before might come back with a power cut. */
static void fill(const struct lockfile *lock, const char *path)
{
    if (write_whole(lock->fd, "") && ftruncate(lock->fd, FILE_SIZE) == 0 && fdatasync(lock->fd) == 0) return;
    log_warn("cannot write the lock file", "path=%s remedy=%s", LOG_QUOTE(path),
             LOG_QUOTE("free space on that disk: until then health checks cannot show problems"));
    drop_last_end(lock->fd);
}

/* By whoever looks the lock is shared, and only an owner's cannot be. */
static bool has_owner(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) return true;
    (void)flock(fd, LOCK_UN);
    return false;
}

/* A healthcheck holds the lock for a moment, and is waited for. An owner may be a command that is about to end: once. */
static bool wait_for_lock(int fd)
{
    struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
    int tries = 0;
    int owned = 0;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        owned += has_owner(fd);
        if (owned > 1 || tries++ == TAKE_TRIES) return false;
        (void)nanosleep(&nap, NULL);
    }
    return true;
}

enum result lockfile_take(struct lockfile *lock, const char *spool_path, const char *program, struct why *why)
{
    struct stat st = {.st_size = 0};

    *lock = LOCKFILE_NONE;
    lock->program = program;
    const char *path = lock_path(lock->path, spool_path, program);
    int fd = open_file(path, O_RDWR | O_CREAT);
    if (fd < 0) return explain_open(path, errno, why);
    enum result res = check_kind(fd, path, &st, why);
    if (res == RES_OK && !wait_for_lock(fd)) res = held_by_other(fd, spool_path, program, why);
    if (res == RES_OK) res = check_kind(fd, path, &st, why); /* as the owner before has left it */
    if (res != RES_OK) {
        close(fd);
        return res;
    }
    lock->fd = fd;
    lock->last_end = read_last_end(fd, &st);
    give_rights(fd, spool_path, path, &st);
    fill(lock, path);
    lockfile_beat(lock);
    return RES_OK;
}

enum result lockfile_check_place(const char *spool_path, const char *program, struct why *why)
{
    char path[PATH_MAX];
    struct stat st;
    int fd = open_file(lock_path(path, spool_path, program), O_RDWR);
    if (fd < 0) return errno == ENOENT ? RES_OK : explain_open(path, errno, why);
    enum result res = check_kind(fd, path, &st, why);
    close(fd);
    return res;
}

static void release(struct lockfile *lock, const char *state)
{
    char line[LINE_SIZE + 1];
    if (lock->fd < 0) return;
    if (pwrite(lock->fd, make_line(line, state), LINE_SIZE, 0) != LINE_SIZE)
        log_debug("cannot note in the lock file how this run ends", "why=%s", LOG_QUOTE(strerror(errno)));
    close(lock->fd);
    lock->fd = -1;
}

void lockfile_release(struct lockfile *lock)
{
    release(lock, ENDED);
}

void lockfile_leave(struct lockfile *lock)
{
    static const char *const states[] = {
        [LOCKFILE_END_UNKNOWN] = "", [LOCKFILE_END_CLEAN] = ENDED, [LOCKFILE_END_UNCLEAN] = RUNNING};
    release(lock, states[lock->last_end]);
}

/* ---- its place ---- */

/* True also if it cannot be told now. */
static bool is_in_place(const char *path, int fd)
{
    struct stat own;
    struct stat st;
    if (fstat(fd, &own) != 0) return true;
    if (lstat(path, &st) != 0) return errno != ENOENT;
    return st.st_dev == own.st_dev && st.st_ino == own.st_ino;
}

static const char *spool_of(const struct lockfile *lock, char out[PATH_MAX])
{
    size_t len = strlen(lock->path) - strlen("-.lock") - strlen(lock->program);
    (void)snprintf(out, PATH_MAX, "%.*s", (int)len, lock->path);
    return out;
}

/*
 * The file `fd`, whose lock is ours, becomes the file of the lock; the number stays, for other threads. What one of them
 * publishes in this very moment is seen with its next change.
 */
static void adopt(const struct lockfile *lock, int fd, const struct stat *st)
{
    char page[FILE_SIZE];
    char spool[PATH_MAX];
    ssize_t n = pread(lock->fd, page, sizeof page, 0);
    if (n < 0 || pwrite(fd, page, (size_t)n, 0) != n || fdatasync(fd) != 0)
        log_debug("cannot write the lock file", "path=%s", LOG_QUOTE(lock->path));
    give_rights(fd, spool_of(lock, spool), lock->path, st);
    if (dup3(fd, lock->fd, O_CLOEXEC) < 0)
        log_debug("cannot replace the lock file", "why=%s", LOG_QUOTE(strerror(errno)));
    else
        log_warn("the lock file was deleted or replaced while in use: it is back in its place", "path=%s",
                 LOG_QUOTE(lock->path));
}

enum result lockfile_keep(const struct lockfile *lock, struct why *why)
{
    struct first_line first;
    struct stat st;
    struct why ignored = {0};
    if (lock->fd < 0 || is_in_place(lock->path, lock->fd)) return RES_OK;
    int fd = open_file(lock->path, O_RDWR | O_CREAT);
    bool is_file = fd >= 0 && check_kind(fd, lock->path, &st, &ignored) == RES_OK;
    bool is_locked = is_file && wait_for_lock(fd);
    enum result res = RES_OK;
    if (is_file && !is_locked) {
        (void)why_remedy(why, RES_BROKEN, "stop one of the two");
        res = why_set(why, RES_BROKEN,
                      "the lock file %s was deleted or replaced, and another %s (process %s) holds it",
                      lock->path, lock->program, read_holder(fd, &first));
    } else if (is_locked && is_in_place(lock->path, fd)) {
        adopt(lock, fd, &st);
    } else if (!is_file) { /* nobody else can use it either */
        log_debug("cannot put the lock file back", "path=%s why=%s", LOG_QUOTE(lock->path),
                  LOG_QUOTE(fd < 0 ? strerror(errno) : ignored.text));
    }
    if (fd >= 0) close(fd);
    return res;
}

void lockfile_beat(const struct lockfile *lock)
{
    if (lock->fd >= 0 && futimens(lock->fd, NULL) != 0)
        log_debug("cannot renew the sign of life", "why=%s", LOG_QUOTE(strerror(errno)));
}

bool lockfile_is_written(const struct lockfile *lock)
{
    struct stat st;
    return lock->fd < 0 || (fstat(lock->fd, &st) == 0 && st.st_size >= FILE_SIZE);
}

/* In one call, so that no reader sees a part of it; a copy with the blanks would stay on the stack of each thread. */
static bool write_text(int fd, const char *text)
{
    char blanks[BLANKS_SIZE];
    struct iovec parts[1 + LOCKFILE_TEXT_SIZE / BLANKS_SIZE + 1];
    int count = 1;
    memset(blanks, ' ', sizeof blanks);
    parts[0].iov_len = strnlen(text, LOCKFILE_TEXT_SIZE);
    memcpy(&parts[0].iov_base, &text, sizeof text); /* an iovec knows no const; this one is only read */
    for (size_t len = parts[0].iov_len; len < LOCKFILE_TEXT_SIZE; len += parts[count++].iov_len) {
        size_t left = LOCKFILE_TEXT_SIZE - len;
        parts[count] = (struct iovec){blanks, left < sizeof blanks ? left : sizeof blanks};
    }
    return pwritev(fd, parts, count, LINE_SIZE) == LOCKFILE_TEXT_SIZE;
}

bool lockfile_publish(const struct lockfile *lock, const char *text)
{
    bool was_written = lockfile_is_written(lock);
    if (lock->fd < 0) return true;
    if (was_written ? write_text(lock->fd, text) : write_whole(lock->fd, text)) {
        if (!was_written) log_info("the lock file is written: health checks can show problems", NULL);
        return true;
    }
    log_debug("cannot write the published text into the lock file", "why=%s", LOG_QUOTE(strerror(errno)));
    return false;
}

bool lockfile_is_empty(const char *spool_path, const char *program)
{
    char path[PATH_MAX];
    struct first_line first;
    int fd = open_file(lock_path(path, spool_path, program), O_RDONLY);
    if (fd < 0) return false;
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    bool is_empty = is_held && !read_first_line(fd, &first);
    close(fd);
    return is_empty;
}

const char *lockfile_read(const char *spool_path, const char *program, char text[LOCKFILE_TEXT_SIZE])
{
    char path[PATH_MAX];
    text[0] = '\0';
    int fd = open_file(lock_path(path, spool_path, program), O_RDONLY);
    if (fd < 0) return text;
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    ssize_t n = is_held ? pread(fd, text, LOCKFILE_TEXT_SIZE - 1, LINE_SIZE) : 0;
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    return text;
}

int64_t lockfile_seen_at(const char *spool_path, const char *program)
{
    char path[PATH_MAX];
    struct stat st;
    if (lstat(lock_path(path, spool_path, program), &st) != 0 || !S_ISREG(st.st_mode)) return 0;
    return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
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

enum result lockfile_is_held(const char *spool_path, const char *program, bool *is_held, struct why *why)
{
    char path[PATH_MAX];
    *is_held = false;
    int fd = open_file(lock_path(path, spool_path, program), O_RDONLY);
    if (fd < 0) return errno == ENOENT ? RES_OK : explain_unseen(path, program, errno, why);
    *is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return RES_OK;
}

enum result lockfile_check(const char *spool_path, const char *program, struct why *why)
{
    char path[PATH_MAX];
    struct stat st;
    int fd = open_file(lock_path(path, spool_path, program), O_RDONLY);
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
