/* test_sts_identity -- which STS may see the keys. What it answers is tested in tests/e2e/test_check.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/sts_identity.h"

#include <stdio.h>

#define OURS  "http://10.0.0.1:9000"
#define OTHER "http://10.0.0.2:9000"

static void keys_of_another_server_are_shown_to_no_sts_that_was_not_set_for_itself(void **state)
{
    static const struct {
        const char *s3, *sts;
        bool is_own, may_ask;
    } rows[] = {
        {"", "", false, true},      /* AWS */
        {OURS, OURS, false, false}, /* AWS_ENDPOINT_URL for both */
        {OURS, "", false, false},   /* not to AWS */
        {OURS, OURS, true, true},   /* AWS_ENDPOINT_URL_STS */
        {OURS, OTHER, true, true},  /* the same */
        {OURS, OTHER, false,
         false}, /* AWS_ENDPOINT_URL_S3 beside AWS_ENDPOINT_URL, which is for all services */
        {"", OURS, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct connection connection = {.region = "us-east-1", .is_sts_endpoint_own = rows[i].is_own};
        (void)snprintf(connection.s3_endpoint, sizeof connection.s3_endpoint, "%s", rows[i].s3);
        (void)snprintf(connection.sts_endpoint, sizeof connection.sts_endpoint, "%s", rows[i].sts);
        if (sts_identity_may_ask(&connection) != rows[i].may_ask) fail_msg("row %zu", i);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_another_server_are_shown_to_no_sts_that_was_not_set_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
