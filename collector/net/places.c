/*
 * places -- see places.h.
 *
 * Each address has two lists of its connections, proven and not, the idlest first; addresses that hold as many as each
 * other are in one list (`levels`), and `most` is the highest level that has any; and all connections that are not
 * proven are in one list more, the idlest first. Addresses are found in the C library's balanced tree. Those that have
 * sent events stay there when their last connection ends (`known`, the one that ended first is the first).
 */
#include "collector/net/places.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

TAILQ_HEAD(place_list, place);
LIST_HEAD(source_list, source);
TAILQ_HEAD(known_list, source);

struct source {
    struct address_key key; /* first: the tree compares the beginnings */
    int64_t count, proven_count;
    bool has_sent_event; /* on any of its connections */
    struct place_list proven, unproven;
    struct admission_source memory;
    LIST_ENTRY(source) at_level;
    TAILQ_ENTRY(source) in_known; /* while it has no connection */
};

struct place {
    struct places *all;
    struct source *source;
    void *owner;
    int64_t active_at; /* monotonic ms */
    bool is_proven;
    TAILQ_ENTRY(place) in_source;   /* in one of the two lists there */
    TAILQ_ENTRY(place) in_unproven; /* of all; unless it is proven */
};

struct places {
    void *tree; /* of sources, by key */
    int64_t count, source_count, known_count, most;
    struct known_list known; /* addresses without a connection that have sent events */
    struct place_list unproven;
    struct source_list *levels; /* [n]: the addresses that hold n; what is never used takes no memory */
};

/* ---- addresses ---- */

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct address_key));
}

static struct source *find_source(const struct places *places, const struct address_key *key)
{
    void *const *found = tfind(key, &places->tree, compare);
    return found ? *found : NULL;
}

static struct source *add_source(struct places *places, const struct address_key *key)
{
    struct source *source = calloc(1, sizeof *source);
    if (!source) abort();
    source->key = *key;
    TAILQ_INIT(&source->proven);
    TAILQ_INIT(&source->unproven);
    if (!tsearch(source, &places->tree, compare)) abort();
    return source;
}

static void remove_source(struct places *places, struct source *source)
{
    (void)tdelete(source, &places->tree, compare);
    free(source);
}

static void take_from_known(struct places *places, struct source *source)
{
    TAILQ_REMOVE(&places->known, source, in_known);
    places->known_count--;
}

static void forget_first_known(struct places *places)
{
    struct source *first = TAILQ_FIRST(&places->known);
    take_from_known(places, first);
    remove_source(places, first);
}

/* Its last connection has ended. */
static void retire_source(struct places *places, struct source *source)
{
    places->source_count--;
    if (!source->has_sent_event) {
        remove_source(places, source);
        return;
    }
    source->memory = (struct admission_source){0};
    TAILQ_INSERT_TAIL(&places->known, source, in_known);
    places->known_count++;
    if (places->known_count > PLACES_KNOWN_MAX) forget_first_known(places);
}

/* The address of a connection that has come. */
static struct source *enter_source(struct places *places, const struct address_key *key)
{
    struct source *source = find_source(places, key);
    if (!source) source = add_source(places, key);
    if (source->count > 0) return source;
    if (source->has_sent_event) take_from_known(places, source);
    places->source_count++;
    return source;
}

/* The address holds `by` connections more, one or minus one. */
static void change_level(struct places *places, struct source *source, int by)
{
    if (source->count > 0) LIST_REMOVE(source, at_level);
    source->count += by;
    places->count += by;
    if (source->count > 0) LIST_INSERT_HEAD(&places->levels[source->count], source, at_level);
    if (source->count > places->most) places->most = source->count;
    if (places->most > 0 && LIST_EMPTY(&places->levels[places->most])) places->most--;
}

/* ---- connections ---- */

struct places *places_new(void)
{
    struct places *places = calloc(1, sizeof *places);
    if (!places) abort();
    places->levels = calloc(PLACES_MAX + 1, sizeof *places->levels);
    if (!places->levels) abort();
    TAILQ_INIT(&places->unproven);
    TAILQ_INIT(&places->known);
    return places;
}

void places_free(struct places *places)
{
    if (!places) return;
    assert(places->count == 0 && places->source_count == 0);
    while (places->known_count > 0) forget_first_known(places);
    free(places->levels);
    free(places);
}

static struct place_list *list_of(const struct place *place)
{
    return place->is_proven ? &place->source->proven : &place->source->unproven;
}

static void enter(struct place *place)
{
    TAILQ_INSERT_TAIL(list_of(place), place, in_source);
    if (!place->is_proven) TAILQ_INSERT_TAIL(&place->all->unproven, place, in_unproven);
}

