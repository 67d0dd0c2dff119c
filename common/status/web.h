/*
 * web -- the HTTP server of health, metrics and the page, in a thread of its own: it answers GET and HEAD from a table of
 * routes, and nothing that it is asked changes anything.
 *
 * Whoever can reach the port may be hostile, or just slow: connections, their time, and the sizes of what they send are
 * bounded (web_connections.h and below), and nothing here waits for the spool, the disk or the network's other side. A
 * port that is taken is tried again until it is free; the program goes on without it.
 *
 * What is refused before a route is asked: a foreign `Host` (421; host.h says why), a path without a route (404), another
 * method (405). No answer has a CORS header, may be put into a frame or be kept by a cache.
 */
#ifndef COMMON_STATUS_WEB_H
#define COMMON_STATUS_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/why.h"

#define WEB_HEADERS_MAX 8192 /* bytes of the request line and of all headers, each */
#define WEB_BODY_MAX    4096 /* bytes of a body, which is ignored */

#define WEB_TEXT "text/plain; charset=utf-8"
#define WEB_JSON "application/json"
#define WEB_HTML "text/html; charset=utf-8"

/* 200, of WEB_TEXT and empty, when a route gets it. */
struct web_answer {
    int code;
    const char *content_type; /* a constant */
    struct buf body;
};

struct web_route {
    const char *path;
    bool
        takes_any_host; /* for probes, which know an address or a name that is none of ours; also one without a Host */
    /* Fills in the answer. Called in the server's thread; it must not wait. */
    void (*fill)(void *context, struct web_answer *answer);
};

struct web_options {
    const char *host; /* the address to listen on; copied */
    int64_t port;
    const char *port_name;          /* the setting, for messages; a constant */
    int listening_fd;               /* one that listens already, taken over; -1: host and port */
    const char *allowed_hosts;      /* STATUS_ALLOWED_HOSTS, copied; NULL: none */
    const char *csp;                /* the Content-Security-Policy of all answers; copied */
    const struct web_route *routes; /* up to one whose path is NULL; borrowed until web_stop() */
    const char *(*node)(
        void *context); /* the node's name, NULL while it is not known; in the server's thread */
    void *context;      /* of all functions; borrowed until web_stop() */
};

struct web;

/*
 * Starts the thread; the listening follows in it, and is logged. `*web` is NULL unless RES_OK. The socket is taken over in
 * any case.
 *   RES_BROKEN   the thread cannot be started
 */
MUST_CHECK enum result web_start(struct web **web, const struct web_options *options, struct why *why);

/* Ends the thread, closes all connections and frees. Accepts NULL. */
void web_stop(struct web *web);

#endif
