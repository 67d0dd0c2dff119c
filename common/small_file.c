/* small_file -- see small_file.h. Opened without blocking: a pipe that nobody writes to would hold the program for ever. */
#include "common/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

static enum result fail(const char *path, struct why *why)
{
    return why_set(why, RES_RETRY, "cannot read %s: %s", path, strerror(errno));
}

/* Does it wait for somebody who writes? */
static bool is_stream(mode_t mode)
{
    return S_ISFIFO(mode) || S_ISCHR(mode) || S_ISSOCK(mode);
}

static enum result wait_for_bytes(int fd, const char *path, int64_t due, struct why *why)
{
    struct pollfd wait = {fd, POLLIN, 0};
    int64_t left_ms = due - clock_monotonic_ms();
    int count = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : 0;
    if (count > 0 || (count < 0 && errno == EINTR)) return RES_OK;
    if (count < 0) return fail(path, why);
    return why_set(why, RES_RETRY,
                   "cannot read %s: it is no file, and whoever writes to it did not end within %d s", path,
                   SMALL_FILE_WAIT_MS / 1000);
}

/* Reads until the end, or until `space` bytes are there. */
static enum result read_all(int fd, const char *path, bool may_wait, size_t space, struct buf *out,
                            struct why *why)
{
    int64_t due = clock_monotonic_ms() + SMALL_FILE_WAIT_MS;
    size_t end = out->len + space;
    buf_reserve(out, space);
    while (out->len < end) {
        enum result res = may_wait ? wait_for_bytes(fd, path, due, why) : RES_OK;
        if (res != RES_OK) return res;
        ssize_t n = read(fd, out->data + out->len, end - out->len);
        if (n == 0) break;
        if (n < 0 && errno != EINTR && !(may_wait && errno == EAGAIN)) return fail(path, why);
        if (n > 0) out->len += (size_t)n;
    }
    return RES_OK;
}

static enum result read_open(int fd, const char *path, size_t max, struct buf *out, struct why *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return fail(path, why);
    if (S_ISDIR(st.st_mode)) return why_set(why, RES_RETRY, "cannot read %s: it is a directory", path);
    if (st.st_size > 0 && (uintmax_t)st.st_size > max)
        return why_set(why, RES_REFUSE, "%s is longer than %zu bytes: it has %jd", path, max,
                       (intmax_t)st.st_size);
    /* A pipe, or a file of /proc, does not say how long it is. */
    size_t start = out->len;
    size_t space = st.st_size > 0 ? (size_t)st.st_size : max + 1;
    enum result res = read_all(fd, path, is_stream(st.st_mode), space, out, why);
    if (res == RES_OK && out->len - start > max)
        res = why_set(why, RES_REFUSE, "%s is longer than %zu bytes", path, max);
    return res;
}

enum result small_file_read(const char *path, size_t max, struct buf *out, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return fail(path, why);
    enum result res = read_open(fd, path, max, out, why);
    close(fd);
    return res;
}
