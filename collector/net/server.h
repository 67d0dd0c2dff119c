/*
 * server -- the event loop: accepts senders, reads them while the intake has space, and stops cleanly.
 *
 * Backpressure is the absence of reading: while the intake is full, senders wait in a queue (collector/net/clients.h),
 * and TCP makes them pause. Who is accepted: collector/net/acceptor.h.
 */
#ifndef COLLECTOR_NET_SERVER_H
#define COLLECTOR_NET_SERVER_H

#include "collector/framing/framer.h"
#include "collector/intake/intake.h"
#include "collector/intake/replacements.h"
#include "collector/net/allow.h"
#include "common/lockfile.h"
#include "common/problems.h"
#include "common/signals.h"

#define SERVER_DRAIN_MS 2000 /* at a stop, sockets are read until they are empty, but no longer than this */

struct server;

struct server_options {
    const struct allow *allow; /* borrowed: who may send */
    int64_t max_connections;
    int64_t max_per_source;        /* connections of one address; 0: no such limit */
    int64_t idle_timeout_ms;       /* a sender that is silent for this long is disconnected; 0: never */
    struct framer_options framing; /* what it points to is borrowed */
    size_t unfinished_max_bytes;   /* that all unfinished events together may hold */
};

struct
    server_parts { /* all borrowed until server_close(), except the listening socket, which is taken over */
    struct server_options options;
    struct intake *intake;
    struct replacements *replacements;
    struct signals *signals;
    const struct lockfile *lock;
    struct problems *problems;
    int listening_fd;
    /*
     * Does the thread that commits make progress? While it does not, the server does not renew the lock's sign of life,
     * so that `healthcheck` fails.
     */
    bool (*is_committer_alive)(void *context);
    void *context;
};

/* RES_BROKEN: the event loop cannot be created. server_close() is due in either case. */
MUST_CHECK enum result server_open(struct server **server, const struct server_parts *parts, struct why *why);
void server_close(struct server *server); /* accepts NULL */

/*
 * Runs until a stop is requested; then reads each socket until it is empty, for SERVER_DRAIN_MS at most, and closes the
 * connections. All that has been read is in the intake when this returns.
 *   RES_BROKEN   the event loop failed
 */
MUST_CHECK enum result server_run(struct server *server, struct why *why);

#endif
