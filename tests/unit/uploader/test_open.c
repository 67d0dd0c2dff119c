/* test_open -- which store the options open, and how it names its destination. Nothing is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/open.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static void check(const struct store_options *options, bool is_trial, const char *destination)
{
    struct signals signals = {.fd = -1};
    struct lockfile lock = LOCKFILE_NONE;
    struct store *store = NULL;
    struct why why = {0};
    assert_int_equal(store_open(&store, options, &signals, &lock, &why), RES_OK);
    assert_string_equal(store_destination(store), destination);
    assert_int_equal(store_is_trial(store), is_trial);
    assert_int_equal(store_hashes(store), is_trial ? HASH_SHA256 : HASH_SHA256_AND_MD5);
    store_close(store);
}

static void a_directory_is_named_by_its_absolute_path(void **state)
{
    char current[PATH_MAX];
    char relative[PATH_MAX + 32];
    (void)state;
    assert_non_null(getcwd(current, sizeof current));
    (void)snprintf(relative, sizeof relative, "file://%s/objects", current);
    check(&(struct store_options){.directory = "/srv/objects"}, true, "file:///srv/objects");
    check(&(struct store_options){.directory = "/srv/objects//"}, true, "file:///srv/objects");
    check(&(struct store_options){.directory = "objects/"}, true, relative);
}

static void a_bucket_wins_and_is_named_with_a_foreign_host(void **state)
{
    struct store_options options = {.directory = "/srv/objects",
                                    .s3 = {.server = {.bucket = "b"}, .connection = {.region = "eu-west-1"}}};
    (void)state;
    check(&options, false, "s3://b");
    options.s3.connection.endpoint_url = "http://127.0.0.1:9000/";
    check(&options, false, "s3://b@localhost:9000");
}

static void tags_that_no_store_accepts_open_nothing(void **state)
{
    struct store_options options = {.s3 = {.server = {.bucket = "b"},
                                           .objects = {.tags = "no equals sign"},
                                           .connection = {.region = "eu-west-1"}}};
    struct signals signals = {.fd = -1};
    struct lockfile lock = LOCKFILE_NONE;
    struct store *store = NULL;
    struct why why = {0};
    (void)state;
    assert_int_equal(store_open(&store, &options, &signals, &lock, &why), RES_REFUSE);
    assert_null(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_named_by_its_absolute_path),
        cmocka_unit_test(a_bucket_wins_and_is_named_with_a_foreign_host),
        cmocka_unit_test(tags_that_no_store_accepts_open_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
