/* test_region -- which texts are a region's name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/region.h"

#include <string.h>

static void letters_digits_and_dashes_are_a_region(void **state)
{
    struct why why = {0};
    (void)state;
    assert_true(region_is_valid("eu-central-1"));
    assert_true(region_is_valid("RegionOne"));
    assert_false(region_is_valid("eu central"));
    assert_false(region_is_valid("evil.example/?"));
    assert_int_equal(region_check("AWS_REGION", "eu-central-1", &why), RES_OK);
    assert_int_equal(region_check("AWS_REGION", "a/b", &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "AWS_REGION=a/b"));
}

static void a_name_of_aws_has_words_and_a_number(void **state)
{
    static const char *const names[] = {"eu-west-1", "us-gov-east-1", "ap-southeast-12"};
    static const char *const others[] = {"",     "eu",         "eu-west",     "eu-west-",
                                         "eu-1", "external-1", "eu-west-123", "EU-west-1"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_true(region_is_aws_name(names[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_false(region_is_aws_name(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_digits_and_dashes_are_a_region),
        cmocka_unit_test(a_name_of_aws_has_words_and_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
