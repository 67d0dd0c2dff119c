/* test_signals -- requests to stop are seen once they come, and never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"

#define LONG_MS 60000 /* a wait that would show */

static int signals_new(void **state)
{
    struct signals *signals = calloc(1, sizeof *signals);
    struct why why = {0};
    if (!signals || signals_open(signals, &why) != RES_OK) return -1;
    *state = signals;
    return 0;
}

static int signals_free(void **state)
{
    struct signals *signals = *state;
    signals_close(signals);
    signals_close(signals); /* twice does no harm */
    free(signals);
    return 0;
}

static void a_wait_without_a_stop_request_ends_after_its_timeout(void **state)
{
    struct signals *signals = *state;
    int64_t before = clock_monotonic_ms();
    assert_false(signals_stop_requested(signals));
    assert_false(signals_wait(signals, 5));
    assert_true(clock_monotonic_ms() - before >= 4);
    assert_false(signals_wait(signals, 0));
    assert_false(signals_stop_requested(signals));
}

static void sigterm_and_sigint_request_a_stop_that_stays_pending(void **state)
{
    static const int wanted[] = {SIGTERM, SIGINT};
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct signals signals;
        struct why why = {0};
        assert_int_equal(signals_open(&signals, &why), RES_OK);
        assert_int_equal(kill(getpid(), wanted[i]), 0);
        for (int again = 0; again < 3; again++) assert_true(signals_stop_requested(&signals));
        signals_close(&signals);
    }
}

static void a_pending_request_ends_every_wait_at_once(void **state)
{
    struct signals *signals = *state;
    int64_t before = clock_monotonic_ms();
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_true(signals_wait(signals, LONG_MS));
    assert_true(signals_wait(signals, LONG_MS));
    assert_true(signals_wait(signals, 0));
    assert_true(clock_monotonic_ms() - before < LONG_MS / 2);
}

static void writing_to_a_closed_pipe_fails_without_ending_the_process(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
}

int main(void)
{
#define WITH_SIGNALS(test) cmocka_unit_test_setup_teardown(test, signals_new, signals_free)
    const struct CMUnitTest tests[] = {
        WITH_SIGNALS(a_wait_without_a_stop_request_ends_after_its_timeout),
        cmocka_unit_test(sigterm_and_sigint_request_a_stop_that_stays_pending),
        WITH_SIGNALS(a_pending_request_ends_every_wait_at_once),
        WITH_SIGNALS(writing_to_a_closed_pipe_fails_without_ending_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
