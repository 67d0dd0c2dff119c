/*
 * http -- sends one HTTP request with libcurl, exactly as given, and returns the answer. Knows nothing of S3.
 *
 * One connection, kept alive between requests. TLS is verified. Proxies come from the environment, as libcurl reads it.
 */
#ifndef UPLOADER_HTTP_HTTP_H
#define UPLOADER_HTTP_HTTP_H

#include "common/buf.h"
#include "common/lockfile.h"
#include "common/signals.h"
#include "common/why.h"
#include "uploader/http/http_answer.h"

#define HTTP_BODY_MAX     131072 /* bytes kept of an answer's body: keys with a token of 64 KB, escaped */
#define HTTP_ENDPOINT_MAX 1024   /* bytes of a server's URL without a path, as settings have it */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_POST };

/* Takes in the body of a 200 piece by piece, where it must not be kept in memory. */
struct http_sink {
    bool (*take)(void *context, const void *data, size_t len); /* false: it can take no more; HTTP_UNKNOWN */
    void *context;
    int64_t bytes; /* the length expected, which extends the time limit, as a request's body does */
};

struct http_request {
    enum http_method method;
    const char *url;
    const char *const *headers;   /* "Name: value", NULL at the end */
    const struct buf *body;       /* PUT and POST */
    const struct http_sink *sink; /* GET; NULL: none */
    int timeout_ms;               /* for all of it; 0: as the limits say */
    bool is_direct;               /* without a proxy */
};

enum http_outcome {
    HTTP_ANSWERED,  /* the server answered: see `status` */
    HTTP_NOT_SENT,  /* no connection, or no byte of the body was sent: the server cannot have acted */
    HTTP_UNTRUSTED, /* no connection, because the server's certificate is not trusted */
    HTTP_STOPPED,   /* a stop ended it: the server may have acted */
    HTTP_UNKNOWN,   /* the connection broke, or a time limit ended it: the server may have acted */
};

/* How long a request may take. */
struct http_limits {
    int connect_ms;
    int stall_s; /* a body: less than HTTP_STALL_BYTES a second, for so long */
    int answer_ms; /* from when the server has taken the whole request to the end of a small answer; without bodies, all
                      of it */
    int stop_ms; /* after a stop was requested */
};

#define HTTP_STALL_BYTES 1024

struct http;

/*
 * `ca_bundle` NULL: the system's certificates. `signals` and `lock` are borrowed; a long request renews the lock's sign
 * of life.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result http_open(struct http **http, const char *ca_bundle, struct signals *signals,
                                 const struct lockfile *lock, struct http_limits limits, struct why *why);
void http_close(struct http *http); /* accepts NULL */

/* Other limits, from the next request on. */
void http_set_limits(struct http *http, struct http_limits limits);

/*
 * Fills `answer` in any case; it needs http_answer_fini(), which wipes it, because it may hold keys. `why` explains
 * every outcome except HTTP_ANSWERED.
 */
enum http_outcome http_do(struct http *http, const struct http_request *request, struct http_answer *answer,
                          struct why *why);
void http_answer_fini(struct http_answer *answer);

#endif
