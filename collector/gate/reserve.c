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

void reserve_init(struct reserve *reserve, const char *spool_path, int64_t bytes)
{
    struct stat st;
    char real[PATH_MAX]; /* the spool's own file system, where its path is a link */
    *reserve = (struct reserve){.bytes = bytes};
    if (!realpath(spool_path, real)) (void)snprintf(real, sizeof real, "%s", spool_path);
    if ((size_t)snprintf(reserve->path, sizeof reserve->path, "%s-reserve", real) >= sizeof reserve->path)
        reserve->path[0] = '\0'; /* cannot be opened */
    reserve->is_held = stat(reserve->path, &st) == 0 && S_ISREG(st.st_mode) && is_whole(reserve, &st);
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
    if (reserve->is_held) return RES_OK;
    int fd = open(reserve->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0) return why_set(why, RES_RETRY, "open %s: %s", reserve->path, strerror(errno));
    if (fchmod(fd, 0660) != 0)
        log_debug("cannot set the reserve's mode", "path=%s", LOG_QUOTE(reserve->path));
    enum result res = allocate(reserve, fd, why);
    close(fd);
    reserve->is_held = res == RES_OK;
    return res;
}

void reserve_release(struct reserve *reserve)
{
    if (!reserve->is_held) return;
    if (truncate(reserve->path, 0) != 0 && unlink(reserve->path) != 0)
        log_warn("cannot give up the reserve", "why=%s", LOG_QUOTE(strerror(errno)));
    reserve->is_held = false;
}

int64_t reserve_owed(const struct reserve *reserve)
{
    return reserve->is_held || reserve->is_impossible ? 0 : reserve->bytes;
}
