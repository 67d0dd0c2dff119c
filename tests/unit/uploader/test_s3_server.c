/* test_s3_server -- where requests go, for which region and at what time, and what answers teach about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/s3_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The server borrows these: one at a time. */
static struct s3_server *server_of(const char *bucket, const char *endpoint, enum s3_addressing addressing,
                                   const char *region)
{
    static char name[64];
    static struct connection connection;
    (void)snprintf(name, sizeof name, "%s", bucket);
    (void)snprintf(connection.s3_endpoint, sizeof connection.s3_endpoint, "%s", endpoint ? endpoint : "");
    (void)snprintf(connection.region, sizeof connection.region, "%s", region);
    struct s3_server_options options = {.bucket = name, .addressing = addressing};
    return s3_server_new(&options, &connection);
}

static void requests_go_where_the_options_say(void **state)
{
    static const struct {
        const char *bucket, *endpoint;
        enum s3_addressing addressing;
        const char *region, *url;
    } rows[] = {
        {"bbb", NULL, S3_ADDRESSING_AUTO, "eu-west-1", "https://bbb.s3.eu-west-1.amazonaws.com"},
        {"b.c", NULL, S3_ADDRESSING_AUTO, "eu-west-1", "https://s3.eu-west-1.amazonaws.com"},
        {"bbb", NULL, S3_ADDRESSING_PATH, "eu-west-1", "https://s3.eu-west-1.amazonaws.com"},
        {"bbb", NULL, S3_ADDRESSING_AUTO, "cn-north-1", "https://bbb.s3.cn-north-1.amazonaws.com.cn"},
        {"bbb", "http://127.0.0.1:9000", S3_ADDRESSING_AUTO, "x", "http://127.0.0.1:9000"},
        {"bbb", "http://[::1]:9000/", S3_ADDRESSING_AUTO, "x", "http://[::1]:9000"},
        {"bbb", "https://s3.example.com/", S3_ADDRESSING_VIRTUAL, "x", "https://bbb.s3.example.com"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char url[S3_HOST_SIZE + 16];
        struct s3_address address;
        struct s3_server *server =
            server_of(rows[i].bucket, rows[i].endpoint, rows[i].addressing, rows[i].region);
        s3_server_address(server, &address);
        (void)snprintf(url, sizeof url, "%s://%s", address.scheme, address.host);
        assert_string_equal(url, rows[i].url);
        assert_string_equal(address.region, rows[i].region);
        assert_true(llabs(address.at_s - clock_now_ms() / 1000) <= 1);
        s3_server_free(server);
    }
    s3_server_free(NULL);
}

/* Does a server that names this region change where the next request goes? */
static bool follows(const char *endpoint, const char *ours, long status, const char *region, char *host)
{
    struct s3_address address;
    struct http_answer answer = {.status = status};
    struct s3_server *server = server_of("bbb", endpoint, S3_ADDRESSING_AUTO, ours);
    (void)snprintf(answer.region, sizeof answer.region, "%s", region);
    s3_server_address(server, &address);
    bool is_learnt = s3_server_learn_region(server, &address, &answer);
    s3_server_address(server, &address);
    assert_string_equal(address.region, is_learnt ? region : ours);
    (void)snprintf(host, S3_HOST_SIZE, "%s", address.host);
    assert_false(s3_server_learn_region(server, &address, &answer)); /* named again: it was not the region */
    s3_server_free(server);
    return is_learnt;
}

static void only_a_valid_aws_region_changes_the_host(void **state)
{
    static const char *const regions[] = {"eu-west-1", "mx-central-1", "ap-southeast-12"};
    static const char *const others[] = {"",
                                         "us-east-1",  /* as before */
                                         "cn-north-1", /* of other partitions, as are the next two */
                                         "us-gov-east-1",
                                         "eusc-de-east-1",
                                         "fips-us-west-2", /* has no server of that name */
                                         "evil",
                                         "1",
                                         "-1",
                                         "eu-1",
                                         "eu-west",
                                         "eu-west-",
                                         "eu-west-1-",
                                         "eu-west-123",
                                         "EU-west-1",
                                         "eu--west-1",
                                         "e-w-1",
                                         "eu-west-1.evil.example",
                                         "evil.example/eu-west-1",
                                         "eu-west-1@evil",
                                         "eu-west-1:80"};
    char host[S3_HOST_SIZE];
    char expected[S3_HOST_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(regions); i++) {
        assert_true(follows(NULL, "us-east-1", 301, regions[i], host));
        (void)snprintf(expected, sizeof expected, "bbb.s3.%s.amazonaws.com", regions[i]);
        assert_string_equal(host, expected);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        if (follows(NULL, "us-east-1", 301, others[i], host)) fail_msg("follows %s", others[i]);
        assert_string_equal(host, "bbb.s3.us-east-1.amazonaws.com");
    }
    assert_false(follows(NULL, "cn-north-1", 301, "us-east-1", host));
    assert_true(follows(NULL, "cn-north-1", 301, "cn-northwest-1", host));
    assert_string_equal(host, "bbb.s3.cn-northwest-1.amazonaws.com.cn");
}

static void a_custom_endpoint_stays_and_only_its_signing_region_changes(void **state)
{
    static const long statuses[] = {301, 307, 400};
    static const long others[] = {200, 302, 403, 404, 500};
    char host[S3_HOST_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++)
        assert_true(follows("http://store:9000", "us-east-1", statuses[i], "RegionOne", host));
    assert_string_equal(host, "store:9000");
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(follows("http://store:9000", "us-east-1", others[i], "RegionOne", host));
    assert_false(follows("http://store:9000", "us-east-1", 301, "evil.example/", host));
}

static void set_body(struct http_answer *answer, const char *code)
{
    char body[128];
    int len = snprintf(body, sizeof body, "<Error><Code>%s</Code></Error>", code);
    buf_append(&answer->body, body, (size_t)len);
}

/* The region was named by a portal, perhaps: the settings' own is used again when the learnt one is refused. */
static void a_learnt_region_that_is_refused_is_forgotten(void **state)
{
    static const char *const codes[] = {"SignatureDoesNotMatch", "AuthorizationHeaderMalformed"};
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct s3_address address;
        struct http_answer moved = {.status = 301, .region = "elsewhere"};
        struct http_answer refusal = {.status = 403};
        struct http_answer denied = {.status = 403};
        struct s3_server *server = server_of("bbb", "http://store:9000", S3_ADDRESSING_AUTO, "us-east-1");
        set_body(&refusal, codes[i]);
        set_body(&denied, "AccessDenied");
        s3_server_address(server, &address);
        assert_false(s3_server_doubt_region(server, &address, &refusal)); /* it is the settings' */
        assert_true(s3_server_learn_region(server, &address, &moved));
        s3_server_address(server, &address);
        assert_string_equal(address.region, "elsewhere");
        assert_false(s3_server_doubt_region(server, &address, &denied));
        assert_true(s3_server_doubt_region(server, &address, &refusal));
        s3_server_address(server, &address);
        assert_string_equal(address.region, "us-east-1");
        http_answer_fini(&refusal);
        http_answer_fini(&denied);
        s3_server_free(server);
    }
}

