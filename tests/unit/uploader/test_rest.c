/* test_rest -- one test for each arrow of the picture in rest.h, with exact times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/rest.h"

static const struct backoff some = {.first_ms = 1000, .most_ms = 60000};

/* The longest pause: all of the doubled time; the shortest is half of it. */
static const struct rest_failure answered = {.any = 500};
static const struct rest_failure silent = {.is_silent = true, .any = 500};

static struct rest_try begin(struct rest *rest, int64_t id, int64_t now)
{
    struct rest_try a_try = {id, now};
    rest_begin(rest, &a_try, now);
    return a_try;
}

/* A rest that began at 1,000 and ends at 2,000. */
static struct rest resting(void)
{
    struct rest rest = rest_start(&some, true);
    struct rest_try a_try = begin(&rest, 1, 900);
    rest_fail(&rest, &a_try, &answered, 1000);
    assert_int_equal(rest.state, REST_RESTING);
    assert_int_equal(rest_due(&rest, 1000), 2000);
    return rest;
}

static void tries_run_beside_each_other_while_it_works(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    for (int i = 1; i < 5; i++) (void)begin(&rest, i, 10);
    assert_int_equal(rest.state, REST_WELL);
    assert_true(rest_may_try(&rest, 10));
    assert_int_equal(rest_due(&rest, 10), INT64_MAX);
}

static void one_try_goes_out_while_nothing_is_proven(void **state)
{
    struct rest rest = rest_start(&some, false);
    (void)state;
    assert_true(rest_may_try(&rest, 0));
    struct rest_try a_try = begin(&rest, 1, 0);
    assert_false(rest_may_try(&rest, 0));
    rest_succeed(&rest, &a_try, 5);
    assert_int_equal(rest.state, REST_WELL);
}

static void a_rest_ends_by_itself_and_one_try_is_the_probe(void **state)
{
    struct rest rest = resting();
    (void)state;
    assert_false(rest_may_try(&rest, 1999));
    assert_true(rest_may_try(&rest, 2000));
    (void)begin(&rest, 2, 2000);
    assert_int_equal(rest.state, REST_PROBING);
    assert_false(rest_may_try(&rest, 2001));
    assert_int_equal(rest_due(&rest, 2001), 2000 + REST_PROBE_MS);
}

static void a_probe_that_is_taken_ends_the_trouble(void **state)
{
    struct rest rest = resting();
    (void)state;
    struct rest_try probe = begin(&rest, 2, 2000);
    rest_succeed(&rest, &probe, 2500);
    assert_int_equal(rest.state, REST_WELL);
    assert_int_equal(rest.failures, 0);
}

static void a_probe_that_fails_begins_a_longer_rest(void **state)
{
    struct rest rest = resting();
    (void)state;
    struct rest_try probe = begin(&rest, 2, 2000);
    rest_fail(&rest, &probe, &(struct rest_failure){.any = 0}, 2500);
    assert_int_equal(rest.state, REST_RESTING);
    assert_int_equal(rest_due(&rest, 2500), 2500 + 1000); /* half of 2 s */
    assert_int_equal(rest.since, 900);
}

static void a_probe_that_says_nothing_gives_its_place_away_at_once(void **state)
{
    struct rest rest = resting();
    (void)state;
    struct rest_try probe = begin(&rest, 2, 2000);
    rest_release(&rest, &probe, 2300);
    assert_int_equal(rest.state, REST_RESTING);
    assert_true(rest_may_try(&rest, 2300));
    assert_int_equal(rest.failures, 1);
}

static void a_probe_holds_its_place_for_a_minute(void **state)
{
    struct rest rest = resting();
    (void)state;
    struct rest_try first = begin(&rest, 2, 2000);
    assert_false(rest_may_try(&rest, 2000 + REST_PROBE_MS - 1));
    assert_true(rest_may_try(&rest, 2000 + REST_PROBE_MS));
    struct rest_try second = begin(&rest, 3, 2000 + REST_PROBE_MS);
    rest_fail(&rest, &first, &answered, 70000); /* it is known, but the second one will tell more */
    assert_int_equal(rest.state, REST_PROBING);
    assert_int_equal(rest_due(&rest, 70000), 2000 + 2 * REST_PROBE_MS);
    rest_succeed(&rest, &second, 71000);
    assert_int_equal(rest.state, REST_WELL);
}

