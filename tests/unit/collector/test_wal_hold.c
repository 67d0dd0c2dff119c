/* test_wal_hold -- when a reader is taken to hold the write-ahead log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/wal_keeper.h"

#define M ((int64_t)1 << 20)

static void a_log_that_is_being_copied_is_not_held(void **state)
{
    struct wal_hold hold = {0};
    (void)state;
    for (int64_t i = 1; i < 100; i++) assert_false(wal_hold_note(&hold, (i + 20) * M, i * M, i * 1000));
}

static void a_hold_begins_without_progress_and_ends_with_progress(void **state)
{
    struct wal_hold hold = {0};
    (void)state;
    assert_false(wal_hold_note(&hold, 20 * M, 5 * M, 1000)); /* the first: progress from nothing */
    assert_false(wal_hold_note(&hold, 30 * M, 5 * M, 2000));
    assert_false(wal_hold_note(&hold, 40 * M, 5 * M, 2000 + WAL_HELD_MS - 1));
    assert_true(wal_hold_note(&hold, 50 * M, 5 * M, 2000 + WAL_HELD_MS));
    assert_true(wal_hold_note(&hold, 60 * M, 5 * M, 60000));
    assert_false(wal_hold_note(&hold, 60 * M, 60 * M, 61000));
    assert_false(wal_hold_note(&hold, 70 * M, 60 * M, 62000));
}

static void a_slow_checkpoint_is_no_hold(void **state)
{
    struct wal_hold hold = {0};
    (void)state;
    assert_false(wal_hold_note(&hold, 40 * M, 20 * M, 1000));
    assert_false(wal_hold_note(&hold, 80 * M, 40 * M, 60000)); /* a minute later, but with progress */
}

static void a_small_uncopied_remainder_is_no_hold(void **state)
{
    struct wal_hold hold = {0};
    (void)state;
    assert_false(wal_hold_note(&hold, 8 * M, 1 * M, 1000));
    assert_false(wal_hold_note(&hold, 9 * M, 1 * M, 60000));
    assert_false(wal_hold_note(&hold, 9 * M, 1 * M, 120000));
}

static void a_log_that_starts_again_is_no_hold(void **state)
{
    struct wal_hold hold = {0};
    (void)state;
    assert_false(wal_hold_note(&hold, 40 * M, 30 * M, 1000));
    assert_false(wal_hold_note(&hold, 40 * M, 30 * M, 2000));
    assert_false(wal_hold_note(&hold, 12 * M, 2 * M, 60000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_is_being_copied_is_not_held),
        cmocka_unit_test(a_hold_begins_without_progress_and_ends_with_progress),
        cmocka_unit_test(a_slow_checkpoint_is_no_hold),
        cmocka_unit_test(a_small_uncopied_remainder_is_no_hold),
        cmocka_unit_test(a_log_that_starts_again_is_no_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
