/* test_s3_address -- options that name no server, or one that would not do what they say, are refused with what is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/s3_address.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct connection connection_to(const char *endpoint)
{
    struct connection c = {.region = "eu-west-1",
                           .s3_endpoint_from = "AWS_ENDPOINT_URL",
                           .fips_from = "AWS_USE_FIPS_ENDPOINT",
                           .dualstack_from = "AWS_USE_DUALSTACK_ENDPOINT"};
    (void)snprintf(c.s3_endpoint, sizeof c.s3_endpoint, "%s", endpoint);
    return c;
}

static void an_endpoint_with_the_bucket_in_it_is_refused_with_the_right_value(void **state)
{
    static const struct {
        const char *bucket, *endpoint;
        enum s3_addressing addressing;
        const char *right; /* NULL: it is right as it is */
    } rows[] = {
        {"events", "https://events.storage.example", S3_ADDRESSING_AUTO, "https://storage.example,"},
        {"events", "https://Events.storage.example:9000/", S3_ADDRESSING_AUTO,
         "https://storage.example:9000,"},
        {"events", "http://events.storage.example", S3_ADDRESSING_VIRTUAL, "http://storage.example,"},
        {"my.bucket", "https://my.bucket.storage.example", S3_ADDRESSING_AUTO, "https://storage.example,"},
        {"events", "https://events.s3.eu-west-1.amazonaws.com", S3_ADDRESSING_AUTO,
         "https://s3.eu-west-1.amazonaws.com,"},
        {"events", "https://events.s3.eu-west-1.amazonaws.com", S3_ADDRESSING_AUTO, "S3_ADDRESSING=path"},
        {"events", "https://events.storage.example", S3_ADDRESSING_PATH, NULL},
        {"events", "https://storage.example", S3_ADDRESSING_AUTO, NULL},
        {"events", "https://events", S3_ADDRESSING_AUTO, NULL},
        {"events", "https://events:9000", S3_ADDRESSING_AUTO, NULL},
        {"events", "https://events2.storage.example", S3_ADDRESSING_AUTO, NULL},
        {"events", "https://my-events.storage.example", S3_ADDRESSING_AUTO, NULL},
        {"bucket", "https://bucket.vpce-0a1b-2c.s3.eu-west-1.vpce.amazonaws.com", S3_ADDRESSING_AUTO, NULL},
        {"events", "https://bucket.vpce-0a1b-2c.s3.eu-west-1.vpce.amazonaws.com", S3_ADDRESSING_AUTO, NULL},
        {"events", "https://events.vpce-0a1b-2c.s3.eu-west-1.vpce.amazonaws.com", S3_ADDRESSING_AUTO,
         "https://bucket.vpce-0a1b-2c."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct connection c = connection_to(rows[i].endpoint);
        struct s3_server_options options = {rows[i].bucket, rows[i].addressing};
        struct why why = {0};
        enum result res = s3_address_check(&options, &c, &why);
        if (res != (rows[i].right ? RES_REFUSE : RES_OK)) fail_msg("row %zu: %s", i, why.text);
        if (!rows[i].right) continue;
        assert_non_null(strstr(why.text, "AWS_ENDPOINT_URL"));
        if (!strstr(why.remedy, rows[i].right)) fail_msg("row %zu: %s", i, why.remedy);
    }
}

