/*
 * places -- the connections by their addresses, and which of them goes when there is no place for a newcomer. Pure: no
 * sockets, no clock.
 *
 * A connection is *proven* once it has sent an event. Of an address the only proven connection never goes. Its right to
 * stay passes on to the latest of the address's other connections when it ends, or, where there is none, to the next one
 * that comes: so a sender that connects for each of its events has a place before it has sent the next one, however many
 * addresses flood. So much is known of the PLACES_KNOWN_MAX addresses whose last connection ended latest.
 *
 * Else, where all places are taken, this one goes, the first that there is:
 *   1. a connection that is not proven and has been silent for PLACES_SILENT_MS, the longest silent first;
 *   2. the idlest connection of the newcomer's address, if with the newcomer no other address would hold more: so a
 *      flood replaces itself;
 *   3. the idlest connection of the address that holds most, if that is more than one;
 *   4. every address holds one: the idlest connection that is not proven.
 * So a new address gets a place while any address holds two. A newcomer of an address that holds as many as one address
 * may replaces one of that address, by rules 1 and 2. Nothing here takes longer the more connections there are, but to
 * find an address, which takes the logarithm of their number whatever addresses a peer chooses.
 */
#ifndef COLLECTOR_NET_PLACES_H
#define COLLECTOR_NET_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/intake/address.h"
#include "collector/net/admission.h"

#define PLACES_MAX       65536 /* connections that there may be */
#define PLACES_SILENT_MS 10000 /* a connection from which nothing has come for this long is silent */
#define PLACES_KNOWN_MAX 4096  /* addresses without a connection that are known for their events; 0.6 MB */

struct place; /* one connection; it belongs to the places */
struct places;

struct places *places_new(void);         /* never fails: out of memory aborts */
void places_free(struct places *places); /* accepts NULL; there must be no connection left */

/*
 * A connection has come at `now` (monotonic ms); there must be fewer than PLACES_MAX. `owner` is what places_owner()
 * gives back. places_remove() is due when it has ended.
 */
struct place *places_add(struct places *places, const struct address_key *key, void *owner, int64_t now);
void places_remove(struct place *place);
void *places_owner(const struct place *place);

/* Is it of this address? */
bool places_has_key(const struct place *place, const struct address_key *key);

/* What the admission notes of its address; borrowed as long as the address has a place. All 0 when its first one comes. */
struct admission_source *places_memory(const struct place *place);

/* It has sent something, or has something in its socket that was not read yet: it is not silent at `now`. */
void places_note_active(struct place *place, int64_t now);

/* It has sent an event, which was found at `now`. */
void places_note_event(struct place *place, int64_t now);

int64_t places_count(const struct places *places);

/* How many connections its address holds. */
int64_t places_held(const struct place *place);

struct places_limits {
    int64_t total;      /* connections at once; at least 1 */
    int64_t per_source; /* of one address; 0: no such limit */
};

enum places_choice {
    PLACES_FREE,        /* there is a place */
    PLACES_SILENT,      /* by rule 1 `victim` goes */
    PLACES_IDLEST,      /* by rule 2 or 3 */
    PLACES_UNPROVEN,    /* by rule 4 */
    PLACES_FULL,        /* nothing can go: the newcomer does */
    PLACES_SOURCE_FULL, /* likewise, and only because its address holds as many as one address may */
};

/*
 * What happens to a newcomer of this address at `now`? A caller that finds that the victim has unread bytes, so that it
 * is not silent at all, calls places_note_active() and asks again.
 */
enum places_choice places_choose(const struct places *places, const struct places_limits *limits,
                                 const struct address_key *newcomer, int64_t now, struct place **victim);

/* Would a newcomer of a new address find nothing that can go? */
bool places_are_full(const struct places *places, const struct places_limits *limits);

/* Does one address of several hold three quarters of all places? A connection of it then, else NULL. */
struct place *places_dominant(const struct places *places, const struct places_limits *limits);

#endif
