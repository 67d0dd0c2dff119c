/*
 * keys -- one set of AWS keys as a value: permanent, or temporary with a session token and an expiry time.
 *
 * A struct keys starts as KEYS_NONE, and whoever holds it wipes it with keys_wipe() when done; it is copied with
 * keys_copy() alone, as it owns its session token. Nothing here logs, and no explanation holds a part of a key.
 */
#ifndef UPLOADER_HTTP_KEYS_H
#define UPLOADER_HTTP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/why.h"

/* Each size counts the closing NUL. */
#define KEYS_ID_SIZE     257
#define KEYS_SECRET_SIZE 513
/*
 * AWS's tokens have 1 to 2 KB and no promised limit ("up to 4096 bytes", Amazon S3 takes 8 KB of headers); those of
 * other servers may carry the token or the policies of an identity provider.
 */
#define KEYS_TOKEN_MAX   65536
#define KEYS_SOURCE_SIZE 256 /* of a text for people that says where keys come from */
#define KEYS_FOREVER     INT64_MAX

#define KEYS_AHEAD_MS  (5 * 60000) /* keys are renewed this long before their end, as AWS's own tools do */
#define KEYS_MARGIN_MS 10000 /* this close to their end keys count as ended, because a request takes time */

struct keys {
    char access_key_id[KEYS_ID_SIZE];
    char secret_access_key[KEYS_SECRET_SIZE];
    char *session_token; /* owned; NULL: permanent keys */
    int64_t expires_at;  /* by the wall clock of the server that issued them; KEYS_FOREVER: never */
};

#define KEYS_NONE ((struct keys){.expires_at = KEYS_FOREVER})

enum keys_age {
    KEYS_FRESH,
    KEYS_AGEING, /* still good, but should be renewed */
    KEYS_ENDED,
};

/*
 * Copies; `token` may be NULL or "": none. The keys never end until the caller sets `expires_at`.
 *   RES_REFUSE   one is empty, too long, or holds a blank or a control character: `why` says which; `keys` is wiped
 */
MUST_CHECK enum result keys_set(struct keys *keys, const char *id, const char *secret, const char *token,
                                struct why *why);
void keys_copy(struct keys *to, const struct keys *from); /* wipes `to` before */
void keys_wipe(struct keys *keys);                        /* it is KEYS_NONE again */

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
