/*
 * s3 -- see s3.h.
 *
 * s3_client.h has sorted the answer to each request; this file says what it means for an object. A server that does not
 * know conditional writes (501) gets plain PUTs from then on, for this run: nobody else uses our keys.
 */
#include "uploader/store/s3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "uploader/batch/hash.h"
#include "uploader/http/sigv4.h"

#define NOT_S3                                                                                               \
    "see that AWS_ENDPOINT_URL is an S3 server, and that nothing on the way (a proxy, a portal) answers "    \
    "for it"

struct s3 {
    struct s3_client *client;
    const char *bucket;
    bool has_warned_unverified;
    bool no_conditions; /* the server does not know If-None-Match */
};

static enum result prepare(void *self, char source[STORE_SOURCE_SIZE], struct why *why)
{
    struct s3 *s3 = self;
    return s3_client_prepare(s3->client, source, why);
}

/* ---- what is there ---- */

static enum store_answer refuse_as_not_s3(const struct http_answer *http, struct why *why)
{
    (void)why_remedy(why, RES_RETRY, NOT_S3);
    (void)why_set(why, RES_RETRY, "HTTP %ld without an ETag, or with another one than before", http->status);
    return STORE_NOT_NOW;
}

/* Reads the object with the ETag that HEAD has given, and keeps only its hashes. `seen` has the length. */
static enum store_answer hash_stored(struct s3 *s3, const struct object *object, struct stored *stored,
                                     struct rendition *seen, struct why *why)
{
    struct s3_answer answer;
    struct hash *hash = hash_begin();
    struct s3_call call = {.method = HTTP_GET,
                           .key = object->batch->object_key,
                           .hash = hash,
                           .hash_bytes = seen->bytes >= 0 ? seen->bytes : object->rendition->bytes};
    enum store_answer read = s3_client_send(s3->client, &call, &answer, why);
    stored->wait_ms = answer.wait_ms;
    if (read == STORE_DONE && strcmp(answer.http.etag, stored->etag) == 0)
        hash_end(hash, seen);
    else if (read == STORE_DONE)
        read = refuse_as_not_s3(&answer.http, why);
    s3_answer_fini(&answer);
    hash_free(hash);
    return read;
}

/* Is this the length of one of our renditions? Any other length proves that it is another object. */
static bool fits(const struct object *object, int64_t length)
{
    const struct batch *batch = object->batch;
    return length < 0 || length == object->rendition->bytes ||
           (*batch->recorded.sha256 && length == batch->recorded.bytes) ||
           (*batch->earlier.sha256 && length == batch->earlier.bytes);
}

