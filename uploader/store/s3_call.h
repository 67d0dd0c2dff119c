/*
 * s3_call -- one request to a bucket, before it is addressed and signed.
 */
#ifndef UPLOADER_STORE_S3_CALL_H
#define UPLOADER_STORE_S3_CALL_H

#include "uploader/http/http.h"
#include "uploader/store/store.h"

/* All pointers are borrowed. */
struct s3_call {
    enum http_method method;
    const char *key;
    const char *content_type;    /* PUT only, as are the next three */
    const struct buf *body;      /* with its hash in hex: */
    const char *sha256;          /* NULL: no body */
    const struct object *object; /* adds its metadata; NULL: none */
    bool is_conditional;         /* PUT: never over another object */
    struct hash *hash;           /* GET only: takes in the body, */
    int64_t hash_bytes;          /* the length expected */
};

#endif
