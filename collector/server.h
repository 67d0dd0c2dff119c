/*
 * server -- the event loop: accepts senders, reads them fairly, stops reading when the intake is full, ends cleanly.
 *
 * Backpressure is the absence of reading: a socket that becomes readable while the intake is full is set aside until
 * there is room; TCP does the rest. At MAX_CONNECTIONS accepting waits.
 */
#ifndef COLLECTOR_SERVER_H
#define COLLECTOR_SERVER_H

#include "collector/reception.h"
#include "collector/settings.h"
#include "collector/writer.h"
#include "common/lockfile.h"
#include "common/signals.h"

#define SERVER_DRAIN_MS 2000 /* at a stop: how long sockets are read until they are empty */

struct server;

struct server_parts { /* all borrowed until server_close(), but the descriptor, which is taken over */
    const struct settings *settings;
    struct reception *reception;
    struct intake *intake;
    struct writer *writer;
    struct signals *signals;
    const struct lockfile *lock;
    int listening_fd;
};

MUST_CHECK enum result server_open(struct server **server, const struct server_parts *parts, struct why *why);
void server_close(struct server *server); /* accepts NULL */

/*
 * Runs until a stop is asked for; then reads each socket until it is empty, offers all of it to the writer and closes
 * the connections: what has been read is in the intake when this returns.
 */
MUST_CHECK enum result server_run(struct server *server, struct why *why);

#endif
