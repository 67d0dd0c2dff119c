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

static void without_a_request_a_wait_ends_with_its_time(void **state)
{
    struct signals *signals = *state;
    int64_t before = clock_monotonic_ms();
    assert_false(signals_stop_requested(signals));
    assert_false(signals_wait(signals, 5));
    assert_true(clock_monotonic_ms() - before >= 4);
    assert_false(signals_wait(signals, 0));
    assert_false(signals_stop_requested(signals));
}

static void either_signal_asks_for_a_stop_and_it_stays_asked_for(void **state)
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

static void a_reader_that_hangs_up_is_an_error_of_write_and_not_the_end(void **state)
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
        WITH_SIGNALS(without_a_request_a_wait_ends_with_its_time),
        cmocka_unit_test(either_signal_asks_for_a_stop_and_it_stays_asked_for),
        WITH_SIGNALS(a_pending_request_ends_every_wait_at_once),
        WITH_SIGNALS(a_reader_that_hangs_up_is_an_error_of_write_and_not_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
