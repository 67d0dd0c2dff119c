/* test_state -- which steps a batch can take, each pair of states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/batch/batch.h"

#include <string.h>

#define STATES (BATCH_ABANDONED + 1)

static void only_the_drawn_steps_are_possible(void **state)
{
    static const struct {
        const char *name;
        const char *next; /* one character a state, in their order: y or n */
        bool is_open;
    } rows[STATES] = {
        [BATCH_SEALED] = {"sealed", "nyyyy", true},
        [BATCH_BLOCKED] = {"blocked", "ynyyy", true},
        [BATCH_SHIPPED] = {"shipped", "nnnnn", false},
        [BATCH_SUPERSEDED] = {"superseded", "nnnnn", false},
        [BATCH_ABANDONED] = {"abandoned", "nnyyn", false},
    };
    (void)state;
    for (enum batch_state from = 0; from < STATES; from++) {
        assert_string_equal(batch_state_name(from), rows[from].name);
        assert_int_equal(batch_state_is_open(from), rows[from].is_open);
        for (enum batch_state to = 0; to < STATES; to++) {
            bool may = batch_state_may_become(from, to);
            struct batch batch = {.state = from};
            assert_int_equal(may, rows[from].next[to] == 'y');
            if (!may) continue;
            batch_move(&batch, to);
            assert_int_equal(batch.state, to);
        }
    }
}

static void a_batch_once_more_has_nothing_of_the_first_ones_tries(void **state)
{
    struct batch first = {
        .id = 7, .state = BATCH_BLOCKED, .attempts = 3, .is_unknown = true, .is_occupied = true};
    (void)state;
    (void)strcpy(first.object_key, "a/x.xml");
    (void)strcpy(first.recorded.sha256, "abc");
    first.earlier = first.recorded;
    struct batch again = batch_once_more(&first);
    assert_true(again.id == 0 && again.state == BATCH_SEALED && again.attempts == 0 && again.reship_of == 7);
    assert_true(batch_may_be_stored(&first) && !batch_may_be_stored(&again));
    assert_true(!*again.recorded.sha256 && !*again.earlier.sha256);
    assert_string_equal(again.object_key, "a/x.xml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_drawn_steps_are_possible),
        cmocka_unit_test(a_batch_once_more_has_nothing_of_the_first_ones_tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
