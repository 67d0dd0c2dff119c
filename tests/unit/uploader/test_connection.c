/*
 * test_connection -- where we connect and how: what the settings, the profile and its services section say, in which
 * order, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/scratch.h"
#include "uploader/commands/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SET_MAX      8
#define PLACES_MAX   (SET_MAX + 2) /* of the files */

struct fixture {
    struct scratch *scratch;
    char config[200], credentials[200];
    struct connection connection;
    struct why why;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->scratch = scratch_new();
    (void)snprintf(f->config, sizeof f->config, "%s/config", f->scratch->dir);
    (void)snprintf(f->credentials, sizeof f->credentials, "%s/credentials", f->scratch->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    scratch_free(f->scratch);
    free(f);
    return 0;
}

/* Loads what these NAME=value texts and these files say. */
static enum result load(struct fixture *f, const char *const set[SET_MAX], const char *config,
                        const char *credentials)
{
    char config_file[220];
    char credentials_file[240];
    char *env[PLACES_MAX + 1] = {config_file, credentials_file};
    struct settings settings = {0};
    (void)snprintf(config_file, sizeof config_file, "AWS_CONFIG_FILE=%s", f->config);
    (void)snprintf(credentials_file, sizeof credentials_file, "AWS_SHARED_CREDENTIALS_FILE=%s",
                   f->credentials);
    for (size_t i = 0; i < SET_MAX && set[i]; i++) env[i + 2] = (char *)(uintptr_t)set[i];
    scratch_write(f->config, config, strlen(config));
    scratch_write(f->credentials, credentials, strlen(credentials));
    why_clear(&f->why);
    enum result res = settings_load(&settings, env, &f->why);
    struct connection_options options = options_for_connection(&settings);
    if (res == RES_OK) res = connection_load(&f->connection, &options, &f->why);
    settings_free(&settings);
    return res;
}

static void check_text(const struct fixture *f, size_t row, const char *got, const char *expected)
{
    (void)f;
    if (strcmp(got, expected ? expected : "") != 0)
        fail_msg("row %zu: %s, expected %s", row, got, expected ? expected : "nothing");
}

#define SERVICES "services = l\n[services l]\n"

static void the_endpoint_comes_from_the_first_place_that_has_one(void **state)
{
    static const struct {
        const char *set[SET_MAX];
        const char *config, *credentials;
        const char *s3, *s3_from, *sts;
    } rows[] = {
        {{NULL}, "", "", NULL, NULL, NULL},
        {{"AWS_ENDPOINT_URL_S3=http://e:1", "AWS_ENDPOINT_URL=http://e:2"},
         "[default]\nendpoint_url = http://p\n" SERVICES "s3 =\n  endpoint_url = http://s\n",
         "",
         "http://e:1",
         "AWS_ENDPOINT_URL_S3",
         "http://e:2"},
        {{"AWS_ENDPOINT_URL=http://e:2"},
         "[default]\nendpoint_url = http://p\n" SERVICES "s3 =\n  endpoint_url = http://s\n",
         "",
         "http://e:2",
         "AWS_ENDPOINT_URL",
         "http://e:2"},
        {{NULL},
         "[default]\nendpoint_url = http://p\n" SERVICES "s3 =\n  endpoint_url = http://s\n",
         "",
         "http://s",
         "endpoint_url below s3 in [services l]",
         "http://p"},
        {{NULL},
         "[default]\n" SERVICES "s3 =\n  endpoint_url = http://s\nsts =\n  endpoint_url = http://t\n",
         "",
         "http://s",
         "endpoint_url below s3 in [services l]",
         "http://t"},
        {{NULL}, "[default]\n" SERVICES "dynamodb =\n  endpoint_url = http://d\n", "", NULL, NULL, NULL},
        {{NULL},
         "[default]\nendpoint_url = http://p/\n",
         "",
         "http://p/",
         "endpoint_url of the profile default",
         "http://p/"},
        {{NULL},
         "[default]\nendpoint_url = http://c\n",
         "[default]\nendpoint_url = http://d\n",
         "http://d",
         "endpoint_url of the profile default",
         "http://d"},
        {{"AWS_PROFILE=x"},
         "[default]\nendpoint_url = http://p\n[profile x]\nregion = r\n",
         "",
         NULL,
         NULL,
         NULL},
        {{"AWS_DEFAULT_PROFILE=x"},
         "[profile x]\nendpoint_url = http://p\n",
         "",
         "http://p",
         "endpoint_url of the profile x",
         "http://p"},
        {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL=http://e"},
         "[default]\nendpoint_url = http://p\n",
         "",
         NULL,
         NULL,
         NULL},
        {{"AWS_ENDPOINT_URL=http://e"},
         "[default]\nignore_configured_endpoint_urls = True\nendpoint_url = http://p\n",
         "",
         NULL,
         NULL,
         NULL},
        {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false"},
         "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://p\n",
         "",
         "http://p",
         "endpoint_url of the profile default",
         "http://p"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (load(f, rows[i].set, rows[i].config, rows[i].credentials) != RES_OK)
            fail_msg("row %zu: %s", i, f->why.text);
        check_text(f, i, f->connection.s3_endpoint, rows[i].s3);
        check_text(f, i, f->connection.s3_endpoint_from, rows[i].s3_from);
        check_text(f, i, f->connection.sts_endpoint, rows[i].sts);
    }
}

static void only_its_own_endpoint_is_one_that_was_set_for_STS_itself(void **state)
{
    static const struct {
        const char *set[SET_MAX];
        const char *config;
        bool is_own;
    } rows[] = {
        {{NULL}, "", false},
        {{"AWS_ENDPOINT_URL_STS=http://e:1", "AWS_ENDPOINT_URL=http://e:2"}, "", true},
        {{"AWS_ENDPOINT_URL_S3=http://e:1", "AWS_ENDPOINT_URL=http://e:2"}, "", false},
        {{"AWS_ENDPOINT_URL_S3=http://e:1"}, "[default]\nendpoint_url = http://p\n", false},
        {{NULL}, "[default]\n" SERVICES "sts =\n  endpoint_url = http://t\n", true},
        {{"AWS_ENDPOINT_URL=http://e"}, "[default]\n" SERVICES "sts =\n  endpoint_url = http://t\n", false},
        {{NULL}, "[default]\nendpoint_url = http://p\n" SERVICES "s3 =\n  endpoint_url = http://s\n", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (load(f, rows[i].set, rows[i].config, "") != RES_OK) fail_msg("row %zu: %s", i, f->why.text);
        if (f->connection.is_sts_endpoint_own != rows[i].is_own) fail_msg("row %zu", i);
    }
}

/* What else is found, in one text. */
static void show(const struct connection *c, char out[600])
{
    static const char *const addressing[] = {"auto", "path", "virtual"};
    (void)snprintf(out, 600, "%s (%.100s)%s%s%s%s %s imds=%.100s ca=%.100s", c->region, c->region_from,
                   c->uses_fips ? " fips" : "", c->uses_dualstack ? " dualstack" : "",
                   c->uses_dualstack_sts ? " dualstack-sts" : "", c->uses_global_sts ? " global-sts" : "",
                   addressing[c->addressing], c->imds_endpoint, c->ca_bundle);
}

#define IMDS    " imds=http://169.254.169.254 ca="
#define NOWHERE "us-east-1 (no region is set)"

static void the_profile_counts_where_the_settings_say_nothing(void **state)
{
    static const struct {
        const char *set[SET_MAX];
        const char *config;
        const char *shown;
    } rows[] = {
        {{NULL}, "", NOWHERE " auto" IMDS},
        {{NULL}, "[default]\nregion = eu-west-1\n", "eu-west-1 (region of the profile default) auto" IMDS},
        {{"AWS_DEFAULT_REGION=eu-west-2"},
         "[default]\nregion = x\n",
         "eu-west-2 (AWS_DEFAULT_REGION) auto" IMDS},
        {{NULL},
         "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = TRUE\n",
         NOWHERE " fips dualstack dualstack-sts auto" IMDS},
        {{"AWS_USE_FIPS_ENDPOINT=false", "AWS_USE_DUALSTACK_ENDPOINT=False"},
         "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n",
         NOWHERE " auto" IMDS},
        {{"AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"},
         "[default]\nuse_fips_endpoint = false\ns3 =\n  use_dualstack_endpoint = false\n",
         NOWHERE " fips dualstack dualstack-sts auto" IMDS},
        {{NULL},
         "[default]\ns3 =\n  use_dualstack_endpoint = true\n  addressing_style = path\n",
         NOWHERE " dualstack path" IMDS},
        {{NULL}, "[default]\ns3 =\n  addressing_style = virtual\n", NOWHERE " virtual" IMDS},
        {{NULL}, "[default]\ns3 =\n  addressing_style = auto\n", NOWHERE " auto" IMDS},
        {{NULL}, "[default]\nsts_regional_endpoints = legacy\n", NOWHERE " global-sts auto" IMDS},
        {{"AWS_STS_REGIONAL_ENDPOINTS=regional"},
         "[default]\nsts_regional_endpoints = legacy\n",
         NOWHERE " auto" IMDS},
        {{"AWS_STS_REGIONAL_ENDPOINTS=legacy"}, "", NOWHERE " global-sts auto" IMDS},
        {{NULL}, "[default]\nca_bundle = /etc/x.pem\n", NOWHERE " auto" IMDS "/etc/x.pem"},
        {{"AWS_CA_BUNDLE=/y"}, "[default]\nca_bundle = /etc/x.pem\n", NOWHERE " auto" IMDS "/y"},
        {{NULL},
         "[default]\nec2_metadata_service_endpoint_mode = IPv6\n",
         NOWHERE " auto imds=http://[fd00:ec2::254] ca="},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv6"},
         "",
         NOWHERE " auto imds=http://[fd00:ec2::254] ca="},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv4"},
         "[default]\nec2_metadata_service_endpoint_mode = IPv6\n",
         NOWHERE " auto" IMDS},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6"},
         "[default]\nec2_metadata_service_endpoint = http://m\n",
         NOWHERE " auto imds=http://m ca="},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://n"},
         "[default]\nec2_metadata_service_endpoint = http://m\n",
         NOWHERE " auto imds=http://n ca="},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char shown[600];
        if (load(f, rows[i].set, rows[i].config, "") != RES_OK) fail_msg("row %zu: %s", i, f->why.text);
        show(&f->connection, shown);
        check_text(f, i, shown, rows[i].shown);
    }
}

