/* s3_headers -- see s3_headers.h. */
#include "uploader/store/s3_headers.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/http/sigv4.h"

#define HEADERS_MAX 24
#define VALUE_SIZE  4096 /* a session token is the longest */

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct s3_headers {
    struct sigv4_header list[HEADERS_MAX];
    char values[HEADERS_MAX][VALUE_SIZE];
    char lines[HEADERS_MAX][VALUE_SIZE + 64];
    const char *texts[HEADERS_MAX + 1];
    size_t count;
};

__attribute__((format(printf, 3, 4))) static void add(struct s3_headers *headers, const char *name,
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

static void add_metadata(struct s3_headers *headers, const struct object *object)
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
 * How the store is to keep the object. None of this is in the object's bytes, so the current settings count, not those
 * at the time of sealing: a person can correct a wrong key or class, and the batch is shipped under the same name.
 */
static void add_object_headers(struct s3_headers *headers, const struct s3_object_headers *object_headers)
{
    static const char *const encryptions[] = {[S3_SSE_AES256] = "AES256", [S3_SSE_KMS] = "aws:kms"};
    const struct s3_object_options *options = object_headers->options;
    if (options->sse != S3_SSE_NONE)
        add(headers, "x-amz-server-side-encryption", "%s", encryptions[options->sse]);
    if (options->kms_key_id)
        add(headers, "x-amz-server-side-encryption-aws-kms-key-id", "%s", options->kms_key_id);
    if (options->storage_class) add(headers, "x-amz-storage-class", "%s", options->storage_class);
    if (*object_headers->tagging) add(headers, "x-amz-tagging", "%s", object_headers->tagging);
}

static const char *payload_sha256(const struct s3_call *call)
{
    return call->sha256 ? call->sha256 : empty_sha256;
}

static void add_all(struct s3_headers *headers, const struct s3_call *call, const struct s3_signer *signer,
                    const struct s3_object_headers *object_headers)
{
    const struct keys *keys = &signer->keys;
    const char *owner = object_headers->options->bucket_owner;
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(signer->address.at_s, timestamp);
    add(headers, "host", "%s", signer->address.host);
    add(headers, "x-amz-date", "%s", timestamp);
    add(headers, "x-amz-content-sha256", "%s", payload_sha256(call));
    if (*keys->session_token) add(headers, "x-amz-security-token", "%s", keys->session_token);
    if (call->content_type) add(headers, "content-type", "%s", call->content_type);
    if (call->is_conditional) add(headers, "if-none-match", "*");
    if (owner) add(headers, "x-amz-expected-bucket-owner", "%s", owner);
    if (call->method == HTTP_PUT) add_object_headers(headers, object_headers);
    if (call->object) add_metadata(headers, call->object);
}

static bool sign(struct s3_headers *headers, const struct s3_call *call, const struct s3_signer *signer,
                 const char *path)
{
    static const char *const methods[] = {[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_PUT] = "PUT"};
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
        .payload_sha256 = payload_sha256(call),
        .region = signer->address.region,
        .service = "s3",
        .at_s = signer->address.at_s,
    };
    if (!sigv4_sign(&request, &signing, authorization)) return false;
    add(headers, "authorization", "%s", authorization);
    return true;
}

struct s3_headers *s3_headers_new(const struct s3_call *call, const struct s3_signer *signer,
                                  const struct s3_object_headers *object_headers, const char *path)
{
    struct s3_headers *headers = calloc(1, sizeof *headers);
    if (!headers) abort();
    add_all(headers, call, signer, object_headers);
    if (!sign(headers, call, signer, path)) {
        s3_headers_free(headers);
        return NULL;
    }
    for (size_t i = 0; i < headers->count; i++) {
        (void)snprintf(headers->lines[i], sizeof headers->lines[i], "%s: %s", headers->list[i].name,
                       headers->list[i].value);
        headers->texts[i] = headers->lines[i];
    }
    return headers;
}

void s3_headers_free(struct s3_headers *headers)
{
    if (!headers) return;
    OPENSSL_cleanse(headers, sizeof *headers);
    free(headers);
}

const char *const *s3_headers_lines(const struct s3_headers *headers)
{
    return headers->texts;
}
