/*
 * s3_error -- see s3_error.h. The status decides whether a refusal passes by itself; if not, the error code decides the
 * remedy.
 */
#include "uploader/store/s3_error.h"

#include <curl/curl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parts of several remedies. */
#define WISHES    "S3_SSE, S3_SSE_KMS_KEY_ID, S3_STORAGE_CLASS, S3_TAGS or S3_EXPECTED_BUCKET_OWNER"
#define KEYS_FROM "or what the keys come from (`uploader check` names it)"

/* Codes for which a person must act; %s in the remedy is the bucket. */
static const struct {
    const char *code;
    const char *remedy;
} refusals[] = {
    {"NoSuchBucket", "create the bucket %s, or correct BUCKET_NAME"},
    {"AccessDenied",
     "allow these keys s3:PutObject (and s3:GetObject) under PREFIX and REJECTS_PREFIX in the bucket %s; "
     "S3_TAGS needs s3:PutObjectTagging, a key of KMS kms:GenerateDataKey and kms:Decrypt; "
     "S3_EXPECTED_BUCKET_OWNER must own the bucket"},
    {"AllAccessDisabled", "the owner has disabled the bucket %s: choose another BUCKET_NAME"},
    {"AccountProblem", "ask the store's operator what is wrong with the account of the bucket %s"},
    {"NotSignedUp", "sign the account up for S3 before it can use the bucket %s"},
    {"QuotaExceeded", "free space in the bucket %s, or have its quota raised"},
    {"EntityTooLarge", "have the store of %s take larger objects; a lower MAX_FILE_SIZE helps later batches"},
    {"KeyTooLongError", "shorten PREFIX: the store of %s does not take keys of this length"},
    {"XMinioInvalidObjectName", "correct PREFIX: the store of %s does not take keys like this"},
    {"InvalidAccessKeyId", "correct AWS_ACCESS_KEY_ID, " KEYS_FROM ": the store of %s does not know it"},
    {"SignatureDoesNotMatch",
     "correct AWS_SECRET_ACCESS_KEY, " KEYS_FROM ", for the store of %s; if it is right, see that no proxy "
     "changes requests"},
    {"ExpiredToken", "renew AWS_SESSION_TOKEN and its keys for %s, " KEYS_FROM},
    {"ExpiredTokenException", "renew AWS_SESSION_TOKEN and its keys for %s, " KEYS_FROM},
    {"TokenRefreshRequired", "renew AWS_SESSION_TOKEN and its keys for %s, " KEYS_FROM},
    {"InvalidToken", "correct AWS_SESSION_TOKEN, or remove it if the keys for %s are permanent"},
    {"RequestTimeTooSkewed",
     "set this machine's clock (NTP): it is more than 15 minutes off from that of %s"},
    {"PermanentRedirect",
     "set AWS_REGION to the region of the bucket %s, and AWS_ENDPOINT_URL, if you use it, likewise"},
    {"AuthorizationHeaderMalformed",
     "set AWS_REGION to the region of the bucket %s; if it is right, correct AWS_ACCESS_KEY_ID"},
    {"IllegalLocationConstraintException", "set AWS_REGION to the region of the bucket %s"},
    {"InvalidArgument", "correct the setting that the message of the store of %s is about: " WISHES},
    {"InvalidRequest", "correct the setting that the message of the store of %s is about: " WISHES},
    {"InvalidBucketOwnerAWSAccountID",
     "correct S3_EXPECTED_BUCKET_OWNER to the account that owns the bucket %s"},
    {"NotImplemented", "leave out what the store of %s does not know: S3_TAGS, S3_SSE or S3_STORAGE_CLASS"},
    {"InvalidStorageClass", "correct S3_STORAGE_CLASS: the store of %s does not know it"},
    {"InvalidTag", "correct S3_TAGS: the store of %s does not take them"},
    {"InvalidEncryptionAlgorithmError", "correct S3_SSE: the store of %s does not know it"},
    {"KMS.NotFoundException", "correct S3_SSE_KMS_KEY_ID: KMS does not know this key in the region of %s"},
    {"KMS.DisabledException", "enable the key S3_SSE_KMS_KEY_ID in KMS, or set another one for %s"},
    {"KMS.KMSInvalidStateException",
     "see in KMS what is wrong with S3_SSE_KMS_KEY_ID, or set another for %s"},
    {"InvalidBucketName", "correct BUCKET_NAME: %s is not possible"},
};

/* Refusals by something between us and the store, e.g. a proxy, which sends no error code. */
static const char redirected[] =
    "correct AWS_ENDPOINT_URL: the server there redirects requests for %s (must it be https://?)";
static const char proxy_login[] = "give HTTPS_PROXY (http_proxy for http://) the proxy's user and password, "
                                  "or name the host of %s in NO_PROXY";
static const char too_large[] = "have the server of %s, or the proxy before it, take larger requests; a "
                                "lower MAX_FILE_SIZE helps later batches";
static const char no_cause[] =
    "run `uploader check`: its upload shows the cause, which the answer to a HEAD request at %s lacks; often "
    "AWS_SESSION_TOKEN has expired";
static const char unknown[] = "look the answer of the store of %s up in its documentation, and check "
                              "BUCKET_NAME, the keys and AWS_ENDPOINT_URL";

