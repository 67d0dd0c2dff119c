/* test_positive -- positive whole numbers, alone and in lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/positive.h"

static void a_whole_text_is_a_number_or_nothing(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
    } rows[] = {
        {"1", 1},    {"007", 7}, {"999999999999999999", 999999999999999999},
        {"0", 0},    {"", 0},    {"1000000000000000000", 0},
        {"-1", 0},   {"+1", 0},  {" 1", 0},
        {"1 ", 0},   {"1x", 0},  {"1.5", 0},
        {"0x10", 0}, {"\t1", 0}, {NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(positive_parse(rows[i].text), rows[i].number);
}

static void a_list_gives_its_numbers_in_order(void **state)
{
    const char *list = "5 12   7 ";
    (void)state;
    assert_int_equal(positive_next(&list), 5);
    assert_int_equal(positive_next(&list), 12);
    assert_int_equal(positive_next(&list), 7);
    assert_string_equal(list, "");
    assert_int_equal(positive_next(&list), 0);
}

static void a_list_stays_at_its_first_wrong_entry(void **state)
{
    const char *list = "5 x7 8";
    (void)state;
    assert_int_equal(positive_next(&list), 5);
    assert_int_equal(positive_next(&list), 0);
    assert_string_equal(list, "x7 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_text_is_a_number_or_nothing),
        cmocka_unit_test(a_list_gives_its_numbers_in_order),
        cmocka_unit_test(a_list_stays_at_its_first_wrong_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
