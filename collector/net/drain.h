/*
 * drain -- the end of reading, at a stop: what had arrived in the sockets before it is read, and no more.
 *
 * Senders that never pause cannot delay a stop: bytes that come later are left, but for those that a sender's kernel
 * sends within a moment. What a stop may do while the gate is
 * closed is the gate's to say (gate_at_stop()).
 */
#ifndef COLLECTOR_NET_DRAIN_H
#define COLLECTOR_NET_DRAIN_H

#include "collector/gate/gate.h"
#include "collector/intake/intake.h"
#include "collector/net/clients.h"
#include "common/signals.h"

/* A container is killed 10 s after the request to stop; all that follows must fit. */
#define DRAIN_MS        5000 /* for reading */
#define DRAIN_CLOSE_MS  500  /* after that, for what is unfinished */
#define DRAIN_COMMIT_MS 1500 /* after the time for reading, for committing */

struct drain { /* all borrowed */
    struct clients *clients;
    struct intake *intake;
    struct gate *gate;
    struct signals *signals;
};

struct drain_report {
    int64_t unread_bytes;           /* that had arrived before the stop and were not read */
    int64_t unread_connections;     /* on which they had arrived */
    int64_t abandoned_bytes;        /* that were read, and could not be made events or rejects in time */
    int64_t unaccepted_connections; /* that waited to be accepted, and could not be */
    bool is_urgent;                 /* a second signal came: nothing more is waited for */
};

/*
 * Reads what has arrived by now, until `due` (monotonic ms) at most, and disconnects all senders; their unfinished
 * events become rejects in the intake. What was left is in the log.
 */
void drain_run(const struct drain *drain, int64_t due, struct drain_report *report);

#endif
