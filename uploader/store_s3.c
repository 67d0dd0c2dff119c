/*
 * store_s3 -- objects in an S3 bucket: PUT that never replaces, HEAD to find what an earlier try has done.
 *
 * Each request is signed (sigv4.c) over exactly the headers that are sent, with keys that are asked for each time
 * (credentials.c), for the region and at the time that the server wants (s3_server.c). Where the server says that one of
 * these is wrong, the request is repeated at once with a better one: send_call(). A server that does not know conditional
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
#include "uploader/credentials.h"
#include "uploader/hash.h"
#include "uploader/http.h"
#include "uploader/s3_error.h"
#include "uploader/s3_server.h"
#include "uploader/sigv4.h"
#include "uploader/store.h"
#include "uploader/tags.h"

#define PATH_SIZE   (3 * BATCH_KEY_MAX + 300)
#define HEADERS_MAX 24
#define VALUE_SIZE  4096 /* a session token is the longest */

struct store_s3 {
    const char *bucket;
    struct s3_server *server;
    struct credentials *credentials;
    bool is_first; /* closes these two, which others of other threads borrow */
    struct signals *signals;
    const struct lockfile *lock;
    bool is_told_unverified;
    bool no_conditions;              /* the server does not know If-None-Match */
    const struct settings *settings; /* what is asked for with each object */
    char tagging[TAGS_SIZE];
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
    add(headers, "x-amz-meta-content-sha256", "%s", object->rendition->content_sha256);
}

/*
 * How the store is to keep the object. None of this is in the object's bytes, so it follows the settings of the moment,
 * not those of sealing: a person can correct a wrong key or class, and the batch goes its way under the same name.
 */
static void add_wishes(struct headers *headers, const struct store_s3 *store)
{
    static const char *const encryptions[] = {[S3_SSE_AES256] = "AES256", [S3_SSE_KMS] = "aws:kms"};
    const struct settings *s = store->settings;
    if (s->s3_sse != S3_SSE_NONE) add(headers, "x-amz-server-side-encryption", "%s", encryptions[s->s3_sse]);
    if (s->s3_sse_kms_key_id)
        add(headers, "x-amz-server-side-encryption-aws-kms-key-id", "%s", s->s3_sse_kms_key_id);
    if (s->s3_storage_class) add(headers, "x-amz-storage-class", "%s", s->s3_storage_class);
    if (*store->tagging) add(headers, "x-amz-tagging", "%s", store->tagging);
}

/* ---- one request ---- */

/* With what a call is signed, and where it goes. */
struct signer {
    struct s3_address address;
    struct keys keys;
};

struct call {
    enum http_method method;
    const char *key;
    const char *content_type; /* PUT only, as are the next three */
    const struct buf *body;
    const char *sha256;
    const struct object *object; /* adds its metadata; NULL: none */
    bool is_conditional;         /* If-None-Match: * */
    struct hash *hash;           /* GET only: takes in the body */
};

