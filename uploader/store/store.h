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
#include "uploader/batch/cause.h"
#include "uploader/batch/hash.h"
#include "uploader/http/http.h"
#include "uploader/http/keys.h"

#define STORE_ETAG_SIZE   HTTP_HEADER_SIZE
#define STORE_SOURCE_SIZE KEYS_SOURCE_SIZE
#define STORE_STOP_MS                                                                                        \
    8000 /* after the service is asked to stop, a running request may still take this long */

enum store_answer {
    STORE_DONE,         /* the object is there, with these bytes */
    STORE_ABSENT,       /* find: it is not there */
    STORE_CANNOT_CHECK, /* find: the store refuses the question; a put may be taken all the same */
    STORE_NOT_NOW,      /* nothing was stored; the same call may succeed later */
    STORE_STOPPED,      /* a stop ended the call: the object may have been stored */
    STORE_UNKNOWN,      /* as NOT_NOW, but the object may be stored: find it before the next put */
    STORE_REFUSED,      /* nothing was stored; a person must act: why->remedy says how */
    STORE_CONFLICT,     /* other bytes are under this key */
    STORE_OCCUPIED, /* put: something is under this key, and the store refuses to show what. Nothing was stored */
};

/* All are borrowed. */
struct object {
    const struct batch *batch;
    const struct buf *body;
    const struct rendition *rendition; /* of the body */
    bool is_gentle; /* others need the disk meanwhile: a directory takes it in small steps */
};

/* What else an answer says. Of a failure only what stands under "of every answer" counts. */
struct stored {
    char etag[STORE_ETAG_SIZE];        /* "" if there is none */
    bool is_verified;                  /* the bytes were compared, not only trusted to be ours */
    const struct rendition *rendition; /* the stored one: the object's, or one of its batch; borrowed */

    /* of every answer */
    int64_t wait_ms; /* the pause that the store asks for, at most 5 minutes; 0: none */
    struct cause
        cause; /* of a failure (not DONE, ABSENT, STOPPED); of the endpoint's never with is_from_store */
    bool is_from_store; /* the store itself has answered, perhaps with a refusal: its endpoint works */
    bool is_authentic;  /* ... and it has accepted the signature */
    bool is_occupied; /* put: something is under the key, by the store's word, which could not be compared */
};

struct store;

void store_close(struct store *store); /* accepts NULL */

/*
 * Opens the same store once more, for another thread: it shares with `first` the keys and what was learnt about the
 * server, and has connections of its own. It must be closed before `first`.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result store_open_another(struct store **store, const struct store *first, struct why *why);

/* s3://bucket or file://directory, as place.h spells it. */
const char *store_destination(const struct store *store);

/* Is that the place of a batch that was sealed for `destination`? By spelling only (place.h). */
bool store_is_here(const struct store *store, const char *destination);

/* Is it a directory, for a trial? */
bool store_is_trial(const struct store *store);

/* Which hashes the rendition of an object needs before it is put. */
enum hash_kind store_hashes(const struct store *store);

/*
 * Before the first object: can requests be signed? `source` says for people where the keys come from; "" if none are
 * needed.
 *   RES_RETRY    there are no keys now, or, if there is a remedy, a person must act; uploads may be tried all the
 *                same
 *   RES_REFUSE   no source of keys is configured, or a setting is wrong
 */
MUST_CHECK enum result store_prepare(struct store *store, char source[STORE_SOURCE_SIZE], struct why *why);

/*
 * Puts the object, never over another one. Fills `stored` in any case, and `why` with any answer but DONE.
 */
enum store_answer store_put(struct store *store, const struct object *object, struct stored *stored,
                            struct why *why);

/*
 * Is the object there already? To be called before a put if the outcome of an earlier put is unknown. Fills `stored`
 * in any case, and `why` with any answer but DONE and ABSENT.
 */
enum store_answer store_find(struct store *store, const struct object *object, struct stored *stored,
                             struct why *why);

/*
 * Would a put under the prefix of this document work (check_document.h)? It is put as any batch is, and stays there;
 * where one is there already, nothing is stored. DONE: yes. CANNOT_CHECK: there is no proof either way. Any other
 * answer is that of a put. Where the store knows no conditional writes it only looks.
 */
enum store_answer store_prove(struct store *store, const struct object *document, struct stored *stored,
                              struct why *why);

/*
 * Reads the batch's object piece by piece into the sink. DONE: all of it; what it holds is for the caller to compare. Other
 * answers, which `why` explains: ABSENT; CANNOT_CHECK, these keys may not read; NOT_NOW, UNKNOWN,
 * REFUSED, STOPPED, as of a put.
 */
enum store_answer store_read(struct store *store, const struct batch *batch, const struct http_sink *sink,
                             struct why *why);

/* ---- documents that stand for no batch ---- */

