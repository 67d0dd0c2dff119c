/* test_due -- when what waits is sealed: by size, by age on either clock, by request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/due.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define NOW       1753805700000 /* wall clock */
#define MONOTONIC 5000000
#define ROTATION  3600000

static const struct due_rules rules = {.rotation_ms = ROTATION, .max_file_bytes = 1000, .flush_id = 40};

static void waiting_rows_are_due_by_size_age_or_request(void **state)
{
    static const struct {
        int64_t bytes;
        int64_t received_ms_ago;
        int64_t seen_ms_ago; /* monotonic */
        int64_t first_id;
        bool is_due;
    } rows[] = {
        {999, 0, 0, 41, false},
        {1000, 0, 0, 41, true},
        {5000, 0, 0, 41, true},
        {1, ROTATION - 1, 0, 41, false},
        {1, ROTATION, 0, 41, true},
        {1, -ROTATION, ROTATION - 1, 41, false}, /* the wall clock was set back */
        {1, -ROTATION, ROTATION, 41, true},
        {1, 0, 0, 40, true}, /* a flush up to here was asked for */
        {1, 0, 0, 7, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct due_watch watch = {rows[i].first_id, MONOTONIC - rows[i].seen_ms_ago};
        struct waiting waiting = {
            .is_some = true,
            .first_id = rows[i].first_id,
            .last_id = 100,
            .oldest_at = NOW - rows[i].received_ms_ago,
            .bytes = rows[i].bytes,
        };
        assert_int_equal(due_now(&waiting, &rules, &watch, NOW, MONOTONIC), rows[i].is_due);
    }
}

static void an_empty_backlog_is_never_due(void **state)
{
    struct due_watch watch = {0};
    struct waiting waiting = {.is_some = false, .bytes = 5000};
    (void)state;
    assert_false(due_now(&waiting, &rules, &watch, NOW, MONOTONIC));
}

static void the_monotonic_age_restarts_with_each_new_first_row(void **state)
{
    struct due_watch watch = {0};
    struct waiting waiting = {
        .is_some = true, .first_id = 41, .last_id = 41, .oldest_at = NOW + ROTATION, .bytes = 1};
    (void)state;
    assert_false(due_now(&waiting, &rules, &watch, NOW, MONOTONIC));
    waiting.last_id = 50; /* others arrive behind it */
    assert_false(due_now(&waiting, &rules, &watch, NOW, MONOTONIC + ROTATION - 1));
    assert_true(due_now(&waiting, &rules, &watch, NOW, MONOTONIC + ROTATION));

    waiting.first_id = 51;
    assert_false(due_now(&waiting, &rules, &watch, NOW, MONOTONIC + ROTATION));
    assert_false(due_now(&waiting, &rules, &watch, NOW, MONOTONIC + 2 * ROTATION - 1));
    assert_true(due_now(&waiting, &rules, &watch, NOW, MONOTONIC + 2 * ROTATION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_rows_are_due_by_size_age_or_request),
        cmocka_unit_test(an_empty_backlog_is_never_due),
        cmocka_unit_test(the_monotonic_age_restarts_with_each_new_first_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
