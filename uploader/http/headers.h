/*
 * headers -- the headers of one request: signed and sent alike, each as long as it is.
 */
#ifndef UPLOADER_HTTP_HEADERS_H
#define UPLOADER_HTTP_HEADERS_H

#include <stdbool.h>

#include "uploader/http/sigv4.h"

/* Starts as {0}. */
struct headers {
    struct sigv4_header list[SIGV4_HEADERS_MAX + 1]; /* one more: the signature itself */
    char *lines[SIGV4_HEADERS_MAX + 2];              /* "name: value", owned; NULL at the end */
    size_t count;
};

/* `name` is borrowed. */
void headers_add(struct headers *headers, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Signs the request, whose headers are these, and adds the signature to them. The session token is among them already, if
 * the keys have one. False: it cannot be signed (see sigv4_sign()).
 */
bool headers_sign(struct headers *headers, struct sigv4_request *request, const struct sigv4_keys *keys)
    __attribute__((warn_unused_result));

void headers_fini(struct headers *headers); /* wipes: there may be a session token */

#endif
