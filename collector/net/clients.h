/*
 * clients -- all connected senders: the order of their activity, the queue of senders that wait to be read, and the
 * memory that they take.
 *
 * Three rules live here. Fairness: while the intake is full, senders with something to read wait in a queue and are
 * read in its order when the intake has space. Memory: who is read while it is short, and whose unfinished event becomes
 * a reject (collector/net/admission.h). Silence: what a sender has left unfinished is reported once it has been silent
 * for long enough while it was read. Who goes when there is no place is asked of the places (collector/net/places.h),
 * which are kept up to date here. One thread only.
 */
#ifndef COLLECTOR_NET_CLIENTS_H
#define COLLECTOR_NET_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/intake/intake.h"
#include "collector/net/client_options.h"
#include "collector/net/places.h"
#include "collector/net/source_log.h"

struct client;
struct clients;
struct event_base;

/* Borrows `base` and `intake` until clients_free(). Never fails: out of memory aborts. */
struct clients *clients_new(struct event_base *base, struct intake *intake,
                            const struct clients_options *options);

/*
 * Disconnects all senders; their unfinished events become rejects in the intake, as far as it has space, and not
 * all in one call where there is much. False: there are more, to be called again once it has space.
 */
MUST_CHECK bool clients_close_all(struct clients *clients);

/* Disconnects those that are left, and returns how many bytes of them were read and are in no event and no reject. */
int64_t clients_abandon(struct clients *clients);

/* Disconnects those that are left, and frees. Accepts NULL. */
void clients_free(struct clients *clients);

int64_t clients_count(const struct clients *clients);

/* Takes the connected socket over and reads it from now on. `source`, the sender's address, is copied. */
void clients_add(struct clients *clients, int fd, const char *source);

/* The places of the connections; the owner of each is a struct client. Borrowed, as is the log. */
struct places *clients_places(const struct clients *clients);
struct source_log *clients_log(struct clients *clients);

/* The sender's address; borrowed until it is disconnected. */
const char *clients_source(const struct client *client);

/* Has it sent bytes that were not read yet? Asks the socket. */
bool clients_has_unread(const struct client *client);

enum clients_reading {
    CLIENTS_CAN_READ,
    CLIENTS_LACK_MEMORY, /* of those that hold much none can be read, before others have ended */
    CLIENTS_ARE_BUSY,    /* what has been read must go to the disk before more is read: a matter of moments */
    CLIENTS_ARE_PAUSED,  /* the gate is closed: nobody is read */
};

/* Can what waits in a socket be read now? */
enum clients_reading clients_reading(const struct clients *clients);

/* Reads the sender once, to be called only at CLIENTS_CAN_READ. It may have disconnected, and be gone then. */
void clients_read(struct client *client);

/* Disconnects a sender, so that another one has a place; its unfinished event becomes a reject. */
void clients_replace(struct client *client);

/* Disconnects all senders that have been silent for `ms`; their unfinished events become rejects. */
void clients_close_silent(struct clients *clients, int64_t ms);

/* To be called when the intake may have space again: offers what has been read, and reads the senders in the queue. */
void clients_serve_queue(struct clients *clients);

/*
 * Reads each sender once that may be read, in the queue or not, and removes those that have disconnected. Returns true
 * if another call may read more: bytes were read, or memory or the intake did not allow it.
 */
bool clients_read_round(struct clients *clients);

/* ---- a stop ---- */

/*
 * From now on clients_read_round() reads each sender only up to what has arrived by now; when memory is short, it then
 * disconnects it, so that its memory is free for the others. Returns the sum of those bytes. May be called again.
 */
int64_t clients_limit_to_arrived(struct clients *clients);

/* Of those bytes, how many have not been read yet, and on how many connections. */
int64_t clients_unread_bytes(const struct clients *clients);
int64_t clients_unread_count(const struct clients *clients);

/* All bytes that wait in sockets now. */
int64_t clients_waiting_bytes(const struct clients *clients);

#endif
