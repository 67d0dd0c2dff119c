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

static bool has_whole_block(const struct progress *p)
{
    return p->done % BLOCK_BYTES == 0 && p->body->len - p->done >= BLOCK_BYTES;
}

static size_t next_step(const struct progress *p)
{
    size_t left = p->body->len - p->done;
    size_t len = left < p->step ? left : p->step;
    return p->is_direct ? len / BLOCK_BYTES * BLOCK_BYTES : len;
}

static bool leave_direct(struct progress *p)
{
    p->is_direct = false;
    return set_direct(p->fd, false);
}

static bool write_step(struct progress *p)
{
    if (p->is_direct && !has_whole_block(p) && !leave_direct(p)) return false;
    ssize_t n = write(p->fd, p->body->data + p->done, next_step(p));
    if (n < 0 && errno == EINTR) return true;
    if (n < 0) return p->is_direct && errno == EINVAL && leave_direct(p); /* it wants larger blocks */
    if (!p->is_direct) {
        if (sync_file_range(p->fd, (off_t)p->done, n, SYNC_NOW) != 0 && !is_unsupported(errno)) return false;
        (void)posix_fadvise(p->fd, (off_t)p->done, n, POSIX_FADV_DONTNEED);
    }
    p->done += (size_t)n;
    return true;
}

bool disk_write(int fd, const struct buf *body, bool is_gentle)
{
    struct progress p = {.fd = fd, .body = body, .step = is_gentle ? GENTLE_STEP_BYTES : STEP_BYTES};
    p.is_direct = (uintptr_t)body->data % BLOCK_BYTES == 0 && set_direct(fd, true);
    /* Blocks are found for all steps at once, which is cheaper. Where it fails, write() does the work, or fails. */
    (void)fallocate(fd, 0, 0, (off_t)body->len);
    while (p.done < body->len)
        if (!write_step(&p)) return false;
    return fsync(fd) == 0;
}
