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
    const char *content_type;     /* PUT only, as are the next four */
    const struct buf *body;       /* NULL: no body */
    const char *sha256;           /* of the body, in hex; NULL if there is none */
    const char *md5;              /* of the body, in hex; NULL: that of the object, if there is one */
    const struct object *object;  /* adds its metadata; NULL: none */
    bool is_conditional;          /* PUT: never over another object */
    const struct http_sink *sink; /* GET only: takes in the object; NULL: none */
};

#endif
