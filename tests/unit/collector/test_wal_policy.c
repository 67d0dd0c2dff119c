/* test_wal_policy -- the rules by which the write-ahead log is kept short, one by one; together: test_wal_simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/wal_policy.h"
#include "common/spool.h"

#define M   ((int64_t)1 << 20)
#define NOW 1000000

static enum wal_readers kind_at(struct wal_policy *p, int64_t now_ms)
{
    return wal_policy_report(p, now_ms).kind;
}

/* A log that has grown by a MiB each 100 ms, up to `bytes` at `now_ms`. */
static void grow_to(struct wal_policy *p, int64_t bytes, int64_t now_ms)
{
    for (int64_t b = M; b <= bytes; b += M) wal_policy_note_commit(p, b, now_ms - (bytes - b) / M * 100);
}

static void a_log_that_is_being_copied_is_nobodys_fault(void **state)
{
    struct wal_policy p;
    (void)state;
    wal_policy_init(&p, NOW);
    for (int64_t i = 1; i < 100; i++) {
        wal_policy_note_commit(&p, (i + 20) * M, NOW + i * 1000);
        wal_policy_note_checkpoint(&p, i * M, i * M, NOW + i * 1000);
        assert_int_equal(kind_at(&p, NOW + i * 1000), WAL_READERS_NONE);
    }
}

static void a_long_read_is_reported_after_five_seconds_and_ends_with_progress(void **state)
{
    struct wal_policy p;
    (void)state;
    wal_policy_init(&p, NOW);
    grow_to(&p, 20 * M, NOW + 2000);
    wal_policy_note_checkpoint(&p, 20 * M, 5 * M, NOW + 2000); /* since the log had 5 MiB, 1.4 s ago */
    assert_int_equal(kind_at(&p, NOW + 2000), WAL_READERS_NONE);
    wal_policy_note_checkpoint(&p, 50 * M, 5 * M, NOW + 5000);
    assert_int_equal(kind_at(&p, NOW + 5590), WAL_READERS_NONE);
    assert_int_equal(kind_at(&p, NOW + 5600), WAL_READERS_LONG);
    assert_int_equal(wal_policy_report(&p, NOW + 9000).since, NOW + 600);
    wal_policy_note_checkpoint(&p, 60 * M, 60 * M, NOW + 10000);
    assert_int_equal(kind_at(&p, NOW + 10000), WAL_READERS_NONE);
}

static void a_small_remainder_is_not_reported(void **state)
{
    struct wal_policy p;
    (void)state;
    wal_policy_init(&p, NOW);
    grow_to(&p, 9 * M, NOW + 1000);
    wal_policy_note_checkpoint(&p, 9 * M, 1 * M, NOW + 1000);
    wal_policy_note_checkpoint(&p, 9 * M, 1 * M, NOW + 120000);
    assert_int_equal(kind_at(&p, NOW + 120000), WAL_READERS_NONE);
}

static void a_log_that_begins_again_is_held_by_nobody(void **state)
{
    struct wal_policy p;
    (void)state;
    wal_policy_init(&p, NOW);
    grow_to(&p, 40 * M, NOW + 4000);
    wal_policy_note_checkpoint(&p, 40 * M, 20 * M, NOW + 4000);
    assert_int_equal(kind_at(&p, NOW + 10000), WAL_READERS_LONG);
    wal_policy_note_commit(&p, M, NOW + 10001);
    assert_int_equal(kind_at(&p, NOW + 10001), WAL_READERS_NONE);
    wal_policy_note_checkpoint(&p, 40 * M, 20 * M, NOW + 10000); /* began before, and comes late */
    assert_int_equal(kind_at(&p, NOW + 20000), WAL_READERS_NONE);
}

/* The log had so many bytes, and the thread has copied them all. */
static void copied_to(struct wal_policy *p, int64_t bytes)
{
    if (bytes <= 0) return;
    wal_policy_note_commit(p, bytes, NOW);
    wal_policy_note_checkpoint(p, bytes, bytes, NOW);
}

