/* disk_write -- see disk_write.h. */
#include "uploader/store/disk_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#define STEP_BYTES        ((size_t)512 << 10)
#define GENTLE_STEP_BYTES ((size_t)128 << 10)
/* What O_DIRECT writes begins and ends at such, in memory and in the file */
#define BLOCK_BYTES BUF_ALIGNMENT
#define SYNC_NOW    (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

struct progress {
    int fd;
    const struct buf *body;
    size_t done, step;
    bool is_direct;
};

/* Where it cannot be set nothing is lost: the page cache does the work. */
static bool set_direct(int fd, bool is_direct)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return false;
    return fcntl(fd, F_SETFL, is_direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/* Then fsync() does all the work. Any other error of the disk is told once, and fsync() would not tell it again. */
static bool is_unsupported(int error)
{
    return error == EINVAL || error == ESPIPE || error == ENOSYS || error == EOPNOTSUPP || error == EINTR;
}

static size_t next_step(const struct progress *p)
{
    size_t left = p->body->len - p->done;
    if (left > p->step) return p->step;
    return p->is_direct ? left / BLOCK_BYTES * BLOCK_BYTES : left;
}

/* A part of a block is left, or the file system or its disk wants larger blocks, which shows only now. */
static bool leave_direct(struct progress *p)
{
    p->is_direct = false;
    return set_direct(p->fd, false);
}

static bool write_step(struct progress *p)
{
    ssize_t n = write(p->fd, p->body->data + p->done, next_step(p));
    if (n < 0 && errno == EINTR) return true;
    if (n < 0) return p->is_direct && errno == EINVAL && leave_direct(p);
    if (!p->is_direct) {
        if (sync_file_range(p->fd, (off_t)p->done, n, SYNC_NOW) != 0 && !is_unsupported(errno)) return false;
        (void)posix_fadvise(p->fd, (off_t)p->done, n, POSIX_FADV_DONTNEED);
    }
    p->done += (size_t)n;
    return !p->is_direct || (p->done % BLOCK_BYTES == 0 && next_step(p) > 0) || leave_direct(p);
}

bool disk_write(int fd, const struct buf *body, bool is_gentle)
{
    struct progress p = {.fd = fd, .body = body, .step = is_gentle ? GENTLE_STEP_BYTES : STEP_BYTES};
    bool can_be_direct = body->len >= BLOCK_BYTES && (uintptr_t)body->data % BLOCK_BYTES == 0;
    p.is_direct = can_be_direct && set_direct(fd, true);
    (void)fallocate(fd, 0, 0, (off_t)body->len); /* where it fails, write() does the work, or fails */
    while (p.done < body->len)
        if (!write_step(&p)) return false;
    return fsync(fd) == 0;
}
