/*
 * s3_call -- one request to the bucket's server, and what its answer means.
 *
 * Each request is signed anew, with keys that are asked for each time (credentials.h), for the region and at the time
 * that the server wants (s3_server.h). Where the server says that one of these is wrong, the request is repeated at once
 * with a better one.
 */
#ifndef UPLOADER_STORE_S3_CALL_H
#define UPLOADER_STORE_S3_CALL_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/http/http.h"
#include "uploader/settings.h"
#include "uploader/store/store.h"

/* What to ask for; all pointers are borrowed. */
struct s3_call {
    enum http_method method;
    const char *key;
    const char *content_type;    /* PUT only, as are the next three */
    const struct buf *body;      /* with its hash in hex: */
    const char *sha256;          /* NULL: no body */
    const struct object *object; /* adds its metadata; NULL: none */
    bool is_conditional;         /* PUT: never over another object */
    struct hash *hash;           /* GET only: takes in the body, */
    int64_t hash_bytes;          /* of which so many are expected */
};

struct s3_answer {
    struct http_answer http;
    int64_t wait_ms; /* the server asks for so long a pause; 0: it does not */
};

struct s3;

/*
 * The way to the settings' bucket; all three are borrowed. Nobody is asked yet.
 *   RES_REFUSE   a setting, or a file that one names, is wrong
 *   RES_RETRY    such a file cannot be read
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result s3_open(struct s3 **s3, const struct settings *settings, struct signals *signals,
                               const struct lockfile *lock, struct why *why);
void s3_close(struct s3 *s3); /* accepts NULL */

/*
 * The same once more, for another thread: keys, region and clock are shared, the connection is its own. Closed before
 * `first`.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result s3_open_another(struct s3 **s3, const struct s3 *first, struct why *why);

/* Can requests be signed? As store_prepare() in store.h. */
MUST_CHECK enum result s3_prepare(struct s3 *s3, char source[STORE_SOURCE_SIZE], struct why *why);

/*
 * Sends one call, at most four times in all. `answer` is filled in any case and needs s3_answer_fini().
 *   DONE          200, to a PUT or DELETE any 2xx
 *   ABSENT        404 to HEAD or GET
 *   CANNOT_LOOK   403 to HEAD or GET
 *   CONFLICT      412 to a PUT of an object: something is under the key
 *   all others    as in store.h, with `why`; UNKNOWN never comes of HEAD and GET, which store nothing
 */
enum store_answer s3_send(struct s3 *s3, const struct s3_call *call, struct s3_answer *answer,
                          struct why *why);
void s3_answer_fini(struct s3_answer *answer);

#endif
