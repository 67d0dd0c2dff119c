/*
 * s3_error -- see s3_error.h. The status decides whether a refusal passes by itself; if not, the error code decides whose
 * trouble it is and the remedy.
 */
#include "uploader/store/s3_error.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/http/xml_answer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Parts of several remedies. */
#define WISHES    "S3_SSE, S3_SSE_KMS_KEY_ID, S3_STORAGE_CLASS, S3_TAGS, S3_ACL or S3_EXPECTED_BUCKET_OWNER"
#define KEYS_FROM "or what the keys come from (`eventspool check` names it)"

/* Codes for which a person must act, and whose trouble they are; %s in the remedy is the bucket. */
static const struct refusal {
    const char *code;
    enum scope scope;
    const char *remedy;
} refusals[] = {
    {"NoSuchBucket", SCOPE_KIND, "create the bucket %s, or correct BUCKET_NAME"},
    {"AccessDenied", SCOPE_KIND,
     "allow these keys s3:PutObject (and s3:GetObject) under PREFIX and REJECTS_PREFIX in the bucket %s; "
     "S3_TAGS needs s3:PutObjectTagging, S3_ACL s3:PutObjectAcl, a key of KMS kms:GenerateDataKey and "
     "kms:Decrypt; S3_EXPECTED_BUCKET_OWNER must own the bucket; if all that is so, see whether the bucket "
     "blocks public ACLs (S3_ACL), or its policy demands an encryption (S3_SSE), an ACL (S3_ACL), https:// "
     "or a VPC endpoint"},
    {"AccessControlListNotSupported", SCOPE_KIND,
     "remove S3_ACL, or set S3_ACL=bucket-owner-full-control: ACLs are switched off in the bucket %s"},
    {"MalformedACLError", SCOPE_KIND, "remove S3_ACL: the store of %s does not know this ACL"},
    {"AllAccessDisabled", SCOPE_KIND, "the owner has disabled the bucket %s: choose another BUCKET_NAME"},
    {"AccountProblem", SCOPE_KIND,
     "ask the store's operator what is wrong with the account of the bucket %s"},
    {"NotSignedUp", SCOPE_KIND, "sign the account up for S3 before it can use the bucket %s"},
    {"QuotaExceeded", SCOPE_KIND, "free space in the bucket %s, or have its quota raised"},
    {"EntityTooLarge", SCOPE_BATCH,
     "have the store of %s take larger objects, or set a lower MAX_FILE_SIZE and restart the uploader: what "
     "was "
     "refused is cut again"},
    {"KeyTooLongError", SCOPE_BATCH, "shorten PREFIX: the store of %s does not take keys of this length"},
    {"XMinioInvalidObjectName", SCOPE_BATCH, "correct PREFIX: the store of %s does not take keys like this"},
    {"InvalidAccessKeyId", SCOPE_IDENTITY,
     "correct AWS_ACCESS_KEY_ID, " KEYS_FROM ": the store of %s does not know it"},
    {"SignatureDoesNotMatch", SCOPE_IDENTITY,
     "correct AWS_SECRET_ACCESS_KEY, " KEYS_FROM ", for the store of %s; if it is right, see that no proxy "
     "changes requests"},
    {"ExpiredToken", SCOPE_IDENTITY, "renew AWS_SESSION_TOKEN and its keys for %s, " KEYS_FROM},
    {"ExpiredTokenException", SCOPE_IDENTITY, "renew AWS_SESSION_TOKEN and its keys for %s, " KEYS_FROM},
    {"TokenRefreshRequired", SCOPE_IDENTITY, "renew AWS_SESSION_TOKEN and its keys for %s, " KEYS_FROM},
    {"InvalidToken", SCOPE_IDENTITY,
     "correct AWS_SESSION_TOKEN, or remove it if the keys for %s are permanent"},
    {"RequestTimeTooSkewed", SCOPE_IDENTITY,
     "set this machine's clock (NTP): it is more than 15 minutes off from that of %s"},
    {"PermanentRedirect", SCOPE_ENDPOINT,
     "set AWS_REGION to the region of the bucket %s, and AWS_ENDPOINT_URL, if you use it, likewise"},
    {"AuthorizationHeaderMalformed", SCOPE_IDENTITY,
     "set AWS_REGION to the region of the bucket %s; if it is right, correct AWS_ACCESS_KEY_ID"},
    {"IllegalLocationConstraintException", SCOPE_KIND, "set AWS_REGION to the region of the bucket %s"},
    {"InvalidArgument", SCOPE_BATCH,
     "correct the setting that the message of the store of %s is about: " WISHES},
    {"InvalidRequest", SCOPE_BATCH,
     "correct the setting that the message of the store of %s is about: " WISHES},
    {"InvalidBucketOwnerAWSAccountID", SCOPE_KIND,
     "correct S3_EXPECTED_BUCKET_OWNER to the account that owns the bucket %s"},
    {"NotImplemented", SCOPE_KIND,
     "leave out what the store of %s does not know: S3_TAGS, S3_SSE, S3_STORAGE_CLASS or S3_ACL"},
    {"InvalidStorageClass", SCOPE_KIND, "correct S3_STORAGE_CLASS: the store of %s does not know it"},
    {"InvalidTag", SCOPE_BATCH, "correct S3_TAGS: the store of %s does not take them"},
    {"InvalidEncryptionAlgorithmError", SCOPE_KIND, "correct S3_SSE: the store of %s does not know it"},
    {"KMS.NotFoundException", SCOPE_KIND,
     "correct S3_SSE_KMS_KEY_ID: KMS does not know this key in the region of %s"},
    {"KMS.DisabledException", SCOPE_KIND,
     "enable the key S3_SSE_KMS_KEY_ID in KMS, or set another one for %s"},
    {"KMS.KMSInvalidStateException", SCOPE_KIND,
     "see in KMS what is wrong with S3_SSE_KMS_KEY_ID, or set another for %s"},
    {"InvalidBucketName", SCOPE_KIND, "correct BUCKET_NAME: %s is not possible"},
};

