/* test_verdict -- where a marked event stops, and why: single states as a table, and what holds in all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/eventspool/verify/verdict.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/chance.h"

#define TIMEOUT_MS 60000
#define NOW_MS     1935655872345
#define WORLDS     20000

struct fixture {
    struct status status;
    struct verify_facts facts;
    struct why why;
};

/* An event that was sent a second ago, with both programs running. */
static struct fixture *begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->status.now = NOW_MS;
    f->status.spool_path = "var/spool.db";
    f->status.collector.is_running = f->status.uploader.is_running = true;
    f->facts = (struct verify_facts){.waited_ms = 1000,
                                     .closed_ms = FACTS_NEVER,
                                     .due_ms = FACTS_NEVER,
                                     .timeout_ms = TIMEOUT_MS,
                                     .address = "127.0.0.1:8080",
                                     .element = "EVENT",
                                     .flush_code = -1,
                                     .status = &f->status};
    for (int code = 0; code < PROBLEM_COUNT; code++) f->facts.problem_ms[code] = FACTS_NEVER;
    return f;
}

/* One that was seen for so long. */
static void add_problem(struct fixture *f, enum problem_code code, const char *program, int64_t ms)
{
    struct problem *problem = &f->status.problems[f->status.problem_count++];
    (void)snprintf(problem->code, sizeof problem->code, "%s", problem_kind(code)->code);
    (void)snprintf(problem->program, sizeof problem->program, "%s", program);
    (void)snprintf(problem->message, sizeof problem->message, "the message of %s", problem_kind(code)->code);
    (void)snprintf(problem->remedy, sizeof problem->remedy, "the remedy of %s", problem_kind(code)->code);
    f->facts.problem_ms[code] = ms;
}

/* In the spool for some time, and due for so long. */
static void commit(struct fixture *f, int64_t due_ms)
{
    f->facts.event_id = 42;
    f->facts.waited_ms = 600000;
    f->facts.due_ms = due_ms;
    f->facts.quiet_ms = due_ms;
}

static void stops(struct fixture *f, enum verdict (*judge)(const struct verify_facts *facts, struct why *why),
                  const char *text, const char *remedy)
{
    assert_int_equal(judge(&f->facts, &f->why), VERDICT_STOPPED);
    if (!strstr(f->why.text, text) || !strstr(f->why.remedy, remedy))
        fail_msg("'%s' or '%s' is not in: %s; %s", text, remedy, f->why.text, f->why.remedy);
}

static void waits(struct fixture *f, enum verdict (*judge)(const struct verify_facts *facts, struct why *why))
{
    assert_int_equal(judge(&f->facts, &f->why), VERDICT_WAIT);
}

/* ---- on its way to the spool ---- */

static void an_event_is_waited_for_as_long_as_a_commit_may_take(void **state)
{
    struct fixture *f = begin(*state);
    waits(f, verdict_on_commit);
    f->facts.waited_ms = VERDICT_COMMIT_MS;
    stops(f, verdict_on_commit, "is not in var/spool.db", "127.0.0.1:8080");
    f->facts.event_id = 1;
    assert_int_equal(verdict_on_commit(&f->facts, &f->why), VERDICT_PASSED);
}

static void a_reject_says_its_reason_and_what_helps(void **state)
{
    struct fixture *f = begin(*state);
    f->facts.reject_id = 7;
    (void)snprintf(f->facts.reject_reason, sizeof f->facts.reject_reason, "unknown_element");
    (void)snprintf(f->facts.reject_detail, sizeof f->facts.reject_detail, "the element EVENT");
    stops(f, verdict_on_commit, "reject 7 (unknown_element): the element EVENT", "EVENT_ELEMENT");
    (void)snprintf(f->facts.reject_reason, sizeof f->facts.reject_reason, "oversize");
    stops(f, verdict_on_commit, "reject 7 (oversize)", "eventspool rejects show 7");
}

static void a_closed_connection_is_a_refusal_once_nothing_else_explains_it(void **state)
{
    static const enum problem_code restarts[] = {PROBLEM_STOPPING, PROBLEM_STARTING};
    struct fixture *f = begin(*state);
    f->facts.closed_ms = VERDICT_PATIENCE_MS - 1;
    waits(f, verdict_on_commit); /* what came by it may still be committed */
    f->facts.closed_ms = VERDICT_PATIENCE_MS;
    stops(f, verdict_on_commit, "127.0.0.1:8080 has closed", "ALLOW_FROM");
    add_problem(f, PROBLEM_CONNECTIONS_FULL, "collector", 1);
    stops(f, verdict_on_commit, "message of connections_full", "remedy of connections_full");
    for (size_t i = 0; i < sizeof restarts / sizeof *restarts; i++) {
        begin(f);
        f->facts.closed_ms = VERDICT_PATIENCE_MS;
        add_problem(f, restarts[i], "collector", 1);
        waits(f, verdict_on_commit);
    }
    begin(f);
    f->facts.closed_ms = VERDICT_PATIENCE_MS;
    add_problem(f, PROBLEM_COLLECTOR_ABSENT, "collector", VERDICT_PATIENCE_MS - 1);
    waits(f, verdict_on_commit); /* it may be starting anew */
    f->facts.problem_ms[PROBLEM_COLLECTOR_ABSENT]++;
    stops(f, verdict_on_commit, "message of collector_absent", "remedy of collector_absent");
}

