/* test_committer -- a group stays until it is durable, the gate hears why it is not, and a stop ends that in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/committer.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/log.h"
#include "tests/support/in_fixture.h"
#include "tests/support/some_gate.h"

struct bench {
    struct fixture *f;
    struct some_gate gate;
    struct intake *intake;
    struct space_keeper space;
    struct turn turn;
    struct committer committer;
};

static int bench_new(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    if (!b) return -1;
    log_configure(LOG_ERROR, LOG_TEXT);
    b->f = fixture_new();
    some_gate_init(&b->gate);
    assert_int_equal(intake_open(&b->intake, 1 << 20, NULL, &b->f->why), RES_OK);
    b->space.spool = b->f->in;
    b->space.guard = (struct disk_guard){
        .gate = b->gate.gate, .problems = b->gate.problems, .spool_path = b->f->scratch->spool};
    space_keeper_init(&b->space, 1 << 20);
    b->committer = (struct committer){
        .spool = b->f->in, .intake = b->intake, .gate = b->gate.gate, .space = &b->space, .turn = &b->turn};
    *state = b;
    return 0;
}

static int bench_free(void **state)
{
    struct bench *b = *state;
    intake_close(b->intake);
    some_gate_fini(&b->gate);
    fixture_free(b->f);
    free(b);
    return 0;
}

/* Does exactly this reason hold, or none (GATE_REASON_COUNT)? */
static void check_gate(struct bench *b, enum gate_reason reason)
{
    gate_take(b->gate.gate);
    for (int i = 0; i < GATE_REASON_COUNT; i++)
        assert_int_equal(gate_holds(b->gate.gate, (enum gate_reason)i), i == (int)reason);
}

static void a_group_that_is_kept_is_counted(void **state)
{
    struct bench *b = *state;
    struct group *group = some_group(1, 3, 2);
    int64_t bytes = 0;
    for (size_t i = 0; i < group->item_count; i++) bytes += (int64_t)group->items[i].bytes;
    assert_true(committer_commit(&b->committer, group));
    group_free(group);
    assert_int_equal(b->committer.kept.events, 3);
    assert_int_equal(b->committer.kept.rejects, 2);
    assert_int_equal(b->committer.kept.bytes, bytes);
    assert_int_equal(b->committer.lost.bytes, 0);
    check_gate(b, GATE_REASON_COUNT);
}

/* ---- a lock ---- */

struct release {
    struct bench *b;
    struct db *db;
    enum result res;
    struct why why;
};

