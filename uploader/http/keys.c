/* keys -- see keys.h. */
#include "uploader/http/keys.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/http/iso_time.h"
#include "uploader/http/json_answer.h"

/* `max`: characters. The text itself goes into no explanation. */
static enum result check_part(const char *what, const char *text, size_t max, struct why *why)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0) return why_set(why, RES_REFUSE, "%s is empty", what);
    if (len > max)
        return why_set(why, RES_REFUSE, "%s is too long: it has %zu characters, and %zu are possible", what,
                       len, max);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
            return why_set(why, RES_REFUSE, "%s has a character that no key has, at %zu", what, i + 1);
    return RES_OK;
}

static char *copy_token(const char *token)
{
    char *copy = token ? strdup(token) : NULL;
    if (token && !copy) abort();
    return copy;
}

enum result keys_set(struct keys *keys, const char *id, const char *secret, const char *token,
                     struct why *why)
{
    bool has_token = token && *token;
    keys_wipe(keys);
    enum result res = check_part("the access key id", id, KEYS_ID_SIZE - 1, why);
    if (res == RES_OK) res = check_part("the secret access key", secret, KEYS_SECRET_SIZE - 1, why);
    if (res == RES_OK && has_token) res = check_part("the session token", token, KEYS_TOKEN_MAX, why);
    if (res != RES_OK) return res;
    (void)snprintf(keys->access_key_id, sizeof keys->access_key_id, "%s", id);
    (void)snprintf(keys->secret_access_key, sizeof keys->secret_access_key, "%s", secret);
    keys->session_token = has_token ? copy_token(token) : NULL;
    return RES_OK;
}

void keys_copy(struct keys *to, const struct keys *from)
{
    keys_wipe(to);
    *to = *from;
    to->session_token = copy_token(from->session_token);
}

void keys_wipe(struct keys *keys)
{
    if (keys->session_token) OPENSSL_cleanse(keys->session_token, strlen(keys->session_token));
    free(keys->session_token);
    OPENSSL_cleanse(keys, sizeof *keys);
    *keys = KEYS_NONE;
}

bool keys_are_same(const struct keys *a, const struct keys *b)
{
    bool is_same_token = !a->session_token == !b->session_token &&
                         (!a->session_token || strcmp(a->session_token, b->session_token) == 0);
    return is_same_token && strcmp(a->access_key_id, b->access_key_id) == 0 &&
           strcmp(a->secret_access_key, b->secret_access_key) == 0;
}

enum keys_age keys_age(const struct keys *keys, int64_t now_at)
{
    if (keys->expires_at == KEYS_FOREVER || now_at < keys->expires_at - KEYS_AHEAD_MS) return KEYS_FRESH;
    return now_at < keys->expires_at - KEYS_MARGIN_MS ? KEYS_AGEING : KEYS_ENDED;
}

/* ---- JSON ---- */

static enum result read_members(struct keys *keys, const cJSON *object, const char *token_name,
                                struct why *why)
{
    const char *id = json_answer_text(object, "AccessKeyId");
    const char *secret = json_answer_text(object, "SecretAccessKey");
    const char *expiration = json_answer_text(object, "Expiration");
    int64_t expires_at = KEYS_FOREVER;
    if (!id) return why_set(why, RES_REFUSE, "the answer has no AccessKeyId");
    if (!secret) return why_set(why, RES_REFUSE, "the answer has no SecretAccessKey");
    if (expiration && *expiration && !iso_time_parse(expiration, &expires_at))
        return why_set(why, RES_REFUSE, "the answer's Expiration is no ISO 8601 time");
    enum result res = keys_set(keys, id, secret, json_answer_text(object, token_name), why);
    if (res == RES_OK) keys->expires_at = expires_at;
    return res;
}

enum result keys_parse_json(struct keys *keys, const struct buf *text, const char *token_name,
                            struct why *why)
{
    keys_wipe(keys);
    cJSON *object = json_answer_parse(text);
    enum result res = object ? read_members(keys, object, token_name, why)
                             : why_set(why, RES_REFUSE, "the answer is not a JSON object");
    json_answer_free(object);
    return res;
}