static const char *const methods[] = {
    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"};

static void make_headers(const struct store_s3 *store, const struct call *call, const struct signer *signer,
                         struct headers *headers)
{
    const struct keys *keys = &signer->keys;
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(signer->address.at_s, timestamp);
    add(headers, "host", "%s", signer->address.host);
    add(headers, "x-amz-date", "%s", timestamp);
    add(headers, "x-amz-content-sha256", "%s", call->sha256);
    if (*keys->session_token) add(headers, "x-amz-security-token", "%s", keys->session_token);
    if (call->content_type) add(headers, "content-type", "%s", call->content_type);
    if (call->is_conditional) add(headers, "if-none-match", "*");
    if (store->settings->s3_expected_bucket_owner)
        add(headers, "x-amz-expected-bucket-owner", "%s", store->settings->s3_expected_bucket_owner);
    if (call->method == HTTP_PUT) add_wishes(headers, store);
    if (call->object) add_metadata(headers, call->object);
}

/* Signs, and makes the lines that libcurl sends. */
static bool sign(const struct call *call, const struct signer *signer, const char *path,
                 struct headers *headers)
{
    const struct keys *keys = &signer->keys;
    struct sigv4_keys signing = {keys->access_key_id, keys->secret_access_key,
                                 *keys->session_token ? keys->session_token : NULL};
    char authorization[SIGV4_AUTHORIZATION_SIZE];
    struct sigv4_request request = {
        .method = methods[call->method],
        .path = path,
        .query = "",
        .headers = headers->list,
        .header_count = headers->count,
        .payload_sha256 = call->sha256,
        .region = signer->address.region,
        .service = "s3",
        .at_s = signer->address.at_s,
    };
    if (!sigv4_sign(&request, &signing, authorization)) return false;
    add(headers, "authorization", "%s", authorization);
    for (size_t i = 0; i < headers->count; i++) {
        (void)snprintf(headers->lines[i], sizeof headers->lines[i], "%s: %s", headers->list[i].name,
                       headers->list[i].value);
        headers->texts[i] = headers->lines[i];
    }
    return true;
}

static bool make_path(const struct store_s3 *store, const struct s3_address *address, const char *key,
                      char path[PATH_SIZE])
{
    int len = snprintf(path, PATH_SIZE, "/%s%s", address->is_path_style ? store->bucket : "",
                       address->is_path_style ? "/" : "");
    return sigv4_encode_path(key, path + len, (size_t)(PATH_SIZE - len));
}

/* What it means that there is no answer. */
static enum store_answer explain_silence(const struct s3_address *address, enum http_outcome outcome,
                                         struct why *why)
{
    (void)why_wrap(why, RES_RETRY, "%s://%s", address->scheme, address->host);
    switch (outcome) {
    case HTTP_UNTRUSTED:
        (void)why_remedy(why, RES_RETRY,
                         "set AWS_CA_BUNDLE to a file with the certificate of the authority that signed the "
                         "server's");
        return STORE_REFUSED;
    case HTTP_NOT_SENT:
        (void)why_remedy(why, RES_RETRY,
                         "none needed if the server or the network is down; else correct AWS_ENDPOINT_URL or "
                         "AWS_REGION, the DNS, the firewall or HTTPS_PROXY");
        return STORE_NOT_NOW;
    case HTTP_STOPPED: return STORE_STOPPED;
    default: return STORE_UNKNOWN;
    }
}

/* Sends one call, once. */
static enum store_answer send_signed(struct store_s3 *store, const struct call *call,
                                     const struct signer *signer, struct http_answer *answer, struct why *why)
{
    const struct s3_address *address = &signer->address;
    char path[PATH_SIZE];
    char url[PATH_SIZE + S3_HOST_SIZE + 16];
    struct headers *headers = calloc(1, sizeof *headers);
    if (!headers) abort();
    *answer = (struct http_answer){.status = 0};

    make_headers(store, call, signer, headers);
    if (!make_path(store, address, call->key, path) || !sign(call, signer, path, headers)) {
        OPENSSL_cleanse(headers, sizeof *headers);
        free(headers);
        (void)why_set(why, RES_REFUSE, "cannot sign the request for %s", call->key);
        (void)why_remedy(why, RES_REFUSE,
                         "look for control characters or excessive length in PREFIX and the keys");
        return STORE_REFUSED;
    }
    (void)snprintf(url, sizeof url, "%s://%s%s", address->scheme, address->host, path);
    struct http_request request = {.method = call->method,
                                   .url = url,
                                   .headers = headers->texts,
                                   .body = call->body,
                                   .hash = call->hash};
    enum http_outcome outcome = http_do(store->http, &request, answer, why);
    OPENSSL_cleanse(headers, sizeof *headers); /* the session token */
    free(headers);
    return outcome == HTTP_ANSWERED ? STORE_DONE : explain_silence(address, outcome, why);
}

/* ---- with the right keys, for the right region, at the right time ---- */

static enum store_answer get_signer(struct store_s3 *store, struct signer *signer, struct why *why)
{
    s3_server_address(store->server, &signer->address);
    enum result res = credentials_get(store->credentials, signer->address.at_s * 1000, &signer->keys, why);
    if (res == RES_OK) return STORE_DONE;
    if (signals_stop_requested(store->signals)) return STORE_STOPPED;
    return *why->remedy ? STORE_REFUSED : STORE_NOT_NOW;
}

/* Does the answer say that these keys were good, but are no more? Then nothing was stored. */
static bool asks_for_new_keys(const struct call *call, const struct signer *signer,
                              const struct http_answer *answer)
{
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException", "InvalidToken",
                                        "TokenRefreshRequired", "InvalidAccessKeyId"};
    char code[S3_CODE_SIZE];
    if (!*signer->keys.session_token || answer->status < 400 || answer->status > 403) return false;
    s3_error_field(answer, "Code", code, sizeof code);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    /* The answer to HEAD has no body: 400 is what ended keys get, unless the region was wrong. */
    bool is_elsewhere = *answer->region && strcmp(answer->region, signer->address.region) != 0;
    return call->method == HTTP_HEAD && answer->status == 400 && !is_elsewhere;
}

