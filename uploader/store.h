/*
 * store -- where objects go: an S3 bucket (store_s3.c) or a directory (store_dir.c), behind one interface.
 *
 * What a store answers is not one of the four results: what matters is whether these bytes are under this key, and
 * whether that is proven.
 */
#ifndef UPLOADER_STORE_H
#define UPLOADER_STORE_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/settings.h"
#include "uploader/spool_out.h"

#define STORE_ETAG_SIZE 128   /* HTTP_HEADER_SIZE */
#define STORE_STOP_MS   10000 /* a stop gives a running request this long */

enum store_answer {
    STORE_DONE,        /* the object is there, with these bytes */
    STORE_ABSENT,      /* find: it is not there */
    STORE_CANNOT_LOOK, /* find: not allowed to say */
    STORE_NOT_NOW,     /* nothing was stored; the same call may succeed later */
    STORE_STOPPED,     /* a stop ended it: it may have been stored */
    STORE_UNKNOWN,     /* as STORE_NOT_NOW, but it may have been stored: find it before the next put */
    STORE_REFUSED,     /* nothing was stored; a person must act: why->remedy says how */
    STORE_CONFLICT,    /* other bytes are under this key */
};

struct object {
    const struct batch *batch;
    const struct buf *body;
    const struct rendition *rendition;
};

struct stored {
    char etag[STORE_ETAG_SIZE]; /* "" where there is none */
    bool is_verified;           /* the bytes were compared, not only trusted to be ours */
};

struct store;

/*
 * Opens what the settings name; all three are borrowed. A long upload renews the lock's sign of life.
 *   RES_REFUSE   the settings cannot work
 */
MUST_CHECK enum result store_open(struct store **store, const struct settings *settings,
                                  struct signals *signals, const struct lockfile *lock, struct why *why);
void store_close(struct store *store); /* accepts NULL */

/* s3://bucket or file://directory. */
const char *store_destination(const struct store *store);
bool store_is_trial(const struct store *store);

/* Puts the object, never over another one. With DONE `stored` is filled; with all but DONE `why`. */
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

/* What an implementation provides. */
struct store_ops {
    enum store_answer (*put)(void *self, const struct object *object, struct stored *stored, struct why *why);
    enum store_answer (*find)(void *self, const struct object *object, struct stored *stored,
                              struct why *why);
    enum store_answer (*probe)(void *self, const char *key, const char *content_type, const struct buf *body,
                               struct why *why);
    void (*close)(void *self);
};
enum result store_dir_open(void **self, const struct store_ops **ops, const struct settings *settings,
                           struct why *why);
enum result store_s3_open(void **self, const struct store_ops **ops, const struct settings *settings,
                          struct signals *signals, const struct lockfile *lock, struct why *why);

#endif
