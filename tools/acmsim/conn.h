/*
 * conn -- one connection of the appliance to the receiver.
 *
 *   waiting --> connecting --> sending --> lingering --> closed
 *      ^------------'  |          |            |
 *                      `----------+------------'--> failed   said on standard error
 */
#ifndef ACMSIM_CONN_H
#define ACMSIM_CONN_H

#include "tools/acmsim/outlet.h"
#include "tools/acmsim/stream.h"
#include "tools/acmsim/target.h"

enum conn_state { CONN_WAITING, CONN_CONNECTING, CONN_SENDING, CONN_LINGERING, CONN_CLOSED, CONN_FAILED };

struct conn {
    struct stream stream;
    struct outlet outlet;
    enum conn_state state;
    bool is_blocked;                /* the outlet had no room; epoll will tell when it has */
    bool was_established;           /* at some time */
    const struct addrinfo *address; /* being tried; borrowed from the target */
    int64_t due_ns;                 /* waiting: when to try again; lingering: when to close */
};

/* Try to connect: to the first address, or to the next one after a failure. Registers with `epoll_fd`. */
void conn_connect(struct conn *conn, const struct target *target, int epoll_fd);

/* epoll says that the attempt under way is decided. */
void conn_finish_connect(struct conn *conn, const struct target *target);

/* Make standard output the outlet; it is established at once. */
void conn_open_stdout(struct conn *conn, int epoll_fd);

/* Send a run of granted events, or with `is_split` the rest of one event byte by byte. */
void conn_send(struct conn *conn, struct filled_run *filled, bool is_split);

/* Fail if the receiver hung up; what it says is read and forgotten. */
void conn_check_peer(struct conn *conn);

/* Nothing is left to send. That the peer closed as well is no failure here; a reset is: it may have cost
 * events. */
void conn_close(struct conn *conn);

/* Give up, saying what was attempted and why it failed; `err` 0: the peer closed. */
void conn_fail(struct conn *conn, const char *attempt, int err);

#endif