static void failures_beside_each_other_count_as_one(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    struct rest_try tries[] = {begin(&rest, 1, 0), begin(&rest, 2, 1), begin(&rest, 3, 2)};
    for (int i = 0; i < 3; i++) rest_fail(&rest, &tries[i], &answered, 100 + i);
    assert_int_equal(rest.failures, 1);
    assert_int_equal(rest_due(&rest, 200), 1100);
    assert_int_equal(rest.since, 0);
}

static void a_success_of_before_the_failure_shows_nothing(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    struct rest_try fails = begin(&rest, 1, 0);
    struct rest_try works = begin(&rest, 2, 0);
    rest_fail(&rest, &fails, &answered, 100);
    rest_succeed(&rest, &works, 200);
    assert_int_equal(rest.state, REST_RESTING);
}

static void silence_tells_of_the_time_when_its_try_began(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    struct rest_try hangs = begin(&rest, 1, 0);
    struct rest_try works = begin(&rest, 2, 10);
    rest_succeed(&rest, &works, 20);
    rest_fail(&rest, &hangs, &silent, 60000);
    assert_int_equal(rest.state, REST_WELL);
    struct rest_try later = begin(&rest, 3, 60000);
    rest_fail(&rest, &later, &silent, 60001);
    assert_int_equal(rest.state, REST_RESTING);
}

static void the_servers_wish_is_believed_for_five_minutes(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    struct rest_try a_try = begin(&rest, 1, 0);
    rest_fail(&rest, &a_try, &(struct rest_failure){.asked_ms = 7200000, .any = 0}, 100);
    assert_int_equal(rest_due(&rest, 100), 100 + REST_ASKED_MAX_MS);
    assert_false(rest_may_try(&rest, 100 + REST_ASKED_MAX_MS - 1));
    assert_true(rest_may_try(&rest, 100 + REST_ASKED_MAX_MS));
}

static void the_servers_wish_holds_though_others_succeed(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    struct rest_try asks = begin(&rest, 1, 0);
    rest_fail(&rest, &asks, &(struct rest_failure){.asked_ms = 20000}, 100);
    rest_succeed(&rest, &(struct rest_try){2, 100}, 150);
    assert_int_equal(rest.state, REST_WELL);
    assert_false(rest_may_try(&rest, 20099));
    assert_true(rest_may_try(&rest, 20100));
}

static void a_person_ends_a_rest_and_the_servers_wish(void **state)
{
    struct rest rest = rest_start(&some, true);
    (void)state;
    struct rest_try a_try = begin(&rest, 1, 0);
    rest_fail(&rest, &a_try, &(struct rest_failure){.asked_ms = 20000}, 100);
    rest_hurry(&rest, 200);
    assert_true(rest_may_try(&rest, 200));
    (void)begin(&rest, 2, 200);
    rest_hurry(&rest, 300); /* a probe that is out keeps its place */
    assert_false(rest_may_try(&rest, 300));
}

static void no_rest_is_longer_than_a_minute(void **state)
{
    struct rest rest = rest_start(&some, true);
    int64_t now = 0;
    (void)state;
    for (int i = 1; i < 100; i++) {
        struct rest_try a_try = begin(&rest, i, now);
        rest_fail(&rest, &a_try, &(struct rest_failure){.any = (uint32_t)i * 7919}, now + 1);
        assert_in_range(rest_due(&rest, now + 1) - (now + 1), 500, REST_MOST_MS);
        if (i > 6) assert_true(rest_due(&rest, now + 1) - (now + 1) >= REST_MOST_MS / 2);
        now = rest_due(&rest, now + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_run_beside_each_other_while_it_works),
        cmocka_unit_test(one_try_goes_out_while_nothing_is_proven),
        cmocka_unit_test(a_rest_ends_by_itself_and_one_try_is_the_probe),
        cmocka_unit_test(a_probe_that_is_taken_ends_the_trouble),
        cmocka_unit_test(a_probe_that_fails_begins_a_longer_rest),
        cmocka_unit_test(a_probe_that_says_nothing_gives_its_place_away_at_once),
        cmocka_unit_test(a_probe_holds_its_place_for_a_minute),
        cmocka_unit_test(failures_beside_each_other_count_as_one),
        cmocka_unit_test(a_success_of_before_the_failure_shows_nothing),
        cmocka_unit_test(silence_tells_of_the_time_when_its_try_began),
        cmocka_unit_test(the_servers_wish_is_believed_for_five_minutes),
        cmocka_unit_test(the_servers_wish_holds_though_others_succeed),
        cmocka_unit_test(a_person_ends_a_rest_and_the_servers_wish),
        cmocka_unit_test(no_rest_is_longer_than_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
