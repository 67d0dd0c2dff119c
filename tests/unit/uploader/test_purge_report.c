/* test_purge_report -- a long purge is logged every ten seconds and at its end, a short one is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/purge_report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/log.h"

#define LOG_SIZE 4096

struct capture {
    int old, file;
};

static int capture_begin(void **state)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) abort();
    capture->old = dup(STDERR_FILENO);
    capture->file = memfd_create("log", 0);
    assert_true(capture->old >= 0 && capture->file >= 0 && dup2(capture->file, STDERR_FILENO) >= 0);
    *state = capture;
    return 0;
}

static int capture_end(void **state)
{
    struct capture *capture = *state;
    (void)dup2(capture->old, STDERR_FILENO);
    close(capture->old);
    close(capture->file);
    free(capture);
    return 0;
}

/* What stands behind the time in each line. */
static void check_logged(const struct capture *capture, const char *expected)
{
    char log[LOG_SIZE];
    char lines[LOG_SIZE] = "";
    ssize_t len = pread(capture->file, log, LOG_SIZE - 1, 0);
    assert_true(len >= 0);
    log[len] = '\0';
    for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
        const char *message = strchr(line, '"');
        assert_non_null(message);
        strcat(strcat(lines, message), "\n");
    }
    assert_string_equal(lines, expected);
}

static void a_purge_within_ten_seconds_is_not_logged(void **state)
{
    struct purge_report report = {.is_on = false};
    assert_false(purge_report_note(&report, 500, true, 1000));
    assert_false(purge_report_note(&report, 500, true, 10999));
    assert_false(purge_report_note(&report, 20, false, 30000));
    assert_false(purge_report_note(&report, 0, false, 60000));  /* nothing to purge */
    assert_false(purge_report_note(&report, 500, true, 90000)); /* the next one */
    assert_false(purge_report_note(&report, 0, false, 90001));
    check_logged(*state, "");
}

static void a_long_purge_is_logged_every_ten_seconds_and_at_its_end(void **state)
{
    struct purge_report report = {.is_on = false};
    int lines = 0;
    for (int64_t now = 5000; now < 30000; now += 50) {
        if (!purge_report_note(&report, 500, true, now)) continue;
        purge_report_log(&report, 1000000 - report.rows, now);
        lines++;
    }
    assert_int_equal(lines, 2);
    assert_false(purge_report_note(&report, 7, false, 30000));
    check_logged(*state, "\"old rows are being purged\" rows=100500 left=899500 for_s=10\n"
                         "\"old rows are being purged\" rows=200500 left=799500 for_s=20\n"
                         "\"old rows were purged\" rows=250007 took_ms=25000\n");
    assert_false(purge_report_note(&report, 7, false, 60000)); /* it counts from the beginning again */
    assert_int_equal(report.rows, 0);
}

int main(void)
{
#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, capture_begin, capture_end)
    const struct CMUnitTest tests[] = {
        CAPTURED(a_purge_within_ten_seconds_is_not_logged),
        CAPTURED(a_long_purge_is_logged_every_ten_seconds_and_at_its_end),
    };
    log_open("test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
