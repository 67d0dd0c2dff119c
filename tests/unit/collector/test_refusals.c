/* test_refusals -- refused senders are logged, and do not fill the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/refusals.h"

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

static void each_new_source_is_logged_at_once(void **state)
{
    char log[LOG_SIZE];
    struct refusals refusals = {0};
    (void)state;
    struct capture capture = capture_begin();
    refusals_add(&refusals, "10.0.0.1", 1000);
    refusals_add(&refusals, "10.0.0.2", 1001);
    refusals_add(&refusals, "10.0.0.1", 1002);
    capture_end(capture, log);
    assert_int_equal(lines_with(log, "\n"), 2);
    assert_int_equal(lines_with(log, "source=10.0.0.1 "), 1);
    assert_int_equal(lines_with(log, "source=10.0.0.2 "), 1);
    assert_int_equal(lines_with(log, "ALLOW_FROM"), 4); /* in the message, and in the remedy */
}

static void a_flood_from_one_source_is_logged_once_a_minute(void **state)
{
    char log[LOG_SIZE];
    struct refusals refusals = {0};
    (void)state;
    struct capture capture = capture_begin();
    for (int64_t now = 0; now < 10LL * REFUSALS_PERIOD_MS; now += 10)
        refusals_add(&refusals, "10.0.0.1", now);
    refusals_log(&refusals, 10LL * REFUSALS_PERIOD_MS);
    refusals_log(&refusals, 11LL * REFUSALS_PERIOD_MS); /* nothing new */
    capture_end(capture, log);
    assert_int_equal(lines_with(log, "\n"), 11);
    assert_int_equal(lines_with(log, "refused=6000 last_source=10.0.0.1 "), 9);
    assert_int_equal(lines_with(log, "refused=5999 last_source=10.0.0.1 "), 1);
}

static void a_million_sources_cause_a_bounded_number_of_lines(void **state)
{
    char log[LOG_SIZE];
    char source[32];
    struct refusals refusals = {0};
    (void)state;
    struct capture capture = capture_begin();
    for (int i = 0; i < 1000000; i++) {
        (void)snprintf(source, sizeof source, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        refusals_add(&refusals, source, 5);
    }
    refusals_log(&refusals, 5 + REFUSALS_PERIOD_MS);
    capture_end(capture, log);
    assert_int_equal(lines_with(log, "\n"), REFUSALS_SOURCES + 1);
    assert_int_equal(lines_with(log, "refused=999984 last_source=10.15.66.63 "), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_new_source_is_logged_at_once),
        cmocka_unit_test(a_flood_from_one_source_is_logged_once_a_minute),
        cmocka_unit_test(a_million_sources_cause_a_bounded_number_of_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
