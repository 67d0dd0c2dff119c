/*
 * keys -- one set of AWS keys as a value: permanent, or temporary with a session token and an expiry time.
 *
 * Whoever holds a struct keys wipes it with keys_wipe() when done. Nothing here logs, and no explanation holds a part
 * of a key.
 */
#ifndef UPLOADER_HTTP_KEYS_H
#define UPLOADER_HTTP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/why.h"

/* Each size counts the closing NUL. A session token must fit into one header of a request (s3_headers.c). */
#define KEYS_ID_SIZE     257
#define KEYS_SECRET_SIZE 513
#define KEYS_TOKEN_SIZE  4096
#define KEYS_SOURCE_SIZE 256 /* of a text for people that says where keys come from */
#define KEYS_FOREVER     INT64_MAX

#define KEYS_AHEAD_MS  (5 * 60000) /* keys are renewed this long before their end, as AWS's own tools do */
#define KEYS_MARGIN_MS 10000 /* this close to their end keys count as ended, because a request takes time */

struct keys {
    char access_key_id[KEYS_ID_SIZE];
    char secret_access_key[KEYS_SECRET_SIZE];
    char session_token[KEYS_TOKEN_SIZE]; /* "": permanent keys */
    int64_t expires_at; /* by the wall clock of the server that issued them; KEYS_FOREVER: never */
};

enum keys_age {
    KEYS_FRESH,
    KEYS_AGEING, /* still good, but should be renewed */
    KEYS_ENDED,
};

/*
 * Copies; `token` may be NULL. The keys never end until the caller sets `expires_at`.
 *   RES_REFUSE   one is empty, too long, or holds a blank or a control character; `keys` is wiped
 */
MUST_CHECK enum result keys_set(struct keys *keys, const char *id, const char *secret, const char *token,
                                struct why *why);
void keys_wipe(struct keys *keys);

bool keys_are_same(const struct keys *a, const struct keys *b);
enum keys_age keys_age(const struct keys *keys, int64_t now_at);

/*
 * Reads AccessKeyId, SecretAccessKey, Expiration (optional) and the session token, whose member is called
 * `token_name` (optional), as credential_process, the container endpoint and the instance metadata write them.
 *   RES_REFUSE   it is not such JSON; `why` names the member, never its value
 */
MUST_CHECK enum result keys_parse_json(struct keys *keys, const struct buf *text, const char *token_name,
                                       struct why *why);

#endif
