/* test_rates -- events a minute of each sender. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/status/rates.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct rates rates;
    struct status status;
    int64_t per_minute[STATUS_SENDERS_MAX];
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void set(struct fixture *f, size_t i, const char *sender, int64_t events)
{
    struct status_sender *to = &f->status.senders[i];
    (void)snprintf(to->sender, sizeof to->sender, "%s", sender);
    (void)snprintf(to->source, sizeof to->source, "192.0.2.1");
    to->events = events;
    if (i >= f->status.sender_count) f->status.sender_count = i + 1;
}

static int64_t rate(struct fixture *f, size_t i, int64_t at)
{
    rates_copy(&f->rates, &f->status, at, f->per_minute);
    return f->per_minute[i];
}

static void a_rate_is_not_known_before_some_time_has_passed(void **state)
{
    struct fixture *f = *state;
    set(f, 0, "a", 100);
    assert_int_equal(rate(f, 0, 1000), -1);
    rates_add(&f->rates, &f->status, 1000);
    assert_int_equal(rate(f, 0, 2000), -1);
    set(f, 0, "a", 110);
    assert_int_equal(rate(f, 0, 1000 + RATES_STEP_MS), 60);
}

static void a_rate_is_that_of_the_last_minute(void **state)
{
    struct fixture *f = *state;
    for (int64_t s = 1; s <= 600; s++) {
        set(f, 0, "a", s < 300 ? s * 1000 : 300000 + s);
        rates_add(&f->rates, &f->status, s * 1000);
    }
    assert_in_range(rate(f, 0, 600000), 59, 61);
}

static void a_sender_that_is_new_has_begun_since(void **state)
{
    struct fixture *f = *state;
    set(f, 0, "a", 100);
    rates_add(&f->rates, &f->status, 1000);
    set(f, 0, "new", 200);
    set(f, 1, "a", 100);
    assert_int_equal(rate(f, 0, 61000), 200);
    assert_int_equal(f->per_minute[1], 0);
}

static void a_sender_that_was_behind_the_end_of_a_full_list_is_not_known(void **state)
{
    struct fixture *f = *state;
    char name[20];
    for (size_t i = 0; i < STATUS_SENDERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "s%zu", i);
        set(f, i, name, 10);
    }
    rates_add(&f->rates, &f->status, 1000);
    set(f, 0, "rising", 5000);
    assert_int_equal(rate(f, 0, 61000), -1);
}

static void a_sender_that_was_forgotten_and_came_back_has_no_negative_rate(void **state)
{
    struct fixture *f = *state;
    set(f, 0, "a", 100);
    rates_add(&f->rates, &f->status, 1000);
    set(f, 0, "a", 3);
    assert_int_equal(rate(f, 0, 61000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_rate_is_not_known_before_some_time_has_passed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rate_is_that_of_the_last_minute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_that_is_new_has_begun_since, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_that_was_behind_the_end_of_a_full_list_is_not_known, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sender_that_was_forgotten_and_came_back_has_no_negative_rate,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
