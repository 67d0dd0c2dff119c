/* sts -- see sts.h. A form by POST, signed or with a token, and an answer in XML. */
#include "uploader/credentials/sts.h"

#include <curl/curl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/credentials/secret.h"
#include "uploader/http/region.h"
#include "uploader/http/sigv4.h"

#define TIMEOUT_MS     30000
#define HOST_SIZE      (HTTP_ENDPOINT_MAX + 1)
#define LINE_SIZE      (SIGV4_AUTHORIZATION_SIZE + 64)
#define CODE_SIZE      64
#define CLOCK_WRONG_MS (2 * 60000)

/* ---- the request ---- */

/* Regions whose calls went to the global endpoint before there were regional ones (AWS, "STS Regional endpoints"). */
static bool is_legacy_region(const char *region)
{
    static const char *const list[] = {"ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
                                       "ca-central-1",   "eu-central-1", "eu-north-1",     "eu-west-1",
                                       "eu-west-2",      "eu-west-3",    "sa-east-1",      "us-east-1",
                                       "us-east-2",      "us-west-1",    "us-west-2"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(region, list[i]) == 0) return true;
    return false;
}

struct target {
    char url[HOST_SIZE + 16];
    char host[HOST_SIZE];
    const char *region;
};

static void find_target(const struct source_query *query, struct target *target)
{
    const struct sts_options *options = &query->options->sts;
    const char *url = options->endpoint;
    const char *scheme = url && strncmp(url, "http://", 7) == 0 ? "http" : "https";
    target->region = query->region;
    if (url) {
        const char *host = strstr(url, "://") + 3;
        (void)snprintf(target->host, sizeof target->host, "%.*s", (int)strcspn(host, "/"), host);
    } else if (options->uses_global_endpoint && is_legacy_region(query->region)) {
        target->region = "us-east-1";
        (void)snprintf(target->host, sizeof target->host, "sts.amazonaws.com");
    } else {
        (void)snprintf(target->host, sizeof target->host, "sts.%s.%s", query->region,
                       region_aws_domain(query->region));
    }
    (void)snprintf(target->url, sizeof target->url, "%s://%s/", scheme, target->host);
}

static void add_parameter(struct buf *form, const char *name, const char *value)
{
    if (!value) return;
    size_t size = 3 * strlen(value) + 1;
    if (form->len > 0) buf_append_char(form, '&');
    buf_append_text(form, name);
    buf_append_char(form, '=');
    buf_reserve(form, size);
    bool fits = sigv4_encode_path(value, form->data + form->len, size);
    if (!fits) abort(); /* the size is right by construction */
    form->len += strlen(form->data + form->len);
}

static void make_form(const struct sts_request *request, struct buf *form)
{
    buf_reserve(form, 65536); /* so that it never moves: a token of 20,000 characters, encoded */
    add_parameter(form, "Action", request->web_identity_token ? "AssumeRoleWithWebIdentity" : "AssumeRole");
    add_parameter(form, "Version", "2011-06-15");
    add_parameter(form, "RoleArn", request->role_arn);
    add_parameter(form, "RoleSessionName", request->session_name ? request->session_name : "eventspool");
    add_parameter(form, "DurationSeconds", request->duration_s);
    add_parameter(form, "ExternalId", request->external_id);
    add_parameter(form, "WebIdentityToken", request->web_identity_token);
}

enum { CONTENT_TYPE, DATE, TOKEN, AUTHORIZATION, LINE_COUNT };

struct lines {
    char text[LINE_COUNT][LINE_SIZE];
    const char *list[LINE_COUNT + 1];
};

static const char content_type[] = "application/x-www-form-urlencoded; charset=utf-8";

/* The headers; without keys there is no signature. False: cannot be signed. */
static bool make_lines(const struct target *target, const struct keys *keys, const struct buf *form,
                       int64_t now_at, struct lines *lines)
{
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    char sha256[SIGV4_HEX_SHA256_SIZE];
    char authorization[SIGV4_AUTHORIZATION_SIZE];
    size_t count = 0;
    (void)snprintf(lines->text[CONTENT_TYPE], LINE_SIZE, "content-type: %s", content_type);
    lines->list[count++] = lines->text[CONTENT_TYPE];
    lines->list[count] = NULL;
    if (!keys) return true;
    sigv4_timestamp(now_at / 1000, timestamp);
    sigv4_hex_sha256(form->data, form->len, sha256);
    struct sigv4_header headers[] = {{"host", target->host},
                                     {"content-type", content_type},
                                     {"x-amz-date", timestamp},
                                     {"x-amz-security-token", keys->session_token}};
    bool has_token = *keys->session_token;
    struct sigv4_request request = {"POST",         "/",   "",           headers, has_token ? 4 : 3, sha256,
                                    target->region, "sts", now_at / 1000};
    struct sigv4_keys signing = {keys->access_key_id, keys->secret_access_key,
                                 has_token ? keys->session_token : NULL};
    if (!sigv4_sign(&request, &signing, authorization)) return false;
    (void)snprintf(lines->text[DATE], LINE_SIZE, "x-amz-date: %s", timestamp);
    lines->list[count++] = lines->text[DATE];
    if (has_token) {
        (void)snprintf(lines->text[TOKEN], LINE_SIZE, "x-amz-security-token: %s", keys->session_token);
        lines->list[count++] = lines->text[TOKEN];
    }
    (void)snprintf(lines->text[AUTHORIZATION], LINE_SIZE, "authorization: %s", authorization);
    lines->list[count++] = lines->text[AUTHORIZATION];
    lines->list[count] = NULL;
    return true;
}

