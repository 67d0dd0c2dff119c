/*
 * conn -- one sender: its socket, its address, its framer.
 */
#ifndef COLLECTOR_NET_CONN_H
#define COLLECTOR_NET_CONN_H

#include "collector/intake/chunk.h"

enum conn_step {
    CONN_READ,  /* something was read; there may be more */
    CONN_EMPTY, /* nothing there now */
    CONN_ENDED, /* the sender has closed, or the connection broke: close it */
};

struct conn;

/* Takes the descriptor over. `source` is the sender's address as text, `element` the event's name: both are copied. */
struct conn *conn_take_fd(int fd, const char *source, const char *element, size_t max_message);

/* Closes the socket; what is unfinished becomes a reject in `chunk`. Accepts NULL. */
void conn_close(struct conn *conn, struct chunk *chunk);

/* Reads once, as much as `chunk` has room for, without blocking, and adds to it what that completes. */
enum conn_step conn_receive(struct conn *conn, struct chunk *chunk);

/* Ends the unfinished event as a reject in `chunk`, for want of memory; the connection goes on. */
void conn_set_aside(struct conn *conn, struct chunk *chunk);

/* Memory held for what is unfinished, in bytes; 0 when nothing is. */
size_t conn_held_bytes(const struct conn *conn);

/* Has something arrived that conn_receive() would read? */
bool conn_has_waiting(const struct conn *conn);

const char *conn_source(const struct conn *conn);

#endif
