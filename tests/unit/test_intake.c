/* test_intake -- groups on their way from the receiving thread to the writer: order, room, and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/intake.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/group.h"

#define LONG_MS 60000 /* longer than any test may take */
#define ROUNDS  100000

static int set_up(void **state)
{
    struct intake *intake;
    struct why why = {0};
    assert_int_equal(intake_open(&intake, &why), RES_OK);
    *state = intake;
    return 0;
}

static int tear_down(void **state)
{
    intake_close(*state);
    return 0;
}

/* An event that carries its number. */
static void add(struct intake *intake, int number)
{
    char payload[64];
    (void)snprintf(payload, sizeof payload, "%d", number);
    struct event event = {.payload = {payload, strlen(payload) + 1}};
    group_add_event(intake_filling(intake), &event);
}

static void fill(struct intake *intake, int *number)
{
    while (!group_is_full(intake_filling(intake))) add(intake, (*number)++);
}

static int number_of(const struct event *event)
{
    return atoi(event->payload.data);
}

static bool is_readable(const struct intake *intake)
{
    struct pollfd poll_fd = {.fd = intake_fd(intake), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

static pthread_t start(void *(*run)(void *), void *context)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, context), 0);
    return thread;
}

/* ---- two threads ---- */

struct reader {
    struct intake *intake;
    int next; /* the number that comes next; -1: another one came */
    int groups;
};

/* Takes everything, as the writer does. cmocka's assertions belong to the main thread. */
static void *take_all(void *context)
{
    struct reader *reader = context;
    struct group *group;
    while ((group = intake_take(reader->intake))) {
        reader->groups++;
        for (size_t i = 0; i < group->event_count && reader->next >= 0; i++)
            reader->next = number_of(&group->events[i]) == reader->next ? reader->next + 1 : -1;
        intake_done(reader->intake, group);
    }
    return NULL;
}

static void what_goes_in_comes_out_once_and_in_order(void **state)
{
    struct intake *intake = *state;
    struct reader reader = {.intake = intake};
    pthread_t thread = start(take_all, &reader);
    for (int i = 0; i < ROUNDS; i++) {
        add(intake, i);
        if (i % 3 > 0) intake_offer(intake); /* sometimes more comes before the next offer */
        assert_false(intake_wait_for_room(intake, LONG_MS));
    }
    intake_finish(intake);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.next, ROUNDS);
    assert_true(reader.groups > 1);
}

static void full_groups_wait_for_room_and_go_on(void **state)
{
    struct intake *intake = *state;
    struct reader reader = {.intake = intake};
    pthread_t thread = start(take_all, &reader);
    int number = 0;
    for (int i = 0; i < 20; i++) {
        fill(intake, &number);
        assert_false(intake_wait_for_room(intake, LONG_MS));
        assert_true(group_is_empty(intake_filling(intake)));
    }
    intake_finish(intake);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.next, number);
    assert_int_equal(reader.groups, 20);
}

static void *finish(void *context)
{
    intake_finish(context);
    return NULL;
}

static void the_end_hands_over_the_last_group_when_it_can(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    add(intake, number++);
    intake_offer(intake);
    add(intake, number++); /* cannot be handed over yet */
    intake_offer(intake);
    pthread_t thread = start(finish, intake);
    struct reader reader = {.intake = intake};
    (void)take_all(&reader);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.next, 2);
    assert_int_equal(reader.groups, 2);
}

static void *wait_for_close(void *context)
{
    return intake_wait_for_close(context, LONG_MS) ? context : NULL;
}

static void the_end_wakes_a_writer_that_waits_between_tries(void **state)
{
    struct intake *intake = *state;
    void *told = NULL;
    assert_false(intake_wait_for_close(intake, 0));
    assert_false(intake_wait_for_close(intake, 1));
    pthread_t thread = start(wait_for_close, intake);
    intake_finish(intake);
    assert_int_equal(pthread_join(thread, &told), 0);
    assert_ptr_equal(told, intake);
    assert_true(intake_wait_for_close(intake, LONG_MS)); /* at once, from then on */
}

/* ---- step by step ---- */