static void what_does_not_exist_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *region, *bucket, *endpoint;
        bool fips, dual;
        enum s3_addressing addressing;
        const char *text, *remedy;
    } rows[] = {
        {"cn-north-1", "events", "", true, false, S3_ADDRESSING_AUTO, "no FIPS server of S3",
         "another region"},
        {"eu-west-1", "events", "", true, false, S3_ADDRESSING_PATH, "S3_ADDRESSING=path",
         "S3_ADDRESSING=auto"},
        {"eu-west-1", "a.b.c", "", true, true, S3_ADDRESSING_AUTO, "BUCKET_NAME=a.b.c", "no dot"},
        {"eu-west-1", "a.b.c", "https://s3-fips.eu-west-1.amazonaws.com", false, false, S3_ADDRESSING_AUTO,
         "BUCKET_NAME=a.b.c", "no dot"},
        {"eu-west-1", "events", "https://storage.example", true, false, S3_ADDRESSING_AUTO,
         "AWS_USE_FIPS_ENDPOINT asks for AWS's own FIPS server, but AWS_ENDPOINT_URL", "remove one"},
        {"eu-west-1", "events", "https://storage.example", false, true, S3_ADDRESSING_AUTO,
         "AWS_USE_DUALSTACK_ENDPOINT asks for AWS's own dual-stack server", "remove one"},
        {"aws-cn-global", "events", "", false, false, S3_ADDRESSING_AUTO, "is no region", "AWS_REGION"},
        {"us-east-1", "logs--use1-az4--x-s3", "", false, false, S3_ADDRESSING_AUTO, "directory bucket",
         "general purpose bucket"},
        {"us-east-1", "mine--use1-az4--xa-s3", "", false, false, S3_ADDRESSING_AUTO,
         "access point of a directory bucket", "general purpose bucket"},
        {"fips-us-gov-west-1", "events", "", false, false, S3_ADDRESSING_AUTO, "former name of a FIPS server",
         "AWS_REGION=us-gov-west-1 and AWS_USE_FIPS_ENDPOINT=true"},
        {"us-east-1-fips", "events", "", true, false, S3_ADDRESSING_AUTO, "former name of a FIPS server",
         "AWS_REGION=us-east-1 and"},
        {"us-east-1", "reports-abc--op-s3", "", false, false, S3_ADDRESSING_AUTO, "Outposts", "region"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct connection c = connection_to(rows[i].endpoint);
        struct s3_server_options options = {rows[i].bucket, rows[i].addressing};
        struct why why = {0};
        c.uses_fips = rows[i].fips;
        c.uses_dualstack = rows[i].dual;
        (void)snprintf(c.region, sizeof c.region, "%s", rows[i].region);
        assert_int_equal(s3_address_check(&options, &c, &why), RES_REFUSE);
        if (!strstr(why.text, rows[i].text)) fail_msg("row %zu: %s", i, why.text);
        if (!strstr(why.remedy, rows[i].remedy)) fail_msg("row %zu: %s", i, why.remedy);
    }
}

static void a_fips_server_that_was_set_gets_the_bucket_in_the_host(void **state)
{
    struct connection c = connection_to("https://s3-fips.eu-west-1.amazonaws.com/");
    struct s3_server_options options = {"events", S3_ADDRESSING_AUTO};
    struct s3_address address;
    struct why why = {0};
    (void)state;
    assert_int_equal(s3_address_check(&options, &c, &why), RES_OK);
    s3_address_make(&options, &c, c.region, &address);
    assert_string_equal(address.host, "events.s3-fips.eu-west-1.amazonaws.com");
    assert_false(address.is_path_style);
}

/* The settings win, so who says `virtual` there is not refused. */
static void a_profile_that_asks_for_the_path_has_no_fips_server(void **state)
{
    struct connection c = connection_to("");
    struct s3_server_options options = {"events", S3_ADDRESSING_AUTO};
    struct why why = {0};
    (void)state;
    c.uses_fips = true;
    c.addressing = CONNECTION_ADDRESSING_PATH;
    (void)snprintf(c.region, sizeof c.region, "us-east-1");
    (void)snprintf(c.addressing_from, sizeof c.addressing_from, "addressing_style below s3 of the profile x");
    assert_int_equal(s3_address_check(&options, &c, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "addressing_style below s3 of the profile x puts it into the path"));
    assert_non_null(strstr(why.remedy, "S3_ADDRESSING=virtual"));
    options.addressing = S3_ADDRESSING_VIRTUAL;
    assert_int_equal(s3_address_check(&options, &c, &why), RES_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_with_the_bucket_in_it_is_refused_with_the_right_value),
        cmocka_unit_test(what_does_not_exist_is_refused_with_the_reason),
        cmocka_unit_test(a_fips_server_that_was_set_gets_the_bucket_in_the_host),
        cmocka_unit_test(a_profile_that_asks_for_the_path_has_no_fips_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
