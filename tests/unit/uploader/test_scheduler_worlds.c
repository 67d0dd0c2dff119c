/*
 * test_scheduler_worlds -- the scheduler in random worlds with virtual time: stores that fail in every scope, hang, drip
 * and ask for pauses, refusals, restarts, changed settings, and a person beside. tests/support/worlds/ draws them, and
 * checks at each step what scheduler.h promises.
 *
 * SCHEDULER_WORLDS in the environment is the number of small worlds, SCHEDULER_STRETCHES that of worlds with
 * SCHEDULER_REFUSED refused batches, TEST_SEED the first world's seed: a broken promise is printed with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/support/sanitized.h"
#include "tests/support/worlds/world.h"

#define WORLDS    (IS_SANITIZED ? 1000 : 20000)
#define STRETCHES 20
#define REFUSED   300

static int64_t size_of(const char *name, int64_t usual)
{
    const char *given = getenv(name);
    return given ? strtoll(given, NULL, 10) : usual;
}

static void run_worlds(int64_t count, int64_t refused)
{
    struct chance chance = chance_begin();
    uint64_t seed = chance.state / 2;
    int64_t broken = 0;
    for (int64_t i = 0; i < count && broken < 3; i++) broken += !world_run(seed + (uint64_t)i, refused);
    assert_int_equal(broken, 0);
}

static void every_promise_holds_in_random_worlds(void **state)
{
    (void)state;
    run_worlds(size_of("SCHEDULER_WORLDS", WORLDS), 0);
}

static void a_long_stretch_of_refused_batches_is_passed(void **state)
{
    (void)state;
    run_worlds(size_of("SCHEDULER_STRETCHES", STRETCHES), size_of("SCHEDULER_REFUSED", REFUSED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_holds_in_random_worlds),
        cmocka_unit_test(a_long_stretch_of_refused_batches_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
