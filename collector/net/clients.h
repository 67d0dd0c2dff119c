/*
 * clients -- all connected senders: who has been silent for the longest, who stands in line to be read, what they hold.
 *
 * Three rules live here. Fairness: while the intake is full, those with something to read stand in line, and are read in
 * that order when there is room. Memory: when unfinished events hold more than they may, those that have been stalled
 * for the longest are set aside as rejects. Room: at MAX_CONNECTIONS the one idle longest goes, if it is idle enough.
 */
#ifndef COLLECTOR_NET_CLIENTS_H
#define COLLECTOR_NET_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/intake/intake.h"
#include "collector/net/conn.h"

struct client;
struct clients;
struct event_base;

struct clients_rules {
    const char *element;   /* borrowed */
    size_t max_message;    /* bytes */
    size_t unfinished_max; /* bytes that all unfinished events together may hold */
};

/* Borrows `base` and `intake` for its life. */
struct clients *clients_new(struct event_base *base, struct intake *intake,
                            const struct clients_rules *rules);

/* Closes all connections; what is unfinished becomes rejects. Accepts NULL. */
void clients_free(struct clients *clients);
void clients_close_all(struct clients *clients);

int64_t clients_count(const struct clients *clients);

/* Takes the descriptor over and reads from it from now on. `source` is copied. */
void clients_add(struct clients *clients, int fd, const char *source);

/* Is there one that has been silent for at least `ms`, with nothing unfinished and nothing that waits to be read? */
bool clients_has_idle(const struct clients *clients, int64_t ms);

/* Closes the one of these that has been silent for the longest; false: there is none. */
bool clients_close_idle(struct clients *clients, int64_t ms);

/* Closes all that have been silent for `ms`; what is unfinished becomes a reject. */
void clients_close_silent(struct clients *clients, int64_t ms);

/* There may be room again: passes on what waits, and reads those in line. */
void clients_serve_line(struct clients *clients);

/* Reads each once, whoever is in line; those that have ended go. True: something came, or there was no room to look. */
bool clients_read_round(struct clients *clients);

#endif