/* False: there are no other ones; what the server has said is what counts. */
static bool renew_keys(struct store_s3 *store, const struct signer *signer)
{
    struct keys newer;
    struct why ignored = {0};
    credentials_reject(store->credentials, &signer->keys);
    enum result res = credentials_get(store->credentials, signer->address.at_s * 1000, &newer, &ignored);
    bool has_newer = res == RES_OK && !keys_are_same(&signer->keys, &newer);
    keys_wipe(&newer);
    return has_newer;
}

enum correction { CORRECT_REGION = 1, CORRECT_CLOCK = 2, CORRECT_KEYS = 4 };

/* What has been corrected, so that the same call may succeed now; 0: nothing. Each at most once for a call: `made`. */
static unsigned correct(struct store_s3 *store, const struct call *call, const struct signer *signer,
                        const struct http_answer *answer, unsigned made)
{
    if (!(made & CORRECT_REGION) && s3_server_learn_region(store->server, &signer->address, answer))
        return CORRECT_REGION;
    if (!(made & CORRECT_CLOCK) && s3_server_learn_clock(store->server, &signer->address, answer))
        return CORRECT_CLOCK;
    if (!(made & CORRECT_KEYS) && asks_for_new_keys(call, signer, answer) && renew_keys(store, signer))
        return CORRECT_KEYS;
    return 0;
}

/*
 * Sends one call, and again at once where the answer teaches what was wrong with it: at most four times in all.
 * STORE_DONE means that the server has answered: look at `answer`, which needs http_answer_fini() in any case.
 */
static enum store_answer send_call(struct store_s3 *store, const struct call *call,
                                   struct http_answer *answer, struct why *why)
{
    struct signer signer;
    unsigned made = 0;
    unsigned correction = 0;
    enum store_answer sent = STORE_DONE;
    *answer = (struct http_answer){.status = 0};
    do {
        made |= correction;
        correction = 0;
        http_answer_fini(answer);
        sent = get_signer(store, &signer, why);
        if (sent == STORE_DONE) sent = send_signed(store, call, &signer, answer, why);
        if (sent == STORE_DONE) correction = correct(store, call, &signer, answer, made);
        keys_wipe(&signer.keys);
    } while (correction != 0);
    return sent;
}

/* ---- what store.h promises ---- */

static enum result prepare(void *self, char source[STORE_SOURCE_SIZE], struct why *why)
{
    struct store_s3 *store = self;
    struct keys keys;
    enum result res = credentials_get(store->credentials, clock_now_ms(), &keys, why);
    if (res == RES_OK) credentials_source(store->credentials, source);
    keys_wipe(&keys);
    return res;
}

#define NOT_S3 "see that AWS_ENDPOINT_URL is an S3 server: no other one answers like this"

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* What a refusal means, and how long the server wants to be left alone. */
static enum store_answer sort_refusal(struct store_s3 *store, const struct http_answer *http, const char *key,
                                      struct stored *stored, struct why *why)
{
    enum store_answer answer = s3_error_sort(http, store->bucket, key, why);
    stored->wait_ms = answer == STORE_REFUSED ? 0 : s3_error_wait_ms(http, clock_now_ms() / 1000);
    return answer;
}

static enum store_answer no_s3(const struct http_answer *http, struct why *why)
{
    (void)why_remedy(why, RES_RETRY, NOT_S3);
    (void)why_set(why, RES_RETRY, "HTTP %ld without an ETag, or with another one than before", http->status);
    return STORE_NOT_NOW;
}

