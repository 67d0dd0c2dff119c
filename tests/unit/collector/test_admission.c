/*
 * test_admission -- who is read while memory is short: single rules, and random worlds in which invariants hold at each
 * step. ADMISSION_WORLDS=10000 makes more of these; the seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* ---- single rules ---- */

static void begin(struct admission *admission, size_t memory_bytes, size_t max_message_bytes)
{
    struct admission_options options = {memory_bytes, max_message_bytes, MIB};
    admission_init(admission, &options, 0);
    admission_advance(admission, 0, true);
}

static void pass(struct admission *a, int64_t ms)
{
    for (; ms > 0; ms -= 500) admission_advance(a, a->now_ms + 500, true);
}

static void a_large_event_has_a_place_beside_all_connections(void **state)
{
    struct admission a;
    struct admission_source source = {0};
    struct admission_sender one = {0};
    struct admission_sender crowd = {0};
    (void)state;
    begin(&a, 16 * MIB, 8 * MIB);
    admission_add(&a, &crowd, &source, 60 * MIB); /* more than there is */
    admission_add(&a, &one, &source, KIB);
    for (size_t held = 0; held < 8 * MIB;) {
        size_t most = admission_may_read(&a, &one);
        assert_true(most >= ADMISSION_READ_MIN);
        held += most < 8 * MIB - held ? most : 8 * MIB - held;
        admission_note(&a, &one, most, held, KIB, false);
    }
}

static void the_others_wait_while_a_largest_event_has_no_place(void **state)
{
    struct admission a;
    struct admission_source source = {0};
    struct admission_sender large = {0};
    struct admission_sender medium = {0};
    struct admission_sender small = {0};
    (void)state;
    begin(&a, 16 * MIB, 8 * MIB); /* 12 for unfinished events */
    admission_add(&a, &large, &source, 0);
    admission_add(&a, &medium, &source, 0);
    admission_add(&a, &small, &source, 0);
    admission_note(&a, &large, 1, 5 * MIB, 0, true);
    admission_note(&a, &medium, 1, MIB, 0, true);
    admission_set_waiting(&a, &large, true);
    admission_set_waiting(&a, &medium, true);
    admission_set_waiting(&a, &small, true);
    assert_true(admission_is_short(&a));
    assert_true(admission_may_read(&a, &large) >= 3 * MIB);
    assert_int_equal(admission_may_read(&a, &medium), 0);
    assert_in_range(admission_may_read(&a, &small), ADMISSION_READ_MIN, 64 * KIB); /* it needs little */
    assert_ptr_equal(admission_next(&a), &large);
    admission_note(&a, &large, 3 * MIB, 0, 0, false);
    assert_false(admission_is_short(&a));
    assert_true(admission_may_read(&a, &medium) > MIB);
    assert_ptr_equal(admission_next(&a), &medium);
}

static void what_is_on_its_way_leaves_room_for_a_few_items(void **state)
{
    struct admission a;
    struct admission_source source = {0};
    struct admission_sender one = {0};
    (void)state;
    begin(&a, 8 * MIB, MIB);
    admission_add(&a, &one, &source, 0);
    assert_true(admission_may_read(&a, &one) > 4 * MIB);
    admission_note_on_its_way(&a, 7 * MIB + 256 * KIB, false);
    assert_int_equal(admission_may_read(&a, &one), 48 * KIB); /* each of its bytes may take 16 */
    admission_note_on_its_way(&a, 8 * MIB, false);
    assert_int_equal(admission_may_read(&a, &one), 0);
    assert_false(admission_has_room(&a));
    admission_note_on_its_way(&a, 8 * MIB, true); /* nothing gets free by waiting */
    assert_int_equal(admission_may_read(&a, &one), ADMISSION_READ_MIN);
}

/* Two large ones hold so much that no largest event has a place besides, and no small one but in the strip. */
struct crowd {
    struct admission a;
    struct admission_source source, other_source;
    struct admission_sender large[2], little[80], other;
};

static void crowd_begin(struct crowd *crowd)
{
    memset(crowd, 0, sizeof *crowd);
    begin(&crowd->a, 32 * MIB, 8 * MIB); /* 22 for large ones, and 2 for little ones */
    for (size_t i = 0; i < 2; i++) {
        admission_add(&crowd->a, &crowd->large[i], &crowd->source, 0);
        admission_note(&crowd->a, &crowd->large[i], 1, i == 0 ? 6 * MIB : 13 * MIB, 0, true);
    }
    for (size_t i = 0; i < 80; i++) admission_add(&crowd->a, &crowd->little[i], &crowd->source, 0);
    admission_add(&crowd->a, &crowd->other, &crowd->other_source, 0);
}

