/*
 * sender -- sends the marked event over a TCP connection of its own, and keeps that open: where the collector refuses the
 * sender it closes the connection, which is all that a sender can see.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_SENDER_H
#define TOOLS_EVENTSPOOL_VERIFY_SENDER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/why.h"

#define SENDER_CONNECT_MS 5000

/*
 * Connects to a host (a name or an address) and a port, and sends the bytes. `*fd` is -1 unless RES_OK; close() it.
 *   RES_RETRY   nothing listens there, or it cannot be reached, or the connection was closed at once
 */
MUST_CHECK enum result sender_send(const char *host, const char *port, const struct buf *bytes, int *fd,
                                   struct why *why);

/* Has the other end closed the connection? */
bool sender_is_closed(int fd);

#endif
