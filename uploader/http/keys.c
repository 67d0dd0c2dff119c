/* keys -- see keys.h. */
#include "uploader/http/keys.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* ".123456789": its first three digits count. Returns what follows. */
static const char *parse_fraction(const char *text, int *ms)
{
    *ms = 0;
    if (*text != '.') return text;
    text++;
    for (int unit = 100; isdigit((unsigned char)*text); text++, unit /= 10) *ms += (*text - '0') * unit;
    return text;
}

bool keys_parse_time(const char *text, int64_t *at_ms)
{
    struct tm tm = {0};
    int ms = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest) rest = parse_fraction(rest, &ms);
    if (rest) rest = strptime(rest, "%z", &tm); /* Z, +02:00, -0700 */
    if (!rest || *rest) return false;
    long offset_s = tm.tm_gmtoff; /* timegm() changes it */
    *at_ms = ((int64_t)timegm(&tm) - offset_s) * 1000 + ms;
    return true;
}

/* ---- JSON ---- */

static const char *member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static enum result read_members(struct keys *keys, const cJSON *object, const char *token_name,
                                struct why *why)
{
    const char *id = member(object, "AccessKeyId");
    const char *secret = member(object, "SecretAccessKey");
    const char *expiration = member(object, "Expiration");
    int64_t expires_at = KEYS_FOREVER;
    if (!id) return why_set(why, RES_REFUSE, "the answer has no AccessKeyId");
    if (!secret) return why_set(why, RES_REFUSE, "the answer has no SecretAccessKey");
    if (expiration && *expiration && !keys_parse_time(expiration, &expires_at))
        return why_set(why, RES_REFUSE, "the answer's Expiration is no ISO 8601 time");
    enum result res = keys_set(keys, id, secret, member(object, token_name), why);
    keys->expires_at = expires_at;
    return res;
}

/* cJSON frees its copies as they are. */
static void wipe(cJSON *object)
{
    for (cJSON *item = object ? object->child : NULL; item; item = item->next)
        if (item->valuestring) OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
    cJSON_Delete(object);
}

enum result keys_parse_json(struct keys *keys, const struct buf *text, const char *token_name,
                            struct why *why)
{
    keys_wipe(keys);
    cJSON *object = text->len > 0 ? cJSON_ParseWithLength(text->data, text->len) : NULL;
    enum result res = cJSON_IsObject(object) ? read_members(keys, object, token_name, why)
                                             : why_set(why, RES_REFUSE, "the answer is not a JSON object");
    wipe(object);
    return res;
}
