/* test_source_log -- what happens to senders is logged, and does not fill the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/source_log.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOG_SIZE 16384

/* The log of one test: stderr goes to a file until it is read. */
struct capture {
    int old, file;
};

static struct capture capture_begin(void)
{
    struct capture capture = {dup(STDERR_FILENO), memfd_create("log", 0)};
    assert_true(capture.old >= 0 && capture.file >= 0);
    (void)dup2(capture.file, STDERR_FILENO);
    return capture;
}

static void capture_end(struct capture capture, char log[LOG_SIZE])
{
    (void)dup2(capture.old, STDERR_FILENO);
    ssize_t len = pread(capture.file, log, LOG_SIZE - 1, 0);
    close(capture.old);
    close(capture.file);
    assert_true(len >= 0);
    log[len] = '\0';
}

static int lines_with(const char *log, const char *words)
{
    int lines = 0;
    for (const char *at = log; (at = strstr(at, words)); at++) lines++;
    return lines;
}

static void add(struct source_log *log, enum source_line line, const char *source, int64_t now)
{
    source_log_add(log, line, source, now, "");
}

static void each_new_source_is_logged_at_once(void **state)
{
    char text[LOG_SIZE];
    struct source_log log = {0};
    (void)state;
    struct capture capture = capture_begin();
    add(&log, SOURCE_NOT_ALLOWED, "10.0.0.1", 1000);
    add(&log, SOURCE_NOT_ALLOWED, "10.0.0.2", 1001);
    add(&log, SOURCE_NOT_ALLOWED, "10.0.0.1", 1002);
    capture_end(capture, text);
    assert_int_equal(lines_with(text, "\n"), 2);
    assert_int_equal(lines_with(text, "source=10.0.0.1 "), 1);
    assert_int_equal(lines_with(text, "source=10.0.0.2 "), 1);
    assert_int_equal(lines_with(text, "ALLOW_FROM"), 4); /* in the message, and in the remedy */
}

static void a_flood_from_one_source_is_logged_once_a_minute(void **state)
{
    char text[LOG_SIZE];
    struct source_log log = {0};
    (void)state;
    struct capture capture = capture_begin();
    for (int64_t now = 0; now < 10LL * SOURCE_LOG_PERIOD_MS; now += 10)
        add(&log, SOURCE_NOT_ALLOWED, "10.0.0.1", now);
    source_log_flush(&log, 11LL * SOURCE_LOG_PERIOD_MS);
    source_log_flush(&log, 13LL * SOURCE_LOG_PERIOD_MS); /* nothing new */
    capture_end(capture, text);
    assert_int_equal(lines_with(text, "\n"), 11);
    assert_int_equal(lines_with(text, "count=6001 last_source=10.0.0.1 "), 9);
    assert_int_equal(lines_with(text, "count=5990 last_source=10.0.0.1 "),
                     1); /* 60,000 in all, but the first */
}

static void a_million_sources_cause_a_bounded_number_of_lines(void **state)
{
    char text[LOG_SIZE];
    char source[32];
    struct source_log log = {0};
    (void)state;
    struct capture capture = capture_begin();
    for (int i = 0; i < 1000000; i++) {
        (void)snprintf(source, sizeof source, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        add(&log, SOURCE_NOT_ALLOWED, source, 5);
    }
    source_log_flush(&log, 5 + SOURCE_LOG_PERIOD_MS);
    capture_end(capture, text);
    assert_int_equal(lines_with(text, "\n"), SOURCE_LOG_SOURCES + 1);
    assert_int_equal(lines_with(text, "count=999984 last_source=10.15.66.63 "), 1);
}

/* Months of it: each time is news. */
static void a_source_that_comes_now_and_then_is_logged_each_time(void **state)
{
    char text[LOG_SIZE];
    struct source_log log = {0};
    (void)state;
    struct capture capture = capture_begin();
    for (int64_t i = 0; i < 3LL * SOURCE_LOG_SOURCES; i++) {
        char source[32];
        (void)snprintf(source, sizeof source, "10.0.0.%d", (int)(i % (2 * SOURCE_LOG_SOURCES)));
        source_log_add(&log, SOURCE_CONNECTED, source, i * SOURCE_LOG_PERIOD_MS, "connections=1");
    }
    source_log_end(&log);
    capture_end(capture, text);
    assert_int_equal(lines_with(text, "\n"), 3 * SOURCE_LOG_SOURCES);
    assert_int_equal(lines_with(text, "info \"sender connected\" source=10.0.0.7 connections=1\n"), 2);
}

static void senders_that_come_and_go_are_counted_in_one_line(void **state)
{
    char text[LOG_SIZE];
    struct source_log log = {0};
    (void)state;
    struct capture capture = capture_begin();
    for (int i = 0; i < 100; i++) {
        add(&log, SOURCE_CONNECTED, "10.0.0.1", i);
        if (i % 2) add(&log, SOURCE_DISCONNECTED, "10.0.0.1", i);
        if (i % 4 == 1) add(&log, SOURCE_REPLACED, "10.0.0.1", i);
        if (i % 8 == 7) add(&log, SOURCE_SILENT, "10.0.0.1", i);
    }
    source_log_flush(&log, SOURCE_LOG_PERIOD_MS);
    assert_int_equal(log.lines[SOURCE_CONNECTED].unlogged, 99);
    source_log_end(&log);
    source_log_end(&log);
    capture_end(capture, text);
    assert_int_equal(lines_with(text, "\n"), 5);
    assert_int_equal(
        lines_with(text, "\"a silent sender was disconnected (IDLE_TIMEOUT)\" source=10.0.0.1\n"), 1);
    assert_int_equal(lines_with(text,
                                "connected=99 disconnected=49 of_these_for_others=24 of_these_silent=11 "
                                "last_source=10.0.0.1\n"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_new_source_is_logged_at_once),
        cmocka_unit_test(a_flood_from_one_source_is_logged_once_a_minute),
        cmocka_unit_test(a_million_sources_cause_a_bounded_number_of_lines),
        cmocka_unit_test(a_source_that_comes_now_and_then_is_logged_each_time),
        cmocka_unit_test(senders_that_come_and_go_are_counted_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