/* Else the others would have to wait for the oldest, however slow that is. */
static void little_ones_leave_each_safe_large_one_its_room(void **state)
{
    struct admission a;
    struct admission_source source = {0};
    struct admission_sender old = {0};
    struct admission_sender late = {0};
    static struct admission_sender little[60];
    (void)state;
    memset(little, 0, sizeof little);
    begin(&a, 32 * MIB, 8 * MIB);
    admission_add(&a, &old, &source, 0);
    admission_add(&a, &late, &source, 0);
    admission_note(&a, &old, 1, 4 * MIB, 0, true);
    admission_note(&a, &late, 1, 2 * MIB, 0, true);
    for (size_t i = 0; i < sizeof little / sizeof *little; i++) {
        admission_add(&a, &little[i], &source, 0);
        size_t most = 0;
        for (size_t held = 0; held <= 128 * KIB && (most = admission_may_read(&a, &little[i])) > 0;) {
            bool is_new = held == 0;
            held += most < 64 * KIB ? most : 64 * KIB;
            admission_note(&a, &little[i], most, held, 0, is_new);
        }
    }
    assert_true(a.held_bytes > 10 * MIB);
    assert_true(admission_may_read(&a, &late) > 0);
}

static void a_small_event_is_read_whatever_the_large_ones_hold(void **state)
{
    struct crowd c;
    (void)state;
    crowd_begin(&c);
    assert_true(admission_is_short(&c.a));
    assert_true(admission_may_read(&c.a, &c.large[0]) > 0);
    size_t free_for_large = admission_may_read(&c.a, &c.large[0]);
    for (size_t held = 4 * KIB; held <= 32 * KIB; held += 4 * KIB) {
        assert_true(admission_may_read(&c.a, &c.little[0]) >= ADMISSION_READ_MIN);
        admission_note(&c.a, &c.little[0], 4 * KIB, held, 0, false);
        assert_int_equal(admission_may_read(&c.a, &c.large[0]), free_for_large);
    }
    admission_note(&c.a, &c.little[0], 4 * KIB, 132 * KIB, 0, false);
    assert_int_equal(admission_may_read(&c.a, &c.little[0]), 0); /* a large one, that is not safe */
    assert_true(admission_may_read(&c.a, &c.little[1]) > 0);
}

static void beginnings_of_large_events_leave_room_for_first_bytes(void **state)
{
    struct crowd c;
    (void)state;
    crowd_begin(&c);
    size_t large = 0;
    for (; large < 80; large++) { /* each is read as far as it may be */
        size_t held = 0;
        size_t most = 0;
        while (held < 132 * KIB && (most = admission_may_read(&c.a, &c.little[large])) > 0)
            admission_note(&c.a, &c.little[large], most, held += most, 0, false);
        if (held < 132 * KIB) break;
    }
    assert_in_range(large, 4, 16);
    assert_true(admission_may_read(&c.a, &c.little[79]) > 0);
    assert_true(admission_may_read(&c.a, &c.large[0]) > MIB);
    assert_true(c.a.held_bytes <= 24 * MIB);
}

static void the_oldest_little_one_can_go_on_whoever_was_read_before(void **state)
{
    struct crowd c;
    (void)state;
    crowd_begin(&c);
    for (size_t i = 0; i < 80 && admission_may_read(&c.a, &c.little[i]) > 0; i++) {
        admission_note(&c.a, &c.little[i], 4 * KIB, 8 * KIB, 0, true);
        if (admission_may_read(&c.a, &c.little[i]) > 0)
            admission_note(&c.a, &c.little[i], 28 * KIB, 32 * KIB, 0, false);
    }
    for (size_t i = 79; i > 0; i--)
        if (c.little[i].held_bytes > 0 && admission_may_read(&c.a, &c.little[i]) > 0)
            admission_note(&c.a, &c.little[i], 28 * KIB, 60 * KIB, 0, false);
    assert_true(admission_may_read(&c.a, &c.little[0]) > 0);
}

static void little_ones_from_times_of_plenty_leave_the_strip_to_first_bytes(void **state)
{
    struct crowd c;
    (void)state;
    crowd_begin(&c);
    admission_note(&c.a, &c.large[1], 0, 0, 0, false);
    for (size_t i = 0; i < 79; i++) {
        assert_true(admission_may_read(&c.a, &c.little[i]) > 0);
        admission_note(&c.a, &c.little[i], 30 * KIB, 60 * KIB, 0, true);
    }
    admission_note(&c.a, &c.large[1], 1, 10 * MIB, 0, true);
    size_t free_for_large = admission_may_read(&c.a, &c.large[0]);
    assert_true(free_for_large > 2 * MIB);
    assert_int_equal(admission_may_read(&c.a, &c.little[79]), ADMISSION_READ_MIN);
    admission_note(&c.a, &c.little[79], 4 * KIB, 8 * KIB, 0, true);
    assert_int_equal(admission_may_read(&c.a, &c.large[0]), free_for_large);
}

