/* test_places -- which connection goes for a newcomer, by hand and in random worlds beside a slow account of the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define MINUTE_MS 60000

static struct place *add(struct places *places, const char *address, int64_t now)
{
    struct address_key key = address_key(address);
    return places_add(places, &key, NULL, now);
}

static struct place *add_proven(struct places *places, const char *address, int64_t now)
{
    struct place *place = add(places, address, now);
    places_note_event(place, now);
    return place;
}

static enum places_choice choose(struct places *places, int64_t total, const char *newcomer, int64_t now,
                                 struct place **victim)
{
    struct address_key key = address_key(newcomer);
    return places_choose(places, &(struct places_limits){total, 0}, &key, now, victim);
}

static void remove_all(struct places *places, struct place **all, size_t count)
{
    for (size_t i = 0; i < count; i++) places_remove(all[i]);
    assert_int_equal(places_count(places), 0);
    places_free(places);
}

/* ---- addresses ---- */

static void an_address_is_one_ipv4_address_or_one_ipv6_network(void **state)
{
    static const struct {
        const char *a, *b;
        bool are_one;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"::1", "127.0.0.1", false},
        {"fe80::1%lo", "fe80::2%lo", true},
        {"unknown", "unknown", true},
        {"unknown", "another", false},
        {"", "unknown", false},
        {"a text of more than the bytes of a key", "a text of more than another one", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_key a = address_key(rows[i].a);
        struct address_key b = address_key(rows[i].b);
        struct places *places = places_new();
        struct place *place = add(places, rows[i].a, 0);
        assert_int_equal(places_has_key(place, &b), rows[i].are_one);
        remove_all(places, &place, 1);
        assert_int_equal(memcmp(&a, &b, sizeof a) == 0, rows[i].are_one);
    }
}

/* ---- who goes ---- */

static void below_the_ceiling_nobody_goes(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add(places, "10.0.0.1", 0), add(places, "10.0.0.1", 0)};
    struct place *victim = all[0];
    (void)state;
    assert_int_equal(choose(places, 3, "10.0.0.1", MINUTE_MS, &victim), PLACES_FREE);
    assert_null(victim);
    remove_all(places, all, 2);
}

static void a_silent_connection_without_an_event_goes_first(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add_proven(places, "10.0.0.1", 0), add_proven(places, "10.0.0.1", 0),
                           add(places, "10.0.0.2", 1), add(places, "10.0.0.3", 2)};
    struct place *victim = NULL;
    (void)state;
    assert_int_equal(choose(places, 4, "10.0.0.4", 1 + PLACES_SILENT_MS, &victim), PLACES_SILENT);
    assert_ptr_equal(victim, all[2]);
    places_note_active(all[2], 3);
    assert_int_equal(choose(places, 4, "10.0.0.4", 2 + PLACES_SILENT_MS, &victim), PLACES_SILENT);
    assert_ptr_equal(victim, all[3]);
    remove_all(places, all, 4);
}

static void else_the_idlest_of_the_address_that_holds_most_goes(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add_proven(places, "10.0.0.1", 0), add_proven(places, "10.0.0.2", 1),
                           add_proven(places, "10.0.0.2", 2), add_proven(places, "10.0.0.2", 3)};
    struct place *victim = NULL;
    (void)state;
    places_note_active(all[1], 4);
    assert_int_equal(choose(places, 4, "10.0.0.3", MINUTE_MS, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[2]);
    assert_int_equal(choose(places, 4, "10.0.0.1", MINUTE_MS, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[2]);
    remove_all(places, all, 4);
}

static void a_flood_replaces_itself(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add_proven(places, "10.0.0.1", 0), add_proven(places, "10.0.0.1", 0),
                           add(places, "10.0.0.2", MINUTE_MS)};
    struct place *victim = NULL;
    (void)state;
    assert_int_equal(choose(places, 3, "10.0.0.2", MINUTE_MS, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[2]);
    remove_all(places, all, 3);
}

static void the_only_connection_of_its_address_that_has_sent_events_stays(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add_proven(places, "10.0.0.1", 0), add_proven(places, "10.0.0.2", 0)};
    struct place *victim = NULL;
    (void)state;
    assert_int_equal(choose(places, 2, "10.0.0.3", MINUTE_MS, &victim), PLACES_FULL);
    assert_int_equal(choose(places, 2, "10.0.0.2", MINUTE_MS, &victim), PLACES_FULL);
    assert_null(victim);
    assert_true(places_are_full(places, &(struct places_limits){2, 0}));
    assert_false(places_are_full(places, &(struct places_limits){3, 0}));
    remove_all(places, all, 2);
}

