/*
 * test_endpoint -- the hosts of S3 and STS are those that botocore's rules give, for every region that it knows, times FIPS,
 * dual-stack, addressing and names of buckets; where they differ, the reason stands here.
 *
 * tests/support/botocore_hosts.py asks the distribution's botocore; EVENTSPOOL_PYTHON=python3 another one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/credentials/sts_target.h"
#include "uploader/http/partition.h"
#include "uploader/store/s3_address.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LINE_SIZE    2048

/* One line of botocore's answer. */
struct row {
    char service[8], region[64], addressing[16], bucket[128], endpoint[64], url[512];
    int fips, dual, is_global;
};

static void read_row(char *line, struct row *row)
{
    int n = sscanf(line, "%7[^\t]\t%63[^\t]\t%d\t%d\t%d\t%15[^\t]\t%127[^\t]\t%63[^\t]\t%511[^\n]",
                   row->service, row->region, &row->fips, &row->dual, &row->is_global, row->addressing,
                   row->bucket, row->endpoint, row->url);
    if (n != 9) fail_msg("not understood: %s", line);
}

static void connect_as(const struct row *row, struct connection *c)
{
    *c = (struct connection){.uses_fips = row->fips,
                             .uses_dualstack = row->dual,
                             .uses_dualstack_sts = row->dual,
                             .uses_global_sts = row->is_global};
    (void)snprintf(c->region, sizeof c->region, "%s", row->region);
    if (strcmp(row->endpoint, "-") == 0) return;
    (void)snprintf(c->s3_endpoint, sizeof c->s3_endpoint, "%s", row->endpoint);
    (void)snprintf(c->sts_endpoint, sizeof c->sts_endpoint, "%s", row->endpoint);
}

static enum s3_addressing addressing_of(const char *name)
{
    if (strcmp(name, "path") == 0) return S3_ADDRESSING_PATH;
    return strcmp(name, "virtual") == 0 ? S3_ADDRESSING_VIRTUAL : S3_ADDRESSING_AUTO;
}

/* The URL that we would use; "-" and the reason where we refuse. */
static void find_url(const struct row *row, char *url, size_t size)
{
    struct connection connection;
    struct sts_target target;
    struct s3_address address;
    struct why why = {0};
    struct s3_server_options options = {row->bucket, addressing_of(row->addressing)};
    bool is_s3 = strcmp(row->service, "s3") == 0;
    connect_as(row, &connection);
    enum result res =
        is_s3 ? s3_address_check(&options, &connection, &why) : sts_target_find(&connection, &target, &why);
    if (res != RES_OK) {
        (void)snprintf(url, size, "- %s", why.text);
        assert_true(*why.remedy);
    } else if (is_s3) {
        s3_address_make(&options, &connection, connection.region, &address);
        (void)snprintf(url, size, "%s://%s%s%s", address.scheme, address.host,
                       address.is_path_style ? "/" : "", address.is_path_style ? row->bucket : "");
    } else {
        (void)snprintf(url, size, "%s", target.url);
        url[strlen(url) - 1] = '\0'; /* the slash */
    }
}

static bool is_sts(const struct row *row)
{
    return strcmp(row->service, "sts") == 0;
}

/* ---- where we differ ---- */

static bool is_pseudo_region(const struct row *row)
{
    return strncmp(row->region, "aws-", 4) == 0 && strcmp(row->region, "aws-global") != 0;
}

static bool is_global_with_wishes(const struct row *row)
{
    return is_sts(row) && strcmp(row->region, "aws-global") == 0 && (row->fips || row->dual);
}

static bool is_isolated_dualstack(const struct row *row)
{
    return is_sts(row) && row->dual && strncmp(partition_of_region(row->region)->name, "aws-iso", 7) == 0;
}

static bool is_fips_path(const struct row *row)
{
    return !is_sts(row) && row->fips;
}

static const struct difference {
    bool (*is_it)(const struct row *row);
    const char *ours;
    bool is_of_newer_ones; /* the distribution's botocore agrees with us */
    const char *reason;
} differences[] = {
    {is_pseudo_region, "- ", false,
     "aws-cn-global and its like are names of botocore's for services without regions. Neither S3 nor STS "
     "has such a host: "
     "the rules make one up from the name. We refuse them."},
    {is_global_with_wishes, "https://sts", false,
     "For aws-global with FIPS or dual-stack the rules make up a host with aws-global in it, which does not "
     "exist. We take "
     "that of us-east-1, which aws-global is signed for, as the rules of S3 do."},
    {is_isolated_dualstack, "- ", true,
     "The isolated partitions: the data of the distribution's botocore says that they have no dual-stack "
     "servers, newer "
     "data names some. Nobody outside can look them up, so we refuse."},
    {is_fips_path, "- ", true,
     "FIPS hosts take the bucket in the host's name alone, as AWS's list of FIPS endpoints says, and the "
     "rules of the "
     "distribution's botocore. Newer rules make a path of it all the same. We refuse."},
};

static const struct difference *explain(const struct row *row, const char *ours)
{
    for (size_t i = 0; i < COUNT(differences); i++)
        if (differences[i].is_it(row) && strncmp(ours, differences[i].ours, strlen(differences[i].ours)) == 0)
            return &differences[i];
    return NULL;
}

static bool is_same(const char *ours, const char *theirs)
{
    return *ours == '-' ? *theirs == '-' : strcmp(ours, theirs) == 0;
}

static void hosts_and_refusals_are_those_of_botocore(void **state)
{
    char command[256];
    char line[LINE_SIZE];
    const char *python = getenv("EVENTSPOOL_PYTHON");
    int rows = 0;
    int used[COUNT(differences)] = {0};
    (void)state;
    (void)snprintf(command, sizeof command, "%s -B tests/support/botocore_hosts.py",
                   python ? python : "/usr/bin/python3");
    FILE *answer = popen(command, "r");
    assert_non_null(answer);
    for (; fgets(line, sizeof line, answer); rows++) {
        char ours[LINE_SIZE];
        struct row row;
        read_row(line, &row);
        find_url(&row, ours, sizeof ours);
        if (is_same(ours, row.url)) continue;
        const struct difference *difference = explain(&row, ours);
        if (!difference) fail_msg("%sours: %s", line, ours);
        used[difference - differences]++;
    }
    assert_int_equal(pclose(answer), 0);
    assert_true(rows > 800);
    for (size_t i = 0; i < COUNT(differences); i++)
        if (!used[i] && !differences[i].is_of_newer_ones)
            fail_msg("no longer needed: %s", differences[i].reason);
}

/* The distribution's botocore is older than this partition: AWS, "AWS European Sovereign Cloud". */
static void the_sovereign_cloud_has_a_domain_of_its_own(void **state)
{
    struct row row = {.service = "s3",
                      .region = "eusc-de-east-1",
                      .addressing = "auto",
                      .bucket = "events",
                      .endpoint = "-"};
    char url[LINE_SIZE];
    (void)state;
    find_url(&row, url, sizeof url);
    assert_string_equal(url, "https://events.s3.eusc-de-east-1.amazonaws.eu");
    (void)snprintf(row.service, sizeof row.service, "sts");
    find_url(&row, url, sizeof url);
    assert_string_equal(url, "https://sts.eusc-de-east-1.amazonaws.eu");
    row.dual = 1;
    find_url(&row, url, sizeof url);
    assert_string_equal(url, "https://sts.eusc-de-east-1.api.amazonwebservices.eu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_refusals_are_those_of_botocore),
        cmocka_unit_test(the_sovereign_cloud_has_a_domain_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
