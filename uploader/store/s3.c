/*
 * s3 -- see s3.h.
 *
 * s3_client.h has sorted the answer to each request, s3_look.h knows what is under a key, s3_put.h puts an object,
 * s3_proof.h proves that objects can be put; this file opens and closes them.
 */
#include "uploader/store/s3.h"

#include <stdlib.h>

#include "uploader/batch/hash.h"
#include "uploader/store/place.h"
#include "uploader/store/s3_describe.h"
#include "uploader/store/s3_error.h"
#include "uploader/store/s3_look.h"
#include "uploader/store/s3_proof.h"
#include "uploader/store/s3_put.h"

static enum result prepare(void *self, char source[STORE_SOURCE_SIZE], struct why *why)
{
    struct s3 *s3 = self;
    return s3_client_prepare(s3->client, source, why);
}

static bool has_new_keys(void *self)
{
    struct s3 *s3 = self;
    return s3_client_has_new_keys(s3->client);
}

static bool clock_is_wrong(void *self, int64_t *ahead_ms)
{
    struct s3 *s3 = self;
    return s3_client_clock_is_wrong(s3->client, ahead_ms);
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    return s3_put(self, object, stored, why);
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct s3 *s3 = self;
    return s3_look(s3->client, object, stored, why);
}

static enum store_answer prove(void *self, const struct object *document, struct stored *stored,
                               struct why *why)
{
    return s3_proof(self, document, stored, why);
}

static enum store_answer examine(void *self, const struct object *document, struct store_proof *proof,
                                 struct stored *stored, struct why *why)
{
    return s3_proof_examine(self, document, proof, stored, why);
}

static enum store_answer look(void *self, const struct object *document, struct stored *stored,
                              struct why *why)
{
    return s3_proof_look(self, document, stored, why);
}

static enum store_answer read_object(void *self, const char *key, const struct http_sink *sink,
                                     struct why *why)
{
    struct s3 *s3 = self;
    struct s3_answer answer;
    struct s3_call call = {.method = HTTP_GET, .key = key, .sink = sink};
    enum store_answer read = s3_client_send(s3->client, &call, &answer, why);
    s3_answer_fini(&answer);
    return read;
}

/* It may replace an earlier one, so nothing has to be found out about what is there. */
static enum store_answer put_document(void *self, const char *key, const char *content_type,
                                      const struct buf *body, struct why *why)
{
    struct s3 *s3 = self;
    struct rendition rendition;
    struct s3_answer answer;
    hash_bytes(body, HASH_SHA256_AND_MD5, &rendition, NULL);
    struct s3_call call = {.method = HTTP_PUT,
                           .key = key,
                           .content_type = content_type,
                           .body = body,
                           .sha256 = rendition.sha256,
                           .md5 = rendition.md5};
    enum store_answer put = s3_client_send(s3->client, &call, &answer, why);
    if (put == STORE_DONE && !*answer.http.etag) {
        (void)s3_error_not_s3(&answer.http, "without an ETag", why);
        put = STORE_UNKNOWN;
    }
    s3_answer_fini(&answer);
    return put;
}

static void set_limits(void *self, struct http_limits limits)
{
    struct s3 *s3 = self;
    s3_client_set_limits(s3->client, limits);
}

static void describe(void *self, struct store_facts *facts)
{
    const struct s3 *s3 = self;
    s3_describe(s3->client, facts);
}

/* ---- opening and closing ---- */

static void close_s3(void *self)
{
    struct s3 *s3 = self;
    s3_client_close(s3->client);
    if (s3->is_first) s3_conditions_free(s3->conditions);
    free(s3);
}

static enum result another(const void *self, void **other, struct why *why)
{
    const struct s3 *first = self;
    struct s3 *s3 = malloc(sizeof *s3);
    if (!s3) abort();
    *s3 = *first;
    s3->is_first = false;
    enum result res = s3_client_open_another(&s3->client, first->client, why);
    if (res != RES_OK) {
        close_s3(s3);
        s3 = NULL;
    }
    *other = s3;
    return res;
}

enum result s3_open(struct store **store, const struct s3_options *options, struct signals *signals,
                    const struct lockfile *lock, struct why *why)
{
    static const struct store_ops ops = {.hashes = HASH_SHA256_AND_MD5,
                                         .prepare = prepare,
                                         .put = put,
                                         .find = find,
                                         .prove = prove,
                                         .examine = examine,
                                         .look = look,
                                         .read = read_object,
                                         .put_document = put_document,
                                         .set_limits = set_limits,
                                         .describe = describe,
                                         .has_new_keys = has_new_keys,
                                         .clock_is_wrong = clock_is_wrong,
                                         .another = another,
                                         .close = close_s3};
    char destination[BATCH_DESTINATION_MAX];
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3) abort();
    s3->bucket = options->server.bucket;
    s3->conditions = s3_conditions_new(s3->bucket);
    s3->is_first = true;
    *store = NULL;
    enum result res = s3_client_open(&s3->client, options, signals, lock, why);
    if (res != RES_OK) {
        close_s3(s3);
        return res;
    }
    const struct connection *connection = s3_client_connection(s3->client);
    place_name_bucket(options->server.bucket, connection->s3_endpoint, connection->region, destination);
    *store = store_new(s3, &ops, destination);
    return RES_OK;
}