/* Behind a balancer or a container's proxy all senders have one address. */
static void it_stays_also_beside_a_flood_of_the_same_address(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add_proven(places, "10.0.0.1", 0), add(places, "10.0.0.1", MINUTE_MS),
                           add(places, "10.0.0.1", MINUTE_MS + 1)};
    struct place *victim = NULL;
    (void)state;
    assert_int_equal(choose(places, 3, "10.0.0.1", MINUTE_MS + 2, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[1]);
    remove_all(places, all, 3);
}

static void where_each_address_holds_one_the_idlest_without_an_event_goes(void **state)
{
    struct places *places = places_new();
    struct place *all[] = {add_proven(places, "10.0.0.1", 0), add(places, "10.0.0.2", MINUTE_MS),
                           add(places, "10.0.0.3", MINUTE_MS + 1)};
    struct place *victim = NULL;
    (void)state;
    assert_int_equal(choose(places, 3, "10.0.0.4", MINUTE_MS + 2, &victim), PLACES_UNPROVEN);
    assert_ptr_equal(victim, all[1]);
    assert_int_equal(choose(places, 3, "10.0.0.3", MINUTE_MS + 2, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[2]); /* not that of another address */
    remove_all(places, all, 3);
}

/* A sender that opens its next connection before it closes the last one is as quiet a sender as any. */
static void the_right_to_stay_passes_on_when_the_sending_connection_ends(void **state)
{
    struct places *places = places_new();
    struct place *sent = add_proven(places, "10.0.0.1", 0);
    struct place *all[] = {add(places, "10.0.0.1", 1), add_proven(places, "10.0.0.2", 2)};
    struct place *victim = NULL;
    (void)state;
    places_remove(sent);
    assert_int_equal(choose(places, 2, "10.0.0.3", MINUTE_MS, &victim), PLACES_FULL);
    remove_all(places, all, 2);
}

/* A sender that connects for each event has its place before its next event has come, however many addresses flood. */
static void an_address_that_has_sent_events_is_known_when_it_comes_back(void **state)
{
    struct places *places = places_new();
    struct place *victim = NULL;
    (void)state;
    places_remove(add_proven(places, "10.0.0.1", 0));
    struct place *all[] = {add(places, "10.0.0.1", 1), add(places, "10.0.0.2", 2),
                           add(places, "10.0.0.1", 3)};
    assert_int_equal(choose(places, 3, "10.0.0.3", 4, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[2]); /* it has a right to one */
    places_remove(all[2]);
    assert_int_equal(choose(places, 2, "10.0.0.3", 4, &victim), PLACES_UNPROVEN);
    assert_ptr_equal(victim, all[1]);
    remove_all(places, all, 2);
}

/* One more address than are known has come and gone, and the first of them again just before. */
static void as_many_addresses_are_known_as_promised(void **state)
{
    static const char *const text = "2001:db8:0:%x::1";
    struct places *places = places_new();
    struct place *victim = NULL;
    char address[32];
    (void)state;
    for (int i = 0; i <= PLACES_KNOWN_MAX; i++) {
        if (i == PLACES_KNOWN_MAX) places_remove(add(places, "2001:db8:0:0::1", i));
        (void)snprintf(address, sizeof address, text, i);
        places_remove(add_proven(places, address, i));
    }
    for (int i = 0; i < 3; i++) {
        (void)snprintf(address, sizeof address, text, i);
        struct place *place = add(places, address, MINUTE_MS);
        bool is_known = i != 1; /* it has been gone for longest */
        assert_int_equal(choose(places, 1, "10.0.0.1", MINUTE_MS, &victim),
                         is_known ? PLACES_FULL : PLACES_UNPROVEN);
        places_remove(place);
    }
    remove_all(places, NULL, 0);
}

static void at_the_limit_of_one_address_its_own_connections_go(void **state)
{
    struct places_limits limits = {10, 2};
    struct places *places = places_new();
    struct place *all[] = {add(places, "10.0.0.9", 0), add_proven(places, "10.0.0.1", 1),
                           add(places, "10.0.0.1", 2)};
    struct place *victim = NULL;
    struct address_key key = address_key("10.0.0.1");
    (void)state;
    assert_int_equal(places_choose(places, &limits, &key, 3, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[2]);
    assert_int_equal(places_choose(places, &limits, &key, MINUTE_MS, &victim), PLACES_SILENT);
    assert_ptr_equal(victim, all[2]);
    places_note_event(all[2], MINUTE_MS);
    assert_int_equal(places_choose(places, &limits, &key, MINUTE_MS, &victim), PLACES_IDLEST);
    assert_ptr_equal(victim, all[1]);
    limits.per_source = 1;
    places_remove(all[2]);
    assert_int_equal(places_choose(places, &limits, &key, MINUTE_MS, &victim), PLACES_SOURCE_FULL);
    assert_null(victim);
    remove_all(places, all, 2);
}

static void one_address_of_several_that_holds_three_quarters_is_told(void **state)
{
    struct places_limits limits = {4, 0};
    struct places *places = places_new();
    struct place *all[4];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        all[i] = add(places, "10.0.0.1", 0);
        assert_null(places_dominant(places, &limits)); /* it is the only one */
    }
    all[3] = add_proven(places, "10.0.0.2", 0);
    struct place *dominant = places_dominant(places, &limits);
    assert_true(dominant == all[0] || dominant == all[1] || dominant == all[2]);
    places_remove(all[2]);
    assert_null(places_dominant(places, &limits));
    all[2] = all[3];
    remove_all(places, all, 3);
}

/* Sixty thousand networks in the order that hurts a plain tree most, and each newcomer's choice. */
static void many_addresses_cost_little(void **state)
{
    enum { ADDRESSES = 60000 };
    struct places *places = places_new();
    struct place **all = calloc(ADDRESSES, sizeof *all);
    (void)state;
    assert_non_null(all);
    for (int i = 0; i < 3 * ADDRESSES; i++) {
        char address[32];
        struct place *victim = NULL;
        (void)snprintf(address, sizeof address, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
        enum places_choice choice = choose(places, ADDRESSES, address, i, &victim);
        assert_int_equal(choice != PLACES_FREE, i >= ADDRESSES);
        if (victim) {
            assert_ptr_equal(victim, all[i % ADDRESSES]); /* the idlest */
            places_remove(victim);
        }
        all[i % ADDRESSES] = add(places, address, i);
    }
    remove_all(places, all, ADDRESSES);
    free(all);
}

/* ---- random worlds ---- */

#define WORLD_ADDRESSES 12
#define WORLD_TOTAL_MAX 40

/* What an address does with its connections. */
enum kind { KIND_QUIET, KIND_BUSY, KIND_EMPTY, KIND_DRIP, KIND_MIXED, KIND_COUNT };

struct connection { /* the slow account of one */
    struct place *place;
    int address;
    bool has_sent;
    int64_t active_at;
    int64_t order; /* of its activity, as times may be equal */
};

struct world {
    struct chance chance;
    struct places *places;
    struct places_limits limits;
    int addresses;
    enum kind kinds[WORLD_ADDRESSES];
    bool have_sent[WORLD_ADDRESSES]; /* ever */
    struct connection all[WORLD_TOTAL_MAX];
    int count;
    int64_t now, order;
};

static const char *address_of(int number)
{
    static char text[32];
    (void)snprintf(text, sizeof text, number % 3 ? "10.0.0.%d" : "2001:db8:0:%d::1", number);
    return text;
}

static int held_by(const struct world *world, int address)
{
    int held = 0;
    for (int i = 0; i < world->count; i++) held += world->all[i].address == address;
    return held;
}

static int proven_of(const struct world *world, int address)
{
    int proven = 0;
    for (int i = 0; i < world->count; i++)
        proven += world->all[i].address == address && world->all[i].has_sent;
    return proven;
}

static int most_held(const struct world *world)
{
    int most = 0;
    for (int address = 0; address < world->addresses; address++)
        if (held_by(world, address) > most) most = held_by(world, address);
    return most;
}

static bool is_protected(const struct world *world, const struct connection *c)
{
    return c->has_sent && proven_of(world, c->address) == 1;
}

static bool is_silent_and_unproven(const struct world *world, const struct connection *c)
{
    return !c->has_sent && world->now - c->active_at >= PLACES_SILENT_MS;
}

static bool goes_before(const struct connection *a, const struct connection *b)
{
    return a->active_at < b->active_at || (a->active_at == b->active_at && a->order < b->order);
}

/* The right to stay passes to the latest of the address's connections. */
static void forget(struct world *world, int index)
{
    struct connection gone = world->all[index];
    world->all[index] = world->all[--world->count];
    if (!gone.has_sent || proven_of(world, gone.address) > 0) return;
    struct connection *heir = NULL;
    for (int i = 0; i < world->count; i++)
        if (world->all[i].address == gone.address && (!heir || goes_before(heir, &world->all[i])))
            heir = &world->all[i];
    if (heir) heir->has_sent = true;
}

static int index_of(const struct world *world, const struct place *place)
{
    for (int i = 0; i < world->count; i++)
        if (world->all[i].place == place) return i;
    fail_msg("the victim is no connection");
    return -1;
}

/* Of those that pass, none would go before the victim. */
static void check_first(const struct world *world, const struct connection *victim,
                        bool (*passes)(const struct world *, const struct connection *), int address)
{
    for (int i = 0; i < world->count; i++) {
        const struct connection *c = &world->all[i];
        if ((address >= 0 && c->address != address) || !passes(world, c)) continue;
        assert_true(c == victim || victim->active_at <= c->active_at);
    }
}

static bool any_passes(const struct world *world,
                       bool (*passes)(const struct world *, const struct connection *), int address)
{
    for (int i = 0; i < world->count; i++)
        if ((address < 0 || world->all[i].address == address) && passes(world, &world->all[i])) return true;
    return false;
}

static bool may_go(const struct world *world, const struct connection *c)
{
    return !is_protected(world, c);
}

static bool is_unproven(const struct world *world, const struct connection *c)
{
    (void)world;
    return !c->has_sent;
}

static void check_choice(const struct world *world, int newcomer, enum places_choice choice,
                         const struct connection *victim)
{
    int own = held_by(world, newcomer);
    int most = most_held(world);
    bool is_at_own_limit = world->limits.per_source > 0 && own >= world->limits.per_source;
    int within = is_at_own_limit ? newcomer : -1;
    bool has_silent = any_passes(world, is_silent_and_unproven, within);

    assert_int_equal(choice == PLACES_FREE, !is_at_own_limit && world->count < world->limits.total);
    if (!victim) {
        assert_true(choice == PLACES_FREE || choice == PLACES_FULL || choice == PLACES_SOURCE_FULL);
        if (choice == PLACES_FREE) return;
        assert_false(has_silent);
        if (is_at_own_limit) assert_false(any_passes(world, may_go, newcomer));
        if (!is_at_own_limit) assert_false(any_passes(world, may_go, -1));
        return;
    }
    assert_false(is_protected(world, victim));
    if (is_at_own_limit) assert_int_equal(victim->address, newcomer);
    assert_int_equal(choice == PLACES_SILENT, has_silent);
    if (choice == PLACES_SILENT) {
        assert_true(is_silent_and_unproven(world, victim));
        check_first(world, victim, is_silent_and_unproven, within);
    } else if (choice == PLACES_IDLEST) {
        check_first(world, victim, may_go, victim->address);
        if (own + 1 >= most && any_passes(world, may_go, newcomer))
            assert_int_equal(victim->address, newcomer);
        else
            assert_int_equal(held_by(world, victim->address), most);
    } else {
        assert_int_equal(choice, PLACES_UNPROVEN);
        assert_int_equal(most, 1);
        check_first(world, victim, is_unproven, -1);
    }
}

static void connect_to(struct world *world, int address)
{
    struct place *place = NULL;
    struct address_key key = address_key(address_of(address));
    bool is_new = held_by(world, address) == 0;
    bool some_hold_two = most_held(world) > 1;
    enum places_choice choice = places_choose(world->places, &world->limits, &key, world->now, &place);
    int victim = place ? index_of(world, place) : -1;
    check_choice(world, address, choice, place ? &world->all[victim] : NULL);
    if (is_new && some_hold_two) assert_true(choice == PLACES_FREE || place);
    if (is_new) assert_int_equal(places_are_full(world->places, &world->limits), choice == PLACES_FULL);
    if (choice != PLACES_FREE && !place) return;
    if (place) {
        places_remove(place);
        forget(world, victim);
    }
    assert_true(world->count < world->limits.total);
    bool has_right = world->have_sent[address] && proven_of(world, address) == 0;
    world->all[world->count++] = (struct connection){places_add(world->places, &key, world, world->now),
                                                     address, has_right, world->now, world->order++};
    assert_ptr_equal(places_owner(world->all[world->count - 1].place), world);
}

static void act(struct world *world)
{
    struct connection *c = &world->all[chance_below(&world->chance, (size_t)world->count)];
    enum kind kind = world->kinds[c->address];
    size_t what = chance_below(&world->chance, 8);
    bool sends =
        kind == KIND_BUSY || (kind == KIND_QUIET && !c->has_sent) || (kind == KIND_MIXED && what < 2);
    bool drips = kind == KIND_DRIP || (kind == KIND_MIXED && what < 4);
    if (what == 7 && kind != KIND_QUIET) {
        places_remove(c->place);
        forget(world, (int)(c - world->all));
    } else if (sends || drips) {
        if (sends)
            places_note_event(c->place, world->now);
        else
            places_note_active(c->place, world->now);
        c->has_sent |= sends;
        world->have_sent[c->address] |= sends;
        c->active_at = world->now;
        c->order = world->order++;
    }
}

/* A quiet address connects again only when it has no connection; a flood always. */
static int next_newcomer(struct world *world)
{
    int address = (int)chance_below(&world->chance, (size_t)world->addresses);
    bool is_content = world->kinds[address] == KIND_QUIET && held_by(world, address) > 0;
    return is_content && chance_below(&world->chance, 4) ? -1 : address;
}

static void check_account(const struct world *world)
{
    struct place *dominant = places_dominant(world->places, &world->limits);
    int addresses = 0;
    assert_int_equal(places_count(world->places), world->count);
    assert_true(world->count <= world->limits.total);
    for (int address = 0; address < world->addresses; address++) {
        int held = held_by(world, address);
        addresses += held > 0;
        if (world->limits.per_source > 0) assert_true(held <= world->limits.per_source);
    }
    bool is_one_dominant = addresses > 1 && most_held(world) * 4 >= world->limits.total * 3;
    assert_int_equal(dominant != NULL, is_one_dominant);
}

static void live(struct world *world, int steps)
{
    for (int step = 0; step < steps; step++) {
        size_t what = chance_below(&world->chance, 10);
        int newcomer = next_newcomer(world);
        if (what < 5 && newcomer >= 0) connect_to(world, newcomer);
        if (what >= 5 && world->count > 0) act(world);
        if (what == 9) world->now += (int64_t)chance_below(&world->chance, 6000);
        check_account(world);
    }
    while (world->count > 0) {
        places_remove(world->all[0].place);
        forget(world, 0);
        check_account(world);
    }
}

static void in_random_worlds_the_rules_hold(void **state)
{
    const char *size = getenv("PLACES_WORLDS");
    int worlds = size ? atoi(size) : 400;
    struct world world = {.chance = chance_begin()};
    (void)state;
    for (int n = 0; n < worlds; n++) {
        struct world next = {.chance = world.chance, .places = places_new()};
        world = next;
        world.limits.total = 1 + (int64_t)chance_below(&world.chance, WORLD_TOTAL_MAX);
        world.limits.per_source =
            chance_below(&world.chance, 3) ? 0 : 1 + (int64_t)chance_below(&world.chance, 8);
        world.addresses = 1 + (int)chance_below(&world.chance, WORLD_ADDRESSES);
        for (int i = 0; i < world.addresses; i++)
            world.kinds[i] = (enum kind)chance_below(&world.chance, KIND_COUNT);
        live(&world, 600);
        places_free(world.places);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_one_ipv4_address_or_one_ipv6_network),
        cmocka_unit_test(below_the_ceiling_nobody_goes),
        cmocka_unit_test(a_silent_connection_without_an_event_goes_first),
        cmocka_unit_test(else_the_idlest_of_the_address_that_holds_most_goes),
        cmocka_unit_test(a_flood_replaces_itself),
        cmocka_unit_test(the_only_connection_of_its_address_that_has_sent_events_stays),
        cmocka_unit_test(it_stays_also_beside_a_flood_of_the_same_address),
        cmocka_unit_test(where_each_address_holds_one_the_idlest_without_an_event_goes),
        cmocka_unit_test(the_right_to_stay_passes_on_when_the_sending_connection_ends),
        cmocka_unit_test(an_address_that_has_sent_events_is_known_when_it_comes_back),
        cmocka_unit_test(as_many_addresses_are_known_as_promised),
        cmocka_unit_test(at_the_limit_of_one_address_its_own_connections_go),
        cmocka_unit_test(one_address_of_several_that_holds_three_quarters_is_told),
        cmocka_unit_test(many_addresses_cost_little),
        cmocka_unit_test(in_random_worlds_the_rules_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
