/* test_replacements -- replaced characters are counted and logged, and do not fill the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/intake/replacements.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOG_SIZE 4096

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

static int count_lines(const char *log)
{
    int lines = 0;
    for (; *log; log++) lines += *log == '\n';
    return lines;
}

static struct slice source(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void the_first_is_logged_at_once_and_the_rest_once_a_minute(void **state)
{
    char log[LOG_SIZE];
    struct replacements *r = replacements_new();
    struct capture capture = capture_begin();
    (void)state;
    replacements_add(r, 2, source("192.0.2.1"), 5);
    for (int i = 0; i < 1000; i++) replacements_add(r, 3, source("192.0.2.2"), 6 + i);
    replacements_add(r, 1, source("2001:db8::1"), 2000);
    replacements_log(r, 4 + REPLACEMENTS_PERIOD_MS);
    replacements_log(r, 5 + REPLACEMENTS_PERIOD_MS);
    replacements_log(r, 6 + 3 * REPLACEMENTS_PERIOD_MS);
    replacements_free(r);
    capture_end(capture, log);
    assert_int_equal(count_lines(log), 2);
    assert_non_null(strstr(log, "replaced=2 last_source=192.0.2.1\n"));
    assert_non_null(strstr(log, "replaced=3001 last_source=2001:db8::1\n"));
}

static void a_pause_of_a_minute_is_no_reason_to_wait(void **state)
{
    char log[LOG_SIZE];
    struct replacements *r = replacements_new();
    struct capture capture = capture_begin();
    (void)state;
    replacements_add(r, 1, source("192.0.2.1"), 0);
    replacements_add(r, 4, source("192.0.2.2"), REPLACEMENTS_PERIOD_MS);
    replacements_free(r);
    capture_end(capture, log);
    assert_int_equal(count_lines(log), 2);
    assert_non_null(strstr(log, "replaced=4 last_source=192.0.2.2\n"));
}

static void what_is_not_logged_yet_is_logged_at_the_end(void **state)
{
    char log[LOG_SIZE];
    struct replacements *r = replacements_new();
    struct capture capture = capture_begin();
    (void)state;
    replacements_add(r, 1, source("192.0.2.1"), 0);
    replacements_add(r, 7, source("192.0.2.2"), 1);
    replacements_free(r);
    replacements_free(NULL);
    capture_end(capture, log);
    assert_int_equal(count_lines(log), 2);
    assert_non_null(strstr(log, "replaced=7 last_source=192.0.2.2\n"));
}

static void nothing_replaced_is_not_logged(void **state)
{
    char log[LOG_SIZE];
    struct replacements *r = replacements_new();
    struct capture capture = capture_begin();
    (void)state;
    replacements_add(r, 0, source("192.0.2.1"), 0);
    replacements_log(r, 2 * REPLACEMENTS_PERIOD_MS);
    replacements_free(r);
    capture_end(capture, log);
    assert_string_equal(log, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_logged_at_once_and_the_rest_once_a_minute),
        cmocka_unit_test(a_pause_of_a_minute_is_no_reason_to_wait),
        cmocka_unit_test(what_is_not_logged_yet_is_logged_at_the_end),
        cmocka_unit_test(nothing_replaced_is_not_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