static void what_keeps_from_reading_is_named_once_it_lasts(void **state)
{
    struct fixture *f = begin(*state);
    add_problem(f, PROBLEM_CREDENTIALS, "uploader", TIMEOUT_MS); /* not its concern */
    add_problem(f, PROBLEM_PAUSED_DISK, "collector", VERDICT_PATIENCE_MS - 1);
    waits(f, verdict_on_commit);
    f->facts.problem_ms[PROBLEM_PAUSED_DISK]++;
    stops(f, verdict_on_commit, "message of paused_disk", "remedy of paused_disk");
    begin(f);
    add_problem(f, PROBLEM_INTAKE_FULL, "collector", VERDICT_PATIENCE_MS); /* a warning may end by itself */
    waits(f, verdict_on_commit);
    f->facts.waited_ms = VERDICT_COMMIT_MS;
    stops(f, verdict_on_commit, "message of intake_full", "remedy of intake_full");
}

/* ---- on its way to the store ---- */

static void an_event_has_its_time_from_when_it_is_due(void **state)
{
    struct fixture *f = begin(*state);
    commit(f, FACTS_NEVER);
    f->facts.quiet_ms = 3600000;
    waits(f, verdict_on_object);
    commit(f, TIMEOUT_MS - 1);
    waits(f, verdict_on_object);
    commit(f, TIMEOUT_MS);
    stops(f, verdict_on_object, "names no reason", "eventspool status");
    f->facts.is_shipped = true;
    assert_int_equal(verdict_on_object(&f->facts, &f->why), VERDICT_PASSED);
}

static void what_is_shipped_before_it_gives_it_more_time_but_not_for_ever(void **state)
{
    struct fixture *f = begin(*state);
    commit(f, 2 * TIMEOUT_MS);
    f->facts.quiet_ms = 1000;
    waits(f, verdict_on_object);
    commit(f, VERDICT_BACKLOG_TIMES * TIMEOUT_MS);
    f->facts.quiet_ms = 1000;
    f->status.backlog_events = 7000000;
    stops(f, verdict_on_object, "7000000 events wait", "--timeout");
}

static void what_needs_a_person_stops_it_once_it_lasts(void **state)
{
    static const enum problem_code codes[] = {PROBLEM_UPLOADER_ABSENT, PROBLEM_CREDENTIALS};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        begin(f);
        commit(f, FACTS_NEVER);
        add_problem(f, codes[i], "uploader", VERDICT_PATIENCE_MS - 1);
        waits(f, verdict_on_object); /* however long the event waits: a restart, a token that is renewed */
        f->facts.problem_ms[codes[i]]++;
        stops(f, verdict_on_object, problem_kind(codes[i])->code, "remedy of");
        stops(f, verdict_on_batch, problem_kind(codes[i])->code, "remedy of");
    }
    begin(f);
    commit(f, FACTS_NEVER);
    add_problem(f, PROBLEM_S3_REFUSED, "uploader", TIMEOUT_MS);
    waits(f, verdict_on_object); /* perhaps of rejects alone */
    (void)snprintf(f->facts.last_error, sizeof f->facts.last_error, "HTTP 403");
    stops(f, verdict_on_object, "message of s3_refused", "remedy of s3_refused");
    begin(f);
    commit(f, 1);
    f->facts.is_blocked = true;
    stops(f, verdict_on_object, "not known", "eventspool status");
    (void)snprintf(f->facts.last_error, sizeof f->facts.last_error, "HTTP 413");
    (void)snprintf(f->facts.remedy, sizeof f->facts.remedy, "lower MAX_FILE_SIZE");
    stops(f, verdict_on_object, "HTTP 413", "MAX_FILE_SIZE");
    begin(f);
    commit(f, 1);
    f->facts.is_abandoned = true;
    stops(f, verdict_on_object, "given up", "resolve");
}

