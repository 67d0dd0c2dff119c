/*
 * store -- where objects go, behind one interface: an S3 bucket (s3.h) or a directory (dir.h). open.h chooses.
 *
 * The answers of a store are not the four results: what matters is whether these bytes are under this key, and whether
 * that is proven.
 */
#ifndef UPLOADER_STORE_STORE_H
#define UPLOADER_STORE_STORE_H

#include "common/buf.h"
#include "common/why.h"
#include "uploader/batch/batch.h"
#include "uploader/http/http.h"
#include "uploader/http/keys.h"

#define STORE_ETAG_SIZE   HTTP_HEADER_SIZE
#define STORE_SOURCE_SIZE KEYS_SOURCE_SIZE
#define STORE_STOP_MS     10000 /* after a stop is asked for, a running request may still take this long */

enum store_answer {
    STORE_DONE,         /* the object is there, with these bytes */
    STORE_ABSENT,       /* find: it is not there */
    STORE_CANNOT_CHECK, /* find: the keys do not allow the question */
    STORE_NOT_NOW,      /* nothing was stored; the same call may succeed later */
    STORE_STOPPED,      /* a stop ended the call: the object may have been stored */
    STORE_UNKNOWN,      /* as NOT_NOW, but the object may be stored: find it before the next put */
    STORE_REFUSED,      /* nothing was stored; a person must act: why->remedy says how */
    STORE_CONFLICT,     /* other bytes are under this key */
};

/* All are borrowed. */
struct object {
    const struct batch *batch;
    const struct buf *body;
    const struct rendition *rendition; /* of the body */
};

struct stored {
    char etag[STORE_ETAG_SIZE];        /* "" if there is none */
    bool is_verified;                  /* the bytes were compared, not only trusted to be ours */
    const struct rendition *rendition; /* the stored one: the object's, or one of its batch; borrowed */
    int64_t wait_ms; /* with NOT_NOW and UNKNOWN: the pause the store asks for, at most 5 minutes; 0: none */
};

struct store;

void store_close(struct store *store); /* accepts NULL */

/*
 * Opens the same store once more, for another thread: it shares with `first` the keys and what was learnt about the
 * server, and has connections of its own. It must be closed before `first`.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result store_open_another(struct store **store, const struct store *first, struct why *why);

/* s3://bucket or file://directory. */
const char *store_destination(const struct store *store);

/* Is it a directory, for a trial? */
bool store_is_trial(const struct store *store);

/*
 * Before the first object: can requests be signed? `source` says for people where the keys come from; "" if none are
 * needed.
 *   RES_RETRY    there are no keys now, or, if there is a remedy, a person must act; uploads may be tried all the
 *                same
 *   RES_REFUSE   no source of keys is configured, or a setting is wrong
 */
MUST_CHECK enum result store_prepare(struct store *store, char source[STORE_SOURCE_SIZE], struct why *why);

/*
 * Puts the object, never over another one. Fills `stored` with DONE; with any other answer `why`, and of `stored` only
 * the pause that the store asks for.
 */
enum store_answer store_put(struct store *store, const struct object *object, struct stored *stored,
                            struct why *why);

/* Is the object there already? To be called before a put if the outcome of an earlier put is unknown. */
enum store_answer store_find(struct store *store, const struct object *object, struct stored *stored,
                             struct why *why);

/*
 * For `check`: writes a small document under `key` and removes it again, if that is allowed. DONE: an upload under this
 * key would work.
 */
enum store_answer store_probe(struct store *store, const char *key, const char *content_type,
                              const struct buf *body, struct why *why);

/* ---- for implementations ---- */

/* What an implementation provides; `self` is its own state. */
struct store_ops {
    bool is_trial;
    enum result (*prepare)(void *self, char source[STORE_SOURCE_SIZE], struct why *why); /* NULL: no keys */
    enum store_answer (*put)(void *self, const struct object *object, struct stored *stored, struct why *why);
    enum store_answer (*find)(void *self, const struct object *object, struct stored *stored,
                              struct why *why);
    enum store_answer (*probe)(void *self, const char *key, const char *content_type, const struct buf *body,
                               struct why *why);
    enum result (*another)(const void *self, void **other, struct why *why);
    void (*close)(void *self);
};

/* Takes `self`, which store_close() gives to ops->close(); borrows `ops`, copies `destination`. */
struct store *store_new(void *self, const struct store_ops *ops, const char *destination);

/*
 * Which rendition of this batch is stored: the object's own, or one of an earlier try, from before a library's
 * upgrade? NULL: none of them, so the stored object is not ours. `seen` has what the store has answered: "" if it
 * did not say a hash, a negative number if it did not say the length.
 */
const struct rendition *store_recognise(const struct object *object, const struct rendition *seen);

#endif
