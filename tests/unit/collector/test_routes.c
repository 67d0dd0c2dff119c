/* test_routes -- what the collector's status server answers while a thread, the disk or the gate does not go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/status/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/turn.h"
#include "tests/support/some_gate.h"

static _Atomic int64_t passed_s;

/* Stands before the C library's function: the monotonic clock is moved forward where a test lets time pass. */
int clock_gettime(clockid_t id, struct timespec *time)
{
    if (syscall(SYS_clock_gettime, id, time) != 0) return -1;
    if (id == CLOCK_MONOTONIC) time->tv_sec += (time_t)passed_s;
    return 0;
}

struct fixture {
    struct some_gate gate;
    struct histogram commits;
    struct routes routes;
    struct board_facts facts;
    char *body;
    int code;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    log_configure(LOG_ERROR, LOG_TEXT);
    some_gate_init(&f->gate);
    f->routes.spool_path = "spool.db";
    f->routes.board = board_new();
    f->routes.gate = f->gate.gate;
    f->routes.problems = f->gate.problems;
    f->routes.commits = &f->commits;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    board_free(f->routes.board);
    some_gate_fini(&f->gate);
    free(f->body);
    free(f);
    return 0;
}

/* The watcher has found a spool in which all is well, with an event. */
static void look(struct fixture *f)
{
    struct status *s = &f->facts.status;
    s->has_spool = s->uploader.is_running = true;
    s->events_received = 7;
    (void)snprintf(s->identity.node, sizeof s->identity.node, "site-7");
    f->facts.gathered_at = clock_monotonic_ms();
    board_post_facts(f->routes.board, &f->facts);
}

static void turn_loop(struct fixture *f)
{
    board_post_loop(f->routes.board, true, 0, NULL, 0);
}

/* Asks, and has the answer's code and body. */
static void ask(struct fixture *f, const char *path)
{
    struct web_answer answer = {200, WEB_TEXT, BUF_EMPTY};
    const struct web_route *route = routes_of_collector;
    while (strcmp(route->path, path) != 0) route++;
    route->fill(&f->routes, &answer);
    buf_append_char(&answer.body, '\0');
    free(f->body);
    f->body = answer.body.data;
    f->code = answer.code;
}

static void assert_answer(struct fixture *f, const char *path, int code, const char *words)
{
    ask(f, path);
    if (f->code != code || !strstr(f->body, words))
        fail_msg("%s: %d, expected %d with '%s': %s", path, f->code, code, words, f->body);
}

static void with_all_well_every_answer_is_good(void **state)
{
    struct fixture *f = *state;
    look(f);
    turn_loop(f);
    assert_answer(f, "/livez", 200, "alive");
    assert_answer(f, "/readyz", 200, "ready");
    assert_answer(f, "/healthz", 200, "\"flowing\"");
    assert_answer(f, "/metrics", 200, "eventspool_events_received_total 7");
    assert_string_equal(routes_node(&f->routes), "site-7");
}

static void an_event_loop_that_does_not_come_back_is_dead(void **state)
{
    struct fixture *f = *state;
    turn_loop(f);
    passed_s += TURN_STALLED_MS / 1000 - 1;
    look(f);
    assert_answer(f, "/livez", 200, "alive");
    passed_s += 2;
    look(f);
    assert_answer(f, "/livez", 503, "the event loop has not come back for 6");
    assert_answer(f, "/readyz", 503, "the event loop");
    assert_answer(f, "/healthz", 503, "thread_stalled");
    assert_answer(f, "/metrics", 200, "eventspool_problem{code=\"thread_stalled\",program=\"collector\"} 1");
    turn_loop(f);
    assert_answer(f, "/livez", 200, "alive");
}

/* Since when the first problem is said to be there, in s before now. */
static int64_t lasts_s(const struct fixture *f)
{
    const struct status *s = &f->routes.facts.status;
    return (s->now - s->problems[0].since) / 1000;
}

