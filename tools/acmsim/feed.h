/* feed -- streams of other senders than the appliance, as they are seen on networks. */
#ifndef ACMSIM_FEED_H
#define ACMSIM_FEED_H

#include "tools/acmsim/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define FEED_EVENTS_MAX 100000 /* of one feed: all are held in memory */

struct feed;

/* The feed of this name; NULL: there is none. */
const struct feed *feed_find(const char *name);

/*
 * Append event number `number`, counted from 1, with what stands around it, and before the first one the feed's
 * head: at least one byte. The same arguments give the same bytes. False if this feed spoils the event.
 */
bool feed_add_event(const struct feed *feed, uint64_t seed, uint64_t number, struct bytes *out);

/* Print each feed's name, what it is, the settings that help, and what comes out. */
void feed_print_list(FILE *to);

#endif
