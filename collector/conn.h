/*
 * conn -- one sender: its socket, its address, its framer.
 */
#ifndef COLLECTOR_CONN_H
#define COLLECTOR_CONN_H

#include "collector/reception.h"

enum conn_step {
    CONN_READ,  /* something was read; there may be more */
    CONN_EMPTY, /* nothing there now */
    CONN_ENDED, /* the sender has closed, or the connection broke: close it */
};

struct conn;

/* Takes the descriptor over. `source` is the sender's address as text, copied; `reception` is borrowed. */
struct conn *conn_take_fd(int fd, const char *source, struct reception *reception);

/* Closes the socket; what is unfinished becomes a reject in the intake. Accepts NULL. */
void conn_close(struct conn *conn);

/* Reads once, at most RECEPTION_READ_BYTES, without blocking, and takes in what that completes. */
enum conn_step conn_receive(struct conn *conn);

const char *conn_source(const struct conn *conn);

#endif