/* RES_OK: there is an answer. `answer` needs http_answer_fini() in any case. */
static enum result send_form(struct source_query *query, const struct target *target, const struct keys *keys,
                             const struct buf *form, int64_t now_at, struct http_answer *answer,
                             struct why *why)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines) abort();
    *answer = (struct http_answer){.status = 0};
    enum result res = RES_OK;
    if (!make_lines(target, keys, form, now_at, lines)) {
        (void)why_remedy(why, RES_REFUSE, "look for control characters in the source's keys");
        res = why_set(why, RES_REFUSE, "cannot sign the request to %s", target->host);
    } else {
        struct http_request request = {.method = HTTP_POST,
                                       .url = target->url,
                                       .headers = lines->list,
                                       .body = form,
                                       .timeout_ms = TIMEOUT_MS};
        enum http_outcome outcome = http_do(query->http, &request, answer, why);
        if (outcome == HTTP_UNTRUSTED)
            (void)why_remedy(why, RES_RETRY,
                             "set AWS_CA_BUNDLE to a file with the certificate of the authority that signed "
                             "the certificate of %s",
                             target->host);
        if (outcome != HTTP_ANSWERED) res = why_wrap(why, RES_RETRY, "%s", target->url);
    }
    OPENSSL_cleanse(lines, sizeof *lines);
    free(lines);
    return res;
}

/* ---- the answer ---- */

/* Finds the text of the first element of this name, at any depth; "" if there is none. */
static void find_text(xmlNodePtr node, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    for (; node && !*out; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        if (strcmp((const char *)node->name, name) != 0) {
            find_text(node->children, name, out, size);
            continue;
        }
        xmlChar *text = xmlNodeGetContent(node);
        if (!text) continue;
        if (strlen((const char *)text) < size) (void)snprintf(out, size, "%s", (const char *)text);
        OPENSSL_cleanse(text, strlen((const char *)text));
        xmlFree(text);
    }
}

/* libxml2 frees its copies without wiping them. Texts shorter than this may be shared by nodes, and are no secrets. */
#define SECRET_MIN 16
static void wipe_texts(xmlNodePtr node)
{
    for (; node; node = node->next) {
        if (node->type == XML_TEXT_NODE && node->content && strlen((char *)node->content) >= SECRET_MIN)
            OPENSSL_cleanse(node->content, strlen((char *)node->content));
        wipe_texts(node->children);
    }
}

static enum result read_keys(xmlNodePtr root, struct keys *keys, struct why *why)
{
    struct keys found = {.expires_at = KEYS_FOREVER};
    char expiration[64];
    int64_t expires_at = 0;
    find_text(root, "AccessKeyId", found.access_key_id, sizeof found.access_key_id);
    find_text(root, "SecretAccessKey", found.secret_access_key, sizeof found.secret_access_key);
    find_text(root, "SessionToken", found.session_token, sizeof found.session_token);
    find_text(root, "Expiration", expiration, sizeof expiration);
    enum result res = keys_set(keys, found.access_key_id, found.secret_access_key, found.session_token, why);
    if (res == RES_OK && (!*found.session_token || !keys_parse_time(expiration, &expires_at)))
        res = why_set(why, RES_REFUSE, "the answer has no session token, or no expiry time");
    keys_wipe(&found);
    keys->expires_at = expires_at;
    if (res == RES_OK) return res;
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

/* `*is_early_or_late`: the server may have refused the request because of its time. */
static enum result read_answer(const struct http_answer *answer, const char *role_arn, struct keys *keys,
                               bool *is_early_or_late, struct why *why)
{
    char code[CODE_SIZE];
    char message[512];
    xmlDocPtr doc = xmlReadMemory(answer->body.data, (int)answer->body.len, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    find_text(root, "Code", code, sizeof code);
    find_text(root, "Message", message, sizeof message);
    *is_early_or_late = strcmp(code, "SignatureDoesNotMatch") == 0 || strcmp(code, "RequestExpired") == 0 ||
                        strcmp(code, "RequestTimeTooSkewed") == 0;
    enum result res = answer->status == 200 ? read_keys(root, keys, why)
                                            : explain(answer->status, code, message, role_arn, why);
    if (doc) wipe_texts(root);
    xmlFreeDoc(doc);
    return res;
}

/* Takes the server's time, if it differs from ours by more than a signature may. */
static bool finds_clock_wrong(const struct http_answer *answer, int64_t *now_at)
{
    int64_t server_at = (int64_t)curl_getdate(answer->date, NULL) * 1000;
    bool is_wrong = server_at > 0 && llabs(server_at - *now_at) > CLOCK_WRONG_MS;
    if (is_wrong) *now_at = server_at;
    return is_wrong;
}

enum result sts_assume_role(struct source_query *query, const struct sts_request *request, struct keys *keys,
                            struct why *why)
{
    struct target target;
    struct buf form = BUF_EMPTY;
    struct http_answer answer;
    int64_t now_at = query->now_at;
    bool is_repeated = false;
    bool is_early_or_late = false;
    enum result res = RES_OK;

    find_target(query, &target);
    make_form(request, &form);
    do {
        is_repeated = is_early_or_late;
        why_clear(why);
        res = send_form(query, &target, request->keys, &form, now_at, &answer, why);
        if (res == RES_OK) res = read_answer(&answer, request->role_arn, keys, &is_early_or_late, why);
        is_early_or_late = is_early_or_late && !is_repeated && finds_clock_wrong(&answer, &now_at);
        http_answer_fini(&answer);
    } while (is_early_or_late);
    secret_fini(&form);
    return res == RES_OK ? res : why_wrap(why, res, "role %s", request->role_arn);
}