static void a_little_one_is_slow_after_10_s_in_a_full_strip(void **state)
{
    struct crowd c;
    size_t held = 0;
    (void)state;
    crowd_begin(&c);
    for (; held < 80 && admission_may_read(&c.a, &c.little[held]) > 0; held++)
        admission_note(&c.a, &c.little[held], 4 * KIB, 16 * KIB, 0, true);
    assert_in_range(held, 30, 79);
    pass(&c.a, 20000); /* nobody waits */
    assert_null(admission_find_slow(&c.a));
    admission_set_waiting(&c.a, &c.little[79], true);
    for (int second = 0; second < 10; second++) {
        admission_note(&c.a, &c.large[0], 64 * KIB, 6 * MIB, 0, false);
        admission_note(&c.a, &c.little[0], 1, 16 * KIB, 0, false); /* drops do not help it */
        assert_null(admission_find_slow(&c.a));
        admission_set_waiting(&c.a, &c.little[1], second == 4); /* it was kept waiting */
        if (second == 4) assert_null(admission_find_slow(&c.a));
        admission_set_waiting(&c.a, &c.little[1], false);
        pass(&c.a, 1000);
    }
    admission_note(&c.a, &c.large[0], 64 * KIB, 6 * MIB, 0, false);
    assert_ptr_equal(admission_find_slow(&c.a), &c.little[0]);
    admission_note(&c.a, &c.little[0], 0, 0, 0, true);
    assert_true(admission_may_read(&c.a, &c.little[79]) > 0);
    admission_note(&c.a, &c.little[79], 4 * KIB, 16 * KIB, 0, true);
    admission_set_waiting(&c.a, &c.little[79], false);
    admission_set_waiting(&c.a, &c.little[0], true); /* the next one waits */
    assert_ptr_equal(admission_find_slow(&c.a), &c.little[2]);
}

static void a_little_one_is_slow_where_another_can_not_grow(void **state)
{
    static const size_t rows[] = {60 * KIB, 134 * KIB, 196 * KIB}; /* the larger ones are not read any more */
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct crowd c;
        size_t held = 0;
        crowd_begin(&c);
        for (; held < 78 && admission_may_read(&c.a, &c.little[held]) > 0; held++) {
            admission_note(&c.a, &c.little[held], 4 * KIB, 8 * KIB, 0, true);
            if (admission_may_read(&c.a, &c.little[held]) == 0) break;
            admission_note(&c.a, &c.little[held], 4 * KIB, rows[row], 0, false);
        }
        assert_in_range(held, 3, 16);
        assert_true(admission_may_read(&c.a, &c.little[79]) > 0); /* there is room for first bytes */
        admission_set_waiting(&c.a, &c.little[held], true);
        for (int second = 0; second <= 10; second++) {
            admission_note(&c.a, &c.large[0], 64 * KIB, 6 * MIB, 0, false);
            if (second == 7) admission_note(&c.a, &c.little[0], 1, rows[row], 0, false);
            assert_ptr_equal(admission_find_slow(&c.a), second < 10 ? NULL : &c.little[row > 0]);
            pass(&c.a, 1000);
        }
        admission_note(&c.a, &c.little[0], 0, 0, 0, true);
        assert_true(admission_may_read(&c.a, &c.little[held]) > 0);
    }
}

/* Each of one address is read as far as it may be, in as many ways as there are to fill the strip. */
static void fill(struct crowd *c, size_t most_held)
{
    for (size_t i = 0; i < 80; i++) {
        size_t held = 0;
        size_t most = 0;
        while (held < most_held && (most = admission_may_read(&c->a, &c->little[i])) > 0) {
            held += most;
            admission_note(&c->a, &c->little[i], most, held, 0, held == most);
        }
    }
}

static void the_address_that_fills_the_strip_leaves_room_for_another(void **state)
{
    static const size_t rows[] = {4 * KIB, 12 * KIB, 20 * KIB, 60 * KIB, 132 * KIB};
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct crowd c;
        crowd_begin(&c);
        for (size_t later = row; later < sizeof rows / sizeof *rows; later++) fill(&c, rows[later]);
        size_t free_for_large = admission_may_read(&c.a, &c.large[0]);
        for (size_t held = 0; held < 132 * KIB;) {
            size_t most = admission_may_read(&c.a, &c.other);
            assert_true(most >= ADMISSION_READ_MIN);
            admission_note(&c.a, &c.other, most, held += most, 0, false);
            assert_int_equal(admission_may_read(&c.a, &c.large[0]), free_for_large);
        }
        admission_remove(&c.a, &c.other);
    }
}

