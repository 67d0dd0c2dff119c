/* test_scheduler -- small cases with exact outcomes; test_scheduler_worlds.c has the promises in random worlds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/scheduler.h"

#include <stdio.h>

#define MINUTE 60000

struct fixture {
    struct scheduler *scheduler;
    int64_t now;
};

static const struct scheduler_answer taken = {.outcome = SCHEDULER_TAKEN, .is_settled = true};
static const struct scheduler_answer no_connection = {.outcome = SCHEDULER_FAILED,
                                                      .cause = {.scope = SCOPE_ENDPOINT}};
static const struct scheduler_answer busy = {.outcome = SCHEDULER_FAILED,
                                             .cause = {.scope = SCOPE_ENDPOINT, .status = 503}};
static const struct scheduler_answer proxy_limit = {.outcome = SCHEDULER_FAILED,
                                                    .cause = {.scope = SCOPE_BATCH, .status = 413}};
static const struct scheduler_answer too_large = {.outcome = SCHEDULER_FAILED,
                                                  .cause = {SCOPE_BATCH, 400, "EntityTooLarge"},
                                                  .is_from_store = true,
                                                  .is_authentic = true};
static const struct scheduler_answer denied = {.outcome = SCHEDULER_FAILED,
                                               .cause = {SCOPE_KIND, 403, "AccessDenied"},
                                               .is_from_store = true,
                                               .is_authentic = true};
static const struct scheduler_answer look_refused = {.outcome = SCHEDULER_FAILED,
                                                     .cause = {.scope = SCOPE_BATCH, .status = 405},
                                                     .may_be_stored = true,
                                                     .is_from_store = true,
                                                     .is_authentic = true};

static struct fixture begin_with(int workers, bool proves)
{
    struct scheduler_options options = {
        .workers = workers, .ahead = 2, .is_on = {true, true}, .proves = proves, .seed = 7};
    struct fixture f = {scheduler_new(&options, 0), 0};
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        scheduler_not_due(f.scheduler, (enum batch_kind)kind, INT64_MAX);
    return f;
}

static void add(struct fixture *f, int64_t id, enum batch_kind kind, const struct scheduler_answer *refused)
{
    struct scheduler_batch batch = {
        .id = id, .kind = kind, .first_id = id, .is_refused = refused, .may_be_stored = false};
    if (refused) batch.cause = refused->cause;
    scheduler_add(f->scheduler, &batch, f->now);
}

static struct scheduler_step next(const struct fixture *f)
{
    struct scheduler_step step;
    scheduler_next(f->scheduler, f->now, &step);
    return step;
}

/* What is next must be this batch. Returns the number of its try. */
static int64_t ship(struct fixture *f, int64_t id)
{
    struct scheduler_step step = next(f);
    assert_int_equal(step.action, SCHEDULER_SHIP);
    assert_int_equal(step.batch_id, id);
    return scheduler_begin(f->scheduler, &step, f->now);
}

static enum scope end(struct fixture *f, int64_t number, const struct scheduler_answer *answer)
{
    return scheduler_end(f->scheduler, number, answer, f->now);
}

/* Waits until something may begin, at most so long. Returns how long it took. */
static int64_t wait(struct fixture *f, int64_t most_ms)
{
    int64_t began = f->now;
    while (next(f).action == SCHEDULER_WAIT && next(f).due <= began + most_ms) f->now = next(f).due;
    assert_int_not_equal(next(f).action, SCHEDULER_WAIT);
    return f->now - began;
}

/* Ships, one after the other, all that may be begun within a minute of the one before; each is taken. */
static int ship_all(struct fixture *f)
{
    int count = 0;
    while (next(f).action != SCHEDULER_WAIT || next(f).due <= f->now + MINUTE) {
        (void)wait(f, MINUTE);
        struct scheduler_step step = next(f);
        assert_int_equal(step.action, SCHEDULER_SHIP);
        int64_t number = scheduler_begin(f->scheduler, &step, f->now++);
        (void)end(f, number, &taken);
        count++;
    }
    return count;
}

static void five_refused_batches_and_an_outage_of_3_s_delay_nothing(void **state)
{
    struct fixture f = begin_with(2, false);
    int tries[2] = {0, 0};
    (void)state;
    for (int64_t id = 1; id <= 5; id++) add(&f, id, BATCH_EVENTS, &too_large);
    for (int64_t id = 6; id <= 9; id++) add(&f, id, BATCH_EVENTS, NULL);
    while (f.now < 3000) { /* the outage */
        struct scheduler_step step = next(&f);
        if (step.action == SCHEDULER_WAIT) {
            f.now = step.due;
            continue;
        }
        tries[step.batch_id <= 5]++;
        (void)end(&f, scheduler_begin(f.scheduler, &step, f.now), &no_connection);
    }
    assert_true(tries[true] * 3 <= tries[false]);
    int64_t well = f.now;
    (void)wait(&f, MINUTE);
    assert_in_range(f.now - well, 0, 4000);
    for (int good = 0; good < 4;) {
        struct scheduler_step step = next(&f);
        assert_int_equal(step.action, SCHEDULER_SHIP);
        int64_t number = scheduler_begin(f.scheduler, &step, f.now);
        (void)end(&f, number, step.batch_id <= 5 ? &too_large : &taken);
        good += step.batch_id > 5;
    }
    assert_in_range(f.now - well, 0, 4000);
    scheduler_free(f.scheduler);
}

