/* test_gate -- the reasons not to read: each its own, none in another's way, posted by threads and taken by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/gate/gate.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/support/chance.h"
#include "tests/support/some_gate.h"

#define POSTS 2000

static int set_up(void **state)
{
    struct some_gate *some = calloc(1, sizeof *some);
    if (!some) return -1;
    log_configure(LOG_ERROR, LOG_TEXT);
    some_gate_init(some);
    *state = some;
    return 0;
}

static int tear_down(void **state)
{
    struct some_gate *some = *state;
    some_gate_fini(some);
    free(some);
    return 0;
}

static bool is_readable(const struct gate *gate)
{
    struct pollfd wait = {.fd = gate_fd(gate), .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

static bool has_problem(const struct some_gate *some, enum gate_reason reason)
{
    return problems_is_present(some->problems, gate_kind(reason)->problem);
}

static void a_new_gate_is_closed_because_the_program_starts(void **state)
{
    struct problems *problems = problems_open(&LOCKFILE_NONE, "collector");
    struct gate *gate = NULL;
    struct why why = {0};
    (void)state;
    assert_int_equal(gate_open(&gate, problems, &why), RES_OK);
    assert_false(gate_is_open(gate));
    assert_true(gate_holds(gate, GATE_STARTING));
    assert_int_equal(gate_at_stop(gate), GATE_STOP_LEAVES);
    gate_clear(gate, GATE_STARTING);
    assert_true(gate_is_open(gate));
    gate_close(gate);
    problems_close(problems);
}

/* The table of docs/architecture.md. */
static void each_reason_closes_the_gate_begins_its_problem_and_says_what_a_stop_does(void **state)
{
    static const struct {
        enum gate_reason reason;
        const char *code;
        enum gate_stop at_stop;
        enum problem_severity severity; /* `healthcheck --strict` fails from a warning on */
    } rows[] = {
        {GATE_STARTING, "starting", GATE_STOP_LEAVES, PROBLEM_INFO},
        {GATE_COMMIT_FAILING, "commit_failing", GATE_STOP_READS, PROBLEM_CRITICAL},
        {GATE_WAL_LOST, "wal_lost", GATE_STOP_SAVES, PROBLEM_CRITICAL},
        {GATE_SPOOL_REPLACED, "spool_replaced", GATE_STOP_SAVES, PROBLEM_CRITICAL},
        {GATE_SCHEMA_TOO_NEW, "schema_too_new", GATE_STOP_SAVES, PROBLEM_CRITICAL},
        {GATE_PAUSED_DISK, "paused_disk", GATE_STOP_READS, PROBLEM_CRITICAL},
        {GATE_PAUSED_CEILING, "paused_ceiling", GATE_STOP_READS, PROBLEM_CRITICAL},
        {GATE_STOPPING, "stopping", GATE_STOP_READS, PROBLEM_INFO},
    };
    struct some_gate *some = *state;
    assert_int_equal(sizeof rows / sizeof *rows, GATE_REASON_COUNT);
    for (size_t i = 0; i < GATE_REASON_COUNT; i++) {
        const struct gate_kind *kind = gate_kind(rows[i].reason);
        assert_string_equal(kind->code, rows[i].code);
        assert_int_equal(problem_severity(kind->code), rows[i].severity);
        gate_raise(some->gate, rows[i].reason, "m", "r");
        assert_false(gate_is_open(some->gate));
        assert_int_equal(gate_seen(some->gate), 1U << rows[i].reason);
        assert_true(has_problem(some, rows[i].reason));
        assert_int_equal(gate_at_stop(some->gate), rows[i].at_stop);
        gate_clear(some->gate, rows[i].reason);
        assert_true(gate_is_open(some->gate));
        assert_int_equal(gate_seen(some->gate), 0);
        assert_false(has_problem(some, rows[i].reason));
        assert_int_equal(gate_at_stop(some->gate), GATE_STOP_READS);
    }
}

static void clearing_one_of_two_reasons_leaves_the_other(void **state)
{
    struct some_gate *some = *state;
    for (int a = 0; a < GATE_REASON_COUNT; a++) {
        for (int b = 0; b < GATE_REASON_COUNT; b++) {
            if (a == b) continue;
            gate_raise(some->gate, (enum gate_reason)a, "a", "r");
            gate_raise(some->gate, (enum gate_reason)b, "b", "r");
            gate_raise(some->gate, (enum gate_reason)a, "a again", "r");
            gate_clear(some->gate, (enum gate_reason)a);
            gate_clear(some->gate, (enum gate_reason)a);
            assert_false(gate_is_open(some->gate));
            assert_true(gate_holds(some->gate, (enum gate_reason)b));
            assert_true(has_problem(some, (enum gate_reason)b));
            assert_false(has_problem(some, (enum gate_reason)a));
            gate_clear(some->gate, (enum gate_reason)b);
            assert_true(gate_is_open(some->gate));
        }
    }
}

