/*
 * monitor -- the collector's status server with the board that it answers from.
 */
#ifndef COLLECTOR_STATUS_MONITOR_H
#define COLLECTOR_STATUS_MONITOR_H

#include "collector/gate/gate.h"
#include "common/histogram.h"
#include "common/problems.h"
#include "common/status/live.h"

struct board;
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

/* Not before the watching thread has ended: it uses the board. `is_hanging`: it did not end, and keeps the board. */
void monitor_close(struct monitor *monitor, bool is_hanging);

/* Where the watching thread leaves what it gathers; NULL if `monitor` is. Borrowed until monitor_close(). */
struct board *monitor_board(struct monitor *monitor);

/* ---- the event loop's thread ---- */

/*
 * It turns: who is connected. `has_opened`: the spool is open. To be called every few seconds; returns whether once a
 * second would be better, as somebody asks for it.
 */
bool monitor_post_loop(struct monitor *monitor, bool has_opened, int64_t connections,
                       const struct live_source *sources, size_t source_count);

/* Every few seconds: do all threads go on? `stalled` names the one that does not, else it is not read. */
void monitor_post_threads(struct monitor *monitor, bool are_alive, const char *stalled);

#endif