void s3_error_field(const struct http_answer *answer, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    xmlDocPtr doc = xmlReadMemory(answer->body.data, (int)answer->body.len, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc) return;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    for (xmlNodePtr node = root ? root->children : NULL; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0) continue;
        xmlChar *text = xmlNodeGetContent(node);
        if (text) (void)snprintf(out, size, "%s", (const char *)text);
        xmlFree(text);
    }
    xmlFreeDoc(doc);
}

static bool is_among(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    return false;
}

static const char *find_remedy(long status, const char *code, bool is_head)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strcmp(code, refusals[i].code) == 0) return refusals[i].remedy;
    if (status >= 300 && status < 400) return redirected;
    if (status == 407) return proxy_login;
    if (status == 413) return too_large;
    return is_head ? no_cause : unknown;
}

/*
 * May the object have been stored, or be stored later? A 5xx may come after storing, except for 501, which says that
 * the server does not know something that was requested; 409 says that another request for this key is in progress: an
 * earlier one of ours.
 */
static bool may_be_stored(long status, const char *code)
{
    return status == 409 || (status >= 500 && strcmp(code, "NotImplemented") != 0);
}

/* The server is busy, or the body was cut or changed on its way, or a new bucket's name is not known everywhere yet. */
static bool passes_by_itself(long status, const char *code)
{
    static const char *const codes[] = {"SlowDown",
                                        "RequestTimeout",
                                        "IncompleteBody",
                                        "BadDigest",
                                        "XAmzContentSHA256Mismatch",
                                        "TemporaryRedirect",
                                        "Throttling",
                                        "ThrottlingException",
                                        "RequestLimitExceeded",
                                        "KMS.ThrottlingException"};
    return status == 408 || status == 425 || status == 429 ||
           is_among(code, codes, sizeof codes / sizeof *codes);
}

bool s3_error_region(const struct http_answer *answer, char region[REGION_SIZE])
{
    static const char *const codes[] = {"", /* HEAD has no body */
                                        "PermanentRedirect", "TemporaryRedirect",
                                        "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"};
    char code[S3_CODE_SIZE];
    region[0] = '\0';
    if (answer->status != 301 && answer->status != 307 && answer->status != 400) return false;
    s3_error_field(answer, "Code", code, sizeof code);
    if (!is_among(code, codes, sizeof codes / sizeof *codes)) return false;
    if (strlen(answer->region) < REGION_SIZE) memcpy(region, answer->region, strlen(answer->region) + 1);
    if (!*region) s3_error_field(answer, "Region", region, REGION_SIZE);
    return *region && region_is_valid(region);
}

int64_t s3_error_wait_ms(const struct http_answer *answer, int64_t now_s)
{
    const char *text = answer->retry_after;
    int64_t wait_s = 0;
    if (*text && strspn(text, "0123456789") == strlen(text)) {
        wait_s = strtoll(text, NULL, 10);
    } else if (*text) {
        int64_t until_s = (int64_t)curl_getdate(text, NULL);
        int64_t date_s = (int64_t)curl_getdate(answer->date, NULL);
        wait_s = until_s - (date_s > 0 ? date_s : now_s);
    }
    if (wait_s <= 0) return 0;
    return wait_s < S3_WAIT_MAX_MS / 1000 ? wait_s * 1000 : S3_WAIT_MAX_MS;
}

/*
 * Fills the remedy if the refusal is about the region. It is not if a 400 without a cause names the region that we use:
 * AWS always names it.
 */
static bool blame_region(const struct http_answer *answer, const struct s3_target *target, const char *code,
                         struct why *why)
{
    char region[REGION_SIZE];
    if (!s3_error_region(answer, region)) return false;
    bool is_ours = strcmp(region, target->region) == 0;
    if (is_ours && !*code && answer->status == 400) return false;
    (void)why_remedy(why, RES_RETRY, "set AWS_REGION=%s: that is where the bucket %s is%s", region,
                     target->bucket,
                     is_ours ? "; and correct AWS_ENDPOINT_URL, if you use it: it leads elsewhere" : "");
    return true;
}

enum store_answer s3_error_sort(const struct http_answer *answer, const struct s3_target *target,
                                struct why *why)
{
    char code[S3_CODE_SIZE];
    char message[256];
    s3_error_field(answer, "Code", code, sizeof code);
    s3_error_field(answer, "Message", message, sizeof message);
    (void)why_set(why, RES_RETRY, "%s/%s: HTTP %ld%s%s%s%s", target->bucket, target->key, answer->status,
                  *code ? " " : "", code, *message ? ": " : "", message);
    if (may_be_stored(answer->status, code)) return STORE_UNKNOWN;
    if (passes_by_itself(answer->status, code)) return STORE_NOT_NOW;
    if (blame_region(answer, target, code, why)) return STORE_REFUSED;
    const char *remedy = find_remedy(answer->status, code, target->is_head);
    const char *hole = strstr(remedy, "%s");
    (void)why_remedy(why, RES_RETRY, "%.*s%s%s", (int)(hole - remedy), remedy, target->bucket, hole + 2);
    return STORE_REFUSED;
}
