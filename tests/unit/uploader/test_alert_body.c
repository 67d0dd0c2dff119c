/* test_alert_body -- what a message says to a chat and to a program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/status/judge.h"
#include "uploader/alert/body.h"

#define SINCE INT64_C(1924992000000) /* 2031-01-01T00:00:00.000Z */
#define HOUR  3600000

struct scene {
    struct status status;
    struct alert alerts[10];
    struct alert_message message;
    cJSON *json;
};

static void set(struct alert *alert, enum problem_code code, const char *program, const char *text)
{
    (void)snprintf(alert->id, sizeof alert->id, "0123456789-%s-1", problem_kind(code)->code);
    (void)snprintf(alert->problem.code, sizeof alert->problem.code, "%s", problem_kind(code)->code);
    (void)snprintf(alert->problem.program, sizeof alert->problem.program, "%s", program);
    (void)snprintf(alert->problem.message, sizeof alert->problem.message, "%s", text);
    (void)snprintf(alert->problem.remedy, sizeof alert->problem.remedy, "do something");
    alert->problem.since = SINCE;
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    if (!s) return -1;
    s->status.now = SINCE + 3 * HOUR;
    s->status.has_spool = true;
    s->status.collector.is_running = s->status.uploader.is_running = true;
    s->status.events_received = 1;
    set(&s->alerts[0], PROBLEM_PAUSED_DISK, "collector", "no room & <!channel> \x1b[31m");
    s->message = (struct alert_message){ALERT_BEGIN, 1, {&s->alerts[0]}};
    s->status.collector.problems[0] = s->alerts[0].problem;
    s->status.collector.problem_count = 1;
    status_judge(&s->status);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    cJSON_Delete(s->json);
    free(s);
    return 0;
}

static void write_body(struct scene *s)
{
    struct buf out = BUF_EMPTY;
    alert_body(&s->message, "site-7", &s->status, &out);
    buf_append_char(&out, '\0');
    s->json = cJSON_Parse(out.data);
    assert_non_null(s->json);
    buf_fini(&out);
}

static void expect(const struct scene *s, const char *name, const char *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(s->json, name);
    assert_non_null(item);
    if (!value) {
        assert_true(cJSON_IsNull(item));
        return;
    }
    assert_true(cJSON_IsString(item));
    assert_string_equal(item->valuestring, value);
}

static void a_begin_says_who_what_and_what_to_do(void **state)
{
    struct scene *s = *state;
    write_body(s);
    expect(s, "text",
           "site-7: events are held back at their senders. paused_disk (critical, since "
           "2031-01-01T00:00:00.000Z): no "
           "room &amp; &lt;!channel&gt; \\x1b[31m. What to do: do something.");
    expect(s, "event", "begin");
    expect(s, "id", "0123456789-paused_disk-1");
    expect(s, "code", "paused_disk");
    expect(s, "severity", "critical");
    expect(s, "remedy", "do something");
    expect(s, "node", "site-7");
    expect(s, "verdict", "held back");
    expect(s, "program", "collector");
    expect(s, "message", "no room & <!channel> \\x1b[31m");
    expect(s, "since", "2031-01-01T00:00:00.000Z");
}

static void an_end_says_how_long_it_was(void **state)
{
    struct scene *s = *state;
    s->status.collector.problem_count = 0;
    status_judge(&s->status);
    s->alerts[0].away_at = SINCE + 2 * HOUR;
    s->message.event = ALERT_END;
    write_body(s);
    expect(s, "text", "site-7: events are flowing. paused_disk is over, after 2 h.");
    expect(s, "event", "end");
    expect(s, "id", "0123456789-paused_disk-1");
}

static void a_reminder_lists_what_is_open_and_not_too_much_of_it(void **state)
{
    struct scene *s = *state;
    s->message.event = ALERT_REMINDER;
    for (size_t i = 0; i < 10; i++) {
        if (i > 0) set(&s->alerts[i], (enum problem_code)(PROBLEM_DISK_LOW + i), "collector", "it is so");
        s->message.alerts[i] = &s->alerts[i];
    }
    s->message.count = 10;
    write_body(s);
    const char *text = cJSON_GetObjectItemCaseSensitive(s->json, "text")->valuestring;
    assert_non_null(strstr(text, "10 problems are still open:\n- paused_disk (critical"));
    assert_non_null(strstr(text, "\n- and 2 more"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(s->json, "alerts")), 10);
    expect(s, "code", "paused_disk");
}

static void a_remedy_that_is_missing_is_null(void **state)
{
    struct scene *s = *state;
    s->alerts[0].problem.remedy[0] = '\0';
    write_body(s);
    expect(s, "remedy", NULL);
    assert_null(strstr(cJSON_GetObjectItemCaseSensitive(s->json, "text")->valuestring, "What to do"));
}

static void a_test_is_called_one(void **state)
{
    struct scene *s = *state;
    struct buf out = BUF_EMPTY;
    alert_body_test("test-1", "site-7", &out);
    buf_append_char(&out, '\0');
    s->json = cJSON_Parse(out.data);
    buf_fini(&out);
    expect(s, "event", "test");
    expect(s, "id", "test-1");
    expect(s, "severity", "info");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_begin_says_who_what_and_what_to_do),
        CASE(an_end_says_how_long_it_was),
        CASE(a_reminder_lists_what_is_open_and_not_too_much_of_it),
        CASE(a_remedy_that_is_missing_is_null),
        CASE(a_test_is_called_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
