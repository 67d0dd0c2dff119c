/* test_newcomers -- senders that wait for a place: each address in its own line, and none takes all the room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/newcomers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/chance.h"

#define ADDRESSES 5

/* A descriptor of its own, which only the line closes. */
static int some_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static bool add(struct newcomers *newcomers, const char *source, int64_t now)
{
    int fd = some_fd();
    bool is_added = newcomers_add(newcomers, fd, source, now);
    if (!is_added) close(fd);
    return is_added;
}

static void take(struct newcomers *newcomers, const char *source, int64_t since)
{
    struct newcomer newcomer = newcomers_take(newcomers);
    assert_string_equal(newcomer.source, source);
    assert_int_equal(newcomer.since, since);
    assert_int_equal(close(newcomer.fd), 0);
}

static void lines_take_turns_and_each_is_in_order(void **state)
{
    struct newcomers *newcomers = newcomers_new(16);
    struct address_key first = address_key("10.0.0.1");
    struct address_key second = address_key("10.0.0.2");
    (void)state;
    assert_null(newcomers_first(newcomers));
    for (int i = 0; i < 3; i++) assert_true(add(newcomers, "10.0.0.1", i));
    assert_true(add(newcomers, "10.0.0.2", 3));
    assert_int_equal(newcomers_lines(newcomers), 2);
    assert_int_equal(newcomers_first(newcomers)->since, 0);
    take(newcomers, "10.0.0.1", 0);
    newcomers_turn(newcomers);
    take(newcomers, "10.0.0.2", 3);
    take(newcomers, "10.0.0.1", 1);
    assert_true(newcomers_has(newcomers, &first));
    assert_false(newcomers_has(newcomers, &second));
    take(newcomers, "10.0.0.1", 2);
    assert_int_equal(newcomers_count(newcomers), 0);
    newcomers_turn(newcomers);
    newcomers_free(newcomers);
}

/* An address may have half of the room, the next half of what is left. */
static void there_is_room_for_another_address_whatever_one_does(void **state)
{
    struct newcomers *newcomers = newcomers_new(64);
    int count = 0;
    (void)state;
    while (add(newcomers, "10.0.0.1", 0)) count++;
    assert_int_equal(count, 32);
    while (add(newcomers, "10.0.0.2", 0)) count++;
    assert_int_equal(count, 48);
    assert_true(add(newcomers, "10.0.0.3", 0));
    newcomers_free(newcomers);
}

/* Of IPv6, the first half of an address: whoever has one has all of them. */
static void addresses_of_one_network_are_one(void **state)
{
    struct newcomers *newcomers = newcomers_new(8);
    (void)state;
    assert_true(add(newcomers, "2001:db8::1", 0) && add(newcomers, "2001:db8::2", 0));
    assert_int_equal(newcomers_lines(newcomers), 1);
    newcomers_free(newcomers);
}

static void in_random_worlds_each_address_is_served_in_order_and_in_turn(void **state)
{
    struct chance chance = chance_begin();
    struct newcomers *newcomers = newcomers_new(32);
    int64_t added[ADDRESSES] = {0};
    int64_t taken[ADDRESSES] = {0};
    (void)state;
    for (int step = 0; step < 20000; step++) {
        size_t i = chance_below(&chance, ADDRESSES);
        char source[16];
        (void)snprintf(source, sizeof source, "10.0.0.%zu", i);
        const struct newcomer *first = newcomers_first(newcomers);
        if (chance_below(&chance, 3) > 0) {
            bool has_room = added[i] - taken[i] < 32 - newcomers_count(newcomers);
            assert_int_equal(add(newcomers, source, added[i]), has_room);
            added[i] += has_room;
        } else if (first) {
            size_t who = (size_t)(first->source[strlen(first->source) - 1] - '0');
            (void)snprintf(source, sizeof source, "10.0.0.%zu", who);
            take(newcomers, source, taken[who]++);
            newcomers_turn(newcomers);
        }
    }
    newcomers_free(newcomers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_take_turns_and_each_is_in_order),
        cmocka_unit_test(there_is_room_for_another_address_whatever_one_does),
        cmocka_unit_test(addresses_of_one_network_are_one),
        cmocka_unit_test(in_random_worlds_each_address_is_served_in_order_and_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