/* Refusals by something between us and the store, e.g. a proxy, which sends no error code. */
static const char redirected[] =
    "correct AWS_ENDPOINT_URL: the server there redirects requests for %s (must it be https://?)";
static const char proxy_login[] = "give HTTPS_PROXY (http_proxy for http://) the proxy's user and password, "
                                  "or name the host of %s in NO_PROXY";
static const char too_large[] =
    "have the server of %s, or the proxy before it, take larger requests; a "
    "lower MAX_FILE_SIZE and a restart of the uploader cut again what was refused";
static const char no_md5[] =
    "see that nothing on the way (a proxy) removes the header Content-MD5: the bucket %s, "
    "which locks objects, demands it, and the uploader sends it";
static const char no_cause[] = "run `eventspool check`: its upload shows the cause, which the answer to a "
                               "HEAD request at %s lacks; often "
                               "AWS_SESSION_TOKEN has expired";
static const char unknown[] = "look the answer of the store of %s up in its documentation, and check "
                              "BUCKET_NAME, the keys and AWS_ENDPOINT_URL";

void s3_error_field(const struct http_answer *answer, const char *name, char *out, size_t size)
{
    struct xml_answer *document = xml_answer_parse(&answer->body);
    xml_answer_field(document, name, out, size);
    xml_answer_free(document);
}

static bool is_among(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    return false;
}

static const struct refusal *find_refusal(const char *code)
{
    for (size_t i = 0; i < COUNT(refusals); i++)
        if (strcmp(code, refusals[i].code) == 0) return &refusals[i];
    return NULL;
}

static const char *find_remedy(long status, const char *code, bool is_head)
{
    const struct refusal *refusal = find_refusal(code);
    if (refusal) return refusal->remedy;
    if (status >= 300 && status < 400) return redirected;
    if (status == 407) return proxy_login;
    if (status == 413) return too_large;
    return is_head ? no_cause : unknown;
}

/* ---- does it pass by itself? ---- */

/* Not 501: it says that the server does not know something that was requested. Below 200 there is no final answer. */
static bool is_servers_failure(long status, const char *code)
{
    return (status < 200 || status >= 500) && status != 501 && strcmp(code, "NotImplemented") != 0;
}

/* The server is busy, or was not served in time, or a new bucket's name is not known everywhere yet. */
static bool is_busy(long status, const char *code)
{
    static const char *const codes[] = {"SlowDown",
                                        "RequestTimeout",
                                        "TemporaryRedirect",
                                        "Throttling",
                                        "ThrottlingException",
                                        "RequestLimitExceeded",
                                        "RequestRateLimitExceeded"};
    return status == 408 || status == 425 || status == 429 || is_among(code, codes, COUNT(codes));
}

/* The body was cut or changed on its way. */
static bool is_damaged(const char *code)
{
    static const char *const codes[] = {"IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch"};
    return is_among(code, codes, COUNT(codes));
}

static bool is_check(enum http_method method)
{
    return method == HTTP_HEAD || method == HTTP_GET;
}

/*
 * A 5xx may come after storing; 409 says that another request for this key is in progress: an earlier one of ours. A
 * HEAD or GET stores nothing, and if it is refused for good, the answer to a PUT tells more.
 */
static enum store_answer answer_of(long status, const char *code, enum http_method method)
{
    if (is_servers_failure(status, code)) return is_check(method) ? STORE_NOT_NOW : STORE_UNKNOWN;
    if (status == 409) return is_check(method) ? STORE_CANNOT_CHECK : STORE_UNKNOWN;
    if (is_busy(status, code) || is_damaged(code) || strcmp(code, "KMS.ThrottlingException") == 0)
        return STORE_NOT_NOW;
    return is_check(method) ? STORE_CANNOT_CHECK : STORE_REFUSED;
}

/* ---- whose trouble is it? ---- */

