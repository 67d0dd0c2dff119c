/*
 * conn -- one sender: its socket, its address, its framer.
 */
#ifndef COLLECTOR_NET_CONN_H
#define COLLECTOR_NET_CONN_H

#include "collector/intake/chunk.h"

enum conn_step {
    CONN_READ,  /* bytes were read; there may be more */
    CONN_EMPTY, /* there are no bytes to read now */
    CONN_ENDED, /* the sender has closed the connection, or the connection broke: call conn_close() */
};

struct conn;

/*
 * Takes the connected socket over. `source` is the sender's address as text, `element` the event's name: both are
 * copied. `max_message` is the largest event in bytes. Never fails: out of memory aborts.
 */
struct conn *conn_take_fd(int fd, const char *source, const char *element, size_t max_message);

/* Closes the socket and frees; an unfinished event becomes a reject in `chunk`. Accepts NULL. */
void conn_close(struct conn *conn, struct chunk *chunk);

/* Reads once, at most what `chunk` has space for, without blocking, and adds the completed frames to it. */
enum conn_step conn_receive(struct conn *conn, struct chunk *chunk);

/* Makes the unfinished event a reject in `chunk`, for lack of memory; the connection goes on. */
void conn_reject_unfinished(struct conn *conn, struct chunk *chunk);

/* Memory that the unfinished event holds, in bytes; 0 if there is none. */
size_t conn_held_bytes(const struct conn *conn);

/* Are there bytes that conn_receive() would read? */
bool conn_has_unread(const struct conn *conn);

/* The sender's address; borrowed from the connection. */
const char *conn_source(const struct conn *conn);

#endif
