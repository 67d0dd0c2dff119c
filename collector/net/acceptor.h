/*
 * acceptor -- accepts senders: those that ALLOW_FROM names, as long as the places (collector/net/places.h) have one for
 * them.
 *
 * Accepting goes on while nobody is read. A sender that is refused or closed for lack of a place is logged, without
 * filling the log; while nobody new can be accepted, the problem `connections_full` is present. New senders wait, and
 * nobody is closed, while those that could go have bytes that cannot be read now; and for a moment when the process is
 * out of descriptors or memory: else the loop would spin. But where others are read, a sender waits for another address
 * for 0.2 s at most (4 s, where each address holds one place): then one of the address that holds most is closed, which is
 * logged with the number of its bytes. One thread only, that of the event loop.
 */
#ifndef COLLECTOR_NET_ACCEPTOR_H
#define COLLECTOR_NET_ACCEPTOR_H

#include "collector/net/allow.h"
#include "collector/net/clients.h"
#include "common/problems.h"

#define ACCEPTOR_CONNECTIONS_MAX 60000 /* the largest MAX_CONNECTIONS */

struct acceptor;

struct acceptor_options {
    const struct allow *allow; /* borrowed: who may send */
    int64_t max_connections;   /* fewer if the limit of open files is lower */
    int64_t max_per_source;    /* connections of one address; 0: no such limit */
    struct problems *problems; /* borrowed */
};

/*
 * Takes the listening socket over and borrows the rest until acceptor_free(). Accepts nobody before acceptor_start().
 * Never fails: out of memory aborts.
 */
struct acceptor *acceptor_new(struct event_base *base, int listening_fd, struct clients *clients,
                              const struct acceptor_options *options);
void acceptor_free(struct acceptor *acceptor); /* accepts NULL */

/* Accepts from now on, or no more; senders that connect meanwhile wait. Either may be called again. */
void acceptor_start(struct acceptor *acceptor);
void acceptor_stop(struct acceptor *acceptor);

/*
 * For the stop: accepts all senders that wait at this moment, but `most` at most, beyond MAX_CONNECTIONS, and disconnects
 * nobody. Then it closes the listening socket and accepts no more: the system refuses further ones, unless another process
 * has that socket, too. Returns how many could not be accepted, for lack of descriptors or memory.
 */
int64_t acceptor_take_waiting(struct acceptor *acceptor, int64_t most);

#endif
