/* test_alert_policy -- single alerts, step by step in virtual time; test_alert_worlds.c has whole worlds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/alert/policy.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define START  INT64_C(1924992000000)

/* A policy, its problems, and a receiver that keeps what it takes. */
struct scene {
    struct alert_policy policy;
    struct alert_now now;
    struct problem problems[20];
    size_t count;
    bool is_collector_gone;
    enum alert_outcome outcome; /* of the next tries */
    size_t tries, begins, reminders, ends;
    size_t listed; /* in the last reminder */
    char last_id[ALERT_ID_SIZE];
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    if (!s) return -1;
    s->now = (struct alert_now){START, 5 * MINUTE};
    alert_policy_init(&s->policy, "0123456789", s->now);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    free(*state);
    return 0;
}

static void add(struct scene *s, enum problem_code code, const char *program)
{
    struct problem *p = &s->problems[s->count++];
    memset(p, 0, sizeof *p);
    (void)snprintf(p->code, sizeof p->code, "%s", problem_kind(code)->code);
    (void)snprintf(p->program, sizeof p->program, "%s", program);
    p->since = s->now.wall;
}

static void take(struct scene *s, const struct alert_message *message)
{
    (void)snprintf(s->last_id, sizeof s->last_id, "%s", message->alerts[0]->id);
    s->begins += message->event == ALERT_BEGIN;
    s->ends += message->event == ALERT_END;
    s->reminders += message->event == ALERT_REMINDER;
    if (message->event == ALERT_REMINDER) s->listed = message->count;
}

/* Time goes on in turns of 3 s, as the notifier takes them. */
static void pass(struct scene *s, int64_t ms)
{
    struct alert_view view = {s->problems, s->count, !s->is_collector_gone, true, true};
    struct alert_message message;
    for (int64_t end = s->now.monotonic + ms; s->now.monotonic < end;) {
        alert_policy_update(&s->policy, &view, s->now);
        while (alert_policy_next(&s->policy, s->now, &message)) {
            s->tries++;
            if (s->outcome == ALERT_TAKEN) take(s, &message);
            alert_policy_sent(&s->policy, &message, s->outcome, s->now);
        }
        s->now.monotonic += 3 * SECOND;
        s->now.wall += 3 * SECOND;
    }
}

/* What a restart finds in the spool. */
static void restart(struct scene *s, int64_t away_ms)
{
    struct alert_policy *before = malloc(sizeof *before);
    assert_non_null(before);
    *before = s->policy;
    int64_t saved_at = s->now.wall;
    s->now = (struct alert_now){s->now.wall + away_ms, 7 * MINUTE};
    alert_policy_init(&s->policy, "0123456789", s->now);
    for (size_t i = 0; i < before->count; i++) {
        struct alert row = before->list[i];
        row.saved_at = saved_at;
        if (row.stage != ALERT_GONE) alert_policy_load(&s->policy, &row, s->now);
    }
    free(before);
}

static void a_problem_is_told_once_it_has_lasted(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 57 * SECOND);
    assert_int_equal(s->begins, 0);
    pass(s, 9 * SECOND);
    assert_int_equal(s->begins, 1);
    pass(s, 50 * MINUTE);
    assert_int_equal(s->begins, 1);
}

static void an_info_is_never_told(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_TRIAL_MODE, "uploader");
    add(s, PROBLEM_NOTHING_RECEIVED, "collector");
    pass(s, 30 * HOUR);
    assert_int_equal(s->tries, 0);
}

static void an_end_follows_after_five_minutes(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_WAL_LOST, "collector");
    pass(s, 10 * SECOND);
    char id[ALERT_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", s->last_id);
    s->count = 0;
    pass(s, 4 * MINUTE);
    assert_int_equal(s->ends, 0);
    pass(s, 2 * MINUTE);
    assert_int_equal(s->ends, 1);
    assert_string_equal(s->last_id, id);
}

static void a_problem_that_is_back_soon_goes_on(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_WAL_LOST, "collector");
    for (int i = 0; i < 10; i++) {
        pass(s, MINUTE);
        s->count = 0;
        pass(s, 4 * MINUTE);
        s->count = 1;
        s->problems[0].since = s->now.wall; /* who found it knows of no earlier one */
    }
    assert_int_equal(s->begins, 1);
    assert_int_equal(s->ends, 0);
}

static void a_begin_that_nobody_took_before_the_end_is_dropped(void **state)
{
    struct scene *s = *state;
    s->outcome = ALERT_NOT_TAKEN;
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 10 * MINUTE);
    assert_true(s->tries > 1);
    s->count = 0;
    pass(s, 6 * MINUTE);
    s->outcome = ALERT_TAKEN;
    pass(s, 10 * MINUTE);
    assert_int_equal(s->begins + s->ends, 0);
}