/* Is it our object? The ETag may be its MD5, our metadata may say so, or its bytes do. `head` is the answer to HEAD. */
static enum store_answer compare_object(struct s3 *s3, const struct http_answer *head,
                                        const struct object *object, struct stored *stored, struct why *why)
{
    struct rendition seen = {.bytes = head->length};
    enum store_answer answer = STORE_DONE;
    if (!*head->etag) return refuse_as_not_s3(head, why);
    if (strlen(head->etag) < sizeof seen.md5) memcpy(seen.md5, head->etag, strlen(head->etag));
    if (strlen(head->sha256) < sizeof seen.sha256) memcpy(seen.sha256, head->sha256, strlen(head->sha256));
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", head->etag);
    stored->rendition = store_recognise(object, &seen);
    if (!stored->rendition && fits(object, head->length)) {
        answer = hash_stored(s3, object, stored, &seen, why);
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
    struct s3 *s3 = self;
    struct s3_answer answer;
    struct s3_call call = {.method = HTTP_HEAD, .key = object->batch->object_key};
    enum store_answer found = s3_client_send(s3->client, &call, &answer, why);
    stored->wait_ms = answer.wait_ms; /* keeps the ETag, if a PUT has given one */
    if (found == STORE_DONE) found = compare_object(s3, &answer.http, object, stored, why);
    s3_answer_fini(&answer);
    return found;
}

/* ---- putting ---- */

/*
 * The server says that something is under our key: our bytes, as a rule, from this try or an earlier one. If that
 * cannot be found out, the outcome stays unknown.
 */
static enum store_answer compare_with_stored(struct s3 *s3, const struct object *object,
                                             struct stored *stored, struct why *why)
{
    enum store_answer answer = find(s3, object, stored, why);
    if (answer == STORE_DONE || answer == STORE_CONFLICT) return answer;
    if (answer == STORE_ABSENT)
        (void)why_set(why, RES_RETRY, "the store said that %s is there, and then that it is not",
                      object->batch->object_key);
    if (answer != STORE_CANNOT_CHECK) return STORE_UNKNOWN;
    if (!s3->has_warned_unverified)
        log_warn("objects are there, and their bytes cannot be compared: s3:GetObject is not allowed",
                 "batch=%" PRId64
                 " remedy=\"allow these keys s3:GetObject (and kms:Decrypt for a key of KMS) in the "
                 "bucket %s\"",
                 object->batch->id, s3->bucket);
    s3->has_warned_unverified = true;
    stored->is_verified = false;
    stored->rendition = object->rendition;
    return STORE_DONE;
}

/* The server says that it has stored the object: does its answer prove that? */
static enum store_answer confirm_put(struct s3 *s3, const struct object *object,
                                     const struct http_answer *http, struct stored *stored, struct why *why)
{
    /*
     * With a key of KMS the ETag is no MD5. As the answer names the key, the server is S3, and has checked Content-MD5.
     */
    bool is_kms = *http->etag && strncmp(http->encryption, "aws:kms", 7) == 0;
    if (is_kms || strcmp(http->etag, object->rendition->md5) == 0) return STORE_DONE;
    if (*http->etag) return compare_with_stored(s3, object, stored, why);
    (void)why_remedy(why, RES_RETRY, NOT_S3);
    (void)why_set(why, RES_RETRY, "HTTP %ld without an ETag", http->status);
    return STORE_UNKNOWN;
}

/* `*is_not_implemented`: the server does not know something that the request asks for, perhaps the condition. */
static enum store_answer put_once(struct s3 *s3, const struct object *object, bool is_conditional,
                                  bool *is_not_implemented, struct stored *stored, struct why *why)
{
    struct s3_answer answer;
    struct s3_call call = {
        .method = HTTP_PUT,
        .key = object->batch->object_key,
        .content_type = batch_content_type(object->batch),
        .body = object->body,
        .sha256 = object->rendition->sha256,
        .object = object,
        .is_conditional = is_conditional,
    };
    enum store_answer put = s3_client_send(s3->client, &call, &answer, why);
    *is_not_implemented = answer.http.status == 501;
    *stored = (struct stored){.is_verified = true, .rendition = object->rendition, .wait_ms = answer.wait_ms};
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", answer.http.etag);
    if (put == STORE_DONE)
        put = confirm_put(s3, object, &answer.http, stored, why);
    else if (put == STORE_CONFLICT)
        put = compare_with_stored(s3, object, stored, why);
    s3_answer_fini(&answer);
    return put;
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct s3 *s3 = self;
    bool is_conditional = !s3->no_conditions;
    bool is_not_implemented = false;
    enum store_answer answer = put_once(s3, object, is_conditional, &is_not_implemented, stored, why);
    if (!is_not_implemented || !is_conditional) return answer;
    why_clear(why);
    answer = put_once(s3, object, false, &is_not_implemented, stored, why);
    if (is_not_implemented) return answer; /* then it was not the condition */
    log_warn("the store does not support conditional writes: plain writes from now on", "bucket=%s",
             s3->bucket);
    s3->no_conditions = true;
    return answer;
}

static enum store_answer probe(void *self, const char *key, const char *content_type, const struct buf *body,
                               struct why *why)
{
    struct s3 *s3 = self;
    struct s3_answer answer;
    char sha256[SIGV4_HEX_SHA256_SIZE];
    sigv4_hex_sha256(body->data, body->len, sha256);
    struct s3_call call = {
        .method = HTTP_PUT, .key = key, .content_type = content_type, .body = body, .sha256 = sha256};
    enum store_answer put = s3_client_send(s3->client, &call, &answer, why);
    if (put == STORE_DONE && !*answer.http.etag) {
        (void)why_remedy(why, RES_RETRY, NOT_S3);
        (void)why_set(why, RES_RETRY, "HTTP %ld without an ETag", answer.http.status);
        put = STORE_REFUSED;
    }
    s3_answer_fini(&answer);
    if (put != STORE_DONE) return put;

    struct why ignored = {0}; /* that the keys do not allow DELETE is usual, and no problem */
    struct s3_call removal = {.method = HTTP_DELETE, .key = key};
    (void)s3_client_send(s3->client, &removal, &answer, &ignored);
    s3_answer_fini(&answer);
    return STORE_DONE;
}

/* ---- opening and closing ---- */

static void close_s3(void *self)
{
    struct s3 *s3 = self;
    s3_client_close(s3->client);
    free(s3);
}

static enum result another(const void *self, void **other, struct why *why)
{
    const struct s3 *first = self;
    struct s3 *s3 = malloc(sizeof *s3);
    if (!s3) abort();
    *s3 = *first;
    enum result res = s3_client_open_another(&s3->client, first->client, why);
    if (res != RES_OK) {
        close_s3(s3);
        s3 = NULL;
    }
    *other = s3;
    return res;
}

/* s3://bucket, with @host if the endpoint is not AWS's own. */
static void name_destination(const struct s3_server_options *server, char destination[BATCH_DESTINATION_MAX])
{
    const char *host = server->endpoint ? strstr(server->endpoint, "://") + 3 : "";
    (void)snprintf(destination, BATCH_DESTINATION_MAX, "s3://%s%s%.*s", server->bucket,
                   server->endpoint ? "@" : "", (int)strcspn(host, "/"), host);
}

enum result s3_open(struct store **store, const struct s3_options *options, struct signals *signals,
                    const struct lockfile *lock, struct why *why)
{
    static const struct store_ops ops = {
        .prepare = prepare, .put = put, .find = find, .probe = probe, .another = another, .close = close_s3};
    char destination[BATCH_DESTINATION_MAX];
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3) abort();
    s3->bucket = options->server.bucket;
    *store = NULL;
    enum result res = s3_client_open(&s3->client, options, signals, lock, why);
    if (res != RES_OK) {
        close_s3(s3);
        return res;
    }
    name_destination(&options->server, destination);
    *store = store_new(s3, &ops, destination);
    return RES_OK;
}
