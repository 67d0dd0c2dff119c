/*
 * newcomers -- senders that have been accepted and wait for a place, each address in a line of its own, so that one
 * address's many do not stand before another's one.
 *
 * An address may have as many here as are still free, so there is always room for another one. Addresses are compared by
 * their key (collector/intake/address.h). One thread only.
 */
#ifndef COLLECTOR_NET_NEWCOMERS_H
#define COLLECTOR_NET_NEWCOMERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "collector/framing/event.h"
#include "collector/intake/address.h"

#define NEWCOMERS_MAX 1024 /* where there are descriptors for so many */

struct newcomer {
    int fd;
    char source[EVENT_SOURCE_MAX];
    int64_t since; /* monotonic ms: when it came */
    STAILQ_ENTRY(newcomer) in_line;
};

struct newcomers;

/* Room for `max`, at least 1. Never fails: out of memory aborts. */
struct newcomers *newcomers_new(int64_t max);
void newcomers_free(struct newcomers *newcomers); /* accepts NULL; closes all that are left */

/* Takes the socket over. False, and the caller keeps it: its address has as many as are free. */
bool newcomers_add(struct newcomers *newcomers, int fd, const char *source, int64_t now);

/* Does one of this address wait? Then a further one belongs behind it. */
bool newcomers_has(const struct newcomers *newcomers, const struct address_key *key);

int64_t newcomers_count(const struct newcomers *newcomers);

/* The first of the line whose turn it is; NULL: nobody waits. Borrowed until the next call that changes anything. */
const struct newcomer *newcomers_first(const struct newcomers *newcomers);

/* Takes out the first one. The caller owns `newcomer.fd`. */
struct newcomer newcomers_take(struct newcomers *newcomers);

/* The turn goes to the next line. How many lines are there? */
void newcomers_turn(struct newcomers *newcomers);
int64_t newcomers_lines(const struct newcomers *newcomers);

#endif