static void what_is_posted_counts_once_it_is_taken(void **state)
{
    struct some_gate *some = *state;
    gate_post(some->gate, GATE_PAUSED_DISK, true, "m", "r");
    assert_true(gate_is_open(some->gate));
    assert_true(is_readable(some->gate));
    gate_take(some->gate);
    assert_true(gate_holds(some->gate, GATE_PAUSED_DISK));
    assert_false(is_readable(some->gate));
    gate_take(some->gate); /* nothing new */
    assert_true(gate_holds(some->gate, GATE_PAUSED_DISK));
    gate_post(some->gate, GATE_PAUSED_DISK, false, NULL, NULL);
    gate_take(some->gate);
    assert_true(gate_is_open(some->gate));
}

static void of_several_posts_the_last_counts(void **state)
{
    struct some_gate *some = *state;
    gate_post(some->gate, GATE_COMMIT_FAILING, true, "m", "r");
    gate_post(some->gate, GATE_COMMIT_FAILING, false, NULL, NULL);
    gate_take(some->gate);
    assert_true(gate_is_open(some->gate));
    gate_post(some->gate, GATE_COMMIT_FAILING, false, NULL, NULL);
    gate_post(some->gate, GATE_COMMIT_FAILING, true, "m", "r");
    gate_take(some->gate);
    assert_false(gate_is_open(some->gate));
}

/* ---- random worlds ---- */

/* Thousands of lines in the log would hide what a test says. Returns what speak() takes. */
static int silence(void)
{
    int kept = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(kept >= 0 && nowhere >= 0 && dup2(nowhere, STDERR_FILENO) >= 0);
    close(nowhere);
    return kept;
}

static void speak(int kept)
{
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
}

/* A world posts, raises, clears and takes at random; a list of what should hold is kept beside. */
static void check_world(struct some_gate *some, struct chance *chance)
{
    bool posted[GATE_REASON_COUNT] = {false};
    bool holds[GATE_REASON_COUNT] = {false};
    for (int step = 0; step < 200; step++) {
        enum gate_reason reason = (enum gate_reason)chance_below(chance, GATE_REASON_COUNT);
        bool value = chance_below(chance, 2) == 0;
        if (chance_below(chance, 3) > 0) {
            gate_post(some->gate, reason, value, "m", "r");
            posted[reason] = value;
        } else {
            gate_take(some->gate);
            memcpy(holds, posted, sizeof holds);
        }
        bool is_open = true;
        for (int i = 0; i < GATE_REASON_COUNT; i++) {
            assert_int_equal(gate_holds(some->gate, (enum gate_reason)i), holds[i]);
            assert_int_equal(has_problem(some, (enum gate_reason)i), holds[i]);
            is_open &= !holds[i];
        }
        assert_int_equal(gate_is_open(some->gate), is_open); /* reading goes on whenever no reason holds */
        assert_int_equal(gate_code(some->gate) == NULL, is_open);
    }
}

static void in_random_worlds_the_gate_is_open_exactly_while_no_reason_holds(void **state)
{
    struct chance chance = chance_begin();
    const char *worlds = getenv("TEST_WORLDS");
    int64_t count = worlds ? strtoll(worlds, NULL, 10) : 50;
    (void)state;
    int kept = silence();
    for (int64_t i = 0; i < count; i++) {
        struct some_gate some;
        some_gate_init(&some);
        check_world(&some, &chance);
        some_gate_fini(&some);
    }
    speak(kept);
}

/* ---- threads ---- */

struct poster {
    struct gate *gate;
    enum gate_reason one, other;
};

/* One of the two reasons holds at every moment. */
static void *post_in_turns(void *context)
{
    const struct poster *p = context;
    for (int i = 0; i < POSTS; i++) {
        gate_post(p->gate, i % 2 ? p->one : p->other, true, "m", "r");
        gate_post(p->gate, i % 2 ? p->other : p->one, false, NULL, NULL);
    }
    return NULL;
}

static void a_reason_that_takes_anothers_place_leaves_no_gap(void **state)
{
    struct some_gate *some = *state;
    struct poster up = {some->gate, GATE_STARTING, GATE_PAUSED_DISK};
    pthread_t thread;
    int kept = silence();
    gate_raise(some->gate, GATE_STARTING, "m", "r");
    assert_int_equal(pthread_create(&thread, NULL, post_in_turns, &up), 0);
    for (int i = 0; i < POSTS; i++) {
        gate_take(some->gate);
        assert_false(gate_is_open(some->gate));
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    gate_take(some->gate);
    assert_false(gate_is_open(some->gate));
    speak(kept);
}

int main(void)
{
#define HERE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_gate_is_closed_because_the_program_starts),
        HERE(each_reason_closes_the_gate_begins_its_problem_and_says_what_a_stop_does),
        HERE(clearing_one_of_two_reasons_leaves_the_other),
        HERE(what_is_posted_counts_once_it_is_taken),
        HERE(of_several_posts_the_last_counts),
        cmocka_unit_test(in_random_worlds_the_gate_is_open_exactly_while_no_reason_holds),
        HERE(a_reason_that_takes_anothers_place_leaves_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