static void the_thread_copies_first_then_the_writer_finishes(void **state)
{
    static const struct {
        int64_t bytes;
        bool nudges, finishes, waits;
    } rows[] = {
        {SPOOL_WAL_PASSIVE_BYTES, false, false, false},   {SPOOL_WAL_PASSIVE_BYTES + 1, true, false, false},
        {SPOOL_WAL_FINISH_BYTES, true, false, false},     {SPOOL_WAL_FINISH_BYTES + 1, false, true, false},
        {SPOOL_WAL_RESTART_BYTES + 1, false, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wal_policy p;
        wal_policy_init(&p, NOW);
        copied_to(&p, rows[i].bytes - WAL_REST_BYTES);
        wal_policy_note_commit(&p, rows[i].bytes, NOW);
        struct wal_step step = wal_policy_after_group(&p, NOW);
        assert_true(step.nudges == rows[i].nudges && step.finishes == rows[i].finishes);
        assert_true(step.waits == rows[i].waits);
    }
}

/* What it copies makes all events wait: a reader of a moment had stopped the thread at the half. */
static void the_writer_leaves_more_than_a_little_to_the_thread_unless_the_log_must_not_grow(void **state)
{
    struct wal_policy p;
    int64_t bytes = SPOOL_WAL_FINISH_BYTES + 1;
    (void)state;
    wal_policy_init(&p, NOW);
    copied_to(&p, bytes - WAL_REST_BYTES - 1);
    wal_policy_note_commit(&p, bytes, NOW);
    struct wal_step step = wal_policy_after_group(&p, NOW);
    assert_true(step.nudges && !step.finishes && step.readers_ms == 0);
    wal_policy_note_commit(&p, SPOOL_WAL_RESTART_BYTES, NOW + 1);
    assert_false(wal_policy_after_group(&p, NOW + 1).finishes);
    wal_policy_note_commit(&p, SPOOL_WAL_RESTART_BYTES + 1, NOW + 2);
    step = wal_policy_after_group(&p, NOW + 2);
    assert_true(step.finishes && step.waits);
}

static void a_reader_of_a_moment_does_not_keep_the_thread_from_copying_on(void **state)
{
    struct wal_policy p;
    (void)state;
    wal_policy_init(&p, NOW);
    wal_policy_note_commit(&p, 10 * M, NOW);
    assert_true(wal_policy_after_group(&p, NOW).nudges);
    wal_policy_note_commit(&p, 12 * M, NOW + 8);
    wal_policy_note_checkpoint(&p, 12 * M, 10 * M, NOW + 8);
    wal_policy_note_commit(&p, 14 * M - 1, NOW + 9);
    assert_false(wal_policy_after_group(&p, NOW + 9).nudges);
    wal_policy_note_commit(&p, 14 * M, NOW + 10);
    assert_true(wal_policy_after_group(&p, NOW + 10).nudges);
    wal_policy_note_checkpoint(&p, 14 * M, 10 * M, NOW + 90); /* it has gone on reading */
    wal_policy_note_commit(&p, 20 * M, NOW + 109);
    assert_false(wal_policy_after_group(&p, NOW + 109).nudges);
    assert_true(wal_policy_after_group(&p, NOW + 110).nudges);
}

/* Called each few megabytes it never came to its end, so that the writer had to wait for it. */
static void a_long_log_is_copied_by_the_thread_once_more_only_when_it_has_ended(void **state)
{
    struct wal_policy p;
    int64_t bytes = SPOOL_WAL_FINISH_BYTES + 1;
    (void)state;
    wal_policy_init(&p, NOW);
    wal_policy_note_commit(&p, bytes, NOW);
    wal_policy_note_thread(&p, true);
    assert_false(wal_policy_after_group(&p, NOW).nudges);
    wal_policy_note_commit(&p, bytes + 5 * M, NOW + 20);
    assert_false(wal_policy_after_group(&p, NOW + 20).nudges);
    wal_policy_note_thread(&p, false);
    assert_true(wal_policy_after_group(&p, NOW + 21).nudges);
    wal_policy_note_checkpoint(&p, bytes + 5 * M, bytes + 5 * M, NOW + 21);
    wal_policy_note_commit(&p, bytes + 9 * M, NOW + 40);
    struct wal_step step = wal_policy_after_group(&p, NOW + 40);
    assert_true(step.finishes && !step.nudges);
}

static void the_thread_copies_each_few_megabytes(void **state)
{
    struct wal_policy p;
    int64_t first = SPOOL_WAL_PASSIVE_BYTES + 1;
    (void)state;
    wal_policy_init(&p, NOW);
    wal_policy_note_commit(&p, first, NOW);
    assert_true(wal_policy_after_group(&p, NOW).nudges);
    wal_policy_note_commit(&p, first + 4 * M - 1, NOW + 1);
    assert_false(wal_policy_after_group(&p, NOW + 1).nudges);
    wal_policy_note_commit(&p, first + 4 * M, NOW + 2);
    assert_true(wal_policy_after_group(&p, NOW + 2).nudges);
    wal_policy_note_commit(&p, M, NOW + 3); /* it has begun again */
    wal_policy_note_commit(&p, first, NOW + 4);
    assert_true(wal_policy_after_group(&p, NOW + 4).nudges);
}

static int readers_ms_at(struct wal_policy *p, int64_t now_ms)
{
    return wal_policy_after_group(p, now_ms).readers_ms;
}

static void the_writer_waits_for_readers_of_a_moment_less_and_less_often_if_in_vain(void **state)
{
    struct wal_policy p;
    int64_t now = NOW;
    (void)state;
    wal_policy_init(&p, NOW);
    copied_to(&p, SPOOL_WAL_FINISH_BYTES);
    assert_int_equal(readers_ms_at(&p, NOW), 0);
    wal_policy_note_commit(&p, SPOOL_WAL_FINISH_BYTES + 1, NOW);
    assert_int_equal(readers_ms_at(&p, NOW), WAL_WAIT_MS);
    for (int64_t wait = 50; wait < 4000; wait *= 2) {
        wal_policy_note_waited(&p, false, now);
        now += wait < 2000 ? wait : 2000;
        assert_int_equal(readers_ms_at(&p, now - 1), 0);
        assert_int_equal(readers_ms_at(&p, now), WAL_WAIT_MS);
    }
    wal_policy_note_waited(&p, true, now);
    assert_int_equal(readers_ms_at(&p, now), WAL_WAIT_MS);
    wal_policy_note_waited(&p, false, now);
    assert_int_equal(readers_ms_at(&p, now + 50), WAL_WAIT_MS);
}

static void the_writer_waits_for_no_reader_of_more_than_a_moment(void **state)
{
    struct wal_policy p;
    int64_t now = NOW + 10000;
    (void)state;
    wal_policy_init(&p, NOW);
    grow_to(&p, 40 * M, now);
    wal_policy_note_checkpoint(&p, 40 * M, 38 * M, now); /* it has been reading for 100 ms */
    assert_int_equal(readers_ms_at(&p, now), 0);
}

static void in_a_quiet_moment_the_rest_is_copied_and_a_long_file_cut(void **state)
{
    struct wal_policy p;
    (void)state;
    wal_policy_init(&p, NOW);
    assert_false(wal_policy_is_busy(&p, WAL_FILE_BYTES));
    assert_true(wal_policy_is_busy(&p, WAL_FILE_BYTES + 1));
    assert_true(wal_policy_quiet(&p, WAL_FILE_BYTES + 1, NOW).truncates);
    wal_policy_note_commit(&p, 2 * M, NOW);
    assert_true(wal_policy_is_busy(&p, 0));
    assert_true(wal_policy_tick_ms(&p, 0, NOW) >= 100);
    assert_true(wal_policy_quiet(&p, WAL_FILE_BYTES + 1, NOW).nudges);
    assert_true(wal_policy_tick_ms(&p, 0, NOW) < 100); /* its result is soon there */
    assert_false(wal_policy_quiet(&p, WAL_FILE_BYTES + 1, NOW + 50).nudges);
    assert_false(wal_policy_quiet(&p, WAL_FILE_BYTES + 1, NOW + 50).truncates);
    wal_policy_note_checkpoint(&p, 2 * M, 2 * M, NOW);
    assert_false(wal_policy_is_busy(&p, 0));
    assert_int_equal(wal_policy_tick_ms(&p, 0, NOW + 1000), 0);
}

/* Blocked by readers that follow each other: each result moves on, to what was the log's end half a second ago. */
static void overlap(struct wal_policy *p, int64_t bytes, int64_t now_ms)
{
    grow_to(p, bytes, now_ms);
    for (int i = 2; i >= 0; i--)
        wal_policy_note_checkpoint(p, bytes - i * M, bytes - (5 + i) * M, now_ms - i * 100);
}

static void new_readers_are_kept_out_only_if_those_of_now_are_many_and_young(void **state)
{
    struct wal_policy p;
    int64_t now = NOW + 10000;
    (void)state;
    wal_policy_init(&p, NOW);
    overlap(&p, 49 * M, now);
    assert_true(wal_policy_wants_closed(&p, now));

    wal_policy_init(&p, NOW);
    overlap(&p, 40 * M, now); /* the log is short */
    assert_false(wal_policy_wants_closed(&p, now));

    wal_policy_init(&p, NOW);
    grow_to(&p, 60 * M, now); /* one reader: the position does not move */
    for (int i = 0; i < 5; i++) wal_policy_note_checkpoint(&p, 60 * M, 55 * M, now + i);
    assert_false(wal_policy_wants_closed(&p, now + 5));

    wal_policy_init(&p, NOW);
    overlap(&p, 49 * M, now);
    assert_false(wal_policy_wants_closed(&p, now + WAL_READER_MS)); /* the oldest does not end */

    wal_policy_init(&p, NOW);
    grow_to(&p, 60 * M, now - 200);
    wal_policy_note_checkpoint(&p, 59 * M, 35 * M,
                               now - 200); /* one of two seconds was among them just now */
    overlap(&p, 60 * M, now);
    assert_false(wal_policy_wants_closed(&p, now));
}

static void overlapping_readers_are_many_while_the_log_is_long_and_until_one_is_long(void **state)
{
    struct wal_policy p;
    int64_t now = NOW + 20000;
    (void)state;
    wal_policy_init(&p, NOW);
    overlap(&p, 128 * M, now);
    assert_int_equal(kind_at(&p, now), WAL_READERS_NONE);
    overlap(&p, 130 * M, now);
    assert_int_equal(kind_at(&p, now), WAL_READERS_MANY);
    assert_int_equal(wal_policy_report(&p, now).bytes, 130 * M);
    wal_policy_note_commit(&p, M, now + 1);
    assert_int_equal(kind_at(&p, now + 9999), WAL_READERS_MANY);
    assert_int_equal(wal_policy_report(&p, now + 9999).bytes, 130 * M);
    assert_int_equal(kind_at(&p, now + 10000), WAL_READERS_NONE);

    wal_policy_init(&p, NOW);
    overlap(&p, 130 * M, now);
    assert_int_equal(kind_at(&p, now), WAL_READERS_MANY);
    wal_policy_note_checkpoint(&p, 150 * M, 127 * M, now + 4000);
    assert_int_equal(kind_at(&p, now + 9500), WAL_READERS_LONG);
    wal_policy_note_checkpoint(&p, 150 * M, 150 * M, now + 9600);
    assert_int_equal(kind_at(&p, now + 9600), WAL_READERS_NONE);
}

static void readers_wait_for_a_second_at_most_and_are_let_in_nine_times_as_long(void **state)
{
    struct wal_policy p;
    int64_t now = NOW + 10000;
    (void)state;
    wal_policy_init(&p, NOW);
    overlap(&p, 49 * M, now);
    wal_policy_note_closed(&p, now);
    wal_policy_note_checkpoint(&p, 52 * M, 50 * M, now + 700);
    assert_true(wal_policy_wants_closed(&p, now + WAL_CLOSED_MS - 1));
    assert_false(wal_policy_wants_closed(&p, now + WAL_CLOSED_MS));
    wal_policy_note_opened(&p, true, now + 400);
    overlap(&p, 60 * M, now + 3990);
    assert_false(wal_policy_wants_closed(&p, now + 3999));
    assert_true(wal_policy_wants_closed(&p, now + 4000));
}

static void a_closing_in_vain_is_not_repeated_soon(void **state)
{
    struct wal_policy p;
    int64_t now = NOW + 10000;
    (void)state;
    wal_policy_init(&p, NOW);
    for (int64_t wait = 9000; wait < 60000; wait = wait < 10000 ? 10000 : wait * 2) {
        wal_policy_note_closed(&p, now);
        now += WAL_CLOSED_MS;
        wal_policy_note_opened(&p, false, now);
        overlap(&p, 60 * M, now + wait - 10);
        assert_false(wal_policy_wants_closed(&p, now + wait - 1));
        assert_true(wal_policy_wants_closed(&p, now + wait));
        now += wait;
    }
}

static void the_gap_grows_with_the_log_beside_readers_and_shrinks_after_them(void **state)
{
    struct wal_policy p;
    int64_t now = NOW;
    (void)state;
    wal_policy_init(&p, NOW);
    for (int64_t b = 0; b < 90 * M; b += M / 2, now += 10) wal_policy_note_commit(&p, b, now);
    assert_int_equal(p.gap_us, WAL_GAP_MIN_US);
    for (int64_t b = 90 * M; b < 100 * M; b += M / 2, now += 1) {
        wal_policy_note_commit(&p, b, now);
        wal_policy_note_checkpoint(&p, b, b - 5 * M, now);
    }
    for (int64_t b = 100 * M; b < 120 * M; b += M / 10, now += 1) wal_policy_note_commit(&p, b, now);
    assert_true(p.gap_us > 5000 && p.gap_us <= WAL_GAP_MAX_US);
    for (int i = 0; i < 10000; i++, now += 1) wal_policy_note_commit(&p, M, now);
    assert_int_equal(p.gap_us, WAL_GAP_MIN_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_is_being_copied_is_nobodys_fault),
        cmocka_unit_test(a_long_read_is_reported_after_five_seconds_and_ends_with_progress),
        cmocka_unit_test(a_small_remainder_is_not_reported),
        cmocka_unit_test(a_log_that_begins_again_is_held_by_nobody),
        cmocka_unit_test(the_thread_copies_first_then_the_writer_finishes),
        cmocka_unit_test(the_writer_leaves_more_than_a_little_to_the_thread_unless_the_log_must_not_grow),
        cmocka_unit_test(a_reader_of_a_moment_does_not_keep_the_thread_from_copying_on),
        cmocka_unit_test(a_long_log_is_copied_by_the_thread_once_more_only_when_it_has_ended),
        cmocka_unit_test(the_thread_copies_each_few_megabytes),
        cmocka_unit_test(the_writer_waits_for_readers_of_a_moment_less_and_less_often_if_in_vain),
        cmocka_unit_test(the_writer_waits_for_no_reader_of_more_than_a_moment),
        cmocka_unit_test(in_a_quiet_moment_the_rest_is_copied_and_a_long_file_cut),
        cmocka_unit_test(new_readers_are_kept_out_only_if_those_of_now_are_many_and_young),
        cmocka_unit_test(overlapping_readers_are_many_while_the_log_is_long_and_until_one_is_long),
        cmocka_unit_test(readers_wait_for_a_second_at_most_and_are_let_in_nine_times_as_long),
        cmocka_unit_test(a_closing_in_vain_is_not_repeated_soon),
        cmocka_unit_test(the_gap_grows_with_the_log_beside_readers_and_shrinks_after_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
