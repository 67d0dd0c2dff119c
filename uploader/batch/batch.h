/*
 * batch -- one batch as a value.
 *
 * A batch is a range of ids of one kind that becomes one object. Everything that shapes the object's bytes is fixed
 * when the batch is sealed. What happened to it since is recorded as facts, from which its state follows (state.h, the
 * view `batches`).
 */
#ifndef UPLOADER_BATCH_BATCH_H
#define UPLOADER_BATCH_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/spool.h"
#include "uploader/batch/state.h"

#define BATCH_KEY_MAX         1024 /* bytes; S3's limit for a key */
#define BATCH_DESTINATION_MAX 4200 /* file:// and a path */
#define BATCH_SHA256_SIZE     65   /* hex digits and a NUL */
#define BATCH_MD5_SIZE        33
#define BATCH_DROPPED_MAX     2000

/* Bounds the size of an object even if its events are tiny: rendering adds bytes to each event. */
#define BATCH_COUNT_MAX 1000000

enum batch_kind { BATCH_EVENTS, BATCH_REJECTS, BATCH_KIND_COUNT };
enum batch_format { BATCH_XML, BATCH_JSON, BATCH_NDJSON };

/* The names that the spool uses. */
const char *batch_kind_name(enum batch_kind kind);
const char *batch_format_name(enum batch_format format);
bool batch_format_of(const char *name, enum batch_format *format); /* false: no format has this name */

/* The hashes and the length of an object's bytes. */
struct rendition {
    char sha256[BATCH_SHA256_SIZE]; /* "": there is no rendition */
    char md5[BATCH_MD5_SIZE];       /* "": the destination needs none, as no directory does */
    int64_t bytes;
    /* of the uncompressed bytes; "" if the rendition was read from the spool */
    char content_sha256[BATCH_SHA256_SIZE];
};

struct batch {
    int64_t id; /* 0: not sealed yet */
    enum batch_state state;
    enum batch_kind kind;
    int64_t first_id, last_id;
    int64_t bytes; /* events: as received; rejects: as kept */
    char destination[BATCH_DESTINATION_MAX];
    char object_key[BATCH_KEY_MAX + 1];
    enum batch_format format;
    bool has_metadata;                   /* EVENT_METADATA at sealing; likewise the next four */
    bool is_gzip;                        /* COMPRESSION */
    bool is_pretty;                      /* PRETTY_PRINT_JSON */
    char dropped[BATCH_DROPPED_MAX + 1]; /* DROP_FIELDS; "": nothing is left out */
    bool omits_payload;                  /* rejects: REJECTS_PAYLOAD */
    struct spool_identity identity;
    int64_t sealed_at;

    struct rendition recorded; /* recorded before its first PUT */
    struct rendition earlier;  /* the rendition before that, if it may have been stored, too */
    int64_t attempts;
    bool is_unknown;  /* a PUT was begun, and its outcome is not proven */
    bool is_occupied; /* something is under its key, and it is not proven to be this batch's */

    int repetition;    /* the N of -rN in the key; 1 (or 0, before it is sealed): the key has none */
    int64_t reship_of; /* the batch that this one replaces, or is a copy of; 0: none */
    bool is_copy;
};

/* The one way in which a batch's state changes: the step must be possible. */
void batch_move(struct batch *batch, enum batch_state next);

/* A batch over the same rows, with all that shapes the bytes, that was not sealed or tried yet; reship_of is the first. */
struct batch batch_once_more(const struct batch *batch);

/* May an object of this batch be in the store, although it is not known to be shipped? */
bool batch_may_be_stored(const struct batch *batch);

int64_t batch_count(const struct batch *batch);

/* application/xml and so on, and the extension of the key. */
const char *batch_content_type(const struct batch *batch);
const char *batch_extension(enum batch_format format); /* without .gz */

#endif