static void little_ones_from_times_of_plenty_leave_room_for_another_address(void **state)
{
    static const size_t rows[] = {12 * KIB, 60 * KIB};
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct crowd c;
        crowd_begin(&c);
        admission_note(&c.a, &c.large[1], 0, 0, 0, false);
        for (size_t i = 0; i < 80; i++) admission_note(&c.a, &c.little[i], 30 * KIB, rows[row], 0, true);
        admission_note(&c.a, &c.large[1], 1, 10 * MIB, 0, true);
        assert_true(admission_may_read(&c.a, &c.other) >= ADMISSION_READ_MIN);
        admission_note(&c.a, &c.other, 4 * KIB, 8 * KIB, 0, true);
        assert_true(admission_may_read(&c.a, &c.other) >= ADMISSION_READ_MIN);
    }
}

static void who_waits_for_the_share_of_its_address_harms_no_other_address(void **state)
{
    struct crowd c;
    (void)state;
    crowd_begin(&c);
    admission_note(&c.a, &c.other, 4 * KIB, 8 * KIB, 0, true);
    for (size_t i = 0; i < 79 && admission_may_read(&c.a, &c.little[i]) > 0; i++)
        admission_note(&c.a, &c.little[i], 4 * KIB, 16 * KIB, 0, true);
    admission_set_waiting(&c.a, &c.little[79], true);
    for (int second = 0; second <= 10; second++) {
        admission_note(&c.a, &c.large[0], 64 * KIB, 6 * MIB, 0, false);
        assert_ptr_equal(admission_find_slow(&c.a), second < 10 ? NULL : &c.little[0]);
        pass(&c.a, 1000);
    }
}

static void what_a_sender_holds_counts_for_its_address(void **state)
{
    struct crowd c;
    (void)state;
    crowd_begin(&c);
    admission_note(&c.a, &c.little[0], 4 * KIB, 8 * KIB, 0, true);
    admission_note(&c.a, &c.other, 4 * KIB, 100 * KIB, 0, true);
    assert_int_equal(c.source.strip.bytes[STRIP_FIRST], 8 * KIB);
    assert_int_equal(c.other_source.strip.bytes[STRIP_LATER], 100 * KIB);
    admission_set_source(&c.a, &c.other, &c.source);
    assert_int_equal(c.source.strip.bytes[STRIP_LATER], 100 * KIB);
    assert_int_equal(c.other_source.strip.bytes[STRIP_LATER], 0);
    assert_int_equal(c.a.strip.bytes[STRIP_LATER], 100 * KIB);
    admission_remove(&c.a, &c.other);
    assert_int_equal(c.a.strip.bytes[STRIP_LATER], 0);
}

/* Two senders of which the older one is in the way of the other. */
struct pair {
    struct admission a;
    struct admission_source source;
    struct admission_sender old, late;
};

static void pair_begin(struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    begin(&pair->a, 16 * MIB, 8 * MIB);
    admission_add(&pair->a, &pair->old, &pair->source, 0);
    admission_add(&pair->a, &pair->late, &pair->source, 0);
    admission_note(&pair->a, &pair->old, 1, 6 * MIB, 0, true);
    admission_note(&pair->a, &pair->late, 1, MIB, 0, true);
    admission_set_waiting(&pair->a, &pair->late, true);
    assert_int_equal(admission_may_read(&pair->a, &pair->late), 0);
    assert_null(admission_find_slow(&pair->a)); /* its turn begins */
}

static void a_sender_in_the_way_is_slow_after_5_s_without_a_byte(void **state)
{
    struct pair p;
    (void)state;
    pair_begin(&p);
    pass(&p.a, 4500);
    assert_null(admission_find_slow(&p.a));
    admission_note(&p.a, &p.old, 1, 6 * MIB, 0, false);
    pass(&p.a, 4500);
    assert_null(admission_find_slow(&p.a));
    pass(&p.a, 500);
    assert_ptr_equal(admission_find_slow(&p.a), &p.old);
}

static void those_that_were_silent_meanwhile_have_no_5_s_of_their_own(void **state)
{
    struct pair p;
    struct admission_sender second = {0};
    (void)state;
    pair_begin(&p);
    admission_add(&p.a, &second, &p.source, 0);
    admission_note(&p.a, &second, 1, 4 * MIB, 0, true);
    pass(&p.a, 5000);
    assert_ptr_equal(admission_find_slow(&p.a), &p.old);
    admission_note(&p.a, &p.old, 0, 0, 0, true);
    assert_int_equal(admission_may_read(&p.a, &p.late), 0);
    assert_ptr_equal(admission_find_slow(&p.a), &second); /* its turn has just begun */
}