/* Reads what is there, under the ETag that HEAD gave, and keeps of it no more than its hashes. */
static enum store_answer hash_stored(struct store_s3 *store, const struct object *object,
                                     struct stored *stored, struct rendition *seen, struct why *why)
{
    struct http_answer http;
    struct hash *hash = hash_begin();
    struct call call = {
        .method = HTTP_GET, .key = object->batch->object_key, .sha256 = empty_sha256, .hash = hash};
    enum store_answer answer = send_call(store, &call, &http, why);
    if (answer == STORE_UNKNOWN) answer = STORE_NOT_NOW; /* reading stores nothing */
    if (answer == STORE_DONE && http.status == 200 && strcmp(http.etag, stored->etag) == 0)
        hash_end(hash, seen);
    else if (answer == STORE_DONE && http.status == 200)
        answer = no_s3(&http, why);
    else if (answer == STORE_DONE && http.status == 403)
        answer = STORE_CANNOT_LOOK;
    else if (answer == STORE_DONE)
        answer = http.status == 404 ? STORE_ABSENT : sort_refusal(store, &http, call.key, stored, why);
    http_answer_fini(&http);
    hash_free(hash);
    return answer;
}

/* Has it the length of one of our renditions? Another one alone proves that it is another object. */
static bool fits(const struct object *object, int64_t length)
{
    const struct batch *batch = object->batch;
    return length < 0 || length == object->rendition->bytes ||
           (*batch->recorded.sha256 && length == batch->recorded.bytes) ||
           (*batch->earlier.sha256 && length == batch->earlier.bytes);
}

