/* dir -- see dir.h. */
#include "uploader/store/dir.h"

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
#include "uploader/store/place.h"

#define STEP_BYTES ((size_t)256 << 10)
#define SYNC_NOW   (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

struct dir {
    const char *directory;  /* borrowed */
    char durable[PATH_MAX]; /* the last directory whose name was made durable */
};

struct paths {
    char final[PATH_MAX], part[PATH_MAX], directory[PATH_MAX];
};

/* What to do about an error; NULL: only waiting helps. `*needs_person`: waiting does not help. */
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
    return error == ENOSPC || error == EDQUOT ? "free space on the disk of DESTINATION_DIR" : NULL;
}

/* Only a name that is too long is the object's own trouble: all else concerns whatever is put there. */
static enum store_answer failed(struct stored *stored, struct why *why, const char *what, const char *path)
{
    bool needs_person = false;
    int error = errno;
    const char *remedy = remedy_of(error, &needs_person);
    const char *name = strerrorname_np(error);
    stored->is_from_store = stored->is_authentic = false;
    stored->cause = (struct cause){.scope = error == ENAMETOOLONG ? SCOPE_BATCH : SCOPE_ENDPOINT};
    (void)snprintf(stored->cause.code, sizeof stored->cause.code, "%s", name ? name : "Unknown");
    (void)why_set(why, RES_RETRY, "%s %s: %s", what, path, strerror(error));
    if (remedy) (void)why_remedy(why, RES_RETRY, "%s", remedy);
    return needs_person ? STORE_REFUSED : STORE_NOT_NOW;
}

static bool make_paths(const struct dir *dir, const char *key, struct paths *paths, struct stored *stored,
                       struct why *why)
{
    const char *name = strrchr(key, '/');
    name = name ? name + 1 : key;
    int directory_len = (int)(name - key);
    int len = snprintf(paths->final, PATH_MAX, "%s/%s", dir->directory, key);
    int part_len =
        snprintf(paths->part, PATH_MAX, "%s/%.*s.%s.part", dir->directory, directory_len, key, name);
    (void)snprintf(paths->directory, PATH_MAX, "%s/%.*s", dir->directory, directory_len, key);
    if (len < PATH_MAX && part_len < PATH_MAX) return true;
    errno = ENAMETOOLONG;
    (void)failed(stored, why, "name", key);
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

/* As mkdir -p. Makes each directory's name durable in its parent, once for each directory that objects are put into. */
static bool make_directories(struct dir *dir, const char *directory)
{
    char path[PATH_MAX];
    bool is_known = strcmp(dir->durable, directory) == 0;
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
    (void)snprintf(dir->durable, sizeof dir->durable, "%s", directory);
    return true;
}

/* In steps, each of which is on the disk before the next: no commit of the collector waits for a whole object. */
static bool write_all(int fd, const struct buf *body)
{
    for (size_t done = 0; done < body->len;) {
        size_t left = body->len - done;
        ssize_t n = write(fd, body->data + done, left < STEP_BYTES ? left : STEP_BYTES);
        if (n < 0 && errno != EINTR) return false;
        if (n <= 0) continue;
        (void)sync_file_range(fd, (off_t)done, n,
                              SYNC_NOW); /* if it fails, fsync() does the work, or fails */
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

static bool write_part(const char *path, const struct buf *body)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return false;
    bool is_ok = write_all(fd, body);
    int saved = errno;
    close(fd);
    errno = saved;
    return is_ok;
}

/* Hashes what the file holds; false, with errno: it cannot be read. */
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
    *stored = (struct stored){.is_verified = true, .is_from_store = true, .is_authentic = true};
    if (is_there) stored->rendition = store_recognise(object, &seen);
    if (is_there && !stored->rendition) {
        stored->cause = (struct cause){SCOPE_BATCH, 0, "OtherObject"};
        (void)why_set(why, RES_BROKEN, "another file stands at %s", paths->final);
        (void)why_remedy(why, RES_BROKEN, "see who wrote it and move it away: the batch is tried again");
        return STORE_CONFLICT;
    }
    if (is_there && sync_directory(paths->directory)) return STORE_DONE;
    return errno == ENOENT ? STORE_ABSENT : failed(stored, why, "read", paths->final);
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct paths paths;
    if (!make_paths(self, object->batch->object_key, &paths, stored, why)) return STORE_REFUSED;
    return find_path(&paths, object, stored, why);
}

static enum store_answer cannot_link(struct stored *stored, struct why *why, const char *path)
{
    bool has_no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
    enum store_answer answer = failed(stored, why, "name", path);
    if (has_no_links)
        (void)why_remedy(why, RES_RETRY, "set DESTINATION_DIR to a file system that knows hard links");
    return answer;
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct paths paths;
    *stored = (struct stored){
        .is_verified = true, .rendition = object->rendition, .is_from_store = true, .is_authentic = true};
    if (!make_paths(self, object->batch->object_key, &paths, stored, why)) return STORE_REFUSED;
    if (!make_directories(self, paths.directory)) return failed(stored, why, "make", paths.directory);
    if (!write_part(paths.part, object->body)) {
        enum store_answer answer = failed(stored, why, "write", paths.part);
        (void)unlink(paths.part);
        return answer;
    }
    bool is_linked = link(paths.part, paths.final) == 0;
    int link_errno = errno;
    (void)unlink(paths.part);
    if (!is_linked && link_errno == EEXIST) {
        enum store_answer answer = find_path(&paths, object, stored, why);
        return answer == STORE_DONE || answer == STORE_CONFLICT ? answer : STORE_UNKNOWN;
    }
    errno = link_errno;
    if (!is_linked) return cannot_link(stored, why, paths.final);
    if (sync_directory(paths.directory)) return STORE_DONE;
    (void)failed(stored, why, "sync", paths.directory);
    return STORE_UNKNOWN;
}

/* As any object. Whatever stands under its name already is as good: it was written aside all the same. */
static enum store_answer prove(void *self, const struct object *document, bool is_thorough,
                               struct stored *stored, struct why *why)
{
    (void)is_thorough;
    enum store_answer answer = put(self, document, stored, why);
    return answer == STORE_CONFLICT ? STORE_DONE : answer;
}

static enum result another(const void *self, void **other, struct why *why)
{
    struct dir *dir = malloc(sizeof *dir);
    (void)why;
    if (!dir) abort();
    *dir = *(const struct dir *)self;
    *other = dir;
    return RES_OK;
}

static void close_dir(void *self)
{
    free(self);
}

struct store *dir_open(const char *directory)
{
    static const struct store_ops ops = {
        .is_trial = true, .put = put, .find = find, .prove = prove, .another = another, .close = close_dir};
    char destination[BATCH_DESTINATION_MAX];
    struct dir *dir = calloc(1, sizeof *dir);
    if (!dir) abort();
    dir->directory = directory;
    place_name_directory(directory, destination);
    return store_new(dir, &ops, destination);
}
