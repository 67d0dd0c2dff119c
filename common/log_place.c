/* log_place -- see log_place.h. */
#include "common/log_place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX_LEN 4   /* of "-wal" and "-shm" */
#define MADE_BYTE  128 /* of the index: SQLite locks it exclusively while it makes one ("dead man's switch") */

struct log_place {
    struct place log, index;
    struct place guard; /* our own file in the place of the index */
    int guard_fd;       /* -1: there is none */
    char *spool_path, *index_path;
};

enum result log_place_new(struct log_place **out, const char *log_path, struct why *why)
{
    struct log_place *p = calloc(1, sizeof *p);
    if (!p) abort();
    size_t len = strlen(log_path) - SUFFIX_LEN;
    p->guard_fd = -1;
    p->spool_path = strndup(log_path, len);
    p->index_path = strdup(log_path);
    if (!p->spool_path || !p->index_path) abort();
    memcpy(p->index_path + len, "-shm", SUFFIX_LEN);
    enum result res = place_remember(&p->log, log_path, why);
    if (res == RES_OK) res = place_remember(&p->index, p->index_path, why);
    if (res != RES_OK) {
        log_place_free(p);
        p = NULL;
    }
    *out = p;
    return res;
}

static void drop_guard(struct log_place *p)
{
    if (p->guard_fd >= 0) close(p->guard_fd);
    p->guard_fd = -1;
}

void log_place_free(struct log_place *p)
{
    if (!p) return;
    drop_guard(p);
    free(p->spool_path);
    free(p->index_path);
    free(p);
}

static enum in_place worse(enum in_place a, enum in_place b)
{
    return a > b ? a : b;
}

/* An index is never empty: a file that is, is a guard, or not yet an index. */
enum in_place log_place_check(const struct log_place *p)
{
    enum in_place index = place_check(&p->index);
    return worse(place_check(&p->log), index == PLACE_NEW ? PLACE_EMPTY : index);
}

/* With the rights of the spool: who may open that is to find this file busy, and to use it later. */
static void give_rights(const struct log_place *p, int fd)
{
    struct stat st;
    if (stat(p->spool_path, &st) != 0) return;
    bool is_given = geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0;
    if (is_given) (void)fchmod(fd, st.st_mode & 0777);
}

/* False: another program was first, or no file can be made there. */
static bool make_guard(struct log_place *p)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = MADE_BYTE, .l_len = 1};
    struct why ignored = {0};
    drop_guard(p); /* it was deleted as well */
    int fd = open(p->index_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    give_rights(p, fd);
    if (fcntl(fd, F_SETLK, &lock) != 0 || place_remember(&p->guard, p->index_path, &ignored) != RES_OK) {
        close(fd);
        return false;
    }
    p->guard_fd = fd;
    return true;
}

enum in_place log_place_guard(struct log_place *p)
{
    enum in_place index = place_check(&p->index);
    if (index == PLACE_EMPTY && !make_guard(p)) index = place_check(&p->index);
    if (index == PLACE_NEW) {
        bool is_guarded = p->guard_fd >= 0 && place_check(&p->guard) == PLACE_OURS;
        index = is_guarded ? PLACE_EMPTY : PLACE_TAKEN;
    }
    return worse(place_check(&p->log), index);
}

const char *log_place_lost(const struct log_place *p)
{
    return place_check(&p->log) == PLACE_OURS ? p->index_path : p->log.path;
}

const char *log_place_path(const char *spool_path, const char *suffix, char out[PATH_MAX])
{
    char real[PATH_MAX];
    int len = snprintf(out, PATH_MAX, "%s%s", realpath(spool_path, real) ? real : spool_path, suffix);
    if (len >= PATH_MAX) out[0] = '\0';
    return out;
}
