/* test_judge -- what the facts mean: which problems follow, the one verdict, the exit code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/status/judge.h"

#define NOW       INT64_C(1900000000000)
#define MINUTE_MS INT64_C(60000)
#define COUNT(a)  (sizeof(a) / sizeof(a)[0])

/* A spool with events, and both programs at work. */
static struct status *some_status(void)
{
    struct status *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->now = NOW;
    s->has_spool = true;
    s->created_at = NOW - 1000 * MINUTE_MS;
    s->events_received = 5;
    s->rotation_ms = 60 * MINUTE_MS;
    s->collector.is_running = s->uploader.is_running = true;
    s->collector.seen_at = s->uploader.seen_at = NOW - 1000;
    return s;
}

static void publish(struct status_program *program, const char *name, enum problem_code code, int64_t since)
{
    struct problem *p = &program->problems[program->problem_count++];
    *p = (struct problem){.since = since};
    strcpy(p->code, problem_kind(code)->code);
    strcpy(p->program, name);
}

static void the_table_agrees_with_the_contract(void **state)
{
    static const struct {
        enum problem_code code;
        const char *name, *severity, *flow;
        int64_t alert_s; /* -1: never */
    } rows[] = {
        {PROBLEM_COLLECTOR_ABSENT, "collector_absent", "critical", "being lost", 30},
        {PROBLEM_THREAD_STALLED, "thread_stalled", "critical", "held back", 60},
        {PROBLEM_COMMIT_FAILING, "commit_failing", "critical", "held back", 60},
        {PROBLEM_PAUSED_DISK, "paused_disk", "critical", "held back", 60},
        {PROBLEM_PAUSED_CEILING, "paused_ceiling", "critical", "held back", 60},
        {PROBLEM_CONNECTIONS_FULL, "connections_full", "critical", "held back", 60},
        {PROBLEM_WAL_LOST, "wal_lost", "critical", "held back", 0},
        {PROBLEM_SPOOL_REPLACED, "spool_replaced", "critical", "held back", 0},
        {PROBLEM_SCHEMA_TOO_NEW, "schema_too_new", "critical", "held back", 0},
        {PROBLEM_CREDENTIALS, "credentials", "critical", "waiting, a person is needed", 300},
        {PROBLEM_S3_REFUSED, "s3_refused", "critical", "waiting, a person is needed", 300},
        {PROBLEM_BATCH_BLOCKED, "batch_blocked", "critical", "waiting, a person is needed", 300},
        {PROBLEM_UPLOADER_ABSENT, "uploader_absent", "critical", "waiting, a person is needed", 300},
        {PROBLEM_S3_UNREACHABLE, "s3_unreachable", "warning", "degraded", 600},
        {PROBLEM_BACKLOG_OLD, "backlog_old", "warning", "degraded", 600},
        {PROBLEM_DISK_LOW, "disk_low", "warning", "degraded", 600},
        {PROBLEM_CLOCK_WRONG, "clock_wrong", "warning", "degraded", 600},
        {PROBLEM_FOREIGN_READER, "foreign_reader", "warning", "degraded", 600},
        {PROBLEM_REJECTS_CAPPED, "rejects_capped", "warning", "degraded", 600},
        {PROBLEM_SENDER_SILENT, "sender_silent", "warning", "degraded", 600},
        {PROBLEM_REJECTS_ARRIVING, "rejects_arriving", "warning", "degraded", 600},
        {PROBLEM_UNKNOWN_ELEMENTS, "unknown_elements", "warning", "degraded", 600},
        {PROBLEM_INTAKE_FULL, "intake_full", "warning", "degraded", 600},
        {PROBLEM_TRIAL_MODE, "trial_mode", "ok", "flowing", -1},
        {PROBLEM_STARTING, "starting", "ok", "flowing", -1},
        {PROBLEM_STOPPING, "stopping", "ok", "flowing", -1},
        {PROBLEM_NOTHING_RECEIVED, "nothing_received", "ok", "flowing", -1},
        {PROBLEM_DESTINATION_UNPROVEN, "destination_unproven", "ok", "flowing", -1},
    };
    (void)state;
    assert_int_equal(COUNT(rows), PROBLEM_COUNT);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct problem_kind *kind = problem_kind(rows[i].code);
        assert_string_equal(kind->code, rows[i].name);
        assert_string_equal(problem_severity_name(kind->severity), rows[i].severity);
        assert_string_equal(flow_name(kind->flow), rows[i].flow);
        assert_int_equal(kind->alert_after_ms,
                         rows[i].alert_s < 0 ? PROBLEM_ALERT_NEVER : rows[i].alert_s * 1000);
        assert_ptr_equal(problem_find(rows[i].name), kind);
    }
}

