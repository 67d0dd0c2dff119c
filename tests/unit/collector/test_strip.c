/* test_strip -- what one address may take of the memory that is kept for senders that hold little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/strip.h"

#include <string.h>

#include "tests/support/chance.h"

#define MIB     ((size_t)1 << 20)
#define SENDERS 64
#define SOURCES 4
#define STEPS   2000

struct sender {
    struct strip_source *source;
    size_t held_bytes;
};

struct world {
    struct strip strip;
    struct strip_source sources[SOURCES];
    struct sender senders[SENDERS];
};

static void set_held(struct world *w, struct sender *sender, size_t held_bytes)
{
    strip_remove(&w->strip, sender->source, sender->held_bytes);
    strip_add(&w->strip, sender->source, held_bytes);
    sender->held_bytes = held_bytes;
}

/* The most that a step may make of what is held. */
static size_t after_step(const struct sender *sender)
{
    return sender->held_bytes < (size_t)8 << 10 ? (size_t)16 << 10 : STRIP_LITTLE_MOST;
}

static void an_eighth_of_the_memory_is_kept_and_two_mebibytes_at_most(void **state)
{
    struct strip strip;
    (void)state;
    strip_init(&strip, 8 * MIB);
    assert_int_equal(strip_size(&strip), MIB);
    strip_init(&strip, 256 * MIB);
    assert_int_equal(strip_size(&strip), 2 * MIB);
    assert_int_equal(strip_used(&strip), 0);
}

/* Whatever its senders do, and whoever of them asks first. */
static void one_address_always_leaves_another_a_step_in_either_half(void **state)
{
    struct chance chance = chance_begin();
    static struct world w;
    (void)state;
    memset(&w, 0, sizeof w);
    strip_init(&w.strip, 8 * MIB);
    for (size_t i = 0; i < SENDERS; i++) w.senders[i].source = &w.sources[0];
    for (int step = 0; step < STEPS; step++) {
        struct sender *sender = &w.senders[chance_below(&chance, SENDERS)];
        bool is_first = chance_below(&chance, 2);
        if (chance_below(&chance, 8) == 0)
            set_held(&w, sender, 0);
        else if (sender->held_bytes < STRIP_LITTLE_BYTES &&
                 strip_step(&w.strip, sender->source, sender->held_bytes, is_first) > 0)
            set_held(&w, sender, after_step(sender));
        assert_true(strip_step(&w.strip, &w.sources[1], 0, false) > 0);
        assert_true(strip_step(&w.strip, &w.sources[1], (size_t)16 << 10, false) > 0);
    }
}

static void who_holds_much_does_not_count(void **state)
{
    struct strip strip;
    struct strip_source source = {{0}};
    (void)state;
    strip_init(&strip, 16 * MIB);
    strip_add(&strip, &source, STRIP_LITTLE_MOST + 1);
    assert_int_equal(strip_used(&strip), 0);
    strip_add(&strip, &source, STRIP_LITTLE_MOST);
    assert_int_equal(strip_used(&strip), STRIP_LITTLE_MOST);
    assert_int_equal(strip_used_without(&strip, &source, STRIP_LITTLE_MOST), 0);
}

static void within_its_share_the_last_step_is_for_the_first_in_line(void **state)
{
    struct strip strip;
    struct strip_source source = {{0}};
    (void)state;
    strip_init(&strip, 8 * MIB);
    while (strip_step(&strip, &source, 0, false) > 0) strip_add(&strip, &source, (size_t)16 << 10);
    assert_true(strip_is_shared(&source, 0));
    assert_true(strip_step(&strip, &source, 0, true) > 0);
    strip_add(&strip, &source, (size_t)16 << 10);
    assert_int_equal(strip_step(&strip, &source, 0, true), 0);
}

/* However much all addresses hold, no more than all of it is in use; and it is empty when they have gone. */
static void what_is_in_use_is_within_the_strip_and_ends(void **state)
{
    struct chance chance = chance_begin();
    static struct world w;
    (void)state;
    memset(&w, 0, sizeof w);
    strip_init(&w.strip, (8 + chance_below(&chance, 32)) * MIB);
    for (size_t i = 0; i < SENDERS; i++) w.senders[i].source = &w.sources[chance_below(&chance, SOURCES)];
    for (int step = 0; step < STEPS; step++) {
        struct sender *sender = &w.senders[chance_below(&chance, SENDERS)];
        set_held(&w, sender, chance_below(&chance, 2 * (unsigned)STRIP_LITTLE_MOST));
        assert_true(strip_used(&w.strip) <= strip_size(&w.strip));
        assert_true(strip_used_without(&w.strip, sender->source, sender->held_bytes) <= strip_used(&w.strip));
        assert_true(strip_used_without(&w.strip, sender->source, sender->held_bytes) + sender->held_bytes >=
                    strip_used(&w.strip));
    }
    for (size_t i = 0; i < SENDERS; i++) set_held(&w, &w.senders[i], 0);
    assert_int_equal(strip_used(&w.strip), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_eighth_of_the_memory_is_kept_and_two_mebibytes_at_most),
        cmocka_unit_test(one_address_always_leaves_another_a_step_in_either_half),
        cmocka_unit_test(who_holds_much_does_not_count),
        cmocka_unit_test(within_its_share_the_last_step_is_for_the_first_in_line),
        cmocka_unit_test(what_is_in_use_is_within_the_strip_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