static void one_group_waits_one_is_written_one_fills_and_then_it_is_full(void **state)
{
    struct intake *intake = *state;
    int number = 0;

    fill(intake, &number);
    assert_false(intake_is_full(intake)); /* it was handed over: it waits */
    fill(intake, &number);
    assert_true(intake_is_full(intake));
    assert_true(intake_wait_for_room(intake, 1));
    struct group *first = intake_take(intake);
    assert_int_equal(number_of(&first->events[0]), 0);
    assert_false(intake_is_full(intake)); /* the second waits, the third fills */
    fill(intake, &number);
    assert_true(intake_is_full(intake));
    intake_done(intake, first); /* a spare one, but the second still waits */
    assert_true(intake_is_full(intake));
    struct group *second = intake_take(intake);
    assert_int_equal(number_of(&second->events[0]), GROUP_COUNT_MAX);
    assert_false(intake_is_full(intake));
    assert_true(group_is_empty(intake_filling(intake))); /* and it was emptied when it came back */
    intake_done(intake, second);
    struct group *third = intake_take(intake);
    assert_int_equal(number_of(&third->events[0]), 2 * GROUP_COUNT_MAX);
    intake_done(intake, third);
}

static void an_offer_takes_what_is_there_and_never_nothing(void **state)
{
    struct intake *intake = *state;
    intake_offer(intake);
    add(intake, 0);
    intake_offer(intake);
    add(intake, 1);
    intake_offer(intake); /* the first still waits: this one goes on filling */
    add(intake, 2);
    struct group *first = intake_take(intake);
    assert_int_equal(first->event_count, 1);
    intake_offer(intake);
    struct group *second = intake_take(intake);
    assert_int_equal(second->event_count, 2);
    add(intake, 3);
    intake_offer(intake); /* both others are with the writer */
    assert_int_equal(intake_filling(intake)->event_count, 1);
    intake_done(intake, first);
    intake_done(intake, second);
    intake_offer(intake);
    assert_true(group_is_empty(intake_filling(intake)));
}

static void many_bytes_make_a_group_full_as_many_events_do(void **state)
{
    struct intake *intake = *state;
    struct event event = {.payload = {"", GROUP_BYTES_MAX / 4}};
    event.payload.data = calloc(1, event.payload.len);
    assert_non_null(event.payload.data);
    for (int i = 0; i < 4; i++) {
        assert_false(group_is_full(intake_filling(intake)));
        group_add_event(intake_filling(intake), &event);
    }
    assert_true(group_is_full(intake_filling(intake)));
    free((void *)(uintptr_t)event.payload.data);
}

static void the_descriptor_tells_when_the_writer_made_room(void **state)
{
    struct intake *intake = *state;
    assert_false(is_readable(intake));
    add(intake, 0);
    intake_offer(intake);
    assert_false(is_readable(intake));
    struct group *group = intake_take(intake);
    assert_true(is_readable(intake));
    intake_acknowledge(intake);
    assert_false(is_readable(intake));
    intake_acknowledge(intake); /* once too often */
    intake_done(intake, group);
    assert_true(is_readable(intake));
    intake_acknowledge(intake);
    assert_false(is_readable(intake));
}

static void an_end_without_anything_is_an_end(void **state)
{
    struct intake *intake = *state;
    intake_finish(intake);
    assert_null(intake_take(intake));
    assert_null(intake_take(intake));
}

int main(void)
{
#define WITH_INTAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_INTAKE(what_goes_in_comes_out_once_and_in_order),
        WITH_INTAKE(full_groups_wait_for_room_and_go_on),
        WITH_INTAKE(the_end_hands_over_the_last_group_when_it_can),
        WITH_INTAKE(the_end_wakes_a_writer_that_waits_between_tries),
        WITH_INTAKE(one_group_waits_one_is_written_one_fills_and_then_it_is_full),
        WITH_INTAKE(an_offer_takes_what_is_there_and_never_nothing),
        WITH_INTAKE(many_bytes_make_a_group_full_as_many_events_do),
        WITH_INTAKE(the_descriptor_tells_when_the_writer_made_room),
        WITH_INTAKE(an_end_without_anything_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
