/*
 * store -- where objects go: an S3 bucket (s3.c) or a directory (dir.c), behind one interface.
 *
 * What a store answers is not one of the four results: what matters is whether these bytes are under this key, and
 * whether that is proven.
 */
#ifndef UPLOADER_STORE_STORE_H
#define UPLOADER_STORE_STORE_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/settings.h"
#include "uploader/spool/spool.h"

#define STORE_ETAG_SIZE   128 /* HTTP_HEADER_SIZE */
#define STORE_SOURCE_SIZE 256
#define STORE_STOP_MS     10000 /* a stop gives a running request this long */

enum store_answer {
    STORE_DONE,         /* the object is there, with these bytes */
    STORE_ABSENT,       /* find: it is not there */
    STORE_CANNOT_CHECK, /* find: not allowed to say */
    STORE_NOT_NOW,      /* nothing was stored; the same call may succeed later */
    STORE_STOPPED,      /* a stop ended it: it may have been stored */
    STORE_UNKNOWN,      /* as STORE_NOT_NOW, but it may have been stored: find it before the next put */
    STORE_REFUSED,      /* nothing was stored; a person must act: why->remedy says how */
    STORE_CONFLICT,     /* other bytes are under this key */
};

struct object {
    const struct batch *batch;
    const struct buf *body;
    const struct rendition *rendition; /* of the body */
};

struct stored {
    char etag[STORE_ETAG_SIZE]; /* "" where there is none */
    bool is_verified;           /* the bytes were compared, not only trusted to be ours */
    const struct rendition
        *rendition; /* what is there: the object's, or one that its batch remembers; borrowed */
    int64_t
        wait_ms; /* with NOT_NOW and UNKNOWN: the store asks for so long a pause, at most 5 minutes; 0: it does not */
};

struct store;

/*
 * Opens what the settings name; all three are borrowed. A long upload renews the lock's sign of life.
 *   RES_REFUSE   the settings cannot work
 */
MUST_CHECK enum result store_open(struct store **store, const struct settings *settings,
                                  struct signals *signals, const struct lockfile *lock, struct why *why);
void store_close(struct store *store); /* accepts NULL */

/*
 * The same store once more, for another thread: it shares the keys, has connections of its own, and learns by itself what
 * `first` may have learnt since it was opened. Closed before `first`.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result store_open_another(struct store **store, const struct store *first, struct why *why);

/* s3://bucket or file://directory. */
const char *store_destination(const struct store *store);
bool store_is_trial(const struct store *store);

/*
 * Before the first object: can requests be signed? `source` says for people where the keys come from; "" where none are
 * needed.
 *   RES_RETRY    no keys can be had now, or, where there is a remedy, a person must act; uploads may be tried all the same
 *   RES_REFUSE   no source of keys is configured, or a setting is wrong
 */
MUST_CHECK enum result store_prepare(struct store *store, char source[STORE_SOURCE_SIZE], struct why *why);

/* Puts the object, never over another one. With DONE `stored` is filled; with all but DONE `why`, and
 * `stored` has the pause that the store asks for. */
enum store_answer store_put(struct store *store, const struct object *object, struct stored *stored,
                            struct why *why);

/* Is the object there already? Asked before a put whose predecessor's outcome is unknown. */
enum store_answer store_find(struct store *store, const struct object *object, struct stored *stored,
                             struct why *why);

/*
 * For `check`: writes a small document under `key` and removes it again, if that is allowed. DONE: an upload of such a
 * key would work.
 */
enum store_answer store_probe(struct store *store, const char *key, const char *content_type,
                              const struct buf *body, struct why *why);

/*
 * For implementations: which rendition of this batch is it that is stored? The object's own, or one of an earlier try, from
 * before a library's upgrade. NULL: none of them, so not ours. `seen` has what the store tells: "" is not known, likewise
 * a negative length.
 */
const struct rendition *store_recognise(const struct object *object, const struct rendition *seen);

/* What an implementation provides. */
struct store_ops {
    enum result (*prepare)(void *self, char source[STORE_SOURCE_SIZE],
                           struct why *why); /* NULL: nothing to do */
    enum store_answer (*put)(void *self, const struct object *object, struct stored *stored, struct why *why);
    enum store_answer (*find)(void *self, const struct object *object, struct stored *stored,
                              struct why *why);
    enum store_answer (*probe)(void *self, const char *key, const char *content_type, const struct buf *body,
                               struct why *why);
    enum result (*another)(const void *self, void **other, struct why *why);
    void (*close)(void *self);
};
enum result store_dir_open(void **self, const struct store_ops **ops, const struct settings *settings,
                           struct why *why);
enum result store_s3_open(void **self, const struct store_ops **ops, const struct settings *settings,
                          struct signals *signals, const struct lockfile *lock, struct why *why);

#endif
