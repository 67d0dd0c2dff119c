/* test_figures -- counts, sizes and spans as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/figures.h"

struct row {
    int64_t value;
    const char *text;
};

static void check(const struct row *rows, size_t count, const char *(*write)(int64_t, char[FIGURES_SIZE]))
{
    char out[FIGURES_SIZE];
    for (size_t i = 0; i < count; i++) assert_string_equal(write(rows[i].value, out), rows[i].text);
}

#define CHECK(rows, write) check(rows, sizeof(rows) / sizeof *(rows), write)

static void counts_have_commas(void **state)
{
    static const struct row rows[] = {{0, "0"},
                                      {999, "999"},
                                      {1000, "1,000"},
                                      {8200000, "8,200,000"},
                                      {-1234, "-1,234"},
                                      {INT64_MAX, "9,223,372,036,854,775,807"},
                                      {INT64_MIN, "-9,223,372,036,854,775,808"}};
    (void)state;
    CHECK(rows, figures_count);
}

static void sizes_have_the_largest_unit_that_fits(void **state)
{
    static const struct row rows[] = {{0, "0 bytes"},
                                      {1, "1 byte"},
                                      {1023, "1023 bytes"},
                                      {1024, "1 KiB"},
                                      {6758, "6.5 KiB"},
                                      {10239, "9.9 KiB"},
                                      {10240, "10 KiB"},
                                      {1048575, "1023 KiB"},
                                      {10485760, "10 MiB"},
                                      {INT64_C(79312494592), "73 GiB"},
                                      {INT64_MAX, "8388607 TiB"}};
    (void)state;
    CHECK(rows, figures_bytes);
}

static void spans_have_the_largest_unit_that_is_two(void **state)
{
    static const struct row rows[] = {{-5, "0 s"},         {999, "0 s"},         {119999, "119 s"},
                                      {120000, "2 min"},   {7199999, "119 min"}, {7200000, "2 h"},
                                      {172799999, "47 h"}, {172800000, "2 days"}};
    (void)state;
    CHECK(rows, figures_span);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(sizes_have_the_largest_unit_that_fits),
        cmocka_unit_test(spans_have_the_largest_unit_that_is_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
