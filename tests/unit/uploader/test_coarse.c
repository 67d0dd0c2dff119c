/* test_coarse -- what is said about a reject whose payload may not be shown: its place and its reason, nothing quoted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render/coarse.h"

#include <stdio.h>
#include <string.h>

#include "common/sql.h"

static void only_the_numbers_of_the_place_are_taken_from_a_detail(void **state)
{
    static const char xml[] = "not well-formed XML";
    static const char left[] = "what is left of reject 17, from which 3 events were taken: ";
    static const struct {
        const char *detail, *place;
    } rows[] = {
        {"line 3, column 17: Attribute Smith redefined", "line 3, column 17: "},
        {"line 3, column 17", "line 3, column 17: "},
        {"line 12345678, column 1: x", "line 12345678, column 1: "},
        {"line 123456789, column 1: x", ""},
        {"line 1, column 4111111111111111: x", ""},
        {"line Smith, column 3: x", ""},
        {"line 3, column Smith: x", ""},
        {"line -3, column 1: x", ""},
        {"line 3", ""},
        {"Attribute line 3, column 17: x", ""},
        {"xmlns:Smith: 'Smith' is not a valid URI", ""},
        {"once its prefixes are declared: Smith", ""},
        {"what is left of reject 17, from which 1 event was taken: line 2, column 9: Smith",
         "line 2, column 9: "},
        {"what is left of reject 17, from which 3 events were taken: Smith", ""},
        {"what is left of reject Smith", ""},
        {left, ""},
        {"", ""},
    };
    char text[COARSE_SIZE];
    char expected[COARSE_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(expected, sizeof expected, "%s%s", rows[i].place, xml);
        assert_string_equal(coarse_detail("malformed", rows[i].detail, text), expected);
    }
}

/* The schema lists them: (reason IN ('malformed', 'oversize', ...)). */
static void every_reason_has_words_of_its_own(void **state)
{
    const char *at = strstr(sql_schema_001_init, "CHECK (reason IN (");
    char text[COARSE_SIZE];
    char reason[40];
    int count = 0;
    (void)state;
    assert_non_null(at);
    const char *end = strchr(at, ')');
    for (at = strchr(at, '\''); at && at < end; at = strchr(at, '\'')) {
        const char *close = strchr(at + 1, '\'');
        (void)snprintf(reason, sizeof reason, "%.*s", (int)(close - at - 1), at + 1);
        assert_string_not_equal(coarse_detail(reason, "Smith", text), "");
        count++;
        at = close + 1;
    }
    assert_int_equal(count, 10);
    assert_string_equal(coarse_detail("of_a_later_version", "line 1, column 1: Smith", text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_numbers_of_the_place_are_taken_from_a_detail),
        cmocka_unit_test(every_reason_has_words_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
