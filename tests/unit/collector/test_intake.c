/* test_intake -- chunks on their way from the network to the disk: order, room, memory, and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/intake/intake.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/intake/chunk.h"

#define LONG_MS     60000 /* longer than any test may take */
#define ROUNDS      100000
#define MEMORY_MAX  ((size_t)64 << 20)
#define FEW_WAITING 2 /* as intake.c has it */

static int set_up(void **state)
{
    struct intake *intake;
    struct why why = {0};
    assert_int_equal(intake_open(&intake, MEMORY_MAX, NULL, &why), RES_OK);
    *state = intake;
    return 0;
}

static int tear_down(void **state)
{
    intake_close(*state);
    return 0;
}

/* A frame that carries its number; `fields`: settled already. */
static void add_frame(struct intake *intake, int number, const struct slice *fields)
{
    char data[64];
    (void)snprintf(data, sizeof data, "%d", number);
    struct frame frame = {.is_event = true,
                          .data = data,
                          .len = strlen(data) + 1,
                          .encoding = "",
                          .namespaces = "",
                          .fields = fields};
    chunk_add(intake_filling(intake), &frame, "192.0.2.1", 0, NULL);
}

static void add(struct intake *intake, int number)
{
    add_frame(intake, number, NULL);
}

static void add_settled(struct intake *intake, int number)
{
    static const struct slice fields[EVENT_FIELD_COUNT];
    add_frame(intake, number, fields);
}

/* A whole chunk, as one read may bring it. */
static void fill(struct intake *intake, int *number)
{
    while (chunk_has_space(intake_filling(intake))) add(intake, (*number)++);
}

static int number_of(const struct item *item)
{
    return item->kind == ITEM_EVENT ? atoi(item->data) : -1;
}

/* What a validating thread makes of it: every frame an event. */
static void accept_all(struct chunk *chunk)
{
    static const struct slice fields[EVENT_FIELD_COUNT];
    for (size_t i = 0; i < chunk->group->item_count; i++)
        group_make_event(chunk->group, &chunk->group->items[i], fields);
    chunk_note_validated(chunk);
}

/* Validates the next chunk; there is one. */
static void validate(struct intake *intake)
{
    struct chunk *chunk = intake_take_unvalidated(intake);
    assert_non_null(chunk);
    accept_all(chunk);
    intake_validated(intake, chunk);
}

static struct group *take(struct intake *intake)
{
    struct group *group = NULL;
    assert_int_equal(intake_take(intake, LONG_MS, &group), INTAKE_GROUP);
    return group;
}

static int length_of(const struct group *group)
{
    int length = 0;
    for (; group; group = group->next) length++;
    return length;
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

/* ---- with all its threads ---- */

struct reader {
    struct intake *intake;
    int next; /* the number that comes next; -1: another one came */
    int groups;
};

/* Takes everything, as the writer does. cmocka's assertions belong to the main thread. */
static void *take_all(void *context)
{
    struct reader *reader = context;
    struct group *first = NULL;
    enum intake_step step;
    while ((step = intake_take(reader->intake, LONG_MS, &first)) == INTAKE_GROUP) {
        for (const struct group *group = first; group; group = group->next, reader->groups++)
            for (size_t i = 0; i < group->item_count && reader->next >= 0; i++)
                reader->next = number_of(&group->items[i]) == reader->next ? reader->next + 1 : -1;
        intake_done(reader->intake);
    }
    if (step != INTAKE_END) reader->next = -1;
    return NULL;
}

static void *validate_all(void *context)
{
    struct intake *intake = context;
    struct chunk *chunk = NULL;
    while ((chunk = intake_take_unvalidated(intake))) {
        accept_all(chunk);
        intake_validated(intake, chunk);
    }
    return NULL;
}

struct crew {
    pthread_t validators[3], writer;
    struct reader reader;
};

static void crew_start(struct crew *crew, struct intake *intake)
{
    crew->reader = (struct reader){.intake = intake};
    for (int i = 0; i < 3; i++) crew->validators[i] = start(validate_all, intake);
    crew->writer = start(take_all, &crew->reader);
}

static void crew_join(struct crew *crew)
{
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(crew->validators[i], NULL), 0);
    assert_int_equal(pthread_join(crew->writer, NULL), 0);
}

