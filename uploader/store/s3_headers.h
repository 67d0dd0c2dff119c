/*
 * s3_headers -- the headers of one request with its signature (sigv4.h): what is signed is exactly what is sent.
 */
#ifndef UPLOADER_STORE_S3_HEADERS_H
#define UPLOADER_STORE_S3_HEADERS_H

#include "uploader/http/keys.h"
#include "uploader/store/s3_call.h"
#include "uploader/store/s3_server.h"

/* The keys and the address that a request is signed with. Whoever holds one wipes its keys. */
struct s3_signer {
    struct s3_address address;
    struct keys keys;
};

enum s3_sse { S3_SSE_NONE, S3_SSE_AES256, S3_SSE_KMS };

/* Canned ACLs (Amazon S3 User Guide, "Access control list overview"). */
enum s3_acl {
    S3_ACL_NONE, /* none is sent */
    S3_ACL_PRIVATE,
    S3_ACL_PUBLIC_READ,
    S3_ACL_PUBLIC_READ_WRITE,
    S3_ACL_AUTHENTICATED_READ,
    S3_ACL_AWS_EXEC_READ,
    S3_ACL_BUCKET_OWNER_READ,
    S3_ACL_BUCKET_OWNER_FULL_CONTROL,
};

/* As they are sent; "" for NONE. */
const char *s3_sse_text(enum s3_sse sse);
const char *s3_acl_text(enum s3_acl acl);

/* How the store is to keep objects, and who must own the bucket. NULL: not set. */
struct s3_object_options {
    enum s3_sse sse;
    enum s3_acl acl;
    const char *kms_key_id, *storage_class;
    const char *tags; /* tags.h */
    const char *bucket_owner;
};

/* The same, with the tags as they are sent; borrowed. */
struct s3_object_headers {
    const struct s3_object_options *options;
    const char *tagging; /* as tags_encode() makes it; "": none */
};

struct s3_headers;

/* `path` is encoded, as it is sent. Returns NULL if the request cannot be signed (see sigv4_sign()). */
struct s3_headers *s3_headers_new(const struct s3_call *call, const struct s3_signer *signer,
                                  const struct s3_object_headers *object_headers, const char *path);
void s3_headers_free(struct s3_headers *headers); /* wipes: there may be a session token; accepts NULL */

/* "name: value", NULL at the end; borrowed from `headers`. */
const char *const *s3_headers_lines(const struct s3_headers *headers);

#endif
