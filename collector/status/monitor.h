/*
 * monitor -- the collector's status server with all that it needs: the board, the watcher's thread and the server's.
 */
#ifndef COLLECTOR_STATUS_MONITOR_H
#define COLLECTOR_STATUS_MONITOR_H

#include "collector/gate/gate.h"
#include "common/histogram.h"
#include "common/problems.h"
#include "common/status/live.h"

struct monitor;

struct monitor_parts { /* all that is pointed to is borrowed until monitor_close() */
    const char *spool_path;
    const char *host;          /* STATUS_HOST */
    int64_t port;              /* STATUS_PORT; 0: there is no server */
    int listening_fd;          /* one that listens already, taken over; -1: host and port */
    const char *allowed_hosts; /* STATUS_ALLOWED_HOSTS; NULL: none */
    const struct gate *gate;
    struct problems *problems;
    const struct histogram *commits;
};

/*
 * `*monitor` stays NULL where there is neither a port nor a socket; all functions accept that.
 *   RES_BROKEN   a thread cannot be started; monitor_close() is due
 */
MUST_CHECK enum result monitor_open(struct monitor **monitor, const struct monitor_parts *parts,
                                    struct why *why);

/* Ends the watcher, so that the spool is the writer's alone; the server goes on with what is known. */
void monitor_release_spool(struct monitor *monitor);
void monitor_close(struct monitor *monitor);

/* ---- the event loop's thread ---- */

/*
 * It turns: who is connected. `has_opened`: the spool is open. To be called every few seconds; returns whether once a
 * second would be better, as somebody asks for it.
 */
bool monitor_post_loop(struct monitor *monitor, bool has_opened, int64_t connections,
                       const struct live_source *sources, size_t source_count);

/* Every few seconds: do all threads go on? `stalled` names the one that does not, else it is not read. */
void monitor_post_threads(struct monitor *monitor, bool are_alive, const char *stalled);

/* For how long (ms) the watcher has been in the call `*call`; 0: in none. */
int64_t monitor_busy_ms(struct monitor *monitor, const char **call);

#endif
