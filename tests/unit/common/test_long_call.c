/* test_long_call -- a call that takes long is logged while it does, and no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/long_call.h"

#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/log.h"

#define HOUR_MS 3600000

static void read_log(int file, char log[4096])
{
    ssize_t len = pread(file, log, 4095, 0);
    assert_true(len >= 0);
    log[len] = '\0';
}

static void a_long_call_is_logged_until_it_ends(void **state)
{
    char log[4096] = "";
    char later[4096];
    int old = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    (void)state;
    assert_true(old >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    struct long_call *call = long_call_begin("moving the moon", 1);
    const char *first = NULL;
    while (!first || !strstr(first + 1, "\"the work goes on\"")) { /* two lines */
        (void)poll(NULL, 0, 1);
        read_log(file, log);
        first = strstr(log, "\"the work goes on\" what=\"moving the moon\" for_s=");
    }
    long_call_end(call);
    read_log(file, log);
    (void)poll(NULL, 0, 10);
    read_log(file, later);
    (void)dup2(old, STDERR_FILENO);
    assert_string_equal(log, later);
    close(old);
    close(file);
}

static void a_short_call_ends_at_once(void **state)
{
    (void)state;
    long_call_end(long_call_begin("a blink", HOUR_MS));
    long_call_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_call_is_logged_until_it_ends),
        cmocka_unit_test(a_short_call_ends_at_once),
    };
    log_open("test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