/* The witnesses in their order: the ETag is the MD5, our metadata, the bytes themselves. `head` is the answer to HEAD. */
static enum store_answer judge(struct store_s3 *store, const struct http_answer *head,
                               const struct object *object, struct stored *stored, struct why *why)
{
    struct rendition seen = {.bytes = head->length};
    enum store_answer answer = STORE_DONE;
    if (!*head->etag) return no_s3(head, why);
    if (strlen(head->etag) < sizeof seen.md5) memcpy(seen.md5, head->etag, strlen(head->etag));
    if (strlen(head->sha256) < sizeof seen.sha256) memcpy(seen.sha256, head->sha256, strlen(head->sha256));
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", head->etag);
    stored->rendition = store_recognise(object, &seen);
    if (!stored->rendition && fits(object, head->length)) {
        answer = hash_stored(store, object, stored, &seen, why);
        if (answer != STORE_DONE) return answer;
        stored->rendition = store_recognise(object, &seen);
    }
    stored->is_verified = stored->rendition != NULL;
    if (stored->is_verified) return STORE_DONE;
    (void)why_set(why, RES_BROKEN, "another object is under the key %s", object->batch->object_key);
    (void)why_remedy(why, RES_BROKEN, "see who wrote it, and move it away: the batch is tried again");
    return STORE_CONFLICT;
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct store_s3 *store = self;
    struct http_answer http;
    struct call call = {.method = HTTP_HEAD, .key = object->batch->object_key, .sha256 = empty_sha256};
    stored->wait_ms = 0; /* and the ETag stays, where a PUT has given one */
    enum store_answer answer = send_call(store, &call, &http, why);
    if (answer == STORE_UNKNOWN) answer = STORE_NOT_NOW; /* a HEAD stores nothing */
    if (answer == STORE_DONE) {
        if (http.status == 200)
            answer = judge(store, &http, object, stored, why);
        else if (http.status == 404)
            answer = STORE_ABSENT;
        else if (http.status == 403)
            answer = STORE_CANNOT_LOOK;
        else
            answer = sort_refusal(store, &http, call.key, stored, why);
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
    stored->rendition = object->rendition;
    return STORE_DONE;
}

/* What an answer to a PUT means. */
static enum store_answer judge_put(struct store_s3 *store, const struct object *object,
                                   const struct http_answer *http, struct stored *stored, struct why *why)
{
    bool is_success = http->status >= 200 && http->status < 300;
    /* With a key of KMS the ETag is no MD5. The server says that it has one, so it is S3, which has checked Content-MD5. */
    bool is_kms = *http->etag && strncmp(http->encryption, "aws:kms", 7) == 0;
    *stored = (struct stored){.is_verified = true, .rendition = object->rendition};
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", http->etag);
    if (is_success && (is_kms || strcmp(http->etag, object->rendition->md5) == 0)) return STORE_DONE;
    if (is_success && !*http->etag) {
        (void)why_remedy(why, RES_RETRY, NOT_S3);
        (void)why_set(why, RES_RETRY, "HTTP %ld without an ETag", http->status);
        return STORE_UNKNOWN;
    }
    if (is_success || http->status == 412) return look_at_stored(store, object, stored, why);
    return sort_refusal(store, http, object->batch->object_key, stored, why);
}

/* `*is_unknown_here`: the server does not know something that was asked for, perhaps the condition. */
static enum store_answer put_once(struct store_s3 *store, const struct object *object, bool is_conditional,
                                  bool *is_unknown_here, struct stored *stored, struct why *why)
{
    struct http_answer http;
    struct call call = {
        .method = HTTP_PUT,
        .key = object->batch->object_key,
        .content_type = batch_content_type(object->batch),
        .body = object->body,
        .sha256 = object->rendition->sha256,
        .object = object,
        .is_conditional = is_conditional,
    };
    *stored = (struct stored){.wait_ms = 0};
    enum store_answer answer = send_call(store, &call, &http, why);
    *is_unknown_here = answer == STORE_DONE && http.status == 501;
    if (answer == STORE_DONE) answer = judge_put(store, object, &http, stored, why);
    http_answer_fini(&http);
    return answer;
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct store_s3 *store = self;
    bool is_conditional = !store->no_conditions;
    bool is_unknown_here = false;
    enum store_answer answer = put_once(store, object, is_conditional, &is_unknown_here, stored, why);
    if (!is_unknown_here || !is_conditional) return answer;
    why_clear(why);
    answer = put_once(store, object, false, &is_unknown_here, stored, why);
    if (is_unknown_here) return answer; /* so it was not the condition */
    log_warn("the store knows no conditional writes: plain ones from now on", "bucket=%s", store->bucket);
    store->no_conditions = true;
    return answer;
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
        (void)why_remedy(why, RES_RETRY, NOT_S3);
        answer = STORE_REFUSED;
        (void)why_set(why, RES_RETRY, "HTTP %ld without an ETag", http.status);
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
    if (store->is_first) {
        credentials_close(store->credentials);
        s3_server_free(store->server);
    }
    free(store);
}

static enum result another(const void *self, void **other, struct why *why)
{
    const struct store_s3 *first = self;
    struct store_s3 *store = malloc(sizeof *store);
    if (!store) abort();
    *store = *first;
    store->is_first = false;
    enum result res =
        http_open(&store->http, first->settings->ca_bundle, first->signals, first->lock, STORE_STOP_MS, why);
    if (res != RES_OK) {
        free(store);
        store = NULL;
    }
    *other = store;
    return res;
}

enum result store_s3_open(void **self, const struct store_ops **ops, const struct settings *settings,
                          struct signals *signals, const struct lockfile *lock, struct why *why)
{
    static const struct store_ops s3_ops = {prepare, put, find, probe, another, close_store};
    struct store_s3 *store = calloc(1, sizeof *store);
    if (!store) abort();
    store->bucket = settings->bucket_name;
    store->is_first = true;
    store->signals = signals;
    store->lock = lock;
    store->settings = settings;
    enum result res = settings->s3_tags ? tags_encode(settings->s3_tags, store->tagging, why) : RES_OK;
    if (res == RES_OK) res = credentials_open(&store->credentials, settings, signals, lock, why);
    if (res == RES_OK) store->server = s3_server_new(settings, credentials_region(store->credentials));
    if (res == RES_OK) res = http_open(&store->http, settings->ca_bundle, signals, lock, STORE_STOP_MS, why);
    if (res != RES_OK) {
        close_store(store);
        store = NULL;
    }
    *self = store;
    *ops = &s3_ops;
    return res;
}
