/* test_address -- which addresses count as one, and how their network is called. Their keys: test_places.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/intake/address.h"

static void only_an_IPv6_address_has_a_network(void **state)
{
    static const struct {
        const char *address, *network;
    } rows[] = {
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"::1", "::/64"},
        {"fe80::1%eth0", "fe80::/64"},
        {"192.0.2.1", NULL},
        {"::ffff:192.0.2.1", NULL},
        {"", NULL},
        {"a text of more bytes than any address can have, and some more", NULL},
    };
    char text[ADDRESS_NETWORK_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(address_network(rows[i].address, text), rows[i].network != NULL);
        if (rows[i].network) assert_string_equal(text, rows[i].network);
    }
}

static void keys_are_equal_within_a_network(void **state)
{
    struct address_key a = address_key("2001:db8:1:2::1");
    struct address_key b = address_key("2001:db8:1:2::2");
    struct address_key c = address_key("2001:db8:1:3::1");
    (void)state;
    assert_true(address_keys_are_equal(&a, &b));
    assert_false(address_keys_are_equal(&a, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_an_IPv6_address_has_a_network),
        cmocka_unit_test(keys_are_equal_within_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
