/* test_inodes -- whether a file system has a place for another file. tests/e2e/test_disk.py has one without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/inodes.h"

static void the_directory_answers_for_a_file_that_is_not_there(void **state)
{
    (void)state;
    assert_true(inodes_left("/") > 0);
    assert_true(inodes_left("/nothing") > 0);
    assert_true(inodes_left("nothing") > 0);
    assert_true(inodes_left("/nowhere/at/all") == INT64_MAX);
}

static void an_error_keeps_its_text_where_inodes_are_left(void **state)
{
    struct why why = {.text = "cannot create it", .remedy = "free space"};
    (void)state;
    assert_int_equal(inodes_explain("/nothing", RES_RETRY, &why), RES_RETRY);
    assert_string_equal(why.text, "cannot create it");
    assert_string_equal(why.remedy, "free space");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_directory_answers_for_a_file_that_is_not_there),
        cmocka_unit_test(an_error_keeps_its_text_where_inodes_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
