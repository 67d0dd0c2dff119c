/* test_history_filler -- the charts of a collector that has just started, from what the spool knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/status/history_filler.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/spool.h"
#include "tests/support/scratch.h"
#include "tests/support/some_spool.h"

#define MINUTE INT64_C(60000)
#define NOW    (28333333 * MINUTE + 30000) /* half a minute into the newest step */
#define POINTS 5

struct fixture {
    struct scratch *scratch;
    struct history history;
    struct live_series series;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->scratch = scratch_new();
    some_spool_make(f->scratch->spool);
    history_init(&f->history, MINUTE, POINTS);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    scratch_free(f->scratch);
    free(f);
    return 0;
}

/* Events that came so many minutes ago. */
static void receive(const struct fixture *f, int64_t count, int64_t minutes_ago)
{
    some_spool_add_events(f->scratch->spool, count, 20, NOW - minutes_ago * MINUTE);
}

static void ship(const struct fixture *f, int64_t first_id, int64_t last_id, int64_t minutes_ago)
{
    query_do(f->scratch->spool,
             "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format,"
             " compression, metadata, pretty, dropped, omits_payload, spool, node, sealed_at, shipped_at)"
             " VALUES ('events', %" PRId64 ", %" PRId64 ", %" PRId64 ", 1, 'file:///x', 'key-%" PRId64
             "', 'xml', 'none', 0, 0, '', 0, 's', 'n', 1, %" PRId64 ")",
             first_id, last_id, last_id - first_id + 1, first_id, NOW - minutes_ago * MINUTE);
}

static void fill(struct fixture *f, int64_t received, int64_t shipped, int64_t due)
{
    struct history_totals now = {received, shipped, received - shipped};
    struct db *db = NULL;
    struct why why = {0};
    assert_int_equal(spool_open(&db, f->scratch->spool, &why), RES_OK);
    history_add(&f->history, NOW, &now);
    assert_int_equal(history_fill_from_spool(&f->history, db, &now, due, &why), RES_OK);
    db_close(db);
    history_copy(&f->history, &f->series);
}

static int64_t soon(void)
{
    return clock_monotonic_ms() + 60000;
}

static void assert_points(const int64_t *points, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)
{
    const int64_t expected[POINTS] = {a, b, c, d, e};
    for (size_t i = 0; i < POINTS; i++) assert_int_equal(points[i], expected[i]);
}

static void rows_and_batches_tell_what_happened_before_the_start(void **state)
{
    struct fixture *f = *state;
    receive(f, 1000, 60);
    receive(f, 30, 3);
    receive(f, 7, 2);
    receive(f, 5, 0);
    ship(f, 1, 1000, 50);
    ship(f, 1001, 1020, 2);
    ship(f, 1021, 1030, 1);
    fill(f, 1042, 1030, soon());
    assert_points(f->series.received, 0, 30, 7, 0, 5);
    assert_points(f->series.shipped, 0, 0, 20, 10, 0);
    assert_points(f->series.backlog, 0, 30, 17, 7, 12);
}

static void in_a_spool_without_events_nothing_has_happened(void **state)
{
    struct fixture *f = *state;
    fill(f, 0, 0, soon());
    assert_points(f->series.received, 0, 0, 0, 0, 0);
    assert_points(f->series.backlog, 0, 0, 0, 0, 0);
}

static void what_was_before_the_oldest_row_is_not_known(void **state)
{
    struct fixture *f = *state;
    receive(f, 10, 4);
    receive(f, 20, 2);
    receive(f, 30, 1);
    query_do(f->scratch->spool, "DELETE FROM _event WHERE id <= 15");
    fill(f, 60, 0, soon());
    assert_points(f->series.received, -1, -1, -1, 30, 0);
}

static void with_all_rows_purged_nothing_is_known(void **state)
{
    struct fixture *f = *state;
    receive(f, 10, 4);
    query_do(f->scratch->spool, "DELETE FROM _event");
    fill(f, 10, 10, soon());
    assert_points(f->series.received, -1, -1, -1, -1, -1);
}

static void rows_of_a_clock_that_jumped_make_no_negative_numbers(void **state)
{
    struct fixture *f = *state;
    receive(f, 10, 4);
    receive(f, 10, 1);
    receive(f, 10, 3); /* the clock was set back */
    receive(f, 10, -500);
    receive(f, 10, 0);
    fill(f, 50, 0, soon());
    int64_t sum = 0;
    for (size_t i = 0; i < POINTS; i++) {
        assert_true(f->series.received[i] >= 0);
        sum += f->series.received[i];
    }
    assert_true(sum <= 50);
}

static void when_its_time_is_over_it_leaves_the_rest_unknown(void **state)
{
    struct fixture *f = *state;
    receive(f, 10, 2);
    fill(f, 10, 0, clock_monotonic_ms() - 1);
    assert_points(f->series.received, -1, -1, -1, -1, -1);
    assert_int_equal(f->series.backlog[POINTS - 1], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_and_batches_tell_what_happened_before_the_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(in_a_spool_without_events_nothing_has_happened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_before_the_oldest_row_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_all_rows_purged_nothing_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_a_clock_that_jumped_make_no_negative_numbers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(when_its_time_is_over_it_leaves_the_rest_unknown, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
