/* test_s3_conditions -- what a run learns about conditional writes, and what it does not ask twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/s3_conditions.h"

#include <stdio.h>

static const struct cause denied = {SCOPE_KIND, 403, "AccessDenied"};
static const struct cause unknown = {SCOPE_KIND, 501, "NotImplemented"};
static const struct cause no_bucket = {SCOPE_KIND, 404, "NoSuchBucket"};

static void writes_are_conditional_until_the_server_takes_plain_ones_only(void **state)
{
    struct s3_conditions *c = s3_conditions_new("b");
    (void)state;
    assert_true(s3_conditions_are_used(c));
    assert_true(s3_conditions_may_be_cause(c, &unknown));
    s3_conditions_give_up(c, &unknown);
    assert_false(s3_conditions_are_used(c));
    s3_conditions_free(c);
}

static void a_refusal_with_another_cause_is_remembered_by_status_and_code(void **state)
{
    struct s3_conditions *c = s3_conditions_new("b");
    struct cause plain = denied;
    (void)state;
    plain.code[0] = '\0';
    assert_false(s3_conditions_may_be_cause(c, &no_bucket));
    assert_true(s3_conditions_may_be_cause(c, &denied));
    s3_conditions_note_refused(c, &denied, &denied);
    assert_false(s3_conditions_may_be_cause(c, &denied));
    assert_true(s3_conditions_may_be_cause(c, &plain));
    assert_true(s3_conditions_may_be_cause(c, &unknown));
    assert_true(s3_conditions_are_used(c));
    s3_conditions_free(c);
}

/* It knows no conditions and allows no writing: when it allows that, the first refusal is the condition's. */
static void a_refusal_is_not_innocent_where_the_plain_one_has_another_cause(void **state)
{
    struct s3_conditions *c = s3_conditions_new("b");
    (void)state;
    s3_conditions_note_refused(c, &unknown, &denied);
    assert_true(s3_conditions_may_be_cause(c, &unknown));
    assert_true(s3_conditions_are_used(c));
    s3_conditions_free(c);
}

/* A server that invents codes costs two requests more for each, and no memory. */
static void of_many_refusals_the_last_ones_are_remembered(void **state)
{
    struct s3_conditions *c = s3_conditions_new("b");
    struct cause cause = {SCOPE_KIND, 400, ""};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(cause.code, sizeof cause.code, "New%d", i);
        assert_true(s3_conditions_may_be_cause(c, &cause));
        s3_conditions_note_refused(c, &cause, &cause);
        assert_false(s3_conditions_may_be_cause(c, &cause));
    }
    s3_conditions_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_are_conditional_until_the_server_takes_plain_ones_only),
        cmocka_unit_test(a_refusal_with_another_cause_is_remembered_by_status_and_code),
        cmocka_unit_test(a_refusal_is_not_innocent_where_the_plain_one_has_another_cause),
        cmocka_unit_test(of_many_refusals_the_last_ones_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
