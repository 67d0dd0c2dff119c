/* test_why -- explanations grow outward, and are cut at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/why.h"

#include <stdio.h>
#include <string.h>

static void why_set_stores_the_text_and_returns_the_result(void **state)
{
    struct why why = {0};
    (void)state;
    assert_int_equal(why_set(&why, RES_REFUSE, "no space in %s: %d", "/var", 28), RES_REFUSE);
    assert_string_equal(why.text, "no space in /var: 28");
    assert_string_equal(why.remedy, "");
}

static void why_wrap_puts_each_layers_context_in_front(void **state)
{
    struct why why = {0};
    (void)state;
    (void)why_set(&why, RES_RETRY, "HTTP 503");
    assert_int_equal(why_wrap(&why, RES_RETRY, "put object"), RES_RETRY);
    assert_int_equal(why_wrap(&why, RES_BROKEN, "ship batch %d", 41), RES_BROKEN);
    assert_string_equal(why.text, "ship batch 41: put object: HTTP 503");
}

static void a_remedy_is_stored_apart_from_the_explanation(void **state)
{
    struct why why = {0};
    (void)state;
    (void)why_set(&why, RES_RETRY, "HTTP 404");
    assert_int_equal(why_remedy(&why, RES_RETRY, "create the bucket %s", "archive"), RES_RETRY);
    (void)why_wrap(&why, RES_RETRY, "put object");
    assert_string_equal(why.text, "put object: HTTP 404");
    assert_string_equal(why.remedy, "create the bucket archive");
}

static void why_clear_empties_text_and_remedy(void **state)
{
    struct why why = {0};
    (void)state;
    (void)why_set(&why, RES_RETRY, "HTTP 404");
    (void)why_remedy(&why, RES_RETRY, "create it");
    why_clear(&why);
    assert_string_equal(why.text, "");
    assert_string_equal(why.remedy, "");
}

static void an_overlong_explanation_is_cut_at_its_end(void **state)
{
    char a[WHY_SIZE + 100]; /* longer than fits */
    struct why why = {0};
    (void)state;
    memset(a, 'a', sizeof a - 1);
    a[sizeof a - 1] = '\0';

    (void)why_set(&why, RES_RETRY, "%s", a);
    assert_int_equal(strlen(why.text), WHY_SIZE - 1);
    (void)why_wrap(&why, RES_RETRY, "outer");
    assert_int_equal(strlen(why.text), WHY_SIZE - 1);
    assert_memory_equal(why.text, "outer: aaa", 10);
    (void)why_remedy(&why, RES_RETRY, "%s", a);
    assert_int_equal(strlen(why.remedy), WHY_SIZE - 1);
}

/* Whatever the length of the outer part: the text has an end, begins with it, and never grows past its place. */
static void why_wrap_cuts_the_outer_text_to_fit(void **state)
{
    (void)state;
    for (int len = WHY_SIZE - 8; len < WHY_SIZE + 8; len++) {
        struct why why = {0};
        (void)why_set(&why, RES_RETRY, "inner");
        (void)why_wrap(&why, RES_RETRY, "%*s", len, "x");
        size_t is = strlen(why.text);
        assert_true(is < WHY_SIZE && is >= (size_t)(len < WHY_SIZE ? len : WHY_SIZE - 1));
        assert_true(len > WHY_SIZE - 4 || strncmp(why.text + len, ": inner", is - (size_t)len) == 0);
    }
}

static void an_explanation_is_one_line_of_printable_characters(void **state)
{
    static const char hostile[] = "No\nok \x1b[2K\xc2\x9b\x32J \xe2\x80\xaetxt \xff \xe2\x82\xac";
    static const char shown[] = "No\\x0aok \\x1b[2K\\u009b2J \\u202etxt \\xff \xe2\x82\xac";
    struct why why = {0};
    char expected[100];
    (void)state;
    (void)why_set(&why, RES_RETRY, "%s", hostile);
    assert_string_equal(why.text, shown);
    (void)why_remedy(&why, RES_RETRY, "see %s", hostile);
    assert_memory_equal(why.remedy, "see ", 4);
    assert_string_equal(why.remedy + 4, shown);
    (void)why_set(&why, RES_RETRY, "inner");
    (void)why_wrap(&why, RES_RETRY, "%s", hostile);
    (void)snprintf(expected, sizeof expected, "%s: inner", shown);
    assert_string_equal(why.text, expected);
    (void)why_wrap(&why, RES_RETRY, "outer"); /* changes no escape */
    assert_string_equal(why.text + strlen("outer: "), expected);
}

static void an_overlong_explanation_is_cut_between_two_characters(void **state)
{
    char euros[2 * WHY_SIZE + 1] = "";
    (void)state;
    for (size_t i = 0; i + 3 < sizeof euros; i += 3) memcpy(euros + i, "\xe2\x82\xac", 4);
    for (int shift = 0; shift < 3; shift++) {
        struct why why = {0};
        (void)why_set(&why, RES_RETRY, "%.*s%s", shift, "ab", euros);
        assert_int_equal(strlen(why.text), shift + (WHY_SIZE - 1 - shift) / 3 * 3);
        (void)why_wrap(&why, RES_RETRY, "%.*s", 3 - shift, "abc");
        assert_true(strlen(why.text) > WHY_SIZE - 4);
        assert_null(strchr(why.text, '\\'));
        (void)why_wrap(&why, RES_RETRY, "%.*s%s", shift, "ab", euros);
        assert_null(strchr(why.text, '\\'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_explanation_is_one_line_of_printable_characters),
        cmocka_unit_test(an_overlong_explanation_is_cut_between_two_characters),
        cmocka_unit_test(why_set_stores_the_text_and_returns_the_result),
        cmocka_unit_test(why_wrap_puts_each_layers_context_in_front),
        cmocka_unit_test(a_remedy_is_stored_apart_from_the_explanation),
        cmocka_unit_test(why_clear_empties_text_and_remedy),
        cmocka_unit_test(an_overlong_explanation_is_cut_at_its_end),
        cmocka_unit_test(why_wrap_cuts_the_outer_text_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
