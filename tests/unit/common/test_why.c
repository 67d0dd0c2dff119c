/* test_why -- explanations grow outward, and are cut at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/why.h"

#include <stdio.h>
#include <string.h>

static void the_line_that_fails_explains_and_hands_its_verdict_on(void **state)
{
    struct why why = {0};
    (void)state;
    assert_int_equal(why_set(&why, RES_REFUSE, "no space in %s: %d", "/var", 28), RES_REFUSE);
    assert_string_equal(why.text, "no space in /var: 28");
    assert_string_equal(why.remedy, "");
}

static void each_layer_says_what_it_was_doing_before_what_is_there(void **state)
{
    struct why why = {0};
    (void)state;
    (void)why_set(&why, RES_RETRY, "HTTP 503");
    assert_int_equal(why_wrap(&why, RES_RETRY, "put object"), RES_RETRY);
    assert_int_equal(why_wrap(&why, RES_BROKEN, "ship batch %d", 41), RES_BROKEN);
    assert_string_equal(why.text, "ship batch 41: put object: HTTP 503");
}

static void a_remedy_stands_apart_from_the_explanation(void **state)
{
    struct why why = {0};
    (void)state;
    (void)why_set(&why, RES_RETRY, "HTTP 404");
    assert_int_equal(why_remedy(&why, RES_RETRY, "create the bucket %s", "archive"), RES_RETRY);
    (void)why_wrap(&why, RES_RETRY, "put object");
    assert_string_equal(why.text, "put object: HTTP 404");
    assert_string_equal(why.remedy, "create the bucket archive");
}

static void a_struct_that_serves_one_try_after_another_starts_afresh(void **state)
{
    struct why why = {0};
    (void)state;
    (void)why_set(&why, RES_RETRY, "HTTP 404");
    (void)why_remedy(&why, RES_RETRY, "create it");
    why_clear(&why);
    assert_string_equal(why.text, "");
    assert_string_equal(why.remedy, "");
}

static void what_does_not_fit_is_cut_at_the_end(void **state)
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
static void an_outer_part_of_any_length_is_kept_as_far_as_it_fits(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_that_fails_explains_and_hands_its_verdict_on),
        cmocka_unit_test(each_layer_says_what_it_was_doing_before_what_is_there),
        cmocka_unit_test(a_remedy_stands_apart_from_the_explanation),
        cmocka_unit_test(a_struct_that_serves_one_try_after_another_starts_afresh),
        cmocka_unit_test(what_does_not_fit_is_cut_at_the_end),
        cmocka_unit_test(an_outer_part_of_any_length_is_kept_as_far_as_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
