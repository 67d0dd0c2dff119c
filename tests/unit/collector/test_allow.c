/* test_allow -- who may send: what a list takes in, what it leaves out, and what a wrong one is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/allow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* An IPv6 text becomes an IPv6 address, ::ffff:1.2.3.4 as well: so a socket on "::" names an IPv4 sender. */
static void address_of(const char *text, struct sockaddr_storage *address)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
        memcpy(address, &ipv4, sizeof ipv4);
        return;
    }
    assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
    memcpy(address, &ipv6, sizeof ipv6);
}

static bool has(const char *list, const char *sender)
{
    struct sockaddr_storage address;
    struct allow *allow;
    struct why why = {0};
    if (allow_parse(&allow, list, &why) != RES_OK) fail_msg("%s: %s", list, why.text);
    address_of(sender, &address);
    bool answer = allow_has(allow, (const struct sockaddr *)&address);
    allow_free(allow);
    return answer;
}

static void a_list_admits_the_addresses_it_names_and_no_others(void **state)
{
    static const struct {
        const char *list, *sender;
        bool expected;
    } rows[] = {
        {"all", "10.1.2.3", true},
        {"ALL", "2001:db8::1", true},
        {"10.0.0.1, all", "192.0.2.1", true},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.4", false},
        {"10.1.2.3/32", "10.1.2.3", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"192.168.4.0/23", "192.168.5.255", true},
        {"192.168.4.0/23", "192.168.6.0", false},
        {"192.168.4.0/23", "192.168.3.255", false},
        {"128.0.0.0/1", "255.1.1.1", true},
        {"128.0.0.0/1", "127.1.1.1", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "203.0.113.9", false},
        {"::/0", "::ffff:203.0.113.9", false},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
        {"2001:DB8:0::1", "2001:db8::1", true},
        {"fe80::/10", "fe80::1", true},
        {"::1", "::1", true},
        {"::1", "127.0.0.1", false},
        {"127.0.0.1", "::1", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::ffff:11.1.2.3", false},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"::ffff:10.1.2.3", "10.1.2.3", true},
        {"10.0.0.1,10.0.0.2", "10.0.0.2", true},
        {"10.0.0.1 10.0.0.2", "10.0.0.2", true},
        {" 10.0.0.1 ,\t10.0.0.2,\n, fd00::/8 , ", "fd12::1", true},
        {" 10.0.0.1 ,\t10.0.0.2,\n, fd00::/8 , ", "10.0.0.2", true},
        {" 10.0.0.1 ,\t10.0.0.2,\n, fd00::/8 , ", "10.0.0.3", false},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (has(rows[i].list, rows[i].sender) != rows[i].expected)
            fail_msg("%s: expected that %s %s", rows[i].list, rows[i].sender,
                     rows[i].expected ? "may send" : "may not send");
}

static void each_prefix_admits_exactly_the_addresses_that_share_its_bits(void **state)
{
    char list[32];
    char inside[INET_ADDRSTRLEN];
    char outside[INET_ADDRSTRLEN];
    (void)state;
    for (unsigned bits = 1; bits <= 32; bits++) {
        uint32_t base = 0xC0A80500 & (0xFFFFFFFF << (32 - bits));
        uint32_t last = base | (bits == 32 ? 0 : 0xFFFFFFFF >> bits);
        struct in_addr address = {htonl(base)};
        struct in_addr last_address = {htonl(last)};
        struct in_addr flipped = {htonl(base ^ (1U << (32 - bits)))};
        char text[INET_ADDRSTRLEN];
        (void)inet_ntop(AF_INET, &address, text, sizeof text);
        (void)inet_ntop(AF_INET, &last_address, inside, sizeof inside);
        (void)inet_ntop(AF_INET, &flipped, outside, sizeof outside);
        (void)snprintf(list, sizeof list, "%s/%u", text, bits);
        assert_true(has(list, text));
        assert_true(has(list, inside));
        assert_false(has(list, outside));
    }
}

static void an_address_of_another_family_is_admitted_only_by_all(void **state)
{
    struct sockaddr address = {.sa_family = AF_UNIX};
    struct allow *allow;
    struct why why = {0};
    (void)state;
    assert_int_equal(allow_parse(&allow, "0.0.0.0/0 ::/0", &why), RES_OK);
    assert_false(allow_has(allow, &address));
    allow_free(allow);
    assert_int_equal(allow_parse(&allow, "all", &why), RES_OK);
    assert_true(allow_has(allow, &address));
    allow_free(allow);
}

static void a_wrong_entry_is_refused_with_setting_and_correction(void **state)
{
    static const struct {
        const char *list, *entry, *right;
    } rows[] = {
        {"10.1.2.3/8", "10.1.2.3/8", "10.0.0.0/8"},
        {"10.1.2.3/8", "10.1.2.3/8", "or 10.1.2.3 for the single"},
        {"10.0.0.1, 192.168.5.0/23", "192.168.5.0/23", "192.168.4.0/23"},
        {"2001:db8::1/32", "2001:db8::1/32", "2001:db8::/32"},
        {"1.2.3.4/0", "1.2.3.4/0", "0.0.0.0/0"},
        {"gate.example.com", "gate.example.com", "10.1.2.3"},
        {"localhost", "localhost", "10.1.2.3"},
        {"10.0.0.0/33", "10.0.0.0/33", "/0 to /32"},
        {"10.0.0.0/", "10.0.0.0/", "/0 to /32"},
        {"10.0.0.0/-1", "10.0.0.0/-1", "/0 to /32"},
        {"10.0.0.0/+8", "10.0.0.0/+8", "/0 to /32"},
        {"10.0.0.0/8x", "10.0.0.0/8x", "/0 to /32"},
        {"10.0.0.0/8/8", "10.0.0.0/8/8", "/0 to /32"},
        {"10.0.0.0/4294967304", "10.0.0.0/4294967304", "/0 to /32"},
        {"10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0", "10.0.0.0/8"},
        {"fd00::/129", "fd00::/129", "/0 to /128"},
        {"10.0.0", "10.0.0", "10.1.2.3"},
        {"10.0.0.256", "10.0.0.256", "10.1.2.3"},
        {"10.0.0.1;10.0.0.2", "10.0.0.1;10.0.0.2", "10.1.2.3"},
        {"10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9", "192.168.0.0/16"},
        {"10.0.0.1:8080", "10.0.0.1:8080", "10.1.2.3"},
        {"[::1]", "[::1]", "fd00::/8"},
        {"fe80::1%eth0", "fe80::1%eth0", "fd00::/8"},
        {"10.0.0.0 / 8", "/", "10.1.2.3"},
        {"/8", "/8", "10.1.2.3"},
        {"all/8", "all/8", "or all"},
        {"*", "*", "or all"},
        {"10.*", "10.*", "192.168.0.0/16"},
        {"\"10.0.0.1\"", "\"10.0.0.1\"", "10.1.2.3"},
        {"10.0.0.1 # the gate", "#", "10.1.2.3"},
        {"none", "none", "or all"},
        {",", "lists no address", "or all"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaa",
         "or all"},
        {"10.0.0.1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/32",
         "10.0.0.1a", "or all"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct allow *allow;
        struct why why = {0};
        if (allow_parse(&allow, rows[i].list, &why) != RES_REFUSE) fail_msg("%s was taken", rows[i].list);
        assert_null(allow);
        if (!strstr(why.text, "ALLOW_FROM") || !strstr(why.text, rows[i].entry) ||
            !strstr(why.text, rows[i].right))
            fail_msg("%s: expected %s and %s, got: %s", rows[i].list, rows[i].entry, rows[i].right, why.text);
    }
}

static void a_list_of_thousands_of_addresses_is_parsed(void **state)
{
    static char list[64 * 1024];
    size_t len = 0;
    (void)state;
    for (unsigned i = 0; i < 4096; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "10.%u.%u.7,", i / 256, i % 256);
    assert_true(has(list, "10.15.255.7"));
    assert_false(has(list, "10.16.0.7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_admits_the_addresses_it_names_and_no_others),
        cmocka_unit_test(each_prefix_admits_exactly_the_addresses_that_share_its_bits),
        cmocka_unit_test(an_address_of_another_family_is_admitted_only_by_all),
        cmocka_unit_test(a_wrong_entry_is_refused_with_setting_and_correction),
        cmocka_unit_test(a_list_of_thousands_of_addresses_is_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
