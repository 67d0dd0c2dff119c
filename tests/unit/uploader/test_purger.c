/*
 * test_purger -- a purge leaves time to others, and is logged with what it has deleted and what is left if it takes many
 * turns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/purger.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "tests/support/out_fixture.h"

#define ROWS    100000 /* of which no machine deletes all within a turn */
#define WAITING 7

/* Purges all that is due. Returns how many turns that took. */
static int purge_all(struct fixture *f, struct purger *purger)
{
    bool has_more = true;
    int turns = 0;
    for (; has_more; turns++) must(f, purger_turn(purger, false, &has_more, &f->why));
    return turns;
}

static void a_purge_of_many_turns_is_logged_with_what_is_left(void **state)
{
    struct fixture *f = *state;
    struct purger purger = {.options = {.retention_ms = 0}, .spool = f->out};
    char log[1024];
    long long rows = 0;
    long long left = 0;
    some_spool_add_events(f->scratch->spool, ROWS + WAITING, 10, SOME_TIME);
    for (int64_t first = 1; first < ROWS; first += ROWS / 10) {
        struct batch batch = seal(f, BATCH_EVENTS, first, first + ROWS / 10 - 1);
        ship(f, &batch);
    }
    purger.report = (struct purge_report){.is_on = true, .next_at = 1}; /* ten seconds have passed */

    int old = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    assert_true(old >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    int turns = purge_all(f, &purger);
    (void)dup2(old, STDERR_FILENO);
    ssize_t len = pread(file, log, sizeof log - 1, 0);
    close(old);
    close(file);
    assert_true(len >= 0 && turns > 1);
    log[len] = '\0';

    const char *line = strstr(log, "\"old rows are being purged\"");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "\"old rows are being purged\" rows=%lld left=%lld", &rows, &left), 2);
    assert_in_range(rows + left, ROWS, ROWS + ROWS / 10); /* the batch in work counts as a whole */
    assert_non_null(strstr(log, "\"old rows were purged\" rows=100000 took_ms="));
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), WAITING);
}

static int64_t rows_left(struct fixture *f)
{
    return query_int(f->scratch->spool, "SELECT count(*) FROM _event");
}

static void a_turn_right_behind_another_waits_and_then_purges_a_single_slice(void **state)
{
    struct fixture *f = *state;
    struct purger purger = {.options = {.retention_ms = 0}, .spool = f->out};
    bool has_more = false;
    int64_t slice = 0;
    some_spool_add_events(f->scratch->spool, ROWS, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, ROWS);
    ship(f, &batch);
    for (int turn = 1; turn <= 3; turn++) {
        int64_t before = rows_left(f);
        int64_t ended_us =
            clock_monotonic_us() + 100000; /* nothing lies between, however slow this test is */
        purger.ended_us = ended_us;
        must(f, purger_turn(&purger, false, &has_more, &f->why));
        assert_true(has_more && clock_monotonic_us() > ended_us);
        if (turn == 1) slice = before - rows_left(f);
        assert_int_equal(before - rows_left(f), slice);
        assert_in_range(slice, 1, 1000);
    }
    assert_int_equal(rows_left(f), ROWS - 3 * slice);
}

/* How many rows a turn right behind another purges. */
static int64_t rows_of_a_turn(struct fixture *f, struct purger *purger, bool is_space_low)
{
    bool has_more = false;
    int64_t before = rows_left(f);
    purger->next_at = 0;
    purger->ended_us = clock_monotonic_us() + 100000;
    must(f, purger_turn(purger, is_space_low, &has_more, &f->why));
    return before - rows_left(f);
}

/* A machine that stands still in the midst of a turn ends it behind its first slice: then the next one counts. */
static bool purges_more_than(struct fixture *f, struct purger *purger, int64_t slice, bool is_space_low)
{
    for (int tries = 0; tries < 20; tries++)
        if (rows_of_a_turn(f, purger, is_space_low) > slice) return true;
    return false;
}

static void a_purge_that_is_late_or_makes_room_does_not_spare_others(void **state)
{
    struct fixture *f = *state;
    struct purger purger = {.options = {.retention_ms = 60000}, .spool = f->out};
    int64_t kept_ms = spool_out_kept_ms(f->out);
    some_spool_add_events(f->scratch->spool, ROWS, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, ROWS);
    ship(f, &batch);
    assert_int_equal(rows_of_a_turn(f, &purger, false), 0); /* it is not time to */
    query_do(f->scratch->spool, "UPDATE _batch SET kept_from = %" PRId64, kept_ms - 61000);
    int64_t slice = rows_of_a_turn(f, &purger, false);
    assert_in_range(slice, 1, 1000);
    query_do(f->scratch->spool, "UPDATE _batch SET kept_from = %" PRId64, kept_ms - 66000);
    assert_true(purges_more_than(f, &purger, slice, false));
    query_do(f->scratch->spool, "UPDATE _batch SET kept_from = %" PRId64, kept_ms);
    assert_true(purges_more_than(f, &purger, slice, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(a_purge_of_many_turns_is_logged_with_what_is_left),
        IN_SPOOL(a_turn_right_behind_another_waits_and_then_purges_a_single_slice),
        IN_SPOOL(a_purge_that_is_late_or_makes_room_does_not_spare_others),
    };
    log_open("test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