static void a_sender_in_the_way_is_slow_with_less_than_64_kb_in_10_s(void **state)
{
    static const struct {
        size_t bytes;
        bool is_slow;
    } rows[] = {{64 * KIB / 10 + 1, false}, {64 * KIB / 10, true}, {1, true}};
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct pair p;
        pair_begin(&p);
        for (int second = 1; second <= 30; second++) {
            pass(&p.a, 1000);
            admission_note(&p.a, &p.old, rows[row].bytes, 6 * MIB, 0, false);
            bool is_due = rows[row].is_slow && second >= 10;
            assert_ptr_equal(admission_find_slow(&p.a), is_due ? &p.old : NULL);
            if (is_due) break;
        }
    }
}

static void an_event_that_is_too_large_has_a_turn_of_5_s(void **state)
{
    struct pair p;
    (void)state;
    pair_begin(&p);
    p.old.is_too_large = true;
    for (int second = 1; second <= 5; second++) {
        pass(&p.a, 1000);
        admission_note(&p.a, &p.old, MIB, 6 * MIB, 0, false);
        assert_ptr_equal(admission_find_slow(&p.a), second < 5 ? NULL : &p.old);
    }
}

/* Behind the one with the turn, which goes on fast enough. */
static void silent_ones_behind_a_live_one_are_slow_after_5_s_the_largest_first(void **state)
{
    struct pair p;
    struct admission_sender silent[2] = {{0}, {0}};
    struct admission_sender little = {0};
    (void)state;
    pair_begin(&p);
    for (int i = 0; i < 2; i++) admission_add(&p.a, &silent[i], &p.source, 0);
    admission_add(&p.a, &little, &p.source, 0);
    admission_note(&p.a, &silent[0], 1, 300 * KIB, 0, true);
    admission_note(&p.a, &silent[1], 1, 400 * KIB, 0, true);
    admission_note(&p.a, &little, 1, 100 * KIB, 0, true);
    for (int second = 1; second <= 5; second++) {
        assert_null(admission_find_slow(&p.a));
        pass(&p.a, 1000);
        admission_note(&p.a, &p.old, 64 * KIB, 6 * MIB, 0, false);
    }
    assert_ptr_equal(admission_find_slow(&p.a), &silent[1]);
    admission_note(&p.a, &silent[1], 0, 0, 0, true);
    assert_ptr_equal(admission_find_slow(&p.a), &silent[0]);
    admission_set_waiting(&p.a, &silent[0], true); /* it has sent more, and cannot be read either */
    assert_null(admission_find_slow(&p.a));
}

static void the_next_event_of_the_same_sender_has_a_turn_of_its_own(void **state)
{
    struct pair p;
    (void)state;
    pair_begin(&p);
    pass(&p.a, 4500);
    admission_note(&p.a, &p.old, 0, 0, 0, false);
    admission_note(&p.a, &p.late, 0, 0, 0, false);
    admission_note(&p.a, &p.old, 1, 6 * MIB, 0, true);
    admission_note(&p.a, &p.late, 1, MIB, 0, true);
    pass(&p.a, 4500);
    assert_null(admission_find_slow(&p.a));
    pass(&p.a, 500);
    assert_ptr_equal(admission_find_slow(&p.a), &p.old);
}

static void time_without_reading_makes_nobody_slow(void **state)
{
    struct pair p;
    (void)state;
    pair_begin(&p);
    for (int i = 0; i < 100; i++) admission_advance(&p.a, p.a.now_ms + 500, false); /* the gate is closed */
    admission_advance(&p.a, p.a.now_ms + 60000, true);
    admission_advance(&p.a, p.a.now_ms + 60000, true); /* the loop was elsewhere: one second counts */
    assert_null(admission_find_slow(&p.a));
    admission_note_on_its_way(&p.a, 16 * MIB, false); /* the others wait for the disk */
    pass(&p.a, 4000);
    assert_null(admission_find_slow(&p.a));
    admission_note_on_its_way(&p.a, 0, true);
    assert_ptr_equal(admission_find_slow(&p.a), &p.old);
    admission_set_waiting(&p.a, &p.late, false);
    assert_null(admission_find_slow(&p.a)); /* nobody waits: its turn is over */
    admission_set_waiting(&p.a, &p.late, true);
    assert_null(admission_find_slow(&p.a));
}

/* ---- random worlds ---- */

enum manner { LIVE, DRIPPING, STALLED, MANNERS, SMALL = MANNERS }; /* small events, each sent at once */