/* What only S3 itself says: an error document with a code, or the id that it gives to each request. */
static bool is_marked(const struct http_answer *answer, const char *code)
{
    return *code || *answer->request_id;
}

/*
 * Small servers say no more than 403, so that is believed to be S3's. Anything else without a mark comes from
 * something on the way to the store: its endpoint does not work.
 */
static bool is_plain_refusal(const struct http_answer *answer, const char *code)
{
    return answer->status == 403 && !*code && answer->body.len == 0;
}

static enum scope scope_of(const struct http_answer *answer, const char *code)
{
    const struct refusal *refusal = find_refusal(code);
    long status = answer->status;
    if (status == 413) return SCOPE_BATCH;
    if (status < 400 || status == 407 || is_servers_failure(status, code) || is_busy(status, code))
        return SCOPE_ENDPOINT;
    if (is_damaged(code)) return SCOPE_BATCH;
    if (refusal) return refusal->scope;
    if (is_marked(answer, code)) return status == 409 ? SCOPE_BATCH : SCOPE_KIND;
    return is_plain_refusal(answer, code) ? SCOPE_KIND : SCOPE_ENDPOINT;
}

/* S3 looks at these things only when it knows who asks. */
static bool is_authentic(const struct cause *cause)
{
    return *cause->code &&
           (cause->scope == SCOPE_BATCH || strcmp(cause->code, "AccessDenied") == 0 ||
            strcmp(cause->code, "QuotaExceeded") == 0 || strncmp(cause->code, "KMS.", 4) == 0);
}

bool s3_error_may_be_condition(const struct cause *cause)
{
    static const char *const vague[] = {"", "AccessDenied", "NotImplemented", "InvalidArgument",
                                        "InvalidRequest"};
    const char *code = cause->code;
    if (cause->status == 501) return true;
    if (cause->status != 400 && cause->status != 403 && cause->status != 405) return false;
    if (is_busy(cause->status, code) || is_damaged(code) || strncmp(code, "KMS.", 4) == 0) return false;
    return is_among(code, vague, COUNT(vague)) || !find_refusal(code);
}

/* ---- its region and its pause ---- */

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
        wait_s = until_s - (date_s > 0 ? date_s : now_s); /* libcurl reads no years that could overflow */
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

/*
 * S3 says so of a bucket with Object Lock: `InvalidRequest: Content-MD5 OR x-amz-checksum- HTTP header is required for
 * Put Object requests with Object Lock parameters` (Amazon S3 API Reference, PutObject).
 */
static bool is_about_md5(const char *code, const char *message)
{
    return strcmp(code, "InvalidRequest") == 0 && strstr(message, "Content-MD5");
}

static void explain(const struct http_answer *answer, const struct s3_target *target, const char *code,
                    const char *message, struct why *why)
{
    const char *remedy =
        is_about_md5(code, message) ? no_md5 : find_remedy(answer->status, code, target->method == HTTP_HEAD);
    const char *hole = strstr(remedy, "%s");
    if (blame_region(answer, target, code, why)) return;
    (void)why_remedy(why, RES_RETRY, "%.*s%s%s", (int)(hole - remedy), remedy, target->bucket, hole + 2);
}

struct s3_refusal s3_error_sort(const struct http_answer *answer, const struct s3_target *target,
                                struct why *why)
{
    char message[256];
    struct s3_refusal refusal = {.cause = {.status = (int)answer->status}};
    char *code = refusal.cause.code;
    struct xml_answer *document = xml_answer_parse(&answer->body);
    xml_answer_field(document, "Code", code, CAUSE_CODE_SIZE);
    xml_answer_field(document, "Message", message, sizeof message);
    xml_answer_free(document);
    (void)why_set(why, RES_RETRY, "%s/%s: HTTP %ld%s%s%s%s", target->bucket, target->key, answer->status,
                  *code ? " " : "", code, *message ? ": " : "", message);
    refusal.answer = answer_of(answer->status, code, target->method);
    refusal.cause.scope = scope_of(answer, code);
    refusal.is_from_store =
        refusal.cause.scope != SCOPE_ENDPOINT && (is_marked(answer, code) || is_plain_refusal(answer, code));
    refusal.is_authentic = refusal.is_from_store && is_authentic(&refusal.cause);
    if (refusal.answer == STORE_REFUSED || refusal.answer == STORE_CANNOT_CHECK)
        explain(answer, target, code, message, why);
    return refusal;
}

struct s3_refusal s3_error_not_s3(const struct http_answer *answer, const char *what, struct why *why)
{
    (void)why_set(why, RES_RETRY, "HTTP %ld %s: what answers is no S3 server", answer->status, what);
    (void)why_remedy(
        why, RES_RETRY,
        "see that AWS_ENDPOINT_URL is an S3 server, and that nothing on the way (a proxy, a portal) "
        "answers for it");
    return (struct s3_refusal){.answer = STORE_NOT_NOW,
                               .cause = {SCOPE_ENDPOINT, (int)answer->status, "NotS3"}};
}