static void of_40_batches_two_refused_ones_hold_up_no_other(void **state)
{
    struct fixture f = begin_with(2, false);
    int64_t shipped = 0;
    (void)state;
    for (int64_t id = 1; id <= 40; id++) add(&f, id, BATCH_EVENTS, NULL);
    while (shipped < 38) {
        struct scheduler_step step = next(&f);
        assert_int_equal(step.action, SCHEDULER_SHIP); /* without a pause */
        bool is_refused = step.batch_id == 11 || step.batch_id == 12;
        (void)end(&f, scheduler_begin(f.scheduler, &step, f.now++), is_refused ? &proxy_limit : &taken);
        shipped += !is_refused;
    }
    assert_int_equal(scheduler_refused_count(f.scheduler, BATCH_EVENTS), 2);
    assert_int_equal(ship_all(&f), 2); /* the limit was raised: one shows it, the other follows */
    scheduler_free(f.scheduler);
}

static void access_denied_narrows_once_another_batch_is_taken(void **state)
{
    struct fixture f = begin_with(1, false);
    (void)state;
    add(&f, 1, BATCH_EVENTS, NULL);
    add(&f, 2, BATCH_EVENTS, NULL);
    assert_int_equal(end(&f, ship(&f, 1), &denied), SCOPE_KIND);
    assert_true(scheduler_failing_since(f.scheduler, SCOPE_KIND, BATCH_EVENTS) >= 0);
    assert_int_equal(scheduler_failing_since(f.scheduler, SCOPE_ENDPOINT, BATCH_EVENTS), -1);
    assert_in_range(wait(&f, MINUTE), 2500, 5000);
    (void)end(&f, ship(&f, 2), &taken);
    assert_int_equal(end(&f, ship(&f, 1), &denied), SCOPE_BATCH);
    assert_int_equal(scheduler_failing_since(f.scheduler, SCOPE_KIND, BATCH_EVENTS), -1);
    assert_int_equal(scheduler_refused_count(f.scheduler, BATCH_EVENTS), 1);
    scheduler_free(f.scheduler);
}

static void denied_events_do_not_hold_up_rejects(void **state)
{
    struct fixture f = begin_with(1, false);
    (void)state;
    add(&f, 1, BATCH_EVENTS, NULL);
    add(&f, 2, BATCH_REJECTS, NULL);
    (void)end(&f, ship(&f, 1), &denied);
    (void)end(&f, ship(&f, 2), &taken);
    assert_true(scheduler_failing_since(f.scheduler, SCOPE_KIND, BATCH_EVENTS) >=
                0); /* not by the other's success */
    assert_int_equal(scheduler_failing_since(f.scheduler, SCOPE_KIND, BATCH_REJECTS), -1);
    scheduler_free(f.scheduler);
}

static void a_refused_look_and_one_503_stop_nothing(void **state)
{
    struct fixture f = begin_with(1, false);
    (void)state;
    for (int64_t id = 1; id <= 3; id++) add(&f, id, BATCH_EVENTS, NULL);
    (void)end(&f, ship(&f, 1), &busy);
    (void)wait(&f, 500);
    (void)end(&f, ship(&f, 2), &look_refused); /* an answer of the store's: it is there */
    assert_int_equal(scheduler_failing_since(f.scheduler, SCOPE_ENDPOINT, BATCH_EVENTS), -1);
    (void)end(&f, ship(&f, 3), &taken);
    (void)end(&f, ship(&f, 1), &taken);
    scheduler_free(f.scheduler);
}

static void a_restart_sends_one_probe_for_each_scope(void **state)
{
    struct fixture f = begin_with(4, false);
    (void)state;
    for (int64_t id = 1; id <= 10; id++) add(&f, id, id % 2 ? BATCH_EVENTS : BATCH_REJECTS, NULL);
    int64_t first = ship(&f, 1);
    assert_int_equal(next(&f).action, SCHEDULER_WAIT); /* the endpoint is not known */
    (void)end(&f, first, &taken);
    (void)ship(&f, 2); /* the kind of rejects is not known, that of events is */
    (void)ship(&f, 3);
    (void)ship(&f, 5);
    (void)ship(&f, 7);
    assert_int_equal(next(&f).action, SCHEDULER_WAIT);
    scheduler_free(f.scheduler);
}

static void a_hanging_probe_gives_its_place_to_another_after_60_s(void **state)
{
    struct fixture f = begin_with(1, false);
    (void)state;
    add(&f, 1, BATCH_EVENTS, NULL);
    add(&f, 2, BATCH_EVENTS, NULL);
    (void)ship(&f, 1);
    assert_int_equal(wait(&f, MINUTE), MINUTE);
    (void)end(&f, ship(&f, 2), &taken); /* on the spare worker */
    assert_int_equal(scheduler_failing_since(f.scheduler, SCOPE_ENDPOINT, BATCH_EVENTS), -1);
    scheduler_free(f.scheduler);
}

