/*
 * store_s3 -- objects in an S3 bucket: PUT that never replaces, HEAD to find what an earlier try has done.
 *
 * Each request is signed (sigv4.c) over exactly the headers that are sent. A server that does not know conditional
 * writes (501) gets plain PUTs from then on, for this run: the key is ours alone.
 */
#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/hash.h"
#include "uploader/http.h"
#include "uploader/s3_error.h"
#include "uploader/sigv4.h"
#include "uploader/store.h"

#define HOST_SIZE   1400
#define PATH_SIZE   (3 * BATCH_KEY_MAX + 300)
#define HEADERS_MAX 24
#define VALUE_SIZE  4096 /* a session token is the longest */

struct store_s3 {
    const char *bucket;
    const char *region;
    struct sigv4_keys keys;
    const char *scheme;   /* http or https */
    char host[HOST_SIZE]; /* with the bucket in virtual addressing, with the port if there is one */
    bool is_path_style;
    bool is_told_unverified;
    bool no_conditions; /* the server answered 501 to If-None-Match */
    struct http *http;
};

/* ---- headers ---- */

struct headers {
    struct sigv4_header list[HEADERS_MAX];
    char values[HEADERS_MAX][VALUE_SIZE];
    char lines[HEADERS_MAX][VALUE_SIZE + 64];
    const char *texts[HEADERS_MAX + 2];
    size_t count;
};

__attribute__((format(printf, 3, 4))) static void add(struct headers *headers, const char *name,
                                                      const char *format, ...)
{
    va_list args;
    size_t i = headers->count++;
    assert(i < HEADERS_MAX);
    va_start(args, format);
    int len = vsnprintf(headers->values[i], VALUE_SIZE, format, args);
    va_end(args);
    assert(len >= 0 && len < VALUE_SIZE);
    headers->list[i] = (struct sigv4_header){name, headers->values[i]};
}

static void add_metadata(struct headers *headers, const struct object *object)
{
    const struct batch *batch = object->batch;
    unsigned char md5[HASH_MD5_BYTES];
    char base64[HASH_MD5_BYTES * 2];
    for (size_t i = 0; i < sizeof md5; i++) {
        const char *hex = object->rendition->md5 + 2 * i;
        md5[i] = (unsigned char)strtoul((const char[]){hex[0], hex[1], '\0'}, NULL, 16);
    }
    (void)EVP_EncodeBlock((unsigned char *)base64, md5, sizeof md5);
    add(headers, "content-md5", "%s", base64);
    add(headers, "x-amz-meta-node", "%s", batch->identity.node);
    add(headers, "x-amz-meta-spool", "%s", batch->identity.spool);
    add(headers, "x-amz-meta-batch", "%" PRId64, batch->id);
    add(headers, "x-amz-meta-first-id", "%" PRId64, batch->first_id);
    add(headers, "x-amz-meta-last-id", "%" PRId64, batch->last_id);
    add(headers, "x-amz-meta-events", "%" PRId64, batch_count(batch));
    add(headers, "x-amz-meta-sha256", "%s", object->rendition->sha256);
    add(headers, "x-amz-meta-content-sha256", "%s", object->rendition->sha256);
}

/* ---- one request ---- */

struct call {
    enum http_method method;
    const char *key;
    const char *content_type; /* PUT only, as are the next three */
    const struct buf *body;
    const char *sha256;
    const struct object *object; /* adds its metadata; NULL: none */
    bool is_conditional;         /* If-None-Match: * */
};