static void what_is_wrong_is_refused_with_its_place_and_a_remedy(void **state)
{
    static const struct {
        const char *set[SET_MAX];
        const char *config;
        const char *says, *remedy;
    } rows[] = {
        {{"AWS_PROFILE=x"}, "", "AWS_PROFILE=x: there is no such profile", "correct AWS_PROFILE"},
        {{"AWS_DEFAULT_PROFILE=x"}, "", "AWS_DEFAULT_PROFILE=x: there is", "correct AWS_DEFAULT_PROFILE"},
        {{"AWS_PROFILE=x", "AWS_DEFAULT_PROFILE=y"}, "", "set AWS_PROFILE alone", ""},
        {{NULL},
         "[default]\nservices = l\n",
         "services of the profile default is l: there is no",
         "profiles are in"},
        {{NULL}, "[default]\nservices = l\n[services l]\n", "or it is empty", "profiles are in"},
        {{NULL},
         "[default]\nendpoint_url = http://user:SECRET@h\n",
         "endpoint_url of the profile default=http://***@h: expected http:// or https://",
         "profiles are in"},
        {{NULL}, "[default]\nendpoint_url = http://h/path\n", "and nothing more", "profiles are in"},
        {{NULL},
         "[default]\n" SERVICES "s3 =\n  endpoint_url = h:9000\n",
         "endpoint_url below s3 in [services l]=h:9000: expected",
         "profiles are in"},
        {{NULL},
         "[default]\n" SERVICES "sts =\n  endpoint_url = h:9000\n",
         "endpoint_url below sts in [services l]=h:9000: expected",
         "profiles are in"},
        {{NULL},
         "[default]\n" SERVICES "endpoint_url = http://h\n",
         "endpoint_url of the section services l is not supported",
         "on a line of its own"},
        {{NULL},
         "[default]\n" SERVICES "s3 = http://h\n",
         "s3 of the section services l is not supported",
         "on a line of its own"},
        {{NULL},
         "[default]\n" SERVICES "s3 =\n  endpoint = http://h\n",
         "endpoint below s3 of the section services l is not supported",
         "on a line of its own"},
        {{NULL},
         "[default]\ns3 =\n  endpoint_url = http://h\n",
         "endpoint_url below s3 of the profile default is not supported",
         "[services NAME]"},
        {{NULL},
         "[default]\nendpoint-url = http://h\n",
         "endpoint-url of the profile default is not",
         "write endpoint_url"},
        {{NULL},
         "[default]\nregion = not/a region\n",
         "region of the profile default=not/a region",
         "profiles are in"},
        {{NULL},
         "[default]\nregion = r0123456789r0123456789r0123456789r0123456789r0123456789r0123456789\n",
         "region of the profile default is too long: it has 66 characters, and 64 are possible",
         "profiles are in"},
        {{NULL},
         "[default]\nuse_fips_endpoint = yes\n",
         "use_fips_endpoint of the profile default is yes: expected false or true",
         "profiles are in"},
        {{"AWS_USE_FIPS_ENDPOINT=yes"},
         "",
         "AWS_USE_FIPS_ENDPOINT=yes is not understood: expected one of false|true",
         ""},
        {{"AWS_USE_DUALSTACK_ENDPOINT=1"}, "", "expected one of false|true", ""},
        {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=1"}, "", "expected one of false|true", ""},
        {{NULL},
         "[default]\nuse_dualstack_endpoint = 1\n",
         "is 1: expected false or true",
         "profiles are in"},
        {{NULL},
         "[default]\ns3 =\n  use_dualstack_endpoint = 1\n",
         "use_dualstack_endpoint below s3 of the profile default is 1",
         "profiles are in"},
        {{NULL},
         "[default]\nignore_configured_endpoint_urls = 1\n",
         "expected false or true",
         "profiles are in"},
        {{NULL}, "[default]\nsts_regional_endpoints = x\n", "expected regional or legacy", "profiles are in"},
        {{NULL},
         "[default]\nec2_metadata_service_endpoint_mode = 6\n",
         "expected ipv4 or ipv6",
         "profiles are in"},
        {{NULL}, "[default]\nec2_metadata_service_endpoint = x\n", "expected http:// or", "profiles are in"},
        {{NULL},
         "[default]\ns3 =\n  addressing_style = x\n",
         "expected auto, path or virtual",
         "profiles are in"},
        {{NULL},
         "[default]\ns3 =\n  use_accelerate_endpoint = true\n",
         "use_accelerate_endpoint below s3",
         "set it to false"},
        {{NULL},
         "[default]\ns3 =\n  signature_version = s3\n",
         "signature_version below s3",
         "set it to s3v4"},
        {{NULL}, "[default]\nimds_use_ipv6 = true\n", "imds_use_ipv6", "ec2_metadata_service_endpoint_mode"},
        {{NULL}, "[default]\nproxy_client_cert = /x\n", "proxy_client_cert", "remove it"},
        {{NULL}, "[default]\naws_security_token = t\n", "aws_security_token", "aws_session_token"},
        {{"AWS_PROFILE=x"},
         "[profile x]\nregion = r\n[x]\nendpoint_url = http://h\n",
         "the section [x] of the config file is no profile",
         "write [profile x]"},
        {{"AWS_PROFILE=x"},
         "[profile x]\nregion = r\n[Profile  x]\nendpoint_url = http://h\n",
         "the section [Profile  x]",
         "write [profile x]"},
        {{NULL}, "[Default]\nendpoint_url = http://h\n", "the section [Default]", "write [default]"},
        {{NULL},
         "[default]\ns3 = {\"addressing_style\": \"path\"}\n",
         "s3 of the profile default",
         "s3 = on a line of its own"},
        {{NULL},
         "[default]\ns3 = x\n  addressing_style = path\n",
         "s3 of the profile default",
         "s3 = on a line of its own"},
        {{NULL}, "[default]\nuse_fips = true\n", "use_fips of the profile default", "use_fips_endpoint"},
        {{NULL}, "[default]\naddressing_style = path\n", "addressing_style of the profile", "below s3"},
        {{NULL},
         "[default]\ns3 =\n  use_dualstack = true\n",
         "use_dualstack below s3",
         "use_dualstack_endpoint"},
        {{NULL}, "[default]\nca-bundle = /x\n", "ca-bundle of the profile default", "write ca_bundle"},
        {{"AWS_CONTAINER_SERVICE_ENDPOINT=http://h"}, "", "AWS_CONTAINER_SERVICE_ENDPOINT", "FULL_URI"},
        {{"AWS_ACCESS_KEY_ID=a", "AWS_SECURITY_TOKEN=TOPSECRET"},
         "",
         "AWS_SECURITY_TOKEN is not",
         "AWS_SESSION_TOKEN"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (load(f, rows[i].set, rows[i].config, "") != RES_REFUSE) fail_msg("row %zu is not refused", i);
        if (!strstr(f->why.text, rows[i].says)) fail_msg("row %zu: %s", i, f->why.text);
        if (!strstr(f->why.remedy, rows[i].remedy)) fail_msg("row %zu: %s", i, f->why.remedy);
        assert_null(strstr(f->why.text, "SECRET;"));
        assert_null(strstr(f->why.text, "user:"));
    }
}

static void what_changes_nothing_is_passed_over(void **state)
{
    static const char *const set[SET_MAX] = {"AWS_ACCESS_KEY_ID=a", "AWS_SESSION_TOKEN=t",
                                             "AWS_SECURITY_TOKEN=t", "AWS_IMDS_USE_IPV6=false",
                                             "AWS_RETRY_MODE=standard"};
    struct fixture *f = *state;
    char shown[600];
    if (load(f, set,
             "[default]\noutput = json\ncli_pager =\nretry_mode = x\naccount_id_endpoint_mode = required\n"
             "s3 =\n  use_accelerate_endpoint = False\n  signature_version = s3v4\n  max_queue_size = 1\n"
             "dynamodb =\n  endpoint_url = http://d\n  use_fips = true\n[x]\nendpoint_url = "
             "http://h\n[profile x]\nuse_fips_endpoint = what\n",
             "[default]\naws_security_token = t\naws_session_token = t\n") != RES_OK)
        fail_msg("%s", f->why.text);
    show(&f->connection, shown);
    assert_string_equal(shown, NOWHERE " auto" IMDS);
}

static void certificates_from_a_pipe_are_refused(void **state)
{
    struct fixture *f = *state;
    char path[200];
    char set[240];
    (void)snprintf(path, sizeof path, "%s/pipe", f->scratch->dir);
    (void)snprintf(set, sizeof set, "AWS_CA_BUNDLE=%s", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(load(f, (const char *const[SET_MAX]){set}, "", ""), RES_REFUSE);
    assert_non_null(strstr(f->why.text, "that is a pipe"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_endpoint_comes_from_the_first_place_that_has_one),
        TEST(only_its_own_endpoint_is_one_that_was_set_for_STS_itself),
        TEST(the_profile_counts_where_the_settings_say_nothing),
        TEST(what_is_wrong_is_refused_with_its_place_and_a_remedy),
        TEST(what_changes_nothing_is_passed_over),
        TEST(certificates_from_a_pipe_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
