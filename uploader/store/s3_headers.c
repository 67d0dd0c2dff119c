/* s3_headers -- see s3_headers.h. */
#include "uploader/store/s3_headers.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/batch/hash.h"
#include "uploader/http/headers.h"

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct s3_headers {
    struct headers all;
};

/* A bucket with Object Lock takes no PUT without it. */
static void add_md5(struct headers *headers, const char *hex)
{
    assert(strlen(hex) == 2 * HASH_MD5_BYTES); /* whatever is put was hashed for this store */
    unsigned char md5[HASH_MD5_BYTES];
    char base64[HASH_MD5_BYTES * 2];
    for (size_t i = 0; i < sizeof md5; i++)
        md5[i] = (unsigned char)strtoul((const char[]){hex[2 * i], hex[2 * i + 1], '\0'}, NULL, 16);
    (void)EVP_EncodeBlock((unsigned char *)base64, md5, sizeof md5);
    headers_add(headers, "content-md5", "%s", base64);
}

static void add_metadata(struct headers *headers, const struct object *object)
{
    const struct batch *batch = object->batch;
    headers_add(headers, "x-amz-meta-node", "%s", batch->identity.node);
    /* Before the spool is made `check` finds none; a header without a value would not be sent, but be signed. */
    if (*batch->identity.spool) headers_add(headers, "x-amz-meta-spool", "%s", batch->identity.spool);
    headers_add(headers, "x-amz-meta-batch", "%" PRId64, batch->id);
    headers_add(headers, "x-amz-meta-first-id", "%" PRId64, batch->first_id);
    headers_add(headers, "x-amz-meta-last-id", "%" PRId64, batch->last_id);
    headers_add(headers, "x-amz-meta-events", "%" PRId64, batch_count(batch));
    headers_add(headers, "x-amz-meta-sha256", "%s", object->rendition->sha256);
    headers_add(headers, "x-amz-meta-content-sha256", "%s", object->rendition->content_sha256);
}

const char *s3_sse_text(enum s3_sse sse)
{
    static const char *const texts[] = {
        [S3_SSE_NONE] = "", [S3_SSE_AES256] = "AES256", [S3_SSE_KMS] = "aws:kms"};
    return texts[sse];
}

const char *s3_acl_text(enum s3_acl acl)
{
    static const char *const texts[] = {[S3_ACL_NONE] = "",
                                        [S3_ACL_PRIVATE] = "private",
                                        [S3_ACL_PUBLIC_READ] = "public-read",
                                        [S3_ACL_PUBLIC_READ_WRITE] = "public-read-write",
                                        [S3_ACL_AUTHENTICATED_READ] = "authenticated-read",
                                        [S3_ACL_AWS_EXEC_READ] = "aws-exec-read",
                                        [S3_ACL_BUCKET_OWNER_READ] = "bucket-owner-read",
                                        [S3_ACL_BUCKET_OWNER_FULL_CONTROL] = "bucket-owner-full-control"};
    return texts[acl];
}

/*
 * How the store is to keep the object. None of this is in the object's bytes, so the current settings count, not those
 * at the time of sealing: a person can correct a wrong key or class, and the batch is shipped under the same name.
 */
static void add_object_headers(struct headers *headers, const struct s3_object_headers *object_headers)
{
    const struct s3_object_options *options = object_headers->options;
    if (options->sse != S3_SSE_NONE)
        headers_add(headers, "x-amz-server-side-encryption", "%s", s3_sse_text(options->sse));
    if (options->kms_key_id)
        headers_add(headers, "x-amz-server-side-encryption-aws-kms-key-id", "%s", options->kms_key_id);
    if (options->storage_class) headers_add(headers, "x-amz-storage-class", "%s", options->storage_class);
    if (options->acl != S3_ACL_NONE) headers_add(headers, "x-amz-acl", "%s", s3_acl_text(options->acl));
    if (*object_headers->tagging) headers_add(headers, "x-amz-tagging", "%s", object_headers->tagging);
}

static const char *payload_sha256(const struct s3_call *call)
{
    return call->sha256 ? call->sha256 : empty_sha256;
}

static void add_all(struct headers *headers, const struct s3_call *call, const struct s3_signer *signer,
                    const struct s3_object_headers *object_headers)
{
    const struct keys *keys = &signer->keys;
    const char *owner = object_headers->options->bucket_owner;
    char timestamp[SIGV4_TIMESTAMP_SIZE];
    sigv4_timestamp(signer->address.at_s, timestamp);
    headers_add(headers, "host", "%s", signer->address.host);
    headers_add(headers, "x-amz-date", "%s", timestamp);
    headers_add(headers, "x-amz-content-sha256", "%s", payload_sha256(call));
    if (keys->session_token) headers_add(headers, "x-amz-security-token", "%s", keys->session_token);
    if (call->content_type) headers_add(headers, "content-type", "%s", call->content_type);
    if (call->is_conditional) headers_add(headers, "if-none-match", "*");
    if (owner) headers_add(headers, "x-amz-expected-bucket-owner", "%s", owner);
    if (call->method == HTTP_PUT) add_object_headers(headers, object_headers);
    const char *md5 = call->md5 || !call->object ? call->md5 : call->object->rendition->md5;
    if (md5) add_md5(headers, md5);
    if (call->object) add_metadata(headers, call->object);
}

static bool sign(struct headers *headers, const struct s3_call *call, const struct s3_signer *signer,
                 const char *path)
{
    static const char *const methods[] = {[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_PUT] = "PUT"};
    const struct keys *keys = &signer->keys;
    struct sigv4_keys signing = {keys->access_key_id, keys->secret_access_key, keys->session_token};
    struct sigv4_request request = {
        .method = methods[call->method],
        .path = path,
        .query = "",
        .payload_sha256 = payload_sha256(call),
        .region = signer->address.region,
        .service = "s3",
        .at_s = signer->address.at_s,
    };
    return headers_sign(headers, &request, &signing);
}

struct s3_headers *s3_headers_new(const struct s3_call *call, const struct s3_signer *signer,
                                  const struct s3_object_headers *object_headers, const char *path)
{
    struct s3_headers *headers = calloc(1, sizeof *headers);
    if (!headers) abort();
    add_all(&headers->all, call, signer, object_headers);
    if (!sign(&headers->all, call, signer, path)) {
        s3_headers_free(headers);
        return NULL;
    }
    return headers;
}

void s3_headers_free(struct s3_headers *headers)
{
    if (!headers) return;
    headers_fini(&headers->all);
    free(headers);
}

const char *const *s3_headers_lines(const struct s3_headers *headers)
{
    return (const char *const *)headers->all.lines;
}