struct peer {
    struct admission_sender memory;
    size_t source; /* its address */
    enum manner manner;
    size_t event_len;    /* of the event that it is sending */
    size_t sent, read;   /* bytes of it: by the peer, by us; what is between waits in the socket */
    size_t rate;         /* bytes in a step, if the socket takes them */
    int64_t next_at;     /* when it begins its next event */
    int64_t waits_since; /* it has bytes that are not read; -1: it has none */
    int64_t small_since; /* the same of a small event, from its first byte to its last one */
    int events, rejects;
};

#define PEERS_MAX     40
#define SOCKET        (200 * KIB) /* what the kernel holds for a peer that is not read */
#define STEP_MS       250
#define WORLD_MS      (20 * 60 * 1000)
#define FIXED         (4 * KIB)
#define SMALL_WAIT_MS 25000

struct world {
    struct chance *chance;
    struct admission a;
    struct peer peers[PEERS_MAX];
    struct admission_source sources[PEERS_MAX + 1];
    bool is_besieged; /* all but those of small events are of one address, and each of these has its own */
    size_t count, max_message, memory;
    size_t disk_bytes, disk_rate;  /* on its way, and what the writer takes in a step */
    int64_t now_ms, stalled_until; /* the writer; */
    bool is_closed;                /* the gate */
    bool is_holders_turn;
    int64_t wait_max_ms; /* what all take for a largest event, or are given before they are given up */
};

static size_t pick(struct world *w, size_t least, size_t most)
{
    return least + chance_below(w->chance, most - least + 1);
}

static void begin_event(struct world *w, struct peer *peer)
{
    static const size_t parts[] = {1, 1, 2, 20, 1000};
    size_t most = w->max_message / parts[chance_below(w->chance, 5)];
    peer->event_len =
        pick(w, 100, peer->manner == SMALL ? chance_below(w->chance, 2) ? 4 * KIB : 32 * KIB : most);
    peer->small_since = -1;
    peer->sent = peer->read = 0;
}

static void peer_init(struct world *w, struct peer *peer)
{
    size_t own_source = (size_t)(peer - w->peers) + 1;
    *peer = (struct peer){.waits_since = -1};
    peer->manner = chance_below(w->chance, 3) ? LIVE : (enum manner)chance_below(w->chance, MANNERS);
    if (chance_below(w->chance, 4) == 0) peer->manner = SMALL;
    /* A live one sends 64 KB in 10 s at least, some a hundred times as much. */
    peer->rate =
        peer->manner == LIVE ? pick(w, 2 * KIB, chance_below(w->chance, 2) ? 4 * KIB : 200 * KIB) : 1;
    if (peer->manner == SMALL) peer->rate = 32 * KIB;
    peer->source =
        w->is_besieged ? (peer->manner == SMALL ? own_source : 0) : chance_below(w->chance, w->count);
    w->wait_max_ms += 2 * ADMISSION_SLOW_MS;
    if (peer->manner == LIVE) w->wait_max_ms += (int64_t)(w->max_message / peer->rate + 1) * STEP_MS;
    admission_add(&w->a, &peer->memory, &w->sources[peer->source], FIXED);
    begin_event(w, peer);
}

/* What the peer sends in a step; a stalled one stops in the middle of each event of some size. */
static void peer_send(struct world *w, struct peer *peer)
{
    size_t most = SOCKET - (peer->sent - peer->read);
    size_t len = peer->rate;
    size_t half = peer->event_len / 2 + 1;
    if (w->now_ms < peer->next_at) return;
    if ((peer->manner == DRIPPING || peer->manner == STALLED) && peer->sent < half)
        len = half - peer->sent; /* at full speed up to there */
    if (peer->manner == STALLED && peer->sent >= half) len = 0;
    if (len > most) len = most;
    if (len > peer->event_len - peer->sent) len = peer->event_len - peer->sent;
    peer->sent += len;
}

static size_t held_by(size_t bytes)
{
    return bytes < 64 * KIB ? 2 * bytes : (bytes + 64 * KIB - 1) / (64 * KIB) * (64 * KIB);
}

static void end_event(struct world *w, struct peer *peer)
{
    w->disk_bytes += held_by(peer->read);
    admission_note(&w->a, &peer->memory, 0, 0, FIXED, false);
    peer->next_at = w->now_ms + (int64_t)chance_below(w->chance, 4) * STEP_MS;
    peer->waits_since = -1;
    begin_event(w, peer);
}

static bool may_read(struct world *w)
{
    admission_note_on_its_way(&w->a, w->disk_bytes, w->disk_bytes == 0);
    return !w->is_closed && w->disk_bytes < w->memory / 4;
}