/*
 * Puts a document, whose hash this takes, over whatever is under the key. It gets the headers that S3_SSE and the other
 * settings ask for, and no metadata. DONE: it is there; `why` explains the other answers, which are those of store_put()
 * but for CONFLICT and OCCUPIED.
 */
enum store_answer store_put_document(struct store *store, const char *key, const char *content_type,
                                     const struct buf *body, struct why *why);

/* How long the requests of this store may take from now on, but not those for keys, which it shares with others. */
void store_set_limits(struct store *store, struct http_limits limits);

/* ---- for `uploader check` ---- */

#define STORE_FACTS_MAX 10

/* What a store says of itself, each a sentence for people. Texts of others are in it: to be made printable. */
struct store_facts {
    size_t count;
    struct store_fact {
        bool is_note; /* something that a person may want to change */
        char text[WHY_SIZE];
    } list[STORE_FACTS_MAX];
};

/*
 * Where and how the store connects, whose keys it has, and what it asks for each object. After store_prepare(); STS may
 * be asked for some seconds whose the keys are.
 */
void store_describe(struct store *store, struct store_facts *facts);

enum proven { PROVEN_NOTHING, PROVEN_YES, PROVEN_NO };

/* What was found out about a prefix, beyond the answer. */
struct store_proof {
    bool is_new;               /* the document was written now; else it was there, or nothing was written */
    enum proven keeps_others;  /* a second put was refused: no object replaces another */
    enum proven can_read;      /* the document can be read back */
    enum proven knows_absence; /* what is missing is told from what is forbidden */
    char refusal[HTTP_HEADER_SIZE]; /* of the reading: how the store has put it */
    char encryption[HTTP_HEADER_SIZE], locked_until[HTTP_HEADER_SIZE]; /* as the store says; "": nothing */
};

/*
 * As store_prove(), and more thoroughly: the document is written again where the store knows no conditional writes, and
 * after DONE it is tried what else the keys may do.
 */
enum store_answer store_examine(struct store *store, const struct object *document, struct store_proof *proof,
                                struct stored *stored, struct why *why);

/*
 * Only looks for the document, and writes nothing. DONE, ABSENT: the store answers these keys; CONFLICT likewise, and
 * another document is there. CANNOT_CHECK: these keys may not look, which says nothing about a put. Any other answer is
 * that of a put.
 */
enum store_answer store_look(struct store *store, const struct object *document, struct stored *stored,
                             struct why *why);

/* Have files that the keys come from changed since the keys were asked for? Cheap: it only looks at the files' times. */
bool store_has_new_keys(struct store *store);

/*
 * Is this machine's clock wrong, by the times that the store's answers say? Then `*ahead_ms` is how far the store's is
 * ahead; below 0: behind.
 */
bool store_clock_is_wrong(struct store *store, int64_t *ahead_ms);

/* ---- for implementations ---- */

/* What an implementation provides; `self` is its own state. */
struct store_ops {
    bool is_trial;
    enum hash_kind hashes;
    enum result (*prepare)(void *self, char source[STORE_SOURCE_SIZE], struct why *why); /* NULL: no keys */
    enum store_answer (*put)(void *self, const struct object *object, struct stored *stored, struct why *why);
    enum store_answer (*find)(void *self, const struct object *object, struct stored *stored,
                              struct why *why);
    enum store_answer (*prove)(void *self, const struct object *document, struct stored *stored,
                               struct why *why);
    enum store_answer (*examine)(void *self, const struct object *document, struct store_proof *proof,
                                 struct stored *stored, struct why *why);
    enum store_answer (*look)(void *self, const struct object *document, struct stored *stored,
                              struct why *why);
    enum store_answer (*read)(void *self, const char *key, const struct http_sink *sink, struct why *why);
    enum store_answer (*put_document)(void *self, const char *key, const char *content_type,
                                      const struct buf *body, struct why *why);
    void (*set_limits)(void *self, struct http_limits limits); /* NULL: no requests */
    void (*describe)(void *self, struct store_facts *facts);
    bool (*has_new_keys)(void *self);                      /* NULL: no keys */
    bool (*clock_is_wrong)(void *self, int64_t *ahead_ms); /* NULL: it says no times */
    enum result (*another)(const void *self, void **other, struct why *why);
    void (*close)(void *self);
};

/* Adds a fact; those above STORE_FACTS_MAX, which nobody should have, are left out. */
void store_facts_add(struct store_facts *facts, bool is_note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes `self`, which store_close() gives to ops->close(); borrows `ops`, copies `destination`. */
struct store *store_new(void *self, const struct store_ops *ops, const char *destination);

/*
 * Which rendition of this batch is stored: the object's own, or one of an earlier try, from before a library's
 * upgrade? NULL: none of them, so the stored object is not ours. `seen` has what the store has answered: "" if it
 * did not say a hash, a negative number if it did not say the length. What is not known on either side proves nothing:
 * a rendition that was recorded for a directory has no MD5.
 */
const struct rendition *store_recognise(const struct object *object, const struct rendition *seen);

#endif