static void a_stall_lasts_from_its_beginning_whoever_asks_when(void **state)
{
    struct fixture *f = *state;
    turn_loop(f);
    for (int i = 0; i < 2; i++) {
        passed_s += TURN_STALLED_MS / 1000;
        look(f);
        ask(f, "/healthz");
        assert_string_equal(f->routes.facts.status.problems[0].code, "thread_stalled");
        assert_in_range(lasts_s(f), (i + 1) * TURN_STALLED_MS / 1000, (i + 1) * TURN_STALLED_MS / 1000 + 20);
    }
    turn_loop(f);
    passed_s += ROUTES_STALE_MS / 1000;
    turn_loop(f);
    ask(f, "/healthz");
    assert_in_range(lasts_s(f), ROUTES_STALE_MS / 1000, ROUTES_STALE_MS / 1000 + 20);
}

static void a_thread_that_hangs_is_named(void **state)
{
    struct fixture *f = *state;
    turn_loop(f);
    board_post_threads(f->routes.board, false, "validator 2");
    assert_answer(f, "/livez", 503, "from: validator 2");
    board_post_threads(f->routes.board, true, NULL);
    assert_answer(f, "/livez", 200, "alive");
}

static void figures_that_are_old_are_said_to_be_so_and_nothing_is_dead(void **state)
{
    struct fixture *f = *state;
    look(f);
    passed_s += ROUTES_STALE_MS / 1000 - 1;
    turn_loop(f);
    assert_answer(f, "/healthz", 200, "\"flowing\"");
    passed_s += 2;
    turn_loop(f);
    assert_answer(f, "/healthz", 503, "could not read the spool for 3");
    assert_answer(f, "/status.json", 200, "could not read the spool");
    assert_answer(f, "/metrics", 200, "eventspool_events_received_total 7"); /* a counter does not fall */
    assert_answer(f, "/livez", 200, "alive");
    assert_answer(f, "/readyz", 200, "ready");
    look(f);
    assert_answer(f, "/healthz", 200, "\"flowing\"");
}

static void each_reason_of_the_gate_is_named_and_none_is_deadly(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < GATE_REASON_COUNT; i++) {
        char words[80];
        look(f);
        turn_loop(f);
        gate_raise(f->gate.gate, (enum gate_reason)i, "some sentence", "some remedy");
        (void)snprintf(words, sizeof words, "not ready: %s: some sentence\n",
                       gate_kind((enum gate_reason)i)->code);
        assert_answer(f, "/readyz", 503, words);
        assert_answer(f, "/livez", 200, "alive");
        gate_clear(f->gate.gate, (enum gate_reason)i);
        assert_answer(f, "/readyz", 200, "ready");
    }
}

static void problems_of_now_are_shown_with_figures_of_before(void **state)
{
    struct fixture *f = *state;
    look(f);
    problems_raise(f->gate.problems, PROBLEM_DISK_LOW, "little space", "free some");
    assert_answer(f, "/healthz", 503, "little space");
    problems_end(f->gate.problems, PROBLEM_DISK_LOW);
    assert_answer(f, "/healthz", 200, "\"ok\"");
}

static void before_the_first_look_figures_are_left_out(void **state)
{
    struct fixture *f = *state;
    assert_null(routes_node(&f->routes));
    ask(f, "/metrics");
    assert_int_equal(f->code, 200);
    assert_null(strstr(f->body, "events_received_total"));
    assert_answer(f, "/status.json", 200, "\"history\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(with_all_well_every_answer_is_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_loop_that_does_not_come_back_is_dead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stall_lasts_from_its_beginning_whoever_asks_when, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_thread_that_hangs_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(figures_that_are_old_are_said_to_be_so_and_nothing_is_dead, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_reason_of_the_gate_is_named_and_none_is_deadly, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(problems_of_now_are_shown_with_figures_of_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(before_the_first_look_figures_are_left_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
