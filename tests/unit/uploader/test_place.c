/* test_place -- which destinations are the same place, by their spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void a_bucket_has_one_name_however_its_endpoint_is_spelt(void **state)
{
    static const struct {
        const char *endpoint, *name;
    } rows[] = {
        {"", "s3://b"},
        {"https://s3.amazonaws.com", "s3://b"},
        {"https://s3.amazonaws.com/", "s3://b"},
        {"https://S3.EU-West-1.AmazonAWS.com:443", "s3://b"},
        {"http://s3.eu-west-1.amazonaws.com:80", "s3://b"},
        {"https://s3.dualstack.eu-west-1.amazonaws.com", "s3://b"},
        {"https://s3-fips.eu-west-1.amazonaws.com", "s3://b"},
        {"https://s3-fips.dualstack.us-east-2.amazonaws.com", "s3://b"},
        {"https://s3-eu-west-1.amazonaws.com", "s3://b"},
        {"https://s3.cn-north-1.amazonaws.com.cn", "s3://b@aws-cn"},
        {"https://s3-fips.us-gov-east-1.amazonaws.com", "s3://b@aws-us-gov"},
        {"https://s3.eusc-de-east-1.amazonaws.eu", "s3://b@aws-eusc"},
        {"https://s3.eusc-de-east-1.amazonaws.com", "s3://b@s3.eusc-de-east-1.amazonaws.com"},
        {"https://s3.eu-west-1.amazonaws.com:9000", "s3://b@s3.eu-west-1.amazonaws.com:9000"},
        {"https://s3.evil.amazonaws.com", "s3://b@s3.evil.amazonaws.com"},
        {"https://s3.amazonaws.com.example", "s3://b@s3.amazonaws.com.example"},
        {"https://s30.amazonaws.com", "s3://b@s30.amazonaws.com"},
        {"https://amazonaws.com", "s3://b@amazonaws.com"},
        {"https://Store.Example", "s3://b@store.example"},
        {"https://store.example:443", "s3://b@store.example"},
        {"https://store.example:80", "s3://b@store.example:80"},
        {"http://store.example:80/", "s3://b@store.example"},
        {"http://store.example:443", "s3://b@store.example:443"},
        {"http://store.example:8080", "s3://b@store.example:8080"},
        {"http://127.0.0.1:9000", "s3://b@localhost:9000"},
        {"http://[::1]:9000/", "s3://b@localhost:9000"},
        {"http://LOCALHOST", "s3://b@localhost"},
        {"http://127.0.0.1", "s3://b@localhost"},
        {"http://127.0.0.10", "s3://b@127.0.0.10"},
        {"http://127.0.0.1.example", "s3://b@127.0.0.1.example"},
        {"http://[FD00::A]:9000", "s3://b@[fd00::a]:9000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[BATCH_DESTINATION_MAX];
        place_name_bucket("b", rows[i].endpoint, "eu-west-1", name);
        assert_string_equal(name, rows[i].name);
        assert_true(place_is_same(name, name));
    }
}

static void destinations_are_compared_by_spelling(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_same;
    } rows[] = {
        {"s3://b", "s3://b", true},
        {"s3://b", "s3://B", false},
        {"s3://b", "s3://c", false},
        {"s3://b", "s3://b@s3.eu-west-1.amazonaws.com", true},
        {"s3://b", "s3://b@s3.amazonaws.com:443", true},
        {"s3://b", "s3://b@store", false},
        {"s3://b@aws-cn", "s3://b@s3.cn-north-1.amazonaws.com.cn", true},
        {"s3://b", "s3://b@aws-us-gov", false},
        {"s3://b@store:9000", "s3://b@STORE:9000", true},
        {"s3://b@store:9000", "s3://b@store:9001", false},
        {"s3://b@store", "s3://b@store:443", false}, /* or was it http://? */
        {"s3://b@127.0.0.1:9000", "s3://b@localhost:9000", true},
        {"s3://b@[::1]:9000", "s3://b@127.0.0.1:9000", true},
        {"s3://b@store", "s3://b@store.example", false}, /* whatever DNS says */
        {"s3://b", "file:///b", false},
        {"file:///srv/none/objects", "file:///srv/none/objects/", true},
        {"file:///srv/none/objects", "file:///srv/none/Objects", false},
        {"file:///", "file:///", true},
        {"", "", true},
        {"", "s3://b", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (place_is_same(rows[i].a, rows[i].b) != rows[i].is_same ||
            place_is_same(rows[i].b, rows[i].a) != rows[i].is_same)
            fail_msg("%s, %s", rows[i].a, rows[i].b);
}

static void a_directory_is_its_real_path_once_it_exists(void **state)
{
    char at[] = "/tmp/test_place-XXXXXX";
    char real[PATH_MAX];
    char linked[PATH_MAX];
    char name[BATCH_DESTINATION_MAX];
    char expected[BATCH_DESTINATION_MAX];
    (void)state;
    assert_non_null(mkdtemp(at));
    (void)snprintf(real, sizeof real, "%s/real", at);
    (void)snprintf(linked, sizeof linked, "%s/linked", at);
    assert_int_equal(symlink(real, linked), 0);
    (void)snprintf(expected, sizeof expected, "file://%s", linked);
    place_name_directory(linked, name);
    assert_string_equal(name, expected); /* there is nothing behind the link yet */
    assert_int_equal(mkdir(real, 0700), 0);
    assert_true(place_is_same(name, "file:///nowhere") == false);
    (void)snprintf(expected, sizeof expected, "file://%s", real);
    assert_true(place_is_same(name, expected));
    place_name_directory(linked, name);
    assert_string_equal(name, expected);
    assert_int_equal(unlink(linked), 0);
    assert_int_equal(rmdir(real), 0);
    assert_int_equal(rmdir(at), 0);
}

static void the_longest_names_are_compared_whole_or_not_at_all(void **state)
{
    static char a[BATCH_DESTINATION_MAX];
    static char b[BATCH_DESTINATION_MAX];
    (void)state;
    memset(a, 'x', sizeof a - 1);
    memcpy(a, "file:///", 8);
    memcpy(b, a, sizeof b);
    assert_true(place_is_same(a, b));
    b[sizeof b - 2] = 'y';
    assert_false(place_is_same(a, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_has_one_name_however_its_endpoint_is_spelt),
        cmocka_unit_test(destinations_are_compared_by_spelling),
        cmocka_unit_test(a_directory_is_its_real_path_once_it_exists),
        cmocka_unit_test(the_longest_names_are_compared_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