static void a_begin_that_may_have_been_taken_has_an_end(void **state)
{
    struct scene *s = *state;
    s->outcome = ALERT_IN_DOUBT;
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 3 * MINUTE);
    s->count = 0;
    pass(s, 6 * MINUTE);
    s->outcome = ALERT_TAKEN;
    pass(s, 10 * MINUTE);
    assert_int_equal(s->begins, 0);
    assert_int_equal(s->ends, 1);
}

static void an_end_is_sent_until_it_is_taken_and_given_up_after_a_week(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_WAL_LOST, "collector");
    pass(s, MINUTE);
    s->count = 0;
    s->outcome = ALERT_NOT_TAKEN;
    pass(s, 6 * 24 * HOUR);
    assert_int_equal(s->policy.list[0].stage, ALERT_ENDED);
    assert_int_equal(s->policy.given_up, 0);
    pass(s, 25 * HOUR);
    assert_int_equal(s->policy.given_up, 1);
    s->outcome = ALERT_TAKEN;
    pass(s, HOUR);
    assert_int_equal(s->ends, 0);
}

static void reminders_are_one_message_for_all(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_S3_UNREACHABLE, "uploader");
    pass(s, 5 * MINUTE);
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 66 * MINUTE); /* 1 h after the first begin */
    assert_int_equal(s->begins, 2);
    assert_int_equal(s->reminders, 1);
    assert_int_equal(s->listed, 2);
    pass(s, 3 * HOUR); /* 4 h */
    assert_int_equal(s->reminders, 2);
    pass(s, 23 * HOUR);
    assert_int_equal(s->reminders, 2);
    pass(s, HOUR);
    assert_int_equal(s->reminders, 3);
}

/* The store is away from Friday evening to Monday morning, and nothing else is wrong. */
static void a_weekend_without_the_store_is_nine_messages(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_S3_UNREACHABLE, "uploader");
    pass(s, 2 * HOUR);
    add(s, PROBLEM_BACKLOG_OLD, "uploader");
    pass(s, 58 * HOUR);
    s->count = 0;
    pass(s, HOUR);
    assert_int_equal(s->begins, 2);
    assert_int_equal(s->reminders, 5); /* 1 h and 4 h after each begin, in part at once, and then daily */
    assert_int_equal(s->ends, 2);
}

/* The store is away from Friday evening on; the disk fills up on Sunday; a disk guard flaps, and the collector crashes. */
static void a_weekend_of_an_outage_is_a_handful_of_messages(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_S3_UNREACHABLE, "uploader");
    pass(s, 2 * HOUR);
    add(s, PROBLEM_BACKLOG_OLD, "uploader");
    pass(s, 38 * HOUR);
    for (int i = 0; i < 60; i++) { /* at the edge: a minute low, a minute not */
        add(s, PROBLEM_DISK_LOW, "collector");
        pass(s, MINUTE);
        s->count = 2;
        pass(s, MINUTE);
    }
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 18 * HOUR);
    assert_int_equal(s->begins, 4);
    assert_int_equal(s->reminders, 7);
    s->count = 0; /* Monday: all is well again */
    pass(s, HOUR);
    assert_int_equal(s->ends, 4);
    assert_int_equal(s->begins + s->reminders + s->ends, 15);
}

static void ten_problems_that_come_and_go_every_minute_are_ten_begins(void **state)
{
    static const enum problem_code codes[] = {
        PROBLEM_COMMIT_FAILING, PROBLEM_PAUSED_DISK,   PROBLEM_PAUSED_CEILING, PROBLEM_CONNECTIONS_FULL,
        PROBLEM_S3_REFUSED,     PROBLEM_CREDENTIALS,   PROBLEM_BATCH_BLOCKED,  PROBLEM_WAL_LOST,
        PROBLEM_SCHEMA_TOO_NEW, PROBLEM_SPOOL_REPLACED};
    struct scene *s = *state;
    for (size_t i = 0; i < 10; i++) add(s, codes[i], i < 4 ? "collector" : "uploader");
    for (int minute = 0; minute < 60 * 60; minute++) {
        s->count = minute % 2 ? 0 : 10;
        pass(s, MINUTE);
    }
    assert_int_equal(s->begins, 10);
    assert_int_equal(s->reminders, 4); /* after 1 h, 4 h, 28 h and 52 h */
    assert_int_equal(s->ends, 0);
}

/* Away for six minutes each time, so that each time is an occurrence of its own. */
static void a_slow_flapper_is_quiet_after_a_while(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_WAL_LOST, "collector");
    for (int i = 0; i < 240; i++) { /* two days */
        s->count = 1;
        s->problems[0].since = s->now.wall;
        pass(s, 6 * MINUTE);
        s->count = 0;
        pass(s, 6 * MINUTE);
    }
    assert_int_equal(s->begins, 4); /* the fourth would have to be away for half an hour */
    assert_int_equal(s->ends, 3);
}

