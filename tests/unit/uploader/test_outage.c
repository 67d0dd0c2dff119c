/* test_outage -- when a store that takes nothing is news, and how long it is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/outage.h"

#include "common/clock.h"

static const struct why away = {.text = "no connection"};
static const struct why denied = {.text = "HTTP 403", .remedy = "allow s3:PutObject"};

static void an_outage_is_reported_when_it_begins_or_changes_kind(void **state)
{
    struct outage outage = {0};
    (void)state;
    assert_false(outage_end(&outage));
    assert_true(outage_add(&outage, STORE_NOT_NOW, 0, &away, clock_monotonic_ms(), "batch=1"));
    assert_false(outage_add(&outage, STORE_UNKNOWN, 0, &away, clock_monotonic_ms(), "batch=2"));
    assert_true(outage_add(&outage, STORE_REFUSED, 0, &denied, clock_monotonic_ms(), "batch=1"));
    assert_false(outage_add(&outage, STORE_REFUSED, 0, &denied, clock_monotonic_ms(), "batch=1"));
    assert_true(outage_add(&outage, STORE_NOT_NOW, 0, &away, clock_monotonic_ms(), "batch=1"));
    assert_true(outage_end(&outage));
    assert_false(outage_end(&outage));
    assert_false(outage_is_waiting(&outage));
    assert_true(outage_add(&outage, STORE_NOT_NOW, 0, &away, clock_monotonic_ms(), "batch=1"));
}

static void concurrent_failures_count_as_one(void **state)
{
    struct outage outage = {0};
    int64_t began = clock_monotonic_ms() - 10;
    (void)state;
    for (int i = 0; i < 16; i++) (void)outage_add(&outage, STORE_NOT_NOW, 0, &away, began, "batch=1");
    assert_int_equal(outage.failures, 1);
    (void)outage_add(&outage, STORE_NOT_NOW, 0, &away, clock_monotonic_ms(), "batch=1");
    assert_int_equal(outage.failures, 2);
}

static void a_refusal_pauses_longer_and_a_requested_wait_is_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        int64_t busy = outage_pause_ms(STORE_NOT_NOW, 1, 0);
        int64_t refused = outage_pause_ms(STORE_REFUSED, 1, 0);
        assert_true(busy >= 250 && busy <= 500);
        assert_true(refused >= 2500 && refused <= 5000);
        assert_int_equal(outage_pause_ms(STORE_NOT_NOW, 1, 120000), 120000);
        assert_true(outage_pause_ms(STORE_NOT_NOW, 1000, 0) <= 30000);
        assert_true(outage_pause_ms(STORE_CONFLICT, 1000, 0) <= 60000);
    }
}

static void other_uploads_wait_until_a_probe_has_ended(void **state)
{
    struct outage outage = {0};
    (void)state;
    outage_probe(&outage);
    assert_false(outage_is_waiting(&outage)); /* there is no outage */
    (void)outage_add(&outage, STORE_NOT_NOW, 0, &away, clock_monotonic_ms(), "batch=1");
    assert_true(outage_is_waiting(&outage));
    outage.next_try_at = 0;
    assert_false(outage_is_waiting(&outage));
    outage_probe(&outage);
    assert_true(outage_is_waiting(&outage));
    assert_true(outage_end(&outage));
    assert_false(outage_is_waiting(&outage));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_reported_when_it_begins_or_changes_kind),
        cmocka_unit_test(concurrent_failures_count_as_one),
        cmocka_unit_test(a_refusal_pauses_longer_and_a_requested_wait_is_kept),
        cmocka_unit_test(other_uploads_wait_until_a_probe_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
