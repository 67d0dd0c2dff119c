/*
 * http -- one HTTP request with libcurl: sent exactly as given, with what came back. Knows nothing of S3.
 *
 * One connection, kept alive between requests. TLS is verified. Proxies come from the environment, as libcurl reads it.
 */
#ifndef UPLOADER_HTTP_HTTP_H
#define UPLOADER_HTTP_HTTP_H

#include "common/buf.h"
#include "common/lockfile.h"
#include "common/signals.h"
#include "common/why.h"
#include "uploader/batch/hash.h"

#define HTTP_BODY_MAX    65536 /* bytes kept of an answer's body */
#define HTTP_HEADER_SIZE 128   /* of a kept header's value; a longer one counts as absent */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_POST, HTTP_DELETE };

struct http_request {
    enum http_method method;
    const char *url;
    const char *const *headers; /* "Name: value", NULL at the end */
    const struct buf *body;     /* PUT and POST */
    struct hash *hash;          /* GET: takes in the body of a 200, which is not kept then; NULL: none */
    int64_t hash_bytes;         /* so many are expected: they may take their time, as a request's body */
    int timeout_ms;             /* for all of it; 0: as the limits say */
    bool is_direct;             /* past any proxy */
};

/* Headers that callers look at; "" where absent. */
struct http_answer {
    long status; /* 0: no answer */
    char etag[HTTP_HEADER_SIZE];
    char sha256[HTTP_HEADER_SIZE]; /* x-amz-meta-sha256 */
    char region[HTTP_HEADER_SIZE]; /* x-amz-bucket-region */
    char retry_after[HTTP_HEADER_SIZE];
    char encryption[HTTP_HEADER_SIZE]; /* x-amz-server-side-encryption */
    char date[HTTP_HEADER_SIZE];       /* the server's clock, RFC 9110's Date */
    int64_t length;                    /* Content-Length; -1: absent */
    struct buf body;                   /* owned; at most HTTP_BODY_MAX */
};

enum http_outcome {
    HTTP_ANSWERED,  /* there is a status */
    HTTP_NOT_SENT,  /* no connection, or not a byte of the body: the server cannot have acted */
    HTTP_UNTRUSTED, /* no connection, because the server's certificate does not hold */
    HTTP_STOPPED,   /* ended by a stop: the server may have acted */
    HTTP_UNKNOWN,   /* broke on the way: the server may have acted */
};

/* After how long a request is given up. */
struct http_limits {
    int connect_ms;
    int stall_s;   /* less than HTTP_STALL_BYTES a second, for so long */
    int answer_ms; /* all of it, but for the time that its bodies take at HTTP_STALL_BYTES a second */
    int stop_ms;   /* after a stop was asked for */
};

#define HTTP_STALL_BYTES 1024
#define HTTP_LIMITS(stop)                                                                                    \
    ((struct http_limits){.connect_ms = 10000, .stall_s = 30, .answer_ms = 60000, .stop_ms = (stop)})

struct http;

/* `ca_bundle` NULL: the system's. `signals` and `lock` are borrowed; a long request renews the lock's sign of life. */
MUST_CHECK enum result http_open(struct http **http, const char *ca_bundle, struct signals *signals,
                                 const struct lockfile *lock, struct http_limits limits, struct why *why);
void http_close(struct http *http); /* accepts NULL */

/*
 * `answer` is filled in any case and needs http_answer_fini(), which wipes it: it may hold keys. `why` explains all but
 * HTTP_ANSWERED.
 */
enum http_outcome http_do(struct http *http, const struct http_request *request, struct http_answer *answer,
                          struct why *why);
void http_answer_fini(struct http_answer *answer);

#endif
