/* test_host -- which names a request to the status server may be addressed to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/status/host.h"

#include <string.h>

#define ALLOWED "monitor.example.com, collector"

static void addresses_localhost_the_node_and_the_listed_names_are_served(void **state)
{
    static const struct {
        const char *host;
        bool is_allowed;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.0.0.1:8081", true},
        {"192.0.2.7:1", true},
        {"[::1]", true},
        {"[::1]:8081", true},
        {"[2001:db8::7]:8081", true},
        {"localhost", true},
        {"LocalHost:8081", true},
        {"localhost.", true},
        {"site-7", true},
        {"SITE-7:80", true},
        {"collector:8081", true},
        {"monitor.example.com", true},
        {"MONITOR.example.com.:8081", true},

        {NULL, false},
        {"", false},
        {":8081", false},
        {"evil.example", false},
        {"evil.example:8081", false},
        {"localhost.evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"127.0.0.1@evil.example", false},
        {"127.1", false},
        {"0x7f.0.0.1", false},
        {"2130706433", false},
        {"127.0.0.1:", true}, /* RFC 3986: an empty port is none */
        {"127.0.0.1:80x", false},
        {"127.0.0.1:123456", false},
        {"127.0.0.1:80:80", false},
        {"::1", false},
        {"[::1", false},
        {"[::1]x", false},
        {"[evil]", false},
        {"[]", false},
        {"monitor.example.com, collector", false},
        {"example.com", false},
        {"collector..", false},
        {".", false},
        {" localhost", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (host_is_allowed(rows[i].host, "site-7", ALLOWED) != rows[i].is_allowed)
            fail_msg("%s: expected %s", rows[i].host ? rows[i].host : "none",
                     rows[i].is_allowed ? "yes" : "no");
}

static void without_a_node_and_a_list_only_addresses_and_localhost_are_served(void **state)
{
    (void)state;
    assert_true(host_is_allowed("localhost", NULL, NULL));
    assert_true(host_is_allowed("192.0.2.7", NULL, NULL));
    assert_false(host_is_allowed("site-7", NULL, NULL));
    assert_false(host_is_allowed("", "", ""));
}

static void a_host_longer_than_any_name_is_refused(void **state)
{
    char host[1000];
    (void)state;
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_false(host_is_allowed(host, NULL, host));
}

static void a_list_is_checked_when_the_program_starts(void **state)
{
    static const char *const wrong[] = {"*",      "a b/c",         "http://x", "collector:8081",
                                        "a,,b;c", "bücher.example"};
    struct why why = {0};
    (void)state;
    assert_int_equal(host_check_list(NULL, &why), RES_OK);
    assert_int_equal(host_check_list("a, b c_d.example-1,", &why), RES_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(host_check_list(wrong[i], &why), RES_REFUSE);
        assert_non_null(strstr(why.text, "STATUS_ALLOWED_HOSTS"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_localhost_the_node_and_the_listed_names_are_served),
        cmocka_unit_test(without_a_node_and_a_list_only_addresses_and_localhost_are_served),
        cmocka_unit_test(a_host_longer_than_any_name_is_refused),
        cmocka_unit_test(a_list_is_checked_when_the_program_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
