/* dir -- see dir.h. */
#include "uploader/store/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/aside.h"
#include "uploader/batch/hash.h"
#include "uploader/store/directories.h"
#include "uploader/store/disk_write.h"
#include "uploader/store/place.h"

#define READ_BYTES ((size_t)64 << 10)

struct dir {
    const char *directory; /* borrowed */
    bool needs_path;       /* a file without a name can get none here, which does not show before */
    char known[PATH_MAX];  /* the last directory that was put into: it was made durable, and cleaned */
};

struct paths {
    char final[PATH_MAX], directory[PATH_MAX];
};

/* What to do about an error; NULL: only waiting helps. `*needs_person`: waiting does not help. */
static const char *remedy_of(int error, bool *needs_person)
{
    *needs_person = true;
    switch (error) {
    case ENAMETOOLONG:
        return "shorten PREFIX, REJECTS_PREFIX or DESTINATION_DIR: a name between two slashes has at most "
               "255 bytes";
    case ENOTSUP:
        return "set DESTINATION_DIR to another file system: this one can name no file without replacing "
               "what may be there (it knows neither hard links nor RENAME_NOREPLACE)";
    case EBUSY: return "remove the files .eventspool-*.part there that no uploader writes";
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
    (void)snprintf(paths->directory, PATH_MAX, "%s/%.*s", dir->directory, directory_len, key);
    if (len < PATH_MAX) return true;
    errno = ENAMETOOLONG;
    (void)failed(stored, why, "name", key);
    return false;
}

/* What stands at a path. */
enum there { THERE_FILE, THERE_OTHER, THERE_FAILED };

/* After an error; errno stays. */
static bool is_link_to_nothing(const char *path)
{
    struct stat st;
    int saved = errno;
    bool is_link = saved == ENOENT && lstat(path, &st) == 0;
    errno = saved;
    return is_link;
}

/* Hashes a file; what is no file is not opened: a pipe has no end. THERE_FAILED, with errno: it cannot be read. */
static enum there hash_path(const char *path, struct rendition *seen)
{
    struct stat st;
    if (stat(path, &st) != 0) return is_link_to_nothing(path) ? THERE_OTHER : THERE_FAILED;
    if (!S_ISREG(st.st_mode)) return THERE_OTHER;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return THERE_FAILED;
    bool is_ok = hash_file(fd, seen);
    int saved = errno;
    close(fd);
    errno = saved;
    return is_ok ? THERE_FILE : THERE_FAILED;
}

static enum store_answer find_path(const struct paths *paths, const struct object *object,
                                   struct stored *stored, struct why *why)
{
    struct rendition seen;
    enum there there = hash_path(paths->final, &seen);
    *stored = (struct stored){.is_verified = true, .is_from_store = true, .is_authentic = true};
    if (there == THERE_FILE) stored->rendition = store_recognise(object, &seen);
    if (there != THERE_FAILED && !stored->rendition) {
        stored->cause = (struct cause){SCOPE_BATCH, 0, "OtherObject"};
        (void)why_set(why, RES_BROKEN, "%s stands at %s",
                      there == THERE_FILE ? "another file" : "something that is no file", paths->final);
        (void)why_remedy(why, RES_BROKEN, "see who wrote it and move it away: the batch is tried again");
        return STORE_CONFLICT;
    }
    if (there == THERE_FILE && directories_sync(paths->directory, paths->final)) return STORE_DONE;
    return errno == ENOENT ? STORE_ABSENT : failed(stored, why, "read", paths->final);
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct paths paths;
    if (!make_paths(self, object->batch->object_key, &paths, stored, why)) return STORE_REFUSED;
    aside_clean(paths.directory, object->batch->identity.spool);
    return find_path(&paths, object, stored, why);
}

static bool read_file(int fd, const struct http_sink *sink)
{
    char block[READ_BYTES];
    ssize_t n = 1;
    while (n > 0) {
        n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0 && !sink->take(sink->context, block, (size_t)n))
            return false;
    }
    return n == 0;
}

