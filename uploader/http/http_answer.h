/*
 * http_answer -- what is kept of the answer to a request.
 */
#ifndef UPLOADER_HTTP_HTTP_ANSWER_H
#define UPLOADER_HTTP_HTTP_ANSWER_H

#include <stdint.h>

#include "common/buf.h"

#define HTTP_HEADER_SIZE 128 /* of a header's value with its NUL (response_headers.h) */

/* Which time limit has ended a request. */
enum http_limit {
    HTTP_LIMIT_NONE,
    HTTP_LIMIT_CONNECT, /* no connection */
    HTTP_LIMIT_STALL,   /* a body moved too slowly, or not at all */
    HTTP_LIMIT_ANSWER,  /* the server took the request, and its answer did not come or did not end */
};

/* Has only the headers that callers need; each is "" if it is absent. */
struct http_answer {
    long status;           /* 0: no answer */
    enum http_limit limit; /* that has ended the request; with HTTP_NOT_SENT and HTTP_UNKNOWN */
    char etag[HTTP_HEADER_SIZE];
    char sha256[HTTP_HEADER_SIZE];     /* x-amz-meta-sha256 */
    char region[HTTP_HEADER_SIZE];     /* x-amz-bucket-region */
    char request_id[HTTP_HEADER_SIZE]; /* x-amz-request-id */
    char retry_after[HTTP_HEADER_SIZE];
    char encryption[HTTP_HEADER_SIZE];   /* x-amz-server-side-encryption */
    char locked_until[HTTP_HEADER_SIZE]; /* x-amz-object-lock-retain-until-date */
    char date[HTTP_HEADER_SIZE];         /* the server's time, RFC 9110, Date */
    int64_t length;                      /* Content-Length; -1: absent */
    struct buf body;                     /* owned; at most HTTP_BODY_MAX */
};

#endif
