/* test_url -- which URLs of servers are accepted, and that none shows a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/url.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void a_server_is_a_scheme_a_host_and_perhaps_a_port(void **state)
{
    static const char *const good[] = {"http://127.0.0.1:9000", "https://s3.example", "https://s3.example/",
                                       "http://[::1]:9000"};
    static const char *const bad[] = {
        "",           "s3.example",         "ftp://s3.example",  "http://",           "http:///path",
        "http://h/p", "http://h//",         "http://h?SECRET=1", "http://h/?SECRET",  "http://h#SECRET",
        "http://[::", "http://u:SECRET@h/", "u:SECRET@h",        "http://h:port",     "http://u:SE@CRET@h",
        "//h",        "http://h /",         "https://h:99999",   "http://u:S?ECRET@h"};
    struct why why = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (url_check_endpoint("X", good[i], &why) != RES_OK) fail_msg("%s: %s", good[i], why.text);
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (url_check_endpoint("the key x", bad[i], &why) != RES_REFUSE) fail_msg("%s is accepted", bad[i]);
        assert_memory_equal(why.text, "the key x=", 10);
        assert_null(strstr(why.text, "SE"));
        assert_null(strstr(why.text, "CRET"));
    }
}

static void a_server_as_long_as_no_setting_is_refused(void **state)
{
    static char url[2000] = "http://";
    struct why why = {0};
    (void)state;
    memset(url + 7, 'a', sizeof url - 8);
    assert_int_equal(url_check_endpoint("X", url, &why), RES_REFUSE);
}

static void people_see_no_password_and_no_query(void **state)
{
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"http://h:80/p/q", "http://h:80/p/q"},
        {"http://user:pass@h/p", "http://***@h/p"},
        {"http://user:p@ss@h/p?a=b", "http://***@h/p?***"},
        {"http://user:p?ss@h/p", "http://***@h/p"},
        {"user:pass@h", "***@h"},
        {"https://h/p#token", "https://h/p?***"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char shown[100];
        url_mask(rows[i].url, shown, sizeof shown);
        assert_string_equal(shown, rows[i].shown);
    }
}

static void a_secret_url_may_have_everything_and_is_never_shown(void **state)
{
    static const char *const good[] = {"https://hooks.slack.com/services/T0/B0/SECRET",
                                       "http://127.0.0.1:8000", "https://u:SECRET@h/p?token=SECRET#x",
                                       "http://[::1]:1/SECRET"};
    static const char *const bad[] = {"",
                                      "h/SECRET",
                                      "ftp://h/SECRET",
                                      "http://",
                                      "https:/",
                                      "https://h/SE CRET",
                                      "http://[::SECRET",
                                      "https://h/\nSECRET",
                                      "https://h:SECRET/"};
    struct why why = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (url_check_secret("X", good[i], &why) != RES_OK) fail_msg("%s: %s", good[i], why.text);
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (url_check_secret("X_URL", bad[i], &why) != RES_REFUSE) fail_msg("%s is accepted", bad[i]);
        assert_memory_equal(why.text, "X_URL is not understood", 23);
        assert_null(strstr(why.text, "SE"));
        assert_null(strstr(why.text, "CRET"));
    }
}

static void people_see_a_secret_urls_host_alone(void **state)
{
    static const struct {
        const char *url, *site;
    } rows[] = {
        {"https://hooks.slack.com/services/T0/B0/X", "https://hooks.slack.com"},
        {"http://127.0.0.1:8000", "http://127.0.0.1:8000"},
        {"https://u:p@h:1/p?token=x", "https://h:1"},
        {"https://u:p@q@h?token=x@y", "https://h"},
        {"https://h#x", "https://h"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char site[100];
        url_site(rows[i].url, site, sizeof site);
        assert_string_equal(site, rows[i].site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_a_scheme_a_host_and_perhaps_a_port),
        cmocka_unit_test(a_server_as_long_as_no_setting_is_refused),
        cmocka_unit_test(people_see_no_password_and_no_query),
        cmocka_unit_test(a_secret_url_may_have_everything_and_is_never_shown),
        cmocka_unit_test(people_see_a_secret_urls_host_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