/* How far off does the server's clock seem after an answer that has this date, `offset` seconds from ours? */
static int64_t ahead_after(long status, const char *body, int64_t date_s, bool *is_learnt)
{
    struct s3_address address;
    struct http_answer answer = {.status = status};
    struct s3_server *server = server_of("bbb", "http://store", S3_ADDRESSING_AUTO, "us-east-1");
    time_t at = (time_t)(clock_now_ms() / 1000 + date_s);
    struct tm tm;
    (void)strftime(answer.date, sizeof answer.date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
    buf_append_text(&answer.body, body);
    s3_server_address(server, &address);
    *is_learnt = s3_server_learn_clock(server, &address, &answer);
    s3_server_address(server, &address);
    http_answer_fini(&answer);
    s3_server_free(server);
    return address.at_s - clock_now_ms() / 1000;
}

static void the_servers_time_is_adopted_when_ours_is_refused(void **state)
{
    static const char skewed[] = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
    static const char denied[] = "<Error><Code>AccessDenied</Code></Error>";
    static const struct {
        long status;
        const char *body;
        int64_t date_s;
        bool is_learnt;
    } rows[] = {
        {403, skewed, 1200, true},  {403, skewed, -1200, true}, {403, skewed, 90, true},
        {403, skewed, 5, false},    {403, "", 1200, true},      {403, "", -1200, true},
        {403, "", 90, false}, /* just forbidden */
        {403, denied, 1200, false}, {400, skewed, 1200, false}, {500, "", 1200, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool is_learnt = false;
        int64_t ahead_s = ahead_after(rows[i].status, rows[i].body, rows[i].date_s, &is_learnt);
        assert_int_equal(is_learnt, rows[i].is_learnt);
        assert_true(llabs(ahead_s - (is_learnt ? rows[i].date_s : 0)) <= 2);
    }
}

static void an_invalid_date_leaves_the_clock_unchanged(void **state)
{
    static const char *const dates[] = {"",
                                        "yesterday",
                                        "Thu, 01 Jan 1970 00:00:00 GMT",
                                        "Fri, 31 Dec 9999 23:59:59 GMT",
                                        "Sat, 01 Jan 10000 00:00:00 GMT",
                                        "Mon, 01 Jan 2147483647 00:00:00 GMT"};
    (void)state;
    for (size_t i = 0; i < COUNT(dates); i++) {
        struct s3_address address;
        struct http_answer answer = {.status = 403};
        struct s3_server *server = server_of("bbb", NULL, S3_ADDRESSING_AUTO, "us-east-1");
        (void)snprintf(answer.date, sizeof answer.date, "%s", dates[i]);
        s3_server_address(server, &address);
        assert_false(s3_server_learn_clock(server, &address, &answer));
        s3_server_address(server, &address);
        assert_true(llabs(address.at_s - clock_now_ms() / 1000) < 60);
        s3_server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_go_where_the_options_say),
        cmocka_unit_test(only_a_valid_aws_region_changes_the_host),
        cmocka_unit_test(a_custom_endpoint_stays_and_only_its_signing_region_changes),
        cmocka_unit_test(a_learnt_region_that_is_refused_is_forgotten),
        cmocka_unit_test(the_servers_time_is_adopted_when_ours_is_refused),
        cmocka_unit_test(an_invalid_date_leaves_the_clock_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