static void check_memory(struct world *w)
{
    size_t used = w->a.fixed_bytes + w->a.held_bytes + w->disk_bytes;
    /* One read, and the step by which memory grows, may be on top. */
    assert_true(used <= w->memory + ADMISSION_MARGIN || w->a.fixed_bytes > w->memory / 8);
    assert_true(w->a.held_bytes <= w->memory - w->memory / 4 + ADMISSION_MARGIN);
}

static void note_waiting(struct world *w, struct peer *peer)
{
    admission_set_waiting(&w->a, &peer->memory, peer->sent > peer->read);
}

/* Reads it once. Returns whether it was read. */
static bool read_peer(struct world *w, struct peer *peer)
{
    size_t most = admission_may_read(&w->a, &peer->memory);
    size_t len = peer->sent - peer->read;
    if (most == 0 || len == 0) return false;
    if (len > most) len = most;
    if (len > 256 * KIB) len = 256 * KIB;
    peer->read += len;
    admission_note(&w->a, &peer->memory, len, held_by(peer->read), FIXED, false);
    peer->waits_since = -1;
    check_memory(w);
    peer->events += peer->read == peer->event_len;
    if (peer->read == peer->event_len) end_event(w, peer);
    note_waiting(w, peer);
    return true;
}

static struct peer *peer_of(struct admission_sender *sender)
{
    return sender ? (struct peer *)(void *)sender : NULL;
}

/* As serving.c does it; the queue's order is that of the peers. */
static struct peer *next_peer(struct world *w, size_t *from)
{
    w->is_holders_turn = !w->is_holders_turn && admission_is_short(&w->a);
    if (w->is_holders_turn) {
        struct peer *peer = peer_of(admission_next(&w->a));
        if (peer) return peer;
    }
    for (size_t i = 0; i < w->count; i++) {
        struct peer *peer = &w->peers[(*from + i) % w->count];
        if (peer->memory.is_waiting && admission_may_read(&w->a, &peer->memory) > 0) {
            *from = (*from + i + 1) % w->count;
            return peer;
        }
    }
    return NULL;
}

static void serve(struct world *w)
{
    static size_t from;
    struct peer *peer = NULL;
    int reads = 0;
    while (may_read(w) && reads++ < 400 && (peer = next_peer(w, &from))) assert_true(read_peer(w, peer));
}

/* Reading goes on whenever memory allows: one of all has its way to the end. */
static void check_progress(struct world *w)
{
    if (!may_read(w) || !admission_has_room(&w->a)) return;
    for (size_t i = 0; i < w->count; i++)
        if (admission_may_read(&w->a, &w->peers[i].memory) > 0) return;
    fail_msg("nobody may be read");
}

static void give_up(struct world *w, struct peer *peer)
{
    if (read_peer(w, peer) && &peer->memory != admission_find_slow(&w->a)) return;
    if (peer->manner == LIVE || peer->manner == SMALL) fail_msg("a live sender was given up");
    peer->rejects++;
    w->disk_bytes += held_by(peer->read);
    admission_note(&w->a, &peer->memory, 0, 0, FIXED, true);
    begin_event(w, peer);
    peer->next_at = w->now_ms + 10000;
    admission_set_waiting(&w->a, &peer->memory, false);
}

/* Beginnings of large events that are kept waiting, with more than the first bytes; they are not given up for that. */
static bool has_begun_large_ones(const struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct peer *peer = &w->peers[i];
        size_t held = peer->memory.held_bytes;
        if (peer->event_len > 32 * KIB && peer->memory.is_waiting && held > 16 * KIB && held <= 196 * KIB)
            return true;
    }
    return false;
}

/*
 * A small event is read within 25 s (12 s in all but one of 12,000 worlds), whatever the others do; one of more than a
 * few bytes, where beginnings of its own address leave room.
 */
static void check_small(struct world *w, struct peer *peer, bool has_begun)
{
    if (peer->manner != SMALL || peer->sent == 0) return;
    bool may_wait = has_begun && !w->is_besieged && peer->event_len > 4 * KIB;
    if (peer->small_since < 0 || may_wait) peer->small_since = w->a.read_ms;
    assert_true(w->a.read_ms - peer->small_since <= SMALL_WAIT_MS);
}

/* The wait of a live one, but for the time in which the disk or the gate kept everybody waiting. */
static void check_waits(struct world *w, bool is_reading)
{
    bool has_begun = has_begun_large_ones(w);
    for (size_t i = 0; i < w->count; i++) {
        struct peer *peer = &w->peers[i];
        check_small(w, peer, has_begun);
        if (!peer->memory.is_waiting) continue;
        if (peer->waits_since < 0) peer->waits_since = w->a.read_ms;
        if (is_reading && peer->manner == LIVE)
            assert_true(w->a.read_ms - peer->waits_since <= w->wait_max_ms);
    }
}

