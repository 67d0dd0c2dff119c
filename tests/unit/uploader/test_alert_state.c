/* test_alert_state -- alerts in the spool: what is stored is what is loaded; and the ranges of the status document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/out_fixture.h"
#include "uploader/alert/ranges.h"
#include "uploader/alert/state.h"

#define NOW ((struct alert_now){SOME_TIME, 1000000})

static struct alert_policy *policy_new(void)
{
    struct alert_policy *policy = malloc(sizeof *policy);
    if (!policy) abort();
    alert_policy_init(policy, SOME_SPOOL_ID, NOW);
    return policy;
}

static void update(struct alert_policy *policy, const struct problem *problem, size_t count, int64_t later_ms)
{
    struct alert_view view = {problem, count, true, true, true};
    alert_policy_update(policy, &view, (struct alert_now){SOME_TIME + later_ms, 1000000 + later_ms});
}

static struct problem wal_lost(void)
{
    struct problem problem = {.code = "wal_lost", .program = "collector", .since = SOME_TIME};
    (void)problem_set_text(problem.message, "the log is gone");
    (void)problem_set_text(problem.remedy, "restart");
    return problem;
}

static void an_alert_is_loaded_as_it_was_stored(void **state)
{
    struct fixture *f = *state;
    struct alert_policy *policy = policy_new();
    struct alert_policy *loaded = policy_new();
    struct alert_message message;
    struct problem problem = wal_lost();
    update(policy, &problem, 1, 0);
    assert_true(alert_policy_next(policy, NOW, &message));
    alert_policy_sent(policy, &message, ALERT_TAKEN, NOW);
    must(f, alert_state_save(policy, spool_out_db(f->out), NOW, &f->why));
    assert_false(policy->list[0].is_dirty);
    must(f, alert_state_load(loaded, spool_out_db(f->out), NOW, &f->why));
    assert_int_equal(loaded->count, 1);
    const struct alert *a = &policy->list[0];
    const struct alert *b = &loaded->list[0];
    assert_string_equal(a->id, b->id);
    assert_int_equal(b->stage, ALERT_OPEN);
    assert_string_equal(a->problem.code, b->problem.code);
    assert_string_equal(a->problem.program, b->problem.program);
    assert_string_equal(a->problem.message, b->problem.message);
    assert_string_equal(a->problem.remedy, b->problem.remedy);
    assert_int_equal(a->problem.since, b->problem.since);
    assert_int_equal(a->begun_at, b->begun_at);
    assert_int_equal(a->told_at, b->told_at);
    assert_int_equal(a->due, b->due);
    assert_int_equal(loaded->begins, ALERT_BURST - 1);
    free(policy);
    free(loaded);
}

static void what_is_over_untold_is_deleted(void **state)
{
    struct fixture *f = *state;
    struct alert_policy *policy = policy_new();
    struct problem problem = wal_lost();
    update(policy, &problem, 1, 0);
    must(f, alert_state_save(policy, spool_out_db(f->out), NOW, &f->why));
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _alert WHERE stage = 'waiting'"), 1);
    update(policy, NULL, 0, 1000);
    update(policy, NULL, 0, 1000 + ALERT_QUIET_MS);
    must(f, alert_state_save(policy, spool_out_db(f->out), NOW, &f->why));
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _alert"), 0);
    assert_int_equal(policy->count, 0);
    free(policy);
}

static void a_spool_that_is_locked_leaves_them_in_memory(void **state)
{
    struct fixture *f = *state;
    struct alert_policy *policy = policy_new();
    struct problem problem = wal_lost();
    struct db *other = NULL;
    must(f, spool_open(&other, f->scratch->spool, &f->why));
    must(f, db_begin(other, &f->why));
    update(policy, &problem, 1, 0);
    db_set_busy(spool_out_db(f->out), 1);
    assert_int_equal(alert_state_save(policy, spool_out_db(f->out), NOW, &f->why), RES_RETRY);
    assert_true(policy->list[0].is_dirty);
    must(f, db_end(other, RES_OK, &f->why));
    db_close(other);
    must(f, alert_state_save(policy, spool_out_db(f->out), NOW, &f->why));
    assert_false(policy->list[0].is_dirty);
    free(policy);
}

static void alerts_of_the_spool_it_was_copied_from_are_forgotten(void **state)
{
    struct fixture *f = *state;
    struct alert_policy *policy = policy_new();
    struct alert_policy *copy = malloc(sizeof *copy);
    if (!copy) abort();
    struct alert_message message;
    struct problem problem = wal_lost();
    update(policy, &problem, 1, 0);
    assert_true(alert_policy_next(policy, NOW, &message));
    alert_policy_sent(policy, &message, ALERT_TAKEN, NOW);
    must(f, alert_state_save(policy, spool_out_db(f->out), NOW, &f->why));
    alert_policy_init(copy, "fedcba9876", NOW);
    must(f, alert_state_load(copy, spool_out_db(f->out), NOW, &f->why));
    update(copy, NULL, 0, 1000);
    update(copy, NULL, 0, 1000 + ALERT_QUIET_MS);
    assert_false(alert_policy_next(copy, NOW, &message));
    must(f, alert_state_save(copy, spool_out_db(f->out), NOW, &f->why));
    assert_int_equal(copy->count, 0);
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _alert"), 0);
    free(policy);
    free(copy);
}

static void expect_range(const struct status_range *range, const char *kind, const char *range_state,
                         int64_t first_id, int64_t last_id)
{
    assert_string_equal(range->kind, kind);
    assert_string_equal(range->state, range_state);
    assert_int_equal(range->first_id, first_id);
    assert_int_equal(range->last_id, last_id);
}

static void ranges_tell_what_is_not_in_the_bucket(void **state)
{
    struct fixture *f = *state;
    struct status_ranges *ranges = malloc(sizeof *ranges);
    if (!ranges) abort();
    some_spool_add_events(f->scratch->spool, 50, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 5, 10, SOME_TIME + 7);
    struct batch shipped = seal(f, BATCH_EVENTS, 1, 10);
    ship(f, &shipped);
    (void)seal(f, BATCH_EVENTS, 11, 20);
    (void)seal(f, BATCH_EVENTS, 21, 30);
    (void)seal(f, BATCH_EVENTS, 31, 40);
    query_do(f->scratch->spool, "UPDATE _batch SET blocked_at = 5 WHERE first_id = 11");
    query_do(f->scratch->spool, "UPDATE _batch SET abandoned_at = 6 WHERE first_id = 21");
    must(f, ranges_load(ranges, spool_out_db(f->out), &f->why));
    assert_int_equal(ranges->open.count, 4);
    expect_range(&ranges->open.list[0], "events", "blocked", 11, 20);
    assert_int_equal(ranges->open.list[0].since, 5);
    assert_string_equal(ranges->open.list[0].key, "events/11");
    expect_range(&ranges->open.list[1], "events", "sealed", 31, 40);
    expect_range(&ranges->open.list[2], "events", "pending", 41, 50);
    assert_int_equal(ranges->open.list[2].since, SOME_TIME);
    expect_range(&ranges->open.list[3], "rejects", "pending", 1, 5);
    assert_int_equal(ranges->open.list[3].since, SOME_TIME + 7);
    assert_int_equal(ranges->abandoned.count, 1);
    expect_range(&ranges->abandoned.list[0], "events", "abandoned", 21, 30);
    assert_int_equal(ranges->abandoned.list[0].since, 6);
    query_do(f->scratch->spool, "UPDATE _uploader SET ships_rejects = 0");
    must(f, ranges_load(ranges, spool_out_db(f->out), &f->why));
    assert_int_equal(ranges->open.count, 3);
    free(ranges);
}

static void too_many_ranges_are_cut(void **state)
{
    struct fixture *f = *state;
    struct status_ranges *ranges = malloc(sizeof *ranges);
    if (!ranges) abort();
    some_spool_add_events(f->scratch->spool, STATUS_RANGES_MAX + 5, 10, SOME_TIME);
    for (int64_t id = 1; id <= STATUS_RANGES_MAX + 1; id++) (void)seal(f, BATCH_EVENTS, id, id);
    must(f, ranges_load(ranges, spool_out_db(f->out), &f->why));
    assert_int_equal(ranges->open.count, STATUS_RANGES_MAX);
    assert_true(ranges->open.is_cut);
    assert_false(ranges->abandoned.is_cut);
    free(ranges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(an_alert_is_loaded_as_it_was_stored),
        IN_SPOOL(what_is_over_untold_is_deleted),
        IN_SPOOL(alerts_of_the_spool_it_was_copied_from_are_forgotten),
        IN_SPOOL(a_spool_that_is_locked_leaves_them_in_memory),
        IN_SPOOL(ranges_tell_what_is_not_in_the_bucket),
        IN_SPOOL(too_many_ranges_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
