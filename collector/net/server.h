/*
 * server -- the event loop: accepts senders, reads them while the gate is open and the intake has space, and stops.
 *
 * Backpressure is the absence of reading: while the gate is closed or the intake is full, senders wait in a queue
 * (collector/net/clients.h), and TCP makes them pause. Who is accepted: collector/net/acceptor.h.
 */
#ifndef COLLECTOR_NET_SERVER_H
#define COLLECTOR_NET_SERVER_H

#include "collector/framing/framer.h"
#include "collector/gate/gate.h"
#include "collector/intake/intake.h"
#include "collector/intake/replacements.h"
#include "collector/net/allow.h"
#include "collector/net/drain.h"
#include "common/lockfile.h"
#include "common/problems.h"
#include "common/service_manager.h"
#include "common/signals.h"
#include "common/status/live.h"

struct server;

struct server_options {
    const struct allow *allow; /* borrowed: who may send */
    int64_t max_connections;
    int64_t max_per_source;        /* connections of one address; 0: no such limit */
    int64_t idle_timeout_ms;       /* a sender that is silent for this long is disconnected; 0: never */
    struct framer_options framing; /* what it points to is borrowed */
    size_t memory_bytes;           /* INTAKE_MEMORY */
};

/* All borrowed until server_close(), except the listening socket, which is taken over. */
struct server_parts {
    struct server_options options;
    struct gate *gate;
    struct intake *intake;
    struct replacements *replacements;
    struct signals *signals;
    const struct lockfile *lock;
    struct problems *problems;
    struct service_manager *manager;
    int listening_fd;
    bool
        is_listening_kept; /* by the service manager: who waits there after a stop is accepted by the next process */

    /* Called every LOCKFILE_BEAT_MS: do all threads go on? While they do not, the sign of life is not renewed. */
    bool (*are_threads_alive)(void *context);
    /* Called every LOCKFILE_BEAT_MS for the status, or once a second if it returned true: who is connected. NULL: not. */
    bool (*report)(void *context, int64_t connections, const struct live_source *sources,
                   size_t source_count);
    /* A stop begins: what is not committed at `due` (monotonic ms) will be given up. */
    void (*begin_stop)(void *context, int64_t due);
    void *context;
};

/* RES_BROKEN: the event loop cannot be created. server_close() is due in either case. */
MUST_CHECK enum result server_open(struct server **server, const struct server_parts *parts, struct why *why);
void server_close(struct server *server); /* accepts NULL */

/*
 * Runs until a stop is requested. Then reads what has arrived by then (collector/net/drain.h), as far as the gate's
 * reasons allow, and closes all connections: all that has been read is in the intake when this returns.
 *   RES_BROKEN   the event loop failed
 */
MUST_CHECK enum result server_run(struct server *server, struct drain_report *report, struct why *why);

#endif