static void step(struct world *w)
{
    w->now_ms += STEP_MS;
    if (chance_below(w->chance, 400) == 0) w->stalled_until = w->now_ms + (int64_t)pick(w, 0, 20000);
    if (chance_below(w->chance, 400) == 0)
        w->is_closed = !w->is_closed && chance_below(w->chance, 2);
    else if (w->is_closed && chance_below(w->chance, 20) == 0)
        w->is_closed = false;
    if (w->now_ms >= w->stalled_until)
        w->disk_bytes -= w->disk_bytes < w->disk_rate ? w->disk_bytes : w->disk_rate;
    for (size_t i = 0; i < w->count; i++) {
        struct peer *peer = &w->peers[i];
        if (chance_below(w->chance, 20000) == 0) { /* it hangs up, and another one comes */
            w->disk_bytes += peer->memory.held_bytes;
            admission_remove(&w->a, &peer->memory);
            peer_init(w, peer);
        }
        peer_send(w, peer);
        note_waiting(w, peer);
    }
    serve(w);
    check_progress(w);
    bool is_reading = may_read(w) && admission_has_room(&w->a);
    admission_advance(&w->a, w->now_ms, is_reading);
    struct peer *slow = is_reading ? peer_of(admission_find_slow(&w->a)) : NULL;
    if (slow) give_up(w, slow);
    serve(w);
    check_waits(w, is_reading);
}

static void play(struct chance *chance)
{
    static struct world w;
    static const size_t messages[] = {MIB, 2 * MIB, 8 * MIB};
    memset(&w, 0, sizeof w);
    w.chance = chance;
    w.max_message = messages[chance_below(chance, 3)];
    w.memory = pick(&w, 2 * w.max_message > 8 * MIB ? 2 * w.max_message : 8 * MIB, 64 * MIB);
    w.count = pick(&w, 1, PEERS_MAX);
    w.is_besieged = chance_below(chance, 2);
    w.disk_rate = pick(&w, MIB, 20 * MIB);
    struct admission_options options = {w.memory, w.max_message, MIB};
    admission_init(&w.a, &options, 0);
    for (size_t i = 0; i < w.count; i++) peer_init(&w, &w.peers[i]);
    while (w.now_ms < WORLD_MS) step(&w);
}

static void in_random_worlds_live_senders_go_on_within_memory(void **state)
{
    const char *wanted = getenv("ADMISSION_WORLDS");
    int worlds = wanted ? atoi(wanted) : 40;
    struct chance chance = chance_begin();
    (void)state;
    for (int i = 0; i < worlds; i++) play(&chance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_event_has_a_place_beside_all_connections),
        cmocka_unit_test(the_others_wait_while_a_largest_event_has_no_place),
        cmocka_unit_test(little_ones_leave_each_safe_large_one_its_room),
        cmocka_unit_test(a_small_event_is_read_whatever_the_large_ones_hold),
        cmocka_unit_test(beginnings_of_large_events_leave_room_for_first_bytes),
        cmocka_unit_test(the_oldest_little_one_can_go_on_whoever_was_read_before),
        cmocka_unit_test(little_ones_from_times_of_plenty_leave_the_strip_to_first_bytes),
        cmocka_unit_test(a_little_one_is_slow_after_10_s_in_a_full_strip),
        cmocka_unit_test(a_little_one_is_slow_where_another_can_not_grow),
        cmocka_unit_test(the_address_that_fills_the_strip_leaves_room_for_another),
        cmocka_unit_test(little_ones_from_times_of_plenty_leave_room_for_another_address),
        cmocka_unit_test(who_waits_for_the_share_of_its_address_harms_no_other_address),
        cmocka_unit_test(what_a_sender_holds_counts_for_its_address),
        cmocka_unit_test(what_is_on_its_way_leaves_room_for_a_few_items),
        cmocka_unit_test(a_sender_in_the_way_is_slow_after_5_s_without_a_byte),
        cmocka_unit_test(those_that_were_silent_meanwhile_have_no_5_s_of_their_own),
        cmocka_unit_test(a_sender_in_the_way_is_slow_with_less_than_64_kb_in_10_s),
        cmocka_unit_test(an_event_that_is_too_large_has_a_turn_of_5_s),
        cmocka_unit_test(silent_ones_behind_a_live_one_are_slow_after_5_s_the_largest_first),
        cmocka_unit_test(the_next_event_of_the_same_sender_has_a_turn_of_its_own),
        cmocka_unit_test(time_without_reading_makes_nobody_slow),
        cmocka_unit_test(in_random_worlds_live_senders_go_on_within_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