/* Ends the other transaction once the gate has heard of it. */
static void *release_later(void *context)
{
    struct release *r = context;
    while (!gate_holds(r->b->gate.gate, GATE_COMMIT_FAILING)) {
        gate_take(r->b->gate.gate);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    r->res = db_end(r->db, RES_REFUSE, &r->why);
    return NULL;
}

static void a_lock_closes_the_gate_until_the_group_is_kept(void **state)
{
    struct bench *b = *state;
    struct release r = {.b = b};
    struct group *group = some_group(1, 3, 0);
    pthread_t thread;
    must(b->f, db_open(&r.db, b->f->scratch->spool, 0, &r.why));
    must(b->f, db_begin(r.db, &r.why));
    db_set_busy(spool_in_db(b->f->in), 10);
    assert_int_equal(pthread_create(&thread, NULL, release_later, &r), 0);
    assert_true(committer_commit(&b->committer, group));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(r.res, RES_REFUSE);
    check_gate(b, GATE_REASON_COUNT);
    assert_int_equal(query_int(b->f->scratch->spool, "SELECT count(*) FROM _event"), 3);
    group_free(group);
    db_close(r.db);
}

static void a_stop_gives_up_in_time_and_counts_what_is_lost(void **state)
{
    struct bench *b = *state;
    struct db *other = NULL;
    struct group *first = some_group(1, 2, 1);
    struct group *second = some_group(3, 1, 0);
    must(b->f, db_open(&other, b->f->scratch->spool, 0, &b->f->why));
    must(b->f, db_begin(other, &b->f->why));
    db_set_busy(spool_in_db(b->f->in), 10);
    int64_t since = clock_monotonic_ms();
    committer_set_stop(&b->committer, since + 200);
    assert_false(committer_commit(&b->committer, first));
    assert_true(clock_monotonic_ms() - since >= 200);
    assert_false(committer_commit(&b->committer, second)); /* there is no time for a try */
    assert_int_equal(b->committer.lost.events, 3);
    assert_int_equal(b->committer.lost.rejects, 1);
    assert_int_equal(b->committer.kept.events, 0);
    assert_int_equal(b->committer.unlogged[REJECT_MALFORMED],
                     0); /* `rejects arrived` is about those that are kept */
    assert_int_equal(db_end(other, RES_REFUSE, &b->f->why), RES_REFUSE);
    db_close(other);
    group_free(first);
    group_free(second);
}

/* ---- what others do ---- */

static void a_newer_schema_is_noticed_without_a_group(void **state)
{
    struct bench *b = *state;
    query_do(b->f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    committer_check(&b->committer);
    check_gate(b, GATE_SCHEMA_TOO_NEW);
    committer_check(&b->committer);
    check_gate(b, GATE_SCHEMA_TOO_NEW);
    query_do(b->f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA);
    committer_check(&b->committer);
    check_gate(b, GATE_REASON_COUNT);
}

static void a_stop_does_not_wait_for_an_older_schema(void **state)
{
    struct bench *b = *state;
    struct group *group = some_group(1, 1, 0);
    query_do(b->f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    committer_set_stop(&b->committer, clock_monotonic_ms() + 60000);
    assert_false(committer_commit(&b->committer, group));
    assert_int_equal(b->committer.lost.events, 1);
    group_free(group);
}

static void a_deleted_log_is_a_reason_until_a_restart(void **state)
{
    struct bench *b = *state;
    struct group *group = some_group(2, 1, 0);
    char wal[200];
    append(b->f, 1, 1, 0);
    (void)snprintf(wal, sizeof wal, "%s-wal", b->f->scratch->spool);
    assert_int_equal(unlink(wal), 0);
    committer_check(&b->committer);
    check_gate(b, GATE_WAL_LOST);
    assert_true(committer_commit(&b->committer, group)); /* it is saved into the file */
    check_gate(b, GATE_WAL_LOST);
    group_free(group);
}

static void a_deleted_log_leaves_a_newer_schema_a_reason(void **state)
{
    struct bench *b = *state;
    char wal[200];
    query_do(b->f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    (void)snprintf(wal, sizeof wal, "%s-wal", b->f->scratch->spool);
    assert_int_equal(unlink(wal), 0);
    for (int i = 0; i < 2; i++) {
        committer_check(&b->committer);
        gate_take(b->gate.gate);
        assert_true(gate_holds(b->gate.gate, GATE_SCHEMA_TOO_NEW));
        assert_true(gate_holds(b->gate.gate, GATE_WAL_LOST));
    }
}

/* ---- a spool that is moved ---- */

static void a_spool_that_is_moved_away_is_noticed_without_a_group(void **state)
{
    struct bench *b = *state;
    char away[PATH_MAX];
    (void)snprintf(away, sizeof away, "%s-away", b->f->scratch->spool);
    assert_int_equal(rename(b->f->scratch->spool, away), 0);
    committer_check(&b->committer);
    check_gate(b, GATE_SPOOL_REPLACED);
    assert_int_equal(rename(away, b->f->scratch->spool), 0);
    committer_check(&b->committer);
    check_gate(b, GATE_REASON_COUNT);
}

static void a_spool_that_comes_back_with_a_newer_schema_leaves_no_gap(void **state)
{
    struct bench *b = *state;
    char away[PATH_MAX];
    (void)snprintf(away, sizeof away, "%s-away", b->f->scratch->spool);
    query_do(b->f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    assert_int_equal(rename(b->f->scratch->spool, away), 0);
    committer_check(&b->committer);
    committer_check(&b->committer);
    check_gate(b, GATE_SPOOL_REPLACED);
    assert_int_equal(rename(away, b->f->scratch->spool), 0);
    committer_check(&b->committer);
    check_gate(b, GATE_SCHEMA_TOO_NEW);
}

/* ---- a disk that hangs ---- */

static void a_commit_that_hangs_is_one_that_fails(void **state)
{
    struct bench *b = *state;
    committer_watch(&b->committer);
    check_gate(b, GATE_REASON_COUNT);
    turn_begin(&b->turn, COMMITTER_CALL);
    committer_watch(&b->committer);
    check_gate(b, GATE_REASON_COUNT);
    b->turn.since = clock_monotonic_ms() - TURN_STALLED_MS;
    committer_watch(&b->committer);
    check_gate(b, GATE_COMMIT_FAILING);
    turn_end(&b->turn); /* it has come back after all */
    committer_watch(&b->committer);
    check_gate(b, GATE_COMMIT_FAILING);
    committer_check(&b->committer);
    check_gate(b, GATE_REASON_COUNT);
}

static void a_hang_that_is_seen_late_is_over_though_another_reason_holds(void **state)
{
    struct bench *b = *state;
    query_do(b->f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    committer_check(&b->committer);
    turn_begin(&b->turn, COMMITTER_CALL);
    b->turn.since = clock_monotonic_ms() - TURN_STALLED_MS;
    committer_watch(&b->committer);
    turn_end(&b->turn);
    committer_check(&b->committer);
    check_gate(b, GATE_SCHEMA_TOO_NEW);
}

static void another_call_that_hangs_is_no_failing_commit(void **state)
{
    struct bench *b = *state;
    turn_begin(&b->turn, "maintenance");
    b->turn.since = clock_monotonic_ms() - TURN_STALLED_MS;
    committer_watch(&b->committer);
    check_gate(b, GATE_REASON_COUNT);
}

int main(void)
{
#define HERE(test) cmocka_unit_test_setup_teardown(test, bench_new, bench_free)
    const struct CMUnitTest tests[] = {
        HERE(a_group_that_is_kept_is_counted),
        HERE(a_lock_closes_the_gate_until_the_group_is_kept),
        HERE(a_stop_gives_up_in_time_and_counts_what_is_lost),
        HERE(a_newer_schema_is_noticed_without_a_group),
        HERE(a_stop_does_not_wait_for_an_older_schema),
        HERE(a_deleted_log_is_a_reason_until_a_restart),
        HERE(a_deleted_log_leaves_a_newer_schema_a_reason),
        HERE(a_spool_that_is_moved_away_is_noticed_without_a_group),
        HERE(a_spool_that_comes_back_with_a_newer_schema_leaves_no_gap),
        HERE(a_commit_that_hangs_is_one_that_fails),
        HERE(a_hang_that_is_seen_late_is_over_though_another_reason_holds),
        HERE(another_call_that_hangs_is_no_failing_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
