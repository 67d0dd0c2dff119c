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
 * Takes the connected socket over. `source`, the sender's address as text, is copied; what `options` points to is
 * borrowed until conn_close(). Never fails: out of memory aborts.
 */
struct conn *conn_take_fd(int fd, const char *source, const struct framer_options *options);

/* Closes the socket and frees; what is unfinished is added to `chunk`, as a reject or otherwise. Accepts NULL. */
void conn_close(struct conn *conn, struct chunk *chunk);

/* Reads once, at most what `chunk` has space for, without blocking, and adds the completed frames to it. */
enum conn_step conn_receive(struct conn *conn, struct chunk *chunk);

/* When conn_report_silence() is due (monotonic ms), unless bytes are received before; -1: never. */
int64_t conn_silence_due(const struct conn *conn);

/* No byte has come up to now, though the socket was read: adds to `chunk` what can be reported therefore. */
void conn_report_silence(struct conn *conn, struct chunk *chunk);

/* Makes what is unfinished a reject in `chunk`, for lack of memory; the connection goes on. */
void conn_reject_unfinished(struct conn *conn, struct chunk *chunk);

/* Memory that something unfinished holds, in bytes; 0 if there is nothing. */
size_t conn_held_bytes(const struct conn *conn);

/* Are there bytes that conn_receive() would read? */
bool conn_has_unread(const struct conn *conn);

/* How many such bytes there are. */
size_t conn_unread_bytes(const struct conn *conn);

/* Events that were found in what was read, valid or not. */
uint64_t conn_events(const struct conn *conn);

/* Elements of IGNORE_ELEMENTS that were passed over. */
uint64_t conn_ignored(const struct conn *conn);

/* The sender's address; borrowed from the connection. */
const char *conn_source(const struct conn *conn);

#endif