static void frames_leave_once_and_in_order_with_several_validators(void **state)
{
    struct intake *intake = *state;
    struct crew crew;
    crew_start(&crew, intake);
    for (int i = 0; i < ROUNDS; i++) {
        add(intake, i);
        if (i % 3 > 0) intake_offer(intake); /* sometimes more comes before the next offer */
        assert_false(intake_wait_for_space(intake, LONG_MS));
    }
    intake_finish(intake);
    crew_join(&crew);
    assert_int_equal(crew.reader.next, ROUNDS);
    assert_true(crew.reader.groups > 1);
}

static void full_chunks_wait_for_space_and_none_is_lost(void **state)
{
    struct intake *intake = *state;
    struct crew crew;
    int number = 0;
    crew_start(&crew, intake);
    for (int i = 0; i < 3 * INTAKE_CHUNKS; i++) {
        fill(intake, &number);
        assert_false(intake_wait_for_space(intake, LONG_MS));
        assert_true(chunk_is_empty(intake_filling(intake)));
    }
    intake_finish(intake);
    crew_join(&crew);
    assert_int_equal(crew.reader.next, number);
    assert_int_equal(crew.reader.groups, 3 * INTAKE_CHUNKS);
}

static void finish_passes_on_the_chunk_that_is_being_filled(void **state)
{
    struct intake *intake = *state;
    struct crew crew;
    int number = 0;
    while (!intake_is_full(intake)) fill(intake, &number); /* nobody takes any */
    crew_start(&crew, intake);
    intake_finish(intake);
    crew_join(&crew);
    assert_int_equal(crew.reader.next, number);
    assert_int_equal(crew.reader.groups, INTAKE_CHUNKS + 1);
}

static void finish_does_not_wait_for_a_writer_that_hangs(void **state)
{
    struct intake *intake = *state;
    struct crew crew;
    int number = 0;
    while (!intake_is_full(intake)) fill(intake, &number);
    uint64_t before = intake_uncommitted_bytes(intake);
    intake_finish(intake); /* nobody takes any */
    assert_true(intake_uncommitted_bytes(intake) >= before);
    crew_start(&crew, intake);
    crew_join(&crew);
    assert_int_equal(crew.reader.next, number);
}

static void *wait_for_close(void *context)
{
    return intake_wait_for_close(context, LONG_MS) ? context : NULL;
}

static void finish_wakes_a_writer_that_waits_before_a_retry(void **state)
{
    struct intake *intake = *state;
    void *woken = NULL;
    assert_false(intake_wait_for_close(intake, 0));
    assert_false(intake_wait_for_close(intake, 1));
    pthread_t thread = start(wait_for_close, intake);
    intake_finish(intake);
    assert_int_equal(pthread_join(thread, &woken), 0);
    assert_ptr_equal(woken, intake);
    assert_true(intake_wait_for_close(intake, LONG_MS)); /* at once, from then on */
}

/* ---- step by step ---- */

static void the_writer_takes_all_chunks_before_the_first_unvalidated_one(void **state)
{
    struct intake *intake = *state;
    struct chunk *chunks[3];
    struct group *group = NULL;
    intake_call(intake); /* all are passed on, though others wait */
    for (int i = 0; i < 3; i++) {
        add(intake, i);
        intake_offer(intake);
        chunks[i] = intake_take_unvalidated(intake);
        accept_all(chunks[i]);
    }
    intake_validated(intake, chunks[1]);
    assert_int_equal(intake_take(intake, 0, &group), INTAKE_QUIET);
    intake_validated(intake, chunks[0]);
    group = take(intake);
    assert_int_equal(length_of(group), 2);
    assert_int_equal(number_of(&group->items[0]), 0);
    assert_int_equal(number_of(&group->next->items[0]), 1);
    intake_done(intake);
    assert_int_equal(intake_take(intake, 1, &group), INTAKE_QUIET);
    intake_validated(intake, chunks[2]);
    group = take(intake);
    assert_int_equal(length_of(group), 1);
    assert_int_equal(number_of(&group->items[0]), 2);
    intake_done(intake);
}

/* ---- chunks whose frames are settled ---- */

static void a_settled_chunk_passes_the_validators(void **state)
{
    struct intake *intake = *state;
    add_settled(intake, 0);
    intake_offer(intake);
    struct group *group = take(intake); /* nobody has validated */
    assert_int_equal(length_of(group), 1);
    assert_int_equal(number_of(&group->items[0]), 0);
    intake_done(intake);
    add(intake, 1);
    intake_offer(intake);
    validate(intake); /* the first chunk that a validator gets is the second one */
    assert_int_equal(number_of(&take(intake)->items[0]), 1);
    intake_done(intake);
}

