/*
 * server -- the event loop: accepts senders, reads them while there is room, ends cleanly.
 *
 * Backpressure is the absence of reading: while the intake is full, senders stand in line (collector/net/clients.h), and TCP
 * does the rest. At MAX_CONNECTIONS one that is idle makes room, else accepting waits.
 */
#ifndef COLLECTOR_NET_SERVER_H
#define COLLECTOR_NET_SERVER_H

#include "collector/settings.h"
#include "collector/spool/writer.h"
#include "common/lockfile.h"
#include "common/problems.h"
#include "common/signals.h"

#define SERVER_DRAIN_MS 2000  /* at a stop: how long sockets are read until they are empty */
#define SERVER_IDLE_MS  60000 /* idle for this long, a sender makes room for another at MAX_CONNECTIONS */

struct server;

struct server_parts { /* all borrowed until server_close(), but the descriptor, which is taken over */
    const struct settings *settings;
    struct intake *intake;
    struct writer *writer;
    struct signals *signals;
    const struct lockfile *lock;
    struct problems *problems;
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
