/*
 * dir -- objects as files `<directory>/<key>`: the trial mode.
 *
 * Each file is written aside, synced, linked to its name without replacing anything, and the directory is synced: a
 * reader sees it whole or not at all, and so does the next start after a power cut. What was written aside by a process
 * that died is overwritten by the next try.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uploader/batch/hash.h"
#include "uploader/store/store.h"

#define STEP_BYTES ((size_t)256 << 10)
#define SYNC_NOW   (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

struct store_dir {
    const char *directory;  /* borrowed from the settings */
    char durable[PATH_MAX]; /* the last directory whose name was made durable */
};

struct paths {
    char final[PATH_MAX], aside[PATH_MAX], directory[PATH_MAX];
};

/* NULL: there is nothing to do but wait. `*needs_person`: waiting does not help. */
static const char *remedy_of(int error, bool *needs_person)
{
    *needs_person = true;
    switch (error) {
    case ENAMETOOLONG:
        return "shorten PREFIX, REJECTS_PREFIX or DESTINATION_DIR: a name between two slashes has at most "
               "255 bytes";
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
    case EEXIST: return "give this user write access there, or set DESTINATION_DIR to another directory";
    default: *needs_person = false;
    }
    return error == ENOSPC || error == EDQUOT ? "make room on the disk of DESTINATION_DIR" : NULL;
}

static enum store_answer failed(struct why *why, const char *what, const char *path)
{
    bool needs_person = false;
    const char *remedy = remedy_of(errno, &needs_person);
    (void)why_set(why, RES_RETRY, "%s %s: %s", what, path, strerror(errno));
    if (remedy) (void)why_remedy(why, RES_RETRY, "%s", remedy);
    return needs_person ? STORE_REFUSED : STORE_NOT_NOW;
}

static bool make_paths(const struct store_dir *store, const char *key, struct paths *paths, struct why *why)
{
    const char *name = strrchr(key, '/');
    name = name ? name + 1 : key;
    int directory_len = (int)(name - key);
    int len = snprintf(paths->final, PATH_MAX, "%s/%s", store->directory, key);
    int aside_len =
        snprintf(paths->aside, PATH_MAX, "%s/%.*s.%s.part", store->directory, directory_len, key, name);
    (void)snprintf(paths->directory, PATH_MAX, "%s/%.*s", store->directory, directory_len, key);
    if (len < PATH_MAX && aside_len < PATH_MAX) return true;
    errno = ENAMETOOLONG;
    (void)failed(why, "name", key);
    return false;
}

static bool sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool is_ok = fsync(fd) == 0;
    close(fd);
    return is_ok;
}

/* mkdir -p; each directory's name is made durable in its parent, once for each directory that this process writes to. */
static bool make_directories(struct store_dir *store, const char *directory)
{
    char path[PATH_MAX];
    bool is_known = strcmp(store->durable, directory) == 0;
    (void)snprintf(path, sizeof path, "%s", directory);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        char parent[PATH_MAX];
        *slash = '\0';
        (void)snprintf(parent, sizeof parent, "%s", path);
        bool is_new = mkdir(path, 0777) == 0;
        if (!is_new && errno != EEXIST) return false;
        if ((is_new || !is_known) && !sync_directory(dirname(parent))) return false;
        *slash = '/';
    }
    (void)snprintf(store->durable, sizeof store->durable, "%s", directory);
    return true;
}

/* In steps, each on its way to the disk before the next: a commit of the collector's never waits behind a whole object. */
static bool write_all(int fd, const struct buf *body)
{
    for (size_t done = 0; done < body->len;) {
        size_t left = body->len - done;
        ssize_t n = write(fd, body->data + done, left < STEP_BYTES ? left : STEP_BYTES);
        if (n < 0 && errno != EINTR) return false;
        if (n <= 0) continue;
        (void)sync_file_range(fd, (off_t)done, n, SYNC_NOW); /* what it cannot do, fsync does, and says */
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

static bool write_aside(const char *path, const struct buf *body)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return false;
    bool is_ok = write_all(fd, body);
    int saved = errno;
    close(fd);
    errno = saved;
    return is_ok;
}

/* What the file holds; false: cannot say, errno tells why. */
static bool hash_path(const char *path, struct rendition *seen)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool is_ok = hash_file(fd, seen);
    int saved = errno;
    close(fd);
    errno = saved;
    return is_ok;
}