static void a_settled_chunk_waits_for_those_before_it(void **state)
{
    struct intake *intake = *state;
    struct group *group = NULL;
    add(intake, 0);
    intake_offer(intake);
    for (int i = 1; i < FEW_WAITING; i++) {
        add_settled(intake, i);
        intake_offer(intake);
    }
    assert_int_equal(intake_take(intake, 0, &group), INTAKE_QUIET);
    validate(intake);
    group = take(intake);
    assert_int_equal(length_of(group), FEW_WAITING);
    for (int i = 0; group; group = group->next, i++) assert_int_equal(number_of(&group->items[0]), i);
    intake_done(intake);
}

static void one_frame_that_is_not_settled_makes_its_chunk_wait(void **state)
{
    struct intake *intake = *state;
    struct group *group = NULL;
    add_settled(intake, 0);
    add(intake, 1);
    add_settled(intake, 2);
    intake_offer(intake);
    assert_int_equal(intake_take(intake, 0, &group), INTAKE_QUIET);
    validate(intake);
    group = take(intake);
    assert_int_equal(group->item_count, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(number_of(&group->items[i]), i);
    intake_done(intake);
}

/* The writer goes round the ring more than once before a validator looks at it at all. */
static void a_validator_that_lags_behind_the_writer_gets_the_next_unvalidated_chunk(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    while (number < 3 * INTAKE_CHUNKS) {
        add_settled(intake, number);
        intake_offer(intake);
        assert_int_equal(number_of(&take(intake)->items[0]), number);
        intake_done(intake);
        number++;
    }
    add_settled(intake, number);
    intake_offer(intake);
    add(intake, number + 1);
    intake_offer(intake);
    struct chunk *chunk = intake_take_unvalidated(intake);
    assert_non_null(chunk);
    assert_int_equal(chunk->group->item_count, 1);
    assert_int_equal(atoi(chunk->group->items[0].data), number + 1);
    accept_all(chunk);
    intake_validated(intake, chunk);
    assert_int_equal(length_of(take(intake)), 2);
    intake_done(intake);
}

static void mixed_chunks_leave_in_order_with_several_validators(void **state)
{
    struct intake *intake = *state;
    struct crew crew;
    crew_start(&crew, intake);
    for (int i = 0; i < ROUNDS; i++) {
        if (i / 7 % 3 > 0)
            add_settled(intake, i);
        else
            add(intake, i);
        if (i % 5 > 0) intake_offer(intake);
        assert_false(intake_wait_for_space(intake, LONG_MS));
    }
    intake_finish(intake);
    crew_join(&crew);
    assert_int_equal(crew.reader.next, ROUNDS);
    assert_true(crew.reader.groups > 1);
}

/* Nothing is left for the validators, who must end all the same. */
static void an_intake_whose_last_chunks_are_settled_ends(void **state)
{
    for (int unsettled = 0; unsettled < 3; unsettled++) {
        struct intake *intake = *state;
        struct crew crew;
        int number = 0;
        for (; number < unsettled; number++) add(intake, number);
        intake_offer(intake);
        crew_start(&crew, intake);
        for (; number < 2000; number++) {
            add_settled(intake, number);
            intake_offer(intake);
            assert_false(intake_wait_for_space(intake, LONG_MS));
        }
        intake_finish(intake);
        crew_join(&crew);
        assert_int_equal(crew.reader.next, number);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
    }
}

static void frames_collect_in_one_chunk_once_several_chunks_wait(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    intake_offer(intake); /* nothing is never offered */
    for (; number < FEW_WAITING; number++) {
        add(intake, number);
        intake_offer(intake);
        assert_true(chunk_is_empty(intake_filling(intake)));
    }
    for (; number < 100; number++) {
        add(intake, number);
        intake_offer(intake);
    }
    assert_int_equal(intake_filling(intake)->group->item_count, 100 - FEW_WAITING);
    for (int i = 0; i < FEW_WAITING; i++) validate(intake);
    assert_false(is_readable(intake));
    assert_int_equal(length_of(take(intake)), FEW_WAITING);
    assert_true(is_readable(intake)); /* the next offer will be taken, though those are not committed yet */
    intake_acknowledge(intake);
    intake_offer(intake);
    assert_true(chunk_is_empty(intake_filling(intake)));
    intake_done(intake);
    validate(intake);
    assert_int_equal(take(intake)->item_count, 100 - FEW_WAITING);
    intake_done(intake);
}

static void an_intake_without_free_chunks_is_full_until_a_commit(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    for (int i = 0; i < INTAKE_CHUNKS; i++) {
        fill(intake, &number);
        assert_false(intake_is_full(intake));
    }
    fill(intake, &number);
    assert_true(intake_is_full(intake));
    assert_true(intake_wait_for_space(intake, 1));
    validate(intake);
    (void)take(intake);
    intake_acknowledge(intake);
    assert_true(intake_is_full(intake)); /* the writer has one, but it is not free yet */
    intake_done(intake);
    assert_true(is_readable(intake));
    assert_false(intake_is_full(intake));
    assert_true(chunk_is_empty(intake_filling(intake)));
}

static void a_transaction_is_bounded_in_size(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    int taken = 0;
    while (!intake_is_full(intake)) fill(intake, &number);
    struct chunk *first = intake_take_unvalidated(intake);
    accept_all(first);
    size_t one = chunk_memory(first);
    intake_validated(intake, first);
    for (int i = 1; i < INTAKE_CHUNKS; i++) validate(intake);
    while (taken < INTAKE_CHUNKS) {
        int length = length_of(take(intake));
        assert_in_range(length, 1, INTAKE_COMMIT_SIZE / one + 1);
        taken += length;
        intake_done(intake);
    }
}

/* As an event from many reads: it lies in the framer, and is copied. */
static void add_large(struct intake *intake, size_t len)
{
    char *data = calloc(1, len);
    assert_non_null(data);
    struct frame frame = {.is_event = true, .data = data, .len = len, .encoding = "", .namespaces = ""};
    chunk_add(intake_filling(intake), &frame, "192.0.2.1", 0, NULL);
    free(data);
}

static void large_events_fill_the_intake_at_the_memory_ceiling(void **state)
{
    struct intake *intake = *state;
    int count = 0;
    int number = 0;
    while (!intake_is_full(intake)) {
        add_large(intake, (size_t)8 << 20);
        fill(intake, &number);
        count++;
    }
    assert_in_range(count, 4, 6); /* the work on one of them takes as much again */
    for (int i = 0; i < count - 1; i++) {
        validate(intake);
        (void)take(intake);
        intake_done(intake);
    }
    assert_false(intake_is_full(intake));
}

static void an_event_larger_than_the_memory_ceiling_still_passes(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    add_large(intake, MEMORY_MAX + 1);
    fill(intake, &number);
    assert_false(intake_is_full(intake)); /* it was handed over: nothing else is on its way */
    fill(intake, &number);
    assert_true(intake_is_full(intake));
}

static void a_large_event_waits_until_its_work_has_room_or_it_is_alone(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    fill(intake, &number);
    assert_false(intake_is_full(intake));
    add_large(intake, MEMORY_MAX - ((size_t)2 << 20)); /* there is room for it, but not for the work on it */
    fill(intake, &number);
    assert_true(intake_is_full(intake));
    validate(intake);
    (void)take(intake);
    assert_true(intake_is_full(intake));
    intake_done(intake);
    assert_false(intake_is_full(intake));
}

static void only_frames_outside_the_read_buffer_are_copied(void **state)
{
    struct intake *intake = *state;
    struct chunk *chunk = intake_filling(intake);
    size_t space_bytes = 0;
    char *bytes = chunk_space(chunk, &space_bytes);
    char elsewhere[] = "<held/>";
    assert_int_equal(space_bytes, CHUNK_BYTES);
    memcpy(bytes, "..<read/>", 9);
    struct frame read = {
        .is_event = true, .data = bytes + 2, .len = 7, .encoding = "ISO-8859-1", .namespaces = ""};
    struct frame held = {.is_event = true, .data = elsewhere, .len = 7, .encoding = "", .namespaces = ""};
    chunk_add(chunk, &read, "192.0.2.1", 0, NULL);
    chunk_add(chunk, &held, "192.0.2.1", 0, NULL);
    memset(elsewhere, '?', sizeof elsewhere);
    assert_ptr_equal(chunk->group->items[0].data, bytes + 2);
    assert_memory_equal(chunk->group->items[1].data, "<held/>", 7);
    assert_string_equal(chunk->group->items[0].origin->encoding.data, "ISO-8859-1");
    assert_ptr_equal(chunk->group->items[0].origin->source.data, chunk->group->items[1].origin->source.data);
    assert_ptr_equal(chunk_space(chunk, &space_bytes), bytes + 9); /* the next read goes on behind it */
    assert_int_equal(space_bytes, CHUNK_BYTES - 9);
}

static void shrinking_an_idle_intake_frees_its_memory(void **state)
{
    struct intake *intake = *state;
    int number = 0;
    size_t space_bytes = 0;
    while (!intake_is_full(intake)) {
        (void)chunk_space(intake_filling(intake), &space_bytes);
        fill(intake, &number);
    }
    for (int i = 0; i < INTAKE_CHUNKS; i++) validate(intake);
    for (int left = INTAKE_CHUNKS; left > 0; intake_done(intake)) left -= length_of(take(intake));
    intake_shrink(intake);
    intake_offer(intake);
    assert_in_range(chunk_memory(intake_filling(intake)), 0, (size_t)1 << 20);
    assert_null(intake_filling(intake)->bytes);
}

static void finishing_an_empty_intake_ends_it_at_once(void **state)
{
    struct intake *intake = *state;
    struct group *group = NULL;
    intake_finish(intake);
    assert_null(intake_take_unvalidated(intake));
    assert_int_equal(intake_take(intake, LONG_MS, &group), INTAKE_END);
    assert_int_equal(intake_take(intake, LONG_MS, &group), INTAKE_END);
}

/* ---- bytes that give nothing to commit ---- */

static void read_bytes(struct intake *intake, size_t bytes)
{
    chunk_note_read(intake_filling(intake), bytes);
    intake_offer(intake);
}

static void bytes_without_an_item_are_counted_with_the_next_group(void **state)
{
    struct intake *intake = *state;
    struct group *group = NULL;
    read_bytes(intake, 3);
    read_bytes(intake, 4);
    assert_int_equal(intake_take(intake, 0, &group), INTAKE_QUIET);
    chunk_note_read(intake_filling(intake), 100);
    add(intake, 0);
    intake_offer(intake);
    validate(intake);
    group = take(intake);
    assert_int_equal(group->item_count, 1);
    assert_int_equal(group->read_bytes, 107);
    intake_done(intake);
    assert_int_equal(group->read_bytes, 0);
    assert_int_equal(intake_take(intake, 0, &group), INTAKE_QUIET);
}

static void at_the_end_a_group_without_items_counts_the_last_bytes(void **state)
{
    struct intake *intake = *state;
    struct group *group = NULL;
    read_bytes(intake, 3);
    chunk_note_read(intake_filling(intake), 4); /* and not offered any more */
    intake_finish(intake);
    group = take(intake);
    assert_int_equal(group->item_count, 0);
    assert_int_equal(group->read_bytes, 7);
    intake_done(intake);
    assert_int_equal(intake_take(intake, LONG_MS, &group), INTAKE_END);
}

int main(void)
{
#define WITH_INTAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_INTAKE(frames_leave_once_and_in_order_with_several_validators),
        WITH_INTAKE(bytes_without_an_item_are_counted_with_the_next_group),
        WITH_INTAKE(at_the_end_a_group_without_items_counts_the_last_bytes),
        WITH_INTAKE(full_chunks_wait_for_space_and_none_is_lost),
        WITH_INTAKE(finish_passes_on_the_chunk_that_is_being_filled),
        WITH_INTAKE(finish_does_not_wait_for_a_writer_that_hangs),
        WITH_INTAKE(finish_wakes_a_writer_that_waits_before_a_retry),
        WITH_INTAKE(the_writer_takes_all_chunks_before_the_first_unvalidated_one),
        WITH_INTAKE(a_settled_chunk_passes_the_validators),
        WITH_INTAKE(a_settled_chunk_waits_for_those_before_it),
        WITH_INTAKE(one_frame_that_is_not_settled_makes_its_chunk_wait),
        WITH_INTAKE(a_validator_that_lags_behind_the_writer_gets_the_next_unvalidated_chunk),
        WITH_INTAKE(mixed_chunks_leave_in_order_with_several_validators),
        WITH_INTAKE(an_intake_whose_last_chunks_are_settled_ends),
        WITH_INTAKE(frames_collect_in_one_chunk_once_several_chunks_wait),
        WITH_INTAKE(an_intake_without_free_chunks_is_full_until_a_commit),
        WITH_INTAKE(a_transaction_is_bounded_in_size),
        WITH_INTAKE(large_events_fill_the_intake_at_the_memory_ceiling),
        WITH_INTAKE(an_event_larger_than_the_memory_ceiling_still_passes),
        WITH_INTAKE(a_large_event_waits_until_its_work_has_room_or_it_is_alone),
        WITH_INTAKE(only_frames_outside_the_read_buffer_are_copied),
        WITH_INTAKE(shrinking_an_idle_intake_frees_its_memory),
        WITH_INTAKE(finishing_an_empty_intake_ends_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
