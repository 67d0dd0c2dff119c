/* test_spool -- which schemas a program can use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/spool.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_is_usable_within_its_major_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
