/* keys -- see keys.h. */
#include "uploader/http/keys.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "uploader/http/iso_time.h"
#include "uploader/http/json_answer.h"

/* Copies one part; false if it cannot be part of a key. */
static bool copy_part(char *out, size_t size, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= size) return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f) return false;
    memcpy(out, text, len + 1);
    return true;
}

enum result keys_set(struct keys *keys, const char *id, const char *secret, const char *token,
                     struct why *why)
{
    keys_wipe(keys);
    const char *wrong = NULL;
    if (!copy_part(keys->access_key_id, sizeof keys->access_key_id, id)) wrong = "the access key id";
    if (!copy_part(keys->secret_access_key, sizeof keys->secret_access_key, secret))
        wrong = "the secret access key";
    if (token && *token && !copy_part(keys->session_token, sizeof keys->session_token, token))
        wrong = "the session token";
    if (!wrong) return RES_OK;
    keys_wipe(keys);
    return why_set(why, RES_REFUSE, "%s is empty, too long, or has a character that no key has", wrong);
}

void keys_wipe(struct keys *keys)
{
    OPENSSL_cleanse(keys, sizeof *keys);
    keys->expires_at = KEYS_FOREVER;
}

bool keys_are_same(const struct keys *a, const struct keys *b)
{
    return strcmp(a->access_key_id, b->access_key_id) == 0 &&
           strcmp(a->secret_access_key, b->secret_access_key) == 0 &&
           strcmp(a->session_token, b->session_token) == 0;
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