static void a_well_installation_flows_and_has_no_problem(void **state)
{
    struct status *s = some_status();
    char line[STATUS_VERDICT_SIZE];
    (void)state;
    status_judge(s);
    assert_int_equal(s->problem_count, 0);
    assert_string_equal(status_verdict_line(s, line), "events are flowing");
    assert_int_equal(status_exit_code(s), 0);
    free(s);
}

static void the_verdict_is_that_of_the_worst_problem(void **state)
{
    static const struct {
        enum problem_code codes[3];
        size_t count;
        const char *line;
        int exit_code;
    } rows[] = {
        {{PROBLEM_STARTING}, 1, "events are flowing", 0},
        {{PROBLEM_DISK_LOW}, 1, "events are flowing, but not as they should: disk_low", 1},
        {{PROBLEM_DISK_LOW, PROBLEM_S3_REFUSED}, 2, "events are waiting, a person is needed: s3_refused", 2},
        {{PROBLEM_CREDENTIALS, PROBLEM_PAUSED_DISK, PROBLEM_INTAKE_FULL},
         3,
         "events are held back at their senders: paused_disk",
         2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct status *s = some_status();
        char line[STATUS_VERDICT_SIZE];
        for (size_t j = 0; j < rows[i].count; j++)
            publish(j % 2 ? &s->uploader : &s->collector, j % 2 ? "uploader" : "collector", rows[i].codes[j],
                    NOW);
        status_judge(s);
        assert_int_equal(s->problem_count, rows[i].count);
        assert_string_equal(status_verdict_line(s, line), rows[i].line);
        assert_int_equal(status_exit_code(s), rows[i].exit_code);
        free(s);
    }
}

static void of_two_equal_problems_the_older_one_comes_first(void **state)
{
    struct status *s = some_status();
    (void)state;
    publish(&s->collector, "collector", PROBLEM_DISK_LOW, NOW - 1);
    publish(&s->uploader, "uploader", PROBLEM_CLOCK_WRONG, NOW - 2);
    status_judge(s);
    assert_string_equal(s->problems[0].code, "clock_wrong");
    free(s);
}

static void a_problem_of_a_newer_program_is_a_warning(void **state)
{
    struct status *s = some_status();
    (void)state;
    publish(&s->collector, "collector", PROBLEM_DISK_LOW, NOW);
    strcpy(s->collector.problems[0].code, "from_tomorrow");
    status_judge(s);
    assert_int_equal(s->flow, FLOW_DEGRADED);
    assert_int_equal(status_exit_code(s), 1);
    free(s);
}

static void a_program_that_does_not_run_is_a_problem_with_a_remedy(void **state)
{
    struct status *s = some_status();
    char line[STATUS_VERDICT_SIZE];
    (void)state;
    s->collector.is_running = s->uploader.is_running = false;
    strcpy(s->collector.why_not.text, "no collector is running");
    s->uploader.seen_at = 0; /* it has never run */
    status_judge(s);
    assert_string_equal(status_verdict_line(s, line), "events are being lost: collector_absent");
    assert_string_equal(s->problems[0].message, "no collector is running");
    assert_int_equal(s->problems[0].since, NOW - 1000);
    assert_string_equal(s->problems[1].code, "uploader_absent");
    assert_int_equal(s->problems[1].since, s->created_at);
    for (size_t i = 0; i < s->problem_count; i++) assert_true(*s->problems[i].remedy);
    assert_non_null(strstr(s->problems[0].remedy, "start the collector"));
    s->collector.is_hanging = true;
    status_judge(s);
    assert_non_null(strstr(s->problems[0].remedy, "end the process of the collector"));
    free(s);
}

static void the_proof_is_not_waited_for_where_it_is_known_what_is_in_its_way(void **state)
{
    struct status *s = some_status();
    (void)state;
    publish(&s->uploader, "uploader", PROBLEM_DESTINATION_UNPROVEN, NOW);
    strcpy(s->uploader.problems[0].remedy, "wait");
    status_judge(s);
    assert_string_equal(s->problems[0].remedy, "wait");
    publish(&s->uploader, "uploader", PROBLEM_CREDENTIALS, NOW);
    strcpy(s->uploader.problems[1].remedy, "correct the keys");
    status_judge(s);
    assert_string_equal(s->problems[0].remedy, "correct the keys");
    assert_string_equal(s->problems[1].code, "destination_unproven");
    assert_string_equal(s->problems[1].remedy, "");
    free(s);
}

static void where_nothing_can_be_seen_nothing_is_told(void **state)
{
    struct status *s = some_status();
    char line[STATUS_VERDICT_SIZE];
    (void)state;
    s->has_spool = s->collector.is_running = s->uploader.is_running = false;
    s->collector.is_unseen = s->uploader.is_unseen = true; /* no right to look */
    status_judge(s);
    assert_string_equal(status_verdict_line(s, line), "cannot tell: the spool cannot be read");
    assert_int_equal(status_exit_code(s), 3);

    s->collector.is_unseen = s->uploader.is_unseen = false; /* another directory: nothing was ever here */
    s->collector.seen_at = s->uploader.seen_at = 0;
    status_judge(s);
    assert_int_equal(status_exit_code(s), 3);

    s->uploader.seen_at = NOW - MINUTE_MS; /* both have been here, and are away */
    status_judge(s);
    assert_int_equal(status_exit_code(s), 2);
    free(s);
}

static void a_backlog_is_old_after_twice_the_interval_and_fifteen_minutes(void **state)
{
    static const struct {
        int64_t rotation_min, age_min;
        bool is_old;
    } rows[] = {
        {60, 119, false}, {60, 120, true},  {1, 14, false},
        {1, 15, true},    {0, 9999, false}, /* not known yet */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct status *s = some_status();
        s->rotation_ms = rows[i].rotation_min * MINUTE_MS;
        s->backlog_events = 1;
        s->oldest_at = NOW - rows[i].age_min * MINUTE_MS;
        status_judge(s);
        assert_int_equal(status_has(s, PROBLEM_BACKLOG_OLD), rows[i].is_old);
        free(s);
    }
}

static void the_remedy_of_an_old_backlog_names_its_cause(void **state)
{
    struct status *s = some_status();
    (void)state;
    s->backlog_events = 1;
    s->oldest_at = NOW - 1000 * MINUTE_MS;
    publish(&s->uploader, "uploader", PROBLEM_S3_UNREACHABLE, NOW - 900 * MINUTE_MS);
    status_judge(s);
    for (size_t i = 0; i < s->problem_count; i++)
        if (strcmp(s->problems[i].code, "backlog_old") == 0)
            assert_non_null(strstr(s->problems[i].remedy, "s3_unreachable"));
    assert_true(status_has(s, PROBLEM_BACKLOG_OLD));
    free(s);
}

static void an_installation_without_an_event_says_so(void **state)
{
    struct status *s = some_status();
    char line[STATUS_VERDICT_SIZE];
    (void)state;
    s->events_received = 0;
    status_judge(s);
    assert_string_equal(status_verdict_line(s, line), "nothing has arrived yet");
    assert_string_equal(status_verdict_name(s), "nothing has arrived yet");
    assert_int_equal(status_exit_code(s), 0);

    s->rejects_received = 1; /* something came, and it was no event */
    status_judge(s);
    assert_non_null(strstr(s->problems[0].remedy, "EVENT_ELEMENT"));

    publish(&s->collector, "collector", PROBLEM_PAUSED_DISK, NOW); /* a worse one counts */
    status_judge(s);
    assert_string_equal(status_verdict_name(s), "held back");
    free(s);
}

static void a_program_that_could_not_write_its_lock_file_is_on_a_full_disk(void **state)
{
    struct status *s = some_status();
    (void)state;
    s->collector.is_silent = true;
    status_judge(s);
    assert_string_equal(s->problems[0].code, "disk_low");
    assert_non_null(strstr(s->problems[0].message, "lock file is empty"));
    free(s);
}

static void all_problems_at_once_have_a_place(void **state)
{
    struct status *s = some_status();
    (void)state;
    for (int code = 0; code < PROBLEM_COUNT; code++) {
        publish(&s->collector, "collector", (enum problem_code)code, NOW);
        publish(&s->uploader, "uploader", (enum problem_code)code, NOW);
    }
    s->collector.is_running = s->uploader.is_running = false;
    s->is_trial = true;
    s->events_received = 0;
    s->backlog_events = 1;
    s->oldest_at = 1;
    status_judge(s);
    assert_true(s->problem_count > 2 * PROBLEM_COUNT && s->problem_count <= STATUS_PROBLEMS_MAX);
    free(s);
}

static void the_room_is_measured_by_what_came_in_a_day(void **state)
{
    struct status *s = some_status();
    (void)state;
    assert_int_equal(status_room_hours(s), -1); /* nothing came */
    s->disk = (struct status_disk){.free_bytes = 3 * INT64_C(1000000000),
                                   .min_free_bytes = INT64_C(1000000000),
                                   .bytes_24h = 24 * INT64_C(100000000),
                                   .measured_ms = 1440 * MINUTE_MS};
    assert_int_equal(status_room_bytes(s), 2 * INT64_C(1000000000));
    assert_int_equal(status_room_hours(s), 17); /* 2,000 MB, 100 MB an hour, and 15 % more for rows */
    publish(&s->collector, "collector", PROBLEM_PAUSED_DISK, NOW);
    status_judge(s);
    assert_int_equal(status_room_bytes(s), 0); /* though there is some: not enough to go on */
    s->collector.problem_count = 0;
    status_judge(s);
    s->disk.max_bytes = INT64_C(500000000);
    s->spool_bytes = INT64_C(400000000);
    assert_int_equal(status_room_bytes(s), INT64_C(100000000));
    s->spool_bytes = INT64_C(600000000);
    assert_int_equal(status_room_bytes(s), 0);
    s->disk.min_free_bytes = -1;
    assert_int_equal(status_room_bytes(s), -1);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_agrees_with_the_contract),
        cmocka_unit_test(a_well_installation_flows_and_has_no_problem),
        cmocka_unit_test(the_verdict_is_that_of_the_worst_problem),
        cmocka_unit_test(of_two_equal_problems_the_older_one_comes_first),
        cmocka_unit_test(a_problem_of_a_newer_program_is_a_warning),
        cmocka_unit_test(a_program_that_does_not_run_is_a_problem_with_a_remedy),
        cmocka_unit_test(the_proof_is_not_waited_for_where_it_is_known_what_is_in_its_way),
        cmocka_unit_test(where_nothing_can_be_seen_nothing_is_told),
        cmocka_unit_test(a_backlog_is_old_after_twice_the_interval_and_fifteen_minutes),
        cmocka_unit_test(the_remedy_of_an_old_backlog_names_its_cause),
        cmocka_unit_test(an_installation_without_an_event_says_so),
        cmocka_unit_test(a_program_that_could_not_write_its_lock_file_is_on_a_full_disk),
        cmocka_unit_test(all_problems_at_once_have_a_place),
        cmocka_unit_test(the_room_is_measured_by_what_came_in_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