static void warnings_leave_begins_for_critical_problems(void **state)
{
    static const enum problem_code codes[] = {
        PROBLEM_DISK_LOW,         PROBLEM_REJECTS_CAPPED, PROBLEM_FOREIGN_READER,
        PROBLEM_INTAKE_FULL,      PROBLEM_SENDER_SILENT,  PROBLEM_REJECTS_ARRIVING,
        PROBLEM_UNKNOWN_ELEMENTS, PROBLEM_S3_UNREACHABLE, PROBLEM_CLOCK_WRONG};
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) add(s, codes[i], "collector");
    pass(s, 11 * MINUTE);
    assert_int_equal(s->begins, ALERT_BURST - ALERT_RESERVED);
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 2 * MINUTE);
    assert_int_equal(s->begins, ALERT_BURST - ALERT_RESERVED + 1);
    pass(s, 5 * HOUR); /* one an hour: the two others */
    assert_int_equal(s->begins, 10);
}

static void a_restart_neither_forgets_nor_repeats(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_S3_UNREACHABLE, "uploader");
    pass(s, 8 * MINUTE);
    restart(s, MINUTE);
    pass(s, 3 * MINUTE); /* 8 and 2 minutes are enough */
    assert_int_equal(s->begins, 1);
    char id[ALERT_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", s->last_id);
    restart(s, 20 * MINUTE);
    pass(s, 35 * MINUTE);
    assert_int_equal(s->begins, 1);
    assert_int_equal(s->reminders, 0);
    pass(s, 6 * MINUTE);
    assert_int_equal(s->reminders, 1);
    restart(s, MINUTE);
    s->count = 0;
    pass(s, 6 * MINUTE);
    assert_int_equal(s->ends, 1);
    assert_string_equal(s->last_id, id);
    restart(s, MINUTE);
    pass(s, HOUR);
    assert_int_equal(s->begins + s->reminders + s->ends, 3);
}

/* Both programs have ended one after the other, and start again the next day: the collector is away for a second each time. */
static void a_new_day_does_not_add_to_what_was_seen_before(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_COLLECTOR_ABSENT, "collector");
    pass(s, 10 * SECOND);
    restart(s, 12 * HOUR);
    pass(s, 25 * SECOND);
    assert_int_equal(s->begins, 0);
}

static void a_jump_of_the_clock_makes_nothing_older(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_S3_UNREACHABLE, "uploader");
    pass(s, MINUTE);
    s->now.wall += 100 * 24 * HOUR;
    pass(s, 5 * MINUTE);
    assert_int_equal(s->tries, 0);
    s->now.wall -= 200 * 24 * HOUR;
    pass(s, 5 * MINUTE);
    assert_int_equal(s->begins, 1);
    pass(s, 64 * MINUTE);
    assert_int_equal(s->reminders, 1);
}

/* Nobody knows whether the disk is still full while the collector is dead. */
static void what_a_dead_program_has_said_does_not_end(void **state)
{
    struct scene *s = *state;
    add(s, PROBLEM_PAUSED_DISK, "collector");
    pass(s, 2 * MINUTE);
    s->count = 0;
    s->is_collector_gone = true;
    add(s, PROBLEM_COLLECTOR_ABSENT, "collector");
    pass(s, 30 * MINUTE);
    assert_int_equal(s->begins, 2);
    assert_int_equal(s->ends, 0);
    s->count = 0;
    s->is_collector_gone = false;
    pass(s, 6 * MINUTE);
    assert_int_equal(s->ends, 2);
}

static void a_receiver_that_fails_is_left_alone_for_longer_and_longer(void **state)
{
    struct scene *s = *state;
    s->outcome = ALERT_NOT_TAKEN;
    add(s, PROBLEM_WAL_LOST, "collector");
    pass(s, HOUR);
    assert_in_range(s->tries, 12, 20);
    s->outcome = ALERT_TAKEN;
    pass(s, 6 * MINUTE);
    assert_int_equal(s->begins, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_problem_is_told_once_it_has_lasted),
        CASE(an_info_is_never_told),
        CASE(an_end_follows_after_five_minutes),
        CASE(a_problem_that_is_back_soon_goes_on),
        CASE(a_begin_that_nobody_took_before_the_end_is_dropped),
        CASE(a_begin_that_may_have_been_taken_has_an_end),
        CASE(an_end_is_sent_until_it_is_taken_and_given_up_after_a_week),
        CASE(reminders_are_one_message_for_all),
        CASE(a_weekend_without_the_store_is_nine_messages),
        CASE(a_weekend_of_an_outage_is_a_handful_of_messages),
        CASE(ten_problems_that_come_and_go_every_minute_are_ten_begins),
        CASE(a_slow_flapper_is_quiet_after_a_while),
        CASE(warnings_leave_begins_for_critical_problems),
        CASE(a_restart_neither_forgets_nor_repeats),
        CASE(a_new_day_does_not_add_to_what_was_seen_before),
        CASE(a_jump_of_the_clock_makes_nothing_older),
        CASE(what_a_dead_program_has_said_does_not_end),
        CASE(a_receiver_that_fails_is_left_alone_for_longer_and_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
