/*
 * beginning -- what the first bytes of a connection tell about it: HTTP and TLS carry no events for us, and a PROXY
 * header stands before them. Pure.
 *
 * Sources: RFC 9112 (request line, status line), RFC 9113 (preface), RFC 8446 (record header), the PROXY protocol of
 * HAProxy, versions 1 and 2.
 */
#ifndef COLLECTOR_FRAMING_BEGINNING_H
#define COLLECTOR_FRAMING_BEGINNING_H

#include <stdbool.h>
#include <stddef.h>

#define BEGINNING_METHOD_MAX 32   /* bytes of a method; a longer word is none */
#define BEGINNING_TARGET_MAX 8192 /* bytes of a target */

enum beginning_kind {
    BEGINNING_UNDECIDED, /* more bytes are needed */
    BEGINNING_PLAIN,
    BEGINNING_HTTP,
    BEGINNING_TLS,
};

struct beginning {
    enum beginning_kind kind;
    bool has_proxy_header;
    enum { LINE_METHOD, LINE_TARGET, LINE_VERSION, LINE_NONE } part; /* of a request line */
    size_t len;                                                      /* bytes of this part so far */
    size_t tls, status, proxy1, proxy2; /* how much of each of these beginnings has been seen */
};

/* The connection's next bytes; to be called while it is undecided. */
void beginning_read(struct beginning *beginning, const char *data, size_t len);

#endif