static enum store_answer read_object(void *self, const char *key, const struct http_sink *sink,
                                     struct why *why)
{
    struct paths paths;
    struct stored ignored = {.wait_ms = 0};
    if (!make_paths(self, key, &paths, &ignored, why)) return STORE_REFUSED;
    int fd = open(paths.final, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? STORE_ABSENT : failed(&ignored, why, "read", paths.final);
    bool is_read = read_file(fd, sink);
    enum store_answer answer = is_read ? STORE_DONE : failed(&ignored, why, "read", paths.final);
    close(fd);
    return answer;
}

static bool prepare_directory(struct dir *dir, const char *directory, const struct object *object)
{
    bool is_known = strcmp(dir->known, directory) == 0;
    if (!directories_make(directory, is_known)) return false;
    if (!is_known) aside_clean(directory, object->batch->identity.spool);
    (void)snprintf(dir->known, sizeof dir->known, "%s", directory);
    return true;
}

/* Something came under the name since the last look, or before it. */
static enum store_answer find_other(const struct paths *paths, const struct object *object,
                                    struct stored *stored, struct why *why)
{
    enum store_answer answer = find_path(paths, object, stored, why);
    if (answer == STORE_ABSENT) (void)why_set(why, RES_RETRY, "a file came and went at %s", paths->final);
    return answer == STORE_DONE || answer == STORE_CONFLICT ? answer : STORE_UNKNOWN;
}

/* Some file systems know a file that had no name only if it is synced again once it has one. */
static bool make_durable(const struct aside *aside, const struct paths *paths)
{
    return fsync(aside->fd) == 0 && directories_sync(paths->directory, paths->final);
}

static enum store_answer put_aside(struct dir *dir, struct aside *aside, const struct paths *paths,
                                   const struct object *object, struct stored *stored, struct why *why)
{
    const char *spool = object->batch->identity.spool;
    if (!aside_open(aside, paths->directory, spool, dir->needs_path, 0666) ||
        !disk_write(aside->fd, object->body, object->is_gentle))
        return failed(stored, why, "write a file in", paths->directory);
    if (!aside_name(aside, paths->final)) {
        if (errno == EEXIST) return find_other(paths, object, stored, why);
        if (errno != ENOTSUP || dir->needs_path) return failed(stored, why, "name", paths->final);
        dir->needs_path = true;
        aside_close(aside);
        return put_aside(dir, aside, paths, object, stored, why);
    }
    if (make_durable(aside, paths)) return STORE_DONE;
    (void)failed(stored, why, "sync", paths->final);
    return STORE_UNKNOWN;
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct aside aside = ASIDE_NONE;
    struct paths paths;
    *stored = (struct stored){
        .is_verified = true, .rendition = object->rendition, .is_from_store = true, .is_authentic = true};
    if (!make_paths(self, object->batch->object_key, &paths, stored, why)) return STORE_REFUSED;
    if (!prepare_directory(self, paths.directory, object))
        return failed(stored, why, "make", paths.directory);
    enum store_answer answer = put_aside(self, &aside, &paths, object, stored, why);
    aside_close(&aside);
    return answer;
}

/* Written aside under a name for now, which then takes the place of the last document. */
static enum store_answer replace_document(const struct paths *paths, const struct buf *body,
                                          struct stored *stored, struct why *why)
{
    struct aside aside = ASIDE_NONE;
    enum store_answer answer = STORE_DONE;
    if (!directories_make(paths->directory, false)) return failed(stored, why, "make", paths->directory);
    if (!aside_open(&aside, paths->directory, "document", true, 0666) || !disk_write(aside.fd, body, false))
        answer = failed(stored, why, "write a file in", paths->directory);
    else if (!aside_replace(&aside, paths->final) || !directories_sync(paths->directory, paths->final))
        answer = failed(stored, why, "name", paths->final);
    aside_close(&aside);
    return answer;
}

static enum store_answer put_document(void *self, const char *key, const char *content_type,
                                      const struct buf *body, struct why *why)
{
    struct paths paths;
    struct stored ignored = {.wait_ms = 0};
    (void)content_type;
    if (!make_paths(self, key, &paths, &ignored, why)) return STORE_REFUSED;
    return replace_document(&paths, body, &ignored, why);
}

/* As any object. Whatever stands under its name already is as good: it was written aside all the same. */
static enum store_answer prove(void *self, const struct object *document, struct stored *stored,
                               struct why *why)
{
    enum store_answer answer = put(self, document, stored, why);
    return answer == STORE_CONFLICT ? STORE_DONE : answer;
}

static enum store_answer examine(void *self, const struct object *document, struct store_proof *proof,
                                 struct stored *stored, struct why *why)
{
    struct why ignored = {0};
    proof->is_new = find(self, document, stored, &ignored) == STORE_ABSENT;
    enum store_answer answer = prove(self, document, stored, why);
    if (answer != STORE_DONE) return answer;
    proof->keeps_others = PROVEN_YES; /* link() never replaces a name */
    enum store_answer again = find(self, document, stored, &ignored);
    proof->can_read = again == STORE_DONE || again == STORE_CONFLICT ? PROVEN_YES : PROVEN_NOTHING;
    return answer;
}

static void describe(void *self, struct store_facts *facts)
{
    const struct dir *dir = self;
    store_facts_add(facts, false,
                    "objects are files in %s (DESTINATION_DIR), for a trial: no keys are needed",
                    dir->directory);
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
    static const struct store_ops ops = {.is_trial = true,
                                         .hashes = HASH_SHA256,
                                         .put = put,
                                         .find = find,
                                         .prove = prove,
                                         .examine = examine,
                                         .look = find,
                                         .read = read_object,
                                         .put_document = put_document,
                                         .describe = describe,
                                         .another = another,
                                         .close = close_dir};
    char destination[BATCH_DESTINATION_MAX];
    struct dir *dir = calloc(1, sizeof *dir);
    if (!dir) abort();
    dir->directory = directory;
    place_name_directory(directory, destination);
    return store_new(dir, &ops, destination);
}
