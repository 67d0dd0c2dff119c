/* test_metrics -- a status as Prometheus reads it. `promtool` reads the real one in tests/e2e/test_status_server.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/status/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/status/judge.h"

struct metrics_fixture {
    struct status status;
    struct histogram commits;
    struct metrics_live live;
    struct buf text;
};

static const char *const reasons[] = {"malformed", "oversize", NULL};

static int set_up(void **state)
{
    struct metrics_fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->status.has_spool = true;
    f->status.now = 1700000010000;
    f->status.collector.is_running = f->status.uploader.is_running = true;
    f->live = (struct metrics_live){3, -1, &f->commits, reasons};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct metrics_fixture *f = *state;
    buf_fini(&f->text);
    free(f);
    return 0;
}

static const char *render(struct metrics_fixture *f)
{
    buf_clear(&f->text);
    metrics_of_collector(&f->status, &f->live, &f->text);
    buf_append_char(&f->text, '\0');
    return f->text.data;
}

static void assert_has(const char *text, const char *line)
{
    char whole[400];
    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(text, whole)) fail_msg("no line %s in:\n%s", line, text);
}

static void add_counter(struct metrics_fixture *f, const char *name, const char *label, int64_t value)
{
    struct status_counter *counter = &f->status.counters[f->status.counter_count++];
    (void)snprintf(counter->name, sizeof counter->name, "%s", name);
    (void)snprintf(counter->label, sizeof counter->label, "%s", label);
    counter->value = value;
}

static void add_sender(struct metrics_fixture *f, const char *name, const char *source, int64_t at)
{
    struct status_sender *sender = &f->status.senders[f->status.sender_count++];
    (void)snprintf(sender->sender, sizeof sender->sender, "%s", name);
    (void)snprintf(sender->source, sizeof sender->source, "%s", source);
    sender->last_event_at = at;
}

static void every_reason_has_a_series_from_the_beginning(void **state)
{
    struct metrics_fixture *f = *state;
    add_counter(f, "rejects", "oversize", 7);
    const char *text = render(f);
    assert_has(text, "eventspool_rejects_total{reason=\"malformed\"} 0");
    assert_has(text, "eventspool_rejects_total{reason=\"oversize\"} 7");
}

static void buckets_of_a_histogram_add_up(void **state)
{
    struct metrics_fixture *f = *state;
    histogram_add(&f->commits, 500);
    histogram_add(&f->commits, 3000);
    histogram_add(&f->commits, 60000000);
    add_counter(f, "upload_le_ms", "inf", 1);
    add_counter(f, "upload_le_ms", "1000", 2);
    add_counter(f, "upload_le_ms", "250", 4);
    add_counter(f, "upload_sum_ms", "", 61500);
    const char *text = render(f);
    assert_has(text, "eventspool_commit_duration_seconds_bucket{le=\"0.001\"} 1");
    assert_has(text, "eventspool_commit_duration_seconds_bucket{le=\"0.005\"} 2");
    assert_has(text, "eventspool_commit_duration_seconds_bucket{le=\"+Inf\"} 3");
    assert_has(text, "eventspool_commit_duration_seconds_sum 60.003500");
    assert_has(text, "eventspool_commit_duration_seconds_count 3");
    assert_has(text, "eventspool_upload_duration_seconds_bucket{le=\"0.1\"} 0\n"
                     "eventspool_upload_duration_seconds_bucket{le=\"0.25\"} 4\n"
                     "eventspool_upload_duration_seconds_bucket{le=\"0.5\"} 4\n"
                     "eventspool_upload_duration_seconds_bucket{le=\"1\"} 6");
    assert_has(text, "eventspool_upload_duration_seconds_bucket{le=\"60\"} 6\n"
                     "eventspool_upload_duration_seconds_bucket{le=\"+Inf\"} 7\n"
                     "eventspool_upload_duration_seconds_sum 61.500\n"
                     "eventspool_upload_duration_seconds_count 7");
}

static void a_sender_with_several_addresses_has_one_series_with_its_newest_event(void **state)
{
    struct metrics_fixture *f = *state;
    add_sender(f, "a\"b\\c\nd", "192.0.2.1", 1700000000000);
    add_sender(f, "other", "192.0.2.1", 1700000003000);
    add_sender(f, "a\"b\\c\nd", "192.0.2.2", 1700000001500);
    const char *text = render(f);
    assert_has(text,
               "eventspool_sender_last_event_timestamp_seconds{sender=\"a\\\"b\\\\c\\nd\"} 1700000001.500\n"
               "eventspool_sender_last_event_timestamp_seconds{sender=\"other\"} 1700000003.000");
    assert_null(strstr(text, "1700000000"));
}

static void a_label_that_was_cut_within_a_character_is_still_utf8(void **state)
{
    struct metrics_fixture *f = *state;
    add_sender(f, "caf\xc3", "192.0.2.1", 1700000000000);
    assert_has(render(f), "eventspool_sender_last_event_timestamp_seconds{sender=\"caf\"} 1700000000.000");
}

static void each_problem_has_a_series_for_its_program(void **state)
{
    struct metrics_fixture *f = *state;
    struct problem *p = &f->status.uploader.problems[f->status.uploader.problem_count++];
    (void)snprintf(p->code, sizeof p->code, "thread_stalled");
    (void)snprintf(p->program, sizeof p->program, "uploader");
    f->status.collector.is_running = false;
    status_judge(&f->status);
    const char *text = render(f);
    assert_has(text, "eventspool_problem{code=\"thread_stalled\",program=\"uploader\"} 1");
    assert_has(text, "eventspool_problem{code=\"thread_stalled\",program=\"collector\"} 0");
    assert_has(text, "eventspool_problem{code=\"collector_absent\",program=\"collector\"} 1");
    assert_has(text, "eventspool_problem{code=\"uploader_absent\",program=\"uploader\"} 0");
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        char series[80];
        (void)snprintf(series, sizeof series, "{code=\"%s\",", problem_kind((enum problem_code)i)->code);
        assert_non_null(strstr(text, series));
    }
}

static void failures_of_a_kind_that_is_not_known_here_are_shown_as_well(void **state)
{
    struct metrics_fixture *f = *state;
    add_counter(f, "upload_failures", "s3_unreachable", 5);
    add_counter(f, "upload_failures", "something_new", 2);
    const char *text = render(f);
    assert_has(text, "eventspool_upload_failures_total{reason=\"s3_unreachable\"} 5");
    assert_has(text, "eventspool_upload_failures_total{reason=\"something_new\"} 2");
    assert_has(text, "eventspool_upload_failures_total{reason=\"credentials\"} 0");
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Of a line, what identifies its series: the comment's kind and name, or name and labels. */
static void no_series_is_there_twice_and_each_metric_has_help_and_type(void **state)
{
    struct metrics_fixture *f = *state;
    char *lines[1000];
    size_t count = 0;
    add_counter(f, "upload_le_ms", "100", 1);
    add_sender(f, "one", "192.0.2.1", 1);
    add_sender(f, "one", "192.0.2.2", 2);
    f->live.wal_bytes = 5;
    char *text = strdup(render(f));
    char *rest = text;
    for (char *line = NULL; (line = strsep(&rest, "\n")) && *line;) {
        char *end = strncmp(line, "# ", 2) == 0 ? strchr(strchr(line + 2, ' ') + 1, ' ') : strrchr(line, ' ');
        *end = '\0';
        assert_true(count < 1000);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 1; i < count; i++)
        if (strcmp(lines[i - 1], lines[i]) == 0) fail_msg("twice: %s", lines[i]);
    free(text);
}

static void without_a_spool_its_figures_are_left_out(void **state)
{
    struct metrics_fixture *f = *state;
    f->status.has_spool = false;
    const char *text = render(f);
    assert_null(strstr(text, "eventspool_events_received_total"));
    assert_null(strstr(text, "eventspool_backlog_events"));
    assert_has(text, "eventspool_connections 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_reason_has_a_series_from_the_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(buckets_of_a_histogram_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_with_several_addresses_has_one_series_with_its_newest_event,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_label_that_was_cut_within_a_character_is_still_utf8, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_problem_has_a_series_for_its_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_of_a_kind_that_is_not_known_here_are_shown_as_well, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_series_is_there_twice_and_each_metric_has_help_and_type, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_spool_its_figures_are_left_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
