/* s3_error -- see s3_error.h. The table goes by the error code, then the status decides. */
#include "uploader/s3_error.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

/* Codes for which a person is asked; %s in the remedy is the bucket, or the region that the server names. */
static const struct {
    const char *code;
    const char *remedy;
} refusals[] = {
    {"NoSuchBucket", "create the bucket %s, or correct BUCKET_NAME"},
    {"AccessDenied", "allow these keys s3:PutObject (and s3:GetObject) on the prefixes in the bucket %s"},
    {"AllAccessDisabled", "the owner has disabled the bucket %s: choose another BUCKET_NAME"},
    {"InvalidAccessKeyId", "correct AWS_ACCESS_KEY_ID: the store of %s does not know it"},
    {"SignatureDoesNotMatch", "correct AWS_SECRET_ACCESS_KEY for the store of %s"},
    {"ExpiredToken", "renew AWS_SESSION_TOKEN and its keys for %s"},
    {"InvalidToken", "correct AWS_SESSION_TOKEN, or remove it if the keys for %s are permanent"},
    {"RequestTimeTooSkewed",
     "set this machine's clock (NTP): it is more than 15 minutes off from that of %s"},
    {"PermanentRedirect", "set AWS_REGION to the region of the bucket %s"},
    {"AuthorizationHeaderMalformed", "set AWS_REGION to the region of the bucket %s"},
    {"InvalidBucketName", "correct BUCKET_NAME: %s is not possible"},
};

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

static enum store_answer refuse(const char *code, const char *bucket, struct why *why)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (strcmp(code, refusals[i].code) != 0) continue;
        char remedy[WHY_SIZE];
        const char *hole = strstr(refusals[i].remedy, "%s");
        (void)snprintf(remedy, sizeof remedy, "%.*s%s%s", (int)(hole - refusals[i].remedy),
                       refusals[i].remedy, bucket, hole + 2);
        (void)why_remedy(why, RES_RETRY, "%s", remedy);
        return STORE_REFUSED;
    }
    (void)why_remedy(why, RES_RETRY,
                     "look the answer up in the store's documentation, and check BUCKET_NAME, the keys "
                     "and AWS_ENDPOINT_URL");
    return STORE_REFUSED;
}

/* The body was cut or changed on its way, or the server is busy: all with a status of 4xx. */
static bool passes_by_itself(const char *code)
{
    static const char *const codes[] = {"SlowDown", "RequestTimeout", "IncompleteBody", "BadDigest",
                                        "XAmzContentSHA256Mismatch"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    return false;
}

/* Does the region that the server names explain the refusal? Without a code (HEAD has no body) it does. */
static bool is_elsewhere(const struct http_answer *answer, const char *code)
{
    if ((answer->status != 301 && answer->status != 400) || !*answer->region) return false;
    return !*code || strcmp(code, "PermanentRedirect") == 0 ||
           strcmp(code, "AuthorizationHeaderMalformed") == 0;
}

enum store_answer s3_error_sort(const struct http_answer *answer, const char *bucket, const char *key,
                                struct why *why)
{
    char code[S3_CODE_SIZE];
    char message[256];
    s3_error_field(answer, "Code", code, sizeof code);
    s3_error_field(answer, "Message", message, sizeof message);
    (void)why_set(why, RES_RETRY, "%s/%s: HTTP %ld%s%s%s%s", bucket, key, answer->status, *code ? " " : "",
                  code, *message ? ": " : "", message);
    /* 5xx may come after storing; 409 says that another request for this key is under way: an earlier one of ours. */
    if (answer->status >= 500 || answer->status == 409) return STORE_UNKNOWN;
    if (answer->status == 408 || answer->status == 429 || passes_by_itself(code)) return STORE_NOT_NOW;
    if (is_elsewhere(answer, code)) {
        (void)why_remedy(why, RES_RETRY, "set AWS_REGION=%s: that is where the bucket %s is", answer->region,
                         bucket);
        return STORE_REFUSED;
    }
    return refuse(code, bucket, why);
}
