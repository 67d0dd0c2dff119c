/*
 * conn -- one sender: its socket, its address, its framer.
 *
 * What is added to a chunk is bounded: where more frames are there than it takes, the connection is *pending*, keeps the
 * rest in its own memory, and goes on with the next chunk, before its socket is read again.
 */
#ifndef COLLECTOR_NET_CONN_H
#define COLLECTOR_NET_CONN_H

#include "collector/intake/chunk.h"

enum conn_step {
    CONN_READ,  /* something was added, or bytes were read; there may be more */
    CONN_EMPTY, /* there is nothing to read now */
    CONN_ENDED, /* the sender has closed the connection, or it broke, and all is reported: call conn_close() */
};

struct conn;

/*
 * Takes the connected socket over. `source`, the sender's address as text, is copied; what `options` points to is
 * borrowed until conn_close(). Never fails: out of memory aborts.
 */
struct conn *conn_take_fd(int fd, const char *source, const struct framer_options *options);

/* Closes the socket and frees; what conn_end() has not added to a chunk is lost. Accepts NULL. */
void conn_close(struct conn *conn);

/*
 * Ends the stream as if its sender had closed it: what is unfinished is added to `chunk`, as a reject or otherwise, as
 * far as that takes items. CONN_READ: there is more, to be called again with a chunk that takes some; else CONN_ENDED.
 */
enum conn_step conn_end(struct conn *conn, struct chunk *chunk);

/* Bytes that have been read and are in no item yet. */
uint64_t conn_unreported_bytes(const struct conn *conn);

/*
 * Goes on with what is pending; else reads once, at most `most` bytes and what `chunk` has space for, without blocking,
 * and adds the completed frames to it. `*read_bytes`: from the socket.
 */
enum conn_step conn_receive(struct conn *conn, struct chunk *chunk, size_t most, size_t *read_bytes);

/* Are there frames that `chunk` did not take, or is the end not reported yet? Then conn_receive() is due. */
bool conn_is_pending(const struct conn *conn);

/* How many frames it has given in all. */
uint64_t conn_frames(const struct conn *conn);

/* When conn_report_silence() is due (monotonic ms), unless bytes are received before; -1: never. */
int64_t conn_silence_due(const struct conn *conn);

/* No byte has come up to now, though the socket was read: adds to `chunk` what can be reported therefore. */
void conn_report_silence(struct conn *conn, struct chunk *chunk);

/* Makes what is unfinished a reject in `chunk`, for lack of memory; the connection goes on. */
void conn_reject_unfinished(struct conn *conn, struct chunk *chunk);

/* Memory that something unfinished holds, in bytes; 0 if there is nothing. */
size_t conn_held_bytes(const struct conn *conn);

/* Is something unfinished that is larger than MAX_MESSAGE_SIZE already? */
bool conn_is_too_large(const struct conn *conn);

/* All other memory of the connection. */
size_t conn_fixed_bytes(const struct conn *conn);

/* Are there bytes that conn_receive() would read? */
bool conn_has_unread(const struct conn *conn);

/* Bytes that wait in the socket now. */
int64_t conn_waiting_bytes(const struct conn *conn);

/* From now on no more is read than what waits now. */
void conn_limit_to_arrived(struct conn *conn);

/* After that: how much of it has not been read yet. */
int64_t conn_unread_bytes(const struct conn *conn);

/* Events that were found in what was read, valid or not. */
uint64_t conn_events(const struct conn *conn);

/* Elements of IGNORE_ELEMENTS that were passed over. */
uint64_t conn_ignored(const struct conn *conn);

/* The sender's address; borrowed from the connection. */
const char *conn_source(const struct conn *conn);

#endif
