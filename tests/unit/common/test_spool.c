/* test_spool -- which schemas a program can use, and where the files of the log are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/spool.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log_place.h"
#include "tests/support/scratch.h"

enum { FIRST = SPOOL_SCHEMA_FIRST };

static void a_schema_is_usable_within_its_major_version(void **state)
{
    static const struct {
        int64_t schema, current;
        enum spool_age age;
    } rows[] = {
        {1, FIRST, SPOOL_AGE_DEVELOPMENT},
        {102, FIRST, SPOOL_AGE_DEVELOPMENT},
        {FIRST - 1, FIRST, SPOOL_AGE_DEVELOPMENT},
        {FIRST - 1, 205, SPOOL_AGE_DEVELOPMENT},
        {FIRST, FIRST, SPOOL_AGE_USABLE},
        {FIRST + 1, FIRST, SPOOL_AGE_USABLE},
        {199, FIRST, SPOOL_AGE_USABLE},
        {200, FIRST, SPOOL_AGE_TOO_NEW},
        {FIRST, FIRST + 1, SPOOL_AGE_OLDER},
        {199, 200, SPOOL_AGE_OLDER},
        {200, 200, SPOOL_AGE_USABLE},
        {300, 200, SPOOL_AGE_TOO_NEW},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(spool_age_of(rows[i].schema, rows[i].current), rows[i].age);
}

static void the_log_is_beside_the_file_to_which_a_link_leads(void **state)
{
    struct scratch *scratch = scratch_new();
    char link[PATH_MAX];
    char real[PATH_MAX];
    char expected[PATH_MAX + 8];
    char path[PATH_MAX];
    (void)state;
    (void)snprintf(link, sizeof link, "%s-link", scratch->spool);
    FILE *file = fopen(scratch->spool, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(symlink(scratch->spool, link), 0);
    assert_non_null(realpath(scratch->spool, real));
    (void)snprintf(expected, sizeof expected, "%s-wal", real);
    assert_string_equal(log_place_path(link, "-wal", path), expected);
    assert_string_equal(log_place_path(scratch->spool, "-wal", path), expected);
    assert_string_equal(log_place_path("/nowhere/spool.db", "-shm", path), "/nowhere/spool.db-shm");
    assert_int_equal(unlink(link), 0);
    scratch_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_is_beside_the_file_to_which_a_link_leads),
        cmocka_unit_test(a_schema_is_usable_within_its_major_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