static enum store_answer find_path(const struct paths *paths, const struct object *object,
                                   struct stored *stored, struct why *why)
{
    struct rendition seen;
    bool is_there = hash_path(paths->final, &seen);
    *stored = (struct stored){.is_verified = true};
    if (is_there) stored->rendition = store_recognise(object, &seen);
    if (is_there && !stored->rendition) {
        (void)why_set(why, RES_BROKEN, "another file stands at %s", paths->final);
        (void)why_remedy(why, RES_BROKEN, "see who wrote it and move it away: the batch is tried again");
        return STORE_CONFLICT;
    }
    if (is_there && sync_directory(paths->directory)) return STORE_DONE;
    return errno == ENOENT ? STORE_ABSENT : failed(why, "read", paths->final);
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct paths paths;
    if (!make_paths(self, object->batch->object_key, &paths, why)) return STORE_REFUSED;
    return find_path(&paths, object, stored, why);
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct paths paths;
    *stored = (struct stored){.is_verified = true, .rendition = object->rendition};
    if (!make_paths(self, object->batch->object_key, &paths, why)) return STORE_REFUSED;
    if (!make_directories(self, paths.directory)) return failed(why, "make", paths.directory);
    if (!write_aside(paths.aside, object->body)) {
        enum store_answer answer = failed(why, "write", paths.aside);
        (void)unlink(paths.aside);
        return answer;
    }
    bool is_linked = link(paths.aside, paths.final) == 0;
    int link_errno = errno;
    (void)unlink(paths.aside);
    if (!is_linked && link_errno == EEXIST) {
        enum store_answer answer = find_path(&paths, object, stored, why);
        return answer == STORE_DONE || answer == STORE_CONFLICT ? answer : STORE_UNKNOWN;
    }
    errno = link_errno;
    if (!is_linked) return failed(why, "name", paths.final);
    if (sync_directory(paths.directory)) return STORE_DONE;
    (void)failed(why, "sync", paths.directory);
    return STORE_UNKNOWN;
}

static enum store_answer probe(void *self, const char *key, const char *content_type, const struct buf *body,
                               struct why *why)
{
    struct paths paths;
    (void)content_type;
    if (!make_paths(self, key, &paths, why)) return STORE_REFUSED;
    if (!make_directories(self, paths.directory)) return failed(why, "make", paths.directory);
    bool is_ok = write_aside(paths.aside, body);
    enum store_answer answer = is_ok ? STORE_DONE : failed(why, "write", paths.aside);
    if (is_ok && link(paths.aside, paths.final) != 0 && errno != EEXIST) {
        answer = failed(why, "name", paths.final);
        (void)why_remedy(why, RES_RETRY, "set DESTINATION_DIR to a file system that knows hard links");
    }
    (void)unlink(paths.aside);
    (void)unlink(paths.final);
    return answer;
}

static enum result another(const void *self, void **other, struct why *why)
{
    struct store_dir *store = malloc(sizeof *store);
    (void)why;
    if (!store) abort();
    *store = *(const struct store_dir *)self;
    *other = store;
    return RES_OK;
}

static void close_store(void *self)
{
    free(self);
}

enum result store_dir_open(void **self, const struct store_ops **ops, const struct settings *settings,
                           struct why *why)
{
    static const struct store_ops directory_ops = {NULL, put, find, probe, another, close_store};
    struct store_dir *store = calloc(1, sizeof *store);
    (void)why;
    if (!store) abort();
    store->directory = settings->destination_dir;
    *self = store;
    *ops = &directory_ops;
    return RES_OK;
}
