/* sts_answer -- see sts_answer.h. */
#include "uploader/credentials/sts_answer.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/http/http.h"
#include "uploader/http/iso_time.h"
#include "uploader/http/xml_answer.h"

#define CODE_SIZE 64

/* The texts of the answer; whatever it has as a token fits. */
struct texts {
    char id[KEYS_ID_SIZE], secret[KEYS_SECRET_SIZE];
    char token[HTTP_BODY_MAX];
    char expiration[64];
};

static enum result take_keys(const struct xml_answer *document, struct texts *texts, struct keys *keys,
                             struct why *why)
{
    int64_t expires_at = 0;
    xml_answer_text(document, "AccessKeyId", texts->id, sizeof texts->id);
    xml_answer_text(document, "SecretAccessKey", texts->secret, sizeof texts->secret);
    xml_answer_text(document, "SessionToken", texts->token, sizeof texts->token);
    xml_answer_text(document, "Expiration", texts->expiration, sizeof texts->expiration);
    if (!*texts->token || !iso_time_parse(texts->expiration, &expires_at))
        return why_set(why, RES_REFUSE, "it has no session token, or no expiry time");
    enum result res = keys_set(keys, texts->id, texts->secret, texts->token, why);
    if (res == RES_OK) keys->expires_at = expires_at;
    if (res != RES_OK) (void)why_remedy(why, RES_RETRY, "see what STS puts into the keys of this role");
    return res;
}

static enum result read_keys(const struct xml_answer *document, struct keys *keys, struct why *why)
{
    struct texts *texts = malloc(sizeof *texts);
    if (!texts) abort();
    enum result res = take_keys(document, texts, keys, why);
    OPENSSL_cleanse(texts, sizeof *texts);
    free(texts);
    if (res == RES_OK) return res;
    keys_wipe(keys);
    if (!*why->remedy)
        (void)why_remedy(why, RES_RETRY, "see that AWS_ENDPOINT_URL_STS, or AWS_ENDPOINT_URL, serves STS");
    return why_wrap(why, RES_RETRY, "the answer is not a set of keys");
}

/* Codes of the STS API Reference, "Common Errors" and those of the two actions; %s is the role. */
static const struct {
    const char *code;
    const char *remedy;
} refusals[] = {
    {"AccessDenied", "let the trust policy of %s allow this caller, and the caller sts:AssumeRole on it"},
    {"ExpiredTokenException", "renew the token: for %s it has expired"},
    {"ExpiredToken", "renew the keys that ask for %s: they have expired"},
    {"InvalidIdentityToken", "see that the token's issuer is an identity provider that %s trusts"},
    {"InvalidClientTokenId", "correct the keys that ask for %s: the server does not know them"},
    {"InvalidAccessKeyId", "correct the keys that ask for %s: the server does not know them"},
    {"SignatureDoesNotMatch", "correct the secret key of the keys that ask for %s"},
    {"RegionDisabledException", "switch STS on for the region in AWS, or set another AWS_REGION, for %s"},
    {"ValidationError", "correct the role's name, the session's name and the duration: %s"},
    {"NoSuchEntity", "correct the role's name: %s is not known"},
};

static bool passes_by_itself(long status, const char *code)
{
    return status >= 500 || status == 429 || strncmp(code, "Throttl", 7) == 0 ||
           strcmp(code, "IDPCommunicationError") == 0;
}

static enum result explain(long status, const char *code, char *message, const char *role_arn,
                           struct why *why)
{
    message[strcspn(message, "\r\n")] = '\0'; /* what follows may repeat the request, with its token */
    (void)why_set(why, RES_RETRY, "HTTP %ld%s%s%s%s", status, *code ? " " : "", code, *message ? ": " : "",
                  message);
    if (passes_by_itself(status, code)) return RES_RETRY;
    (void)why_remedy(why, RES_RETRY, "look up what STS answers, and check the role %s and its trust policy",
                     role_arn);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (strcmp(code, refusals[i].code) != 0) continue;
        const char *hole = strstr(refusals[i].remedy, "%s");
        (void)why_remedy(why, RES_RETRY, "%.*s%s%s", (int)(hole - refusals[i].remedy), refusals[i].remedy,
                         role_arn, hole + 2);
    }
    return RES_RETRY;
}

enum result sts_answer_read(const struct http_answer *answer, const char *role_arn, struct keys *keys,
                            struct why *why)
{
    char code[CODE_SIZE];
    char message[512];
    keys_wipe(keys);
    struct xml_answer *document = xml_answer_parse(&answer->body);
    xml_answer_text(document, "Code", code, sizeof code);
    xml_answer_text(document, "Message", message, sizeof message);
    enum result res = answer->status == 200 ? read_keys(document, keys, why)
                                            : explain(answer->status, code, message, role_arn, why);
    xml_answer_free(document);
    return res;
}