static void retry_after_is_kept_and_a_person_ends_it(void **state)
{
    struct fixture f = begin_with(1, false);
    struct scheduler_answer asks = busy;
    (void)state;
    asks.asked_ms = 20000;
    add(&f, 1, BATCH_EVENTS, NULL);
    (void)end(&f, ship(&f, 1), &asks);
    assert_int_equal(wait(&f, MINUTE), 20000);
    (void)end(&f, ship(&f, 1), &asks);
    scheduler_hurry(f.scheduler, f.now);
    scheduler_not_due(f.scheduler, BATCH_EVENTS, INT64_MAX); /* it is asked for again, too */
    scheduler_not_due(f.scheduler, BATCH_REJECTS, INT64_MAX);
    (void)end(&f, ship(&f, 1), &taken);
    scheduler_free(f.scheduler);
}

static void a_destination_is_proven_at_the_start_and_after_an_idle_hour(void **state)
{
    struct fixture f = begin_with(2, true);
    (void)state;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        struct scheduler_step step = next(&f);
        assert_int_equal(step.action, SCHEDULER_PROVE);
        (void)end(&f, scheduler_begin(f.scheduler, &step, f.now),
                  &(struct scheduler_answer){.outcome = SCHEDULER_TAKEN});
        assert_true(scheduler_is_proven(f.scheduler, step.kind));
    }
    assert_int_equal(next(&f).action, SCHEDULER_WAIT);
    assert_int_equal(wait(&f, SCHEDULER_PROVE_MS), SCHEDULER_PROVE_MS);
    assert_int_equal(next(&f).action, SCHEDULER_PROVE);
    scheduler_free(f.scheduler);
}

static void what_a_kind_that_is_off_has_open_is_looked_for_only(void **state)
{
    struct scheduler_options options = {.workers = 1, .ahead = 2, .is_on = {true, false}};
    struct fixture f = {scheduler_new(&options, 0), 0};
    (void)state;
    scheduler_not_due(f.scheduler, BATCH_EVENTS, INT64_MAX);
    add(&f, 1, BATCH_REJECTS, NULL);
    struct scheduler_batch doubtful = {.id = 2, .kind = BATCH_REJECTS, .first_id = 2, .may_be_stored = true};
    scheduler_add(f.scheduler, &doubtful, f.now);
    (void)end(&f, ship(&f, 2), &(struct scheduler_answer){.outcome = SCHEDULER_FOUND}); /* it is not there */
    assert_int_equal(next(&f).action, SCHEDULER_WAIT);
    scheduler_free(f.scheduler);
}

/* A group for each cause would let a server that makes up codes take our memory. */
static void a_server_that_makes_up_codes_makes_no_more_groups(void **state)
{
    struct fixture f = begin_with(1, false);
    (void)state;
    for (int64_t id = 1; id <= 100; id++) {
        struct scheduler_answer made_up = too_large;
        (void)snprintf(made_up.cause.code, sizeof made_up.cause.code, "Code%d", (int)id);
        add(&f, id, BATCH_EVENTS, &made_up);
    }
    assert_int_equal(scheduler_refused_count(f.scheduler, BATCH_EVENTS), 100);
    assert_int_equal(ship_all(&f), 100);
    scheduler_free(f.scheduler);
}

static void what_a_person_has_resolved_keeps_no_group_waiting(void **state)
{
    struct fixture f = begin_with(1, false);
    (void)state;
    for (int64_t id = 1; id <= 3; id++) add(&f, id, BATCH_EVENTS, &too_large);
    (void)end(&f, ship(&f, 1), &taken);
    (void)end(&f, ship(&f, 2), &too_large); /* one taken, one refused: the third may still be tried */
    scheduler_remove(f.scheduler, 3, f.now);
    assert_in_range(wait(&f, MINUTE), 2500, MINUTE);
    (void)end(&f, ship(&f, 2), &taken);
    scheduler_free(f.scheduler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_refused_batches_and_an_outage_of_3_s_delay_nothing),
        cmocka_unit_test(of_40_batches_two_refused_ones_hold_up_no_other),
        cmocka_unit_test(access_denied_narrows_once_another_batch_is_taken),
        cmocka_unit_test(denied_events_do_not_hold_up_rejects),
        cmocka_unit_test(a_refused_look_and_one_503_stop_nothing),
        cmocka_unit_test(a_restart_sends_one_probe_for_each_scope),
        cmocka_unit_test(a_hanging_probe_gives_its_place_to_another_after_60_s),
        cmocka_unit_test(retry_after_is_kept_and_a_person_ends_it),
        cmocka_unit_test(a_destination_is_proven_at_the_start_and_after_an_idle_hour),
        cmocka_unit_test(what_a_kind_that_is_off_has_open_is_looked_for_only),
        cmocka_unit_test(a_server_that_makes_up_codes_makes_no_more_groups),
        cmocka_unit_test(what_a_person_has_resolved_keeps_no_group_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