static void a_flush_that_has_failed_is_the_end(void **state)
{
    struct fixture *f = begin(*state);
    commit(f, 500);
    f->facts.is_flushed = true;
    waits(f, verdict_on_object);
    f->facts.flush_code = 0; /* all is shipped: the next look sees it */
    waits(f, verdict_on_object);
    f->facts.flush_code = 1;
    add_problem(f, PROBLEM_BATCH_BLOCKED, "uploader", TIMEOUT_MS); /* of another batch */
    (void)snprintf(f->facts.flush_text, sizeof f->facts.flush_text, "not all is shipped");
    stops(f, verdict_on_object, "not all is shipped", "eventspool status");
    add_problem(f, PROBLEM_S3_UNREACHABLE, "uploader", 1);
    stops(f, verdict_on_object, "message of s3_unreachable", "remedy of s3_unreachable");
    (void)snprintf(f->facts.last_error, sizeof f->facts.last_error, "no route to host");
    (void)snprintf(f->facts.remedy, sizeof f->facts.remedy, "see the network");
    stops(f, verdict_on_object, "no route to host", "see the network");
}

static void an_uploader_that_nobody_may_see_is_believed(void **state)
{
    struct fixture *f = begin(*state);
    commit(f, FACTS_NEVER);
    assert_int_equal(verdict_on_uploader(&f->facts, &f->why), VERDICT_PASSED);
    f->status.uploader.is_running = false;
    f->status.uploader.is_unseen = true;
    assert_int_equal(verdict_on_uploader(&f->facts, &f->why), VERDICT_PASSED);
    f->status.uploader.is_unseen = false;
    waits(f, verdict_on_uploader);
    add_problem(f, PROBLEM_UPLOADER_ABSENT, "uploader", VERDICT_PATIENCE_MS);
    stops(f, verdict_on_uploader, "message of uploader_absent", "remedy of uploader_absent");
}

/* ---- in any state ---- */

static int64_t any_ms(struct chance *chance)
{
    return (int64_t)chance_below(chance, (VERDICT_BACKLOG_TIMES + 2) * TIMEOUT_MS) + FACTS_NEVER;
}

static void make_any(struct fixture *f, struct chance *chance)
{
    begin(f);
    f->facts.waited_ms = any_ms(chance) + 1;
    f->facts.closed_ms = chance_below(chance, 2) ? any_ms(chance) : FACTS_NEVER;
    f->facts.due_ms = chance_below(chance, 2) ? any_ms(chance) : FACTS_NEVER;
    f->facts.quiet_ms = any_ms(chance) + 1;
    f->facts.event_id = chance_below(chance, 3) == 0;
    f->facts.reject_id = chance_below(chance, 8) == 0;
    f->facts.is_shipped = chance_below(chance, 5) == 0;
    f->facts.is_abandoned = chance_below(chance, 20) == 0;
    f->facts.is_blocked = chance_below(chance, 20) == 0;
    f->facts.is_flushed = chance_below(chance, 2) == 0;
    f->facts.flush_code = (int)chance_below(chance, 3) - 1;
    for (size_t n = chance_below(chance, 4); n > 0; n--) {
        enum problem_code code = (enum problem_code)chance_below(chance, PROBLEM_COUNT);
        add_problem(f, code, chance_below(chance, 2) ? "collector" : "uploader", any_ms(chance) + 1);
    }
}

static void every_stop_is_explained_and_no_state_waits_for_ever(void **state)
{
    struct fixture *f = *state;
    struct chance chance = chance_begin();
    for (int i = 0; i < WORLDS; i++) {
        make_any(f, &chance);
        enum verdict commit_verdict = verdict_on_commit(&f->facts, &f->why);
        assert_int_equal(commit_verdict == VERDICT_PASSED, f->facts.event_id > 0);
        if (commit_verdict == VERDICT_STOPPED) assert_true(*f->why.text && *f->why.remedy);
        if (f->facts.waited_ms >= VERDICT_COMMIT_MS) assert_int_not_equal(commit_verdict, VERDICT_WAIT);
        why_clear(&f->why);
        enum verdict object_verdict = verdict_on_object(&f->facts, &f->why);
        assert_int_equal(object_verdict == VERDICT_PASSED, f->facts.is_shipped);
        if (object_verdict == VERDICT_STOPPED) assert_true(*f->why.text && *f->why.remedy);
        if (f->facts.due_ms >= VERDICT_BACKLOG_TIMES * TIMEOUT_MS)
            assert_int_not_equal(object_verdict, VERDICT_WAIT);
    }
}

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_waited_for_as_long_as_a_commit_may_take),
        cmocka_unit_test(a_reject_says_its_reason_and_what_helps),
        cmocka_unit_test(a_closed_connection_is_a_refusal_once_nothing_else_explains_it),
        cmocka_unit_test(what_keeps_from_reading_is_named_once_it_lasts),
        cmocka_unit_test(an_event_has_its_time_from_when_it_is_due),
        cmocka_unit_test(what_is_shipped_before_it_gives_it_more_time_but_not_for_ever),
        cmocka_unit_test(what_needs_a_person_stops_it_once_it_lasts),
        cmocka_unit_test(a_flush_that_has_failed_is_the_end),
        cmocka_unit_test(an_uploader_that_nobody_may_see_is_believed),
        cmocka_unit_test(every_stop_is_explained_and_no_state_waits_for_ever),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