static const char *const methods[] = {
    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"};

static void make_headers(const struct store_s3 *store, const struct call *call, int64_t at_s,
                         struct headers *headers)
{
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(at_s, timestamp);
    add(headers, "host", "%s", store->host);
    add(headers, "x-amz-date", "%s", timestamp);
    add(headers, "x-amz-content-sha256", "%s", call->sha256);
    if (store->keys.session_token) add(headers, "x-amz-security-token", "%s", store->keys.session_token);
    if (call->content_type) add(headers, "content-type", "%s", call->content_type);
    if (call->is_conditional) add(headers, "if-none-match", "*");
    if (call->object) add_metadata(headers, call->object);
}

/* Signs, and makes the lines that libcurl sends. */
static bool sign(const struct store_s3 *store, const struct call *call, const char *path, int64_t at_s,
                 struct headers *headers)
{
    char authorization[SIGV4_AUTHORIZATION_SIZE];
    struct sigv4_request request = {
        .method = methods[call->method],
        .path = path,
        .query = "",
        .headers = headers->list,
        .header_count = headers->count,
        .payload_sha256 = call->sha256,
        .region = store->region,
        .service = "s3",
        .at_s = at_s,
    };
    if (!sigv4_sign(&request, &store->keys, authorization)) return false;
    add(headers, "authorization", "%s", authorization);
    for (size_t i = 0; i < headers->count; i++) {
        (void)snprintf(headers->lines[i], sizeof headers->lines[i], "%s: %s", headers->list[i].name,
                       headers->list[i].value);
        headers->texts[i] = headers->lines[i];
    }
    return true;
}

static bool make_path(const struct store_s3 *store, const char *key, char path[PATH_SIZE])
{
    int len = snprintf(path, PATH_SIZE, "/%s%s", store->is_path_style ? store->bucket : "",
                       store->is_path_style ? "/" : "");
    return sigv4_encode_path(key, path + len, (size_t)(PATH_SIZE - len));
}

/*
 * Sends one call. STORE_DONE means that the server has answered: look at `answer`, which needs http_answer_fini() in any
 * case.
 */
static enum store_answer send_call(struct store_s3 *store, const struct call *call,
                                   struct http_answer *answer, struct why *why)
{
    char path[PATH_SIZE];
    char url[PATH_SIZE + HOST_SIZE + 16];
    int64_t at_s = clock_now_ms() / 1000;
    struct headers *headers = calloc(1, sizeof *headers);
    if (!headers) abort();
    *answer = (struct http_answer){.status = 0};

    make_headers(store, call, at_s, headers);
    if (!make_path(store, call->key, path) || !sign(store, call, path, at_s, headers)) {
        free(headers);
        (void)why_set(why, RES_REFUSE, "cannot sign the request for %s", call->key);
        (void)why_remedy(why, RES_REFUSE,
                         "look for control characters or excessive length in PREFIX and the keys");
        return STORE_REFUSED;
    }
    (void)snprintf(url, sizeof url, "%s://%s%s", store->scheme, store->host, path);
    struct http_request request = {call->method, url, headers->texts, call->body};
    enum http_outcome outcome = http_do(store->http, &request, answer, why);
    OPENSSL_cleanse(headers, sizeof *headers); /* the session token */
    free(headers);
    if (outcome == HTTP_ANSWERED) return STORE_DONE;
    (void)why_wrap(why, RES_RETRY, "%s://%s", store->scheme, store->host);
    if (outcome == HTTP_NOT_SENT) return STORE_NOT_NOW;
    if (outcome != HTTP_UNTRUSTED) return outcome == HTTP_STOPPED ? STORE_STOPPED : STORE_UNKNOWN;
    (void)why_remedy(why, RES_RETRY,
                     "set AWS_CA_BUNDLE to a file with the certificate of the authority that signed the "
                     "server's");
    return STORE_REFUSED;
}

/* ---- what store.h promises ---- */

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* The witnesses in their order: the ETag is the MD5, else our metadata. */
static enum store_answer judge(const struct http_answer *answer, const struct object *object,
                               struct stored *stored, struct why *why)
{
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", answer->etag);
    bool is_same = strcmp(answer->etag, object->rendition->md5) == 0 ||
                   (strcmp(answer->sha256, object->rendition->sha256) == 0 &&
                    (answer->length < 0 || answer->length == object->rendition->bytes));
    stored->is_verified = is_same;
    if (is_same) return STORE_DONE;
    (void)why_set(why, RES_BROKEN, "another object is under the key %s", object->batch->object_key);
    (void)why_remedy(why, RES_BROKEN, "see who wrote it, and move it away: the batch is tried again");
    return STORE_CONFLICT;
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct store_s3 *store = self;
    struct http_answer http;
    struct call call = {.method = HTTP_HEAD, .key = object->batch->object_key, .sha256 = empty_sha256};
    enum store_answer answer = send_call(store, &call, &http, why);
    if (answer == STORE_UNKNOWN) answer = STORE_NOT_NOW; /* a HEAD stores nothing */
    if (answer == STORE_DONE) {
        if (http.status == 200)
            answer = judge(&http, object, stored, why);
        else if (http.status == 404)
            answer = STORE_ABSENT;
        else if (http.status == 403)
            answer = STORE_CANNOT_LOOK;
        else
            answer = s3_error_sort(&http, store->bucket, call.key, why);
    }
    http_answer_fini(&http);
    return answer;
}

/*
 * The server says that something is under our key: our bytes, as a rule, from this try or an earlier one. What cannot be
 * seen clearly stays unknown.
 */
static enum store_answer look_at_stored(struct store_s3 *store, const struct object *object,
                                        struct stored *stored, struct why *why)
{
    enum store_answer answer = find(store, object, stored, why);
    if (answer == STORE_DONE || answer == STORE_CONFLICT) return answer;
    if (answer == STORE_ABSENT)
        (void)why_set(why, RES_RETRY, "the store said that %s is there, and then that it is not",
                      object->batch->object_key);
    if (answer != STORE_CANNOT_LOOK) return STORE_UNKNOWN;
    if (!store->is_told_unverified)
        log_warn("objects are there, and their bytes cannot be compared: s3:GetObject is not allowed",
                 "batch=%" PRId64, object->batch->id);
    store->is_told_unverified = true;
    stored->is_verified = false;
    return STORE_DONE;
}

/* What an answer to a PUT means. */
static enum store_answer judge_put(struct store_s3 *store, const struct object *object,
                                   const struct http_answer *http, struct stored *stored, struct why *why)
{
    bool is_success = http->status >= 200 && http->status < 300;
    *stored = (struct stored){.is_verified = true};
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", http->etag);
    if (is_success && strcmp(http->etag, object->rendition->md5) == 0) return STORE_DONE;
    if (is_success && !*http->etag) {
        (void)why_remedy(why, RES_RETRY,
                         "see that AWS_ENDPOINT_URL is an S3 server: no other one answers like this");
        (void)why_set(why, RES_RETRY, "%s answered HTTP %ld without an ETag", store->host, http->status);
        return STORE_UNKNOWN;
    }
    if (is_success || http->status == 412) return look_at_stored(store, object, stored, why);
    return s3_error_sort(http, store->bucket, object->batch->object_key, why);
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct store_s3 *store = self;
    struct http_answer http;
    struct call call = {
        .method = HTTP_PUT,
        .key = object->batch->object_key,
        .content_type = batch_content_type(object->batch),
        .body = object->body,
        .sha256 = object->rendition->sha256,
        .object = object,
        .is_conditional = !store->no_conditions,
    };
    enum store_answer answer = send_call(store, &call, &http, why);
    bool is_unconditional_asked = answer == STORE_DONE && http.status == 501 && call.is_conditional;
    if (answer == STORE_DONE && !is_unconditional_asked)
        answer = judge_put(store, object, &http, stored, why);
    http_answer_fini(&http);
    if (!is_unconditional_asked) return answer;
    log_warn("the store knows no conditional writes: plain ones from now on", "bucket=%s", store->bucket);
    store->no_conditions = true;
    return put(store, object, stored, why);
}

static enum store_answer probe(void *self, const char *key, const char *content_type, const struct buf *body,
                               struct why *why)
{
    struct store_s3 *store = self;
    struct http_answer http;
    char sha256[SIGV4_HEX_SHA256_SIZE];
    sigv4_hex_sha256(body->data, body->len, sha256);
    struct call call = {
        .method = HTTP_PUT, .key = key, .content_type = content_type, .body = body, .sha256 = sha256};
    enum store_answer answer = send_call(store, &call, &http, why);
    if (answer == STORE_DONE && http.status != 200)
        answer = s3_error_sort(&http, store->bucket, key, why);
    else if (answer == STORE_DONE && !*http.etag) {
        (void)why_remedy(why, RES_RETRY, "see that AWS_ENDPOINT_URL is an S3 server");
        (void)why_set(why, RES_RETRY, "%s answered without an ETag", store->host);
        answer = STORE_REFUSED;
    }
    http_answer_fini(&http);
    if (answer != STORE_DONE) return answer;

    struct why ignored = {0}; /* not to be allowed to delete is fine, and usual */
    struct call removal = {.method = HTTP_DELETE, .key = key, .sha256 = empty_sha256};
    (void)send_call(store, &removal, &http, &ignored);
    http_answer_fini(&http);
    return STORE_DONE;
}

static void close_store(void *self)
{
    struct store_s3 *store = self;
    http_close(store->http);
    free(store);
}

static void find_host(struct store_s3 *store, const struct settings *settings)
{
    const char *url = settings->endpoint_url_s3 ? settings->endpoint_url_s3 : settings->endpoint_url;
    char host[HOST_SIZE / 2];
    store->scheme = url && strncmp(url, "http://", 7) == 0 ? "http" : "https";
    if (url) {
        const char *from = strstr(url, "://") + 3;
        (void)snprintf(host, sizeof host, "%.*s", (int)strcspn(from, "/"), from);
    } else {
        (void)snprintf(host, sizeof host, "s3.%s.amazonaws.com", store->region);
    }
    /* A dot in the bucket's name would not match AWS's certificate as a host name. */
    store->is_path_style = settings->s3_addressing == S3_ADDRESSING_AUTO
                               ? url || strchr(store->bucket, '.')
                               : settings->s3_addressing == S3_ADDRESSING_PATH;
    (void)snprintf(store->host, sizeof store->host, "%s%s%s", store->is_path_style ? "" : store->bucket,
                   store->is_path_style ? "" : ".", host);
}

enum result store_s3_open(void **self, const struct store_ops **ops, const struct settings *settings,
                          struct signals *signals, const struct lockfile *lock, struct why *why)
{
    static const struct store_ops s3_ops = {put, find, probe, close_store};
    struct store_s3 *store = calloc(1, sizeof *store);
    if (!store) abort();
    store->bucket = settings->bucket_name;
    store->region = settings->region ? settings->region : settings->default_region;
    store->keys =
        (struct sigv4_keys){settings->access_key_id, settings->secret_access_key, settings->session_token};
    find_host(store, settings);
    enum result res = http_open(&store->http, settings->ca_bundle, signals, lock, STORE_STOP_MS, why);
    if (res != RES_OK) {
        free(store);
        store = NULL;
    }
    *self = store;
    *ops = &s3_ops;
    return res;
}
