/*
 * client -- what is known of one connected sender, and of all, for the files of the clients alone: clients.c (coming and
 * going), serving.c (who is read when), silence.c (the time that passes without bytes).
 */
#ifndef COLLECTOR_NET_CLIENT_H
#define COLLECTOR_NET_CLIENT_H

#include <event2/event.h>
#include <sys/queue.h>

#include "collector/intake/intake.h"
#include "collector/net/admission.h"
#include "collector/net/client_options.h"
#include "collector/net/conn.h"
#include "collector/net/places.h"
#include "collector/net/source_log.h"

struct client {
    struct clients *all;
    struct conn *conn;
    struct event *readable;
    struct place *place;
    int64_t connected_at; /* monotonic ms */
    int64_t active_at;    /* monotonic ms: when it connected or last sent something that was read */
    bool has_sent_event;  /* and its place knows of it */
    bool is_queued;       /* `readable` is off until the sender has been read */
    int64_t queued_at;    /* monotonic ms */
    int64_t
        silence_due; /* when its silence is to be reported (monotonic ms); -1: it is in no list of those */
    struct admission_sender memory;
    TAILQ_ENTRY(client) by_activity;
    TAILQ_ENTRY(client) in_queue, by_silence;
};

TAILQ_HEAD(client_queue, client);

struct clients {
    struct event_base *base;
    struct intake *intake;
    struct clients_options options;
    struct admission admission;
    struct places *places;
    struct admission_source ended; /* of connections that have ended, and wait for what they have left */
    struct source_log log;
    struct client_queue by_activity; /* the longest silent first */
    struct client_queue queue;       /* those that wait to be read, the longest first */
    bool is_holders_turn;            /* the last one served was taken for its unfinished event */
    struct client_queue by_silence;
    struct event *silence; /* fires when the first of `by_silence` may be due */
    int64_t silence_at;    /* when that is; INT64_MAX: it is off */
    struct event *waiting; /* fires now and then while senders wait */
    int64_t open_since;    /* monotonic ms: senders wait for memory or the disk alone */
    uint64_t ignored;      /* elements, of senders that have gone */
    int64_t count;
    bool is_limited; /* a stop: each sender is read only up to what had arrived */
};

/* ---- clients.c ---- */

/* Disconnects it, and frees. What it has left unfinished becomes a reject. */
void client_forget(struct client *client);

/* ---- serving.c ---- */

void serving_open(struct clients *all);
void serving_close(struct clients *all);

/* The event loop's callback: the client's socket is readable. `context` is the client. */
void serving_on_readable(evutil_socket_t fd, short what, void *context);

/* Reads the sender once, and removes it if it has disconnected. CONN_EMPTY also if it may not be read now. */
enum conn_step serving_read(struct client *client);

/* To be called whenever its connection has read or reported something: `read_bytes` were read. */
void serving_note(struct client *client, size_t read_bytes, bool has_new);

/* It is gone. */
void serving_remove(struct client *client);

/* Has it sent bytes that we have not read? If the event loop has not reported it yet, only the socket knows. */
bool serving_has_unread(const struct client *client);

/* Is the gate open? And may anybody be read, now that nothing is known about memory? */
bool serving_is_open(const struct clients *all);
bool serving_may_read(const struct clients *all);

/* ---- silence.c ---- */

void silence_open(struct clients *all);
void silence_close(struct clients *all);

/* To be called whenever the sender's connection has read or reported something. */
void silence_note(struct client *client);

/* It is gone. */
void silence_remove(struct client *client);

#endif