static void leave(struct place *place)
{
    TAILQ_REMOVE(list_of(place), place, in_source);
    if (!place->is_proven) TAILQ_REMOVE(&place->all->unproven, place, in_unproven);
}

static void make_proven(struct place *place)
{
    leave(place);
    place->is_proven = true;
    place->source->proven_count++;
    enter(place);
}

/* An address that has sent events has a right to one connection, also when the one that sent them has ended. */
static void pass_proof_on(struct source *source)
{
    struct place *heir = TAILQ_LAST(&source->unproven, place_list);
    if (source->has_sent_event && source->proven_count == 0 && heir) make_proven(heir);
}

struct place *places_add(struct places *places, const struct address_key *key, void *owner, int64_t now)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place) abort();
    assert(places->count < PLACES_MAX);
    place->all = places;
    place->source = enter_source(places, key);
    place->owner = owner;
    place->active_at = now;
    enter(place);
    change_level(places, place->source, 1);
    pass_proof_on(place->source);
    return place;
}

void places_remove(struct place *place)
{
    struct source *source = place->source;
    leave(place);
    change_level(place->all, source, -1);
    if (place->is_proven) {
        source->proven_count--;
        pass_proof_on(source);
    }
    if (source->count == 0) retire_source(place->all, source);
    free(place);
}

void *places_owner(const struct place *place)
{
    return place->owner;
}

bool places_has_key(const struct place *place, const struct address_key *key)
{
    return compare(&place->source->key, key) == 0;
}

struct admission_source *places_memory(const struct place *place)
{
    return &place->source->memory;
}

void places_note_active(struct place *place, int64_t now)
{
    leave(place);
    enter(place);
    place->active_at = now;
}

void places_note_event(struct place *place, int64_t now)
{
    places_note_active(place, now); /* so it is the latest in its new list, too */
    place->source->has_sent_event = true;
    if (!place->is_proven) make_proven(place);
}

int64_t places_count(const struct places *places)
{
    return places->count;
}

int64_t places_held(const struct place *place)
{
    return place->source->count;
}

/* ---- who goes ---- */

static bool is_silent(const struct place *place, int64_t now)
{
    return place && now - place->active_at >= PLACES_SILENT_MS;
}

/* NULL if the address has but one connection that may not go. */
static struct place *idlest_of(const struct source *source)
{
    struct place *unproven = TAILQ_FIRST(&source->unproven);
    struct place *proven = source->proven_count > 1 ? TAILQ_FIRST(&source->proven) : NULL;
    if (!unproven || !proven) return unproven ? unproven : proven;
    return unproven->active_at <= proven->active_at ? unproven : proven;
}

/* The address holds as many as it may. */
static enum places_choice choose_of_source(const struct source *source, int64_t now, struct place **victim)
{
    *victim = TAILQ_FIRST(&source->unproven);
    if (is_silent(*victim, now)) return PLACES_SILENT;
    *victim = idlest_of(source);
    return *victim ? PLACES_IDLEST : PLACES_SOURCE_FULL;
}

static enum places_choice choose_of_all(const struct places *places, const struct source *own, int64_t now,
                                        struct place **victim)
{
    *victim = TAILQ_FIRST(&places->unproven);
    if (is_silent(*victim, now)) return PLACES_SILENT;
    *victim = own && own->count + 1 >= places->most ? idlest_of(own) : NULL;
    if (!*victim && places->most > 1) *victim = idlest_of(LIST_FIRST(&places->levels[places->most]));
    if (*victim) return PLACES_IDLEST;
    *victim = TAILQ_FIRST(&places->unproven);
    return *victim ? PLACES_UNPROVEN : PLACES_FULL;
}

enum places_choice places_choose(const struct places *places, const struct places_limits *limits,
                                 const struct address_key *newcomer, int64_t now, struct place **victim)
{
    const struct source *own = find_source(places, newcomer);
    *victim = NULL;
    if (own && limits->per_source > 0 && own->count >= limits->per_source)
        return choose_of_source(own, now, victim);
    if (places->count < limits->total) return PLACES_FREE;
    return choose_of_all(places, own, now, victim);
}

bool places_are_full(const struct places *places, const struct places_limits *limits)
{
    return places->count >= limits->total && places->most <= 1 && TAILQ_EMPTY(&places->unproven);
}

struct place *places_dominant(const struct places *places, const struct places_limits *limits)
{
    if (places->source_count < 2 || places->most * 4 < limits->total * 3) return NULL;
    const struct source *source = LIST_FIRST(&places->levels[places->most]);
    struct place *proven = TAILQ_FIRST(&source->proven);
    return proven ? proven : TAILQ_FIRST(&source->unproven);
}
