/* test_group -- one array of items: what it keeps, in which order, and how little memory neighbours take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/validator.h"
#include "collector/intake/chunk.h"
#include "collector/intake/validators.h"
#include "tests/support/some_group.h"

#define MANY 10000

static void an_item_takes_40_bytes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct item), 40);
}

static void an_event_comes_back_as_it_was_added(void **state)
{
    struct group *group = group_new();
    char source[] = "192.0.2.1";
    char uid[] = "7";
    struct event event = {.received_at = 1700000000000,
                          .source = some_slice(source),
                          .bytes = 99,
                          .payload = some_slice("<E/>")};
    (void)state;
    event.fields[EVENT_UID] = some_slice(uid);
    event.fields[EVENT_SENDER] = some_slice("");
    group_add_event(group, &event);
    memset(source, '?', sizeof source); /* what is copied may go */
    memset(uid, '?', sizeof uid);
    struct event back = item_event(&group->items[0]);
    assert_int_equal(back.received_at, 1700000000000);
    assert_memory_equal(back.source.data, "192.0.2.1", 10);
    assert_int_equal(back.bytes, 99);
    assert_ptr_equal(back.payload.data, event.payload.data);
    assert_int_equal(back.fields[EVENT_UID].len, 1);
    assert_memory_equal(back.fields[EVENT_UID].data, "7", 1);
    assert_non_null(back.fields[EVENT_SENDER].data);
    assert_int_equal(back.fields[EVENT_SENDER].len, 0);
    assert_null(back.fields[EVENT_NAME].data);
    group_free(group);
}

static void many_equal_rejects_share_their_texts(void **state)
{
    struct group *group = group_new();
    struct reject reject = {
        .received_at = 1700000000000,
        .source = some_slice("192.0.2.2"),
        .reason = REJECT_UNKNOWN_ELEMENT,
        .detail = some_slice("EVENT_ELEMENT does not name the element a: if it is an event, name it there"),
        .bytes = 4,
        .encoding = some_slice("ISO-8859-1"),
        .namespaces = some_slice(" xmlns:a='u'"),
        .payload = some_slice("<a/>"),
    };
    (void)state;
    for (int i = 0; i < MANY; i++) group_add_reject(group, &reject);
    assert_in_range(group->memory_bytes, MANY * sizeof(struct item),
                    2 * MANY * sizeof(struct item) + (64 << 10));
    assert_int_equal(group_count_rejects(group), MANY);
    assert_int_equal(group_count_events(group), 0);
    group_free(group);
}

static void frames_become_events_and_rejects_in_their_place(void **state)
{
    static const char *const payloads[] = {"<E/>", "<E>", "<E>&#65;</E>", "</E>", "<E>\xE9</E>"};
    static const enum item_kind kinds[] = {ITEM_EVENT, ITEM_REJECT, ITEM_EVENT, ITEM_REJECT, ITEM_EVENT};
    struct chunk *chunk = chunk_new(NULL);
    struct validator *validator = validator_new(NULL);
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct frame frame = {.is_event = i != 3,
                              .data = payloads[i],
                              .len = strlen(payloads[i]),
                              .true_len = strlen(payloads[i]),
                              .encoding = i == 4 ? "ISO-8859-1" : "",
                              .namespaces = "",
                              .reason = REJECT_STRAY_BYTES,
                              .detail = "of the framer"};
        chunk_add(chunk, &frame, "192.0.2.1", (int64_t)i, NULL);
    }
    validators_check_chunk(validator, chunk, NULL);
    assert_int_equal(chunk->group->item_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(chunk->group->items[i].kind, kinds[i]);
        assert_int_equal(chunk->group->items[i].origin->received_at, i);
    }
    assert_string_equal(item_reject(&chunk->group->items[3]).detail.data, "of the framer");
    assert_int_equal(item_event(&chunk->group->items[4]).bytes, strlen(payloads[4]));
    assert_memory_equal(item_event(&chunk->group->items[4]).payload.data, "<E>\xC3\xA9</E>", 9);
    validator_free(validator);
    chunk_free(chunk);
}

static void a_large_changed_payload_is_taken_over_and_counted(void **state)
{
    enum { LEN = 1 << 20 };
    char *text = malloc(LEN);
    struct chunk *chunk = chunk_new(NULL);
    struct validator *validator = validator_new(NULL);
    (void)state;
    assert_non_null(text);
    memset(text, 0xE9, LEN);
    memcpy(text, "<E>", 3);
    memcpy(text + LEN - 4, "</E>", 4);
    struct frame frame = {
        .is_event = true, .data = text, .len = LEN, .encoding = "ISO-8859-1", .namespaces = ""};
    chunk_add(chunk, &frame, "192.0.2.1", 0, NULL);
    assert_in_range(chunk_memory(chunk), 7 * LEN,
                    8 * LEN); /* itself, three times in UTF-8, and for the parser */
    validators_check_chunk(validator, chunk, NULL);
    struct event event = item_event(&chunk->group->items[0]);
    assert_int_equal(event.payload.len, 2 * LEN - 7);
    assert_memory_equal(event.payload.data + 3, "\xC3\xA9\xC3\xA9", 4);
    assert_in_range(chunk_memory(chunk), 5 * LEN - 7, 7 * LEN);
    validator_free(validator);
    chunk_free(chunk);
    free(text);
}

static void adopted_memory_can_be_released_alone(void **state)
{
    struct group *group = group_new();
    char *first = malloc(1000);
    char *second = malloc(2000);
    (void)state;
    assert_true(first && second);
    struct slice copy = group_copy(group, some_slice("copied"));
    group_adopt(group, first, 1000);
    group_adopt(group, second, 2000);
    size_t all = group->memory_bytes;
    group_release(group, copy.data); /* it is not adopted */
    assert_int_equal(group->memory_bytes, all);
    group_release(group, first + 999);
    assert_int_equal(group->memory_bytes, all - 1000);
    assert_memory_equal(copy.data, "copied", 6);
    group_release(group, second);
    assert_int_equal(group->memory_bytes, all - 3000);
    group_free(group);
}

static void without_its_rejects_a_group_keeps_its_events_in_order(void **state)
{
    struct group *group = some_group(1, 2, 1);
    struct event event = {.payload = some_slice("<E>3</E>"), .source = some_slice("192.0.2.1")};
    (void)state;
    group_add_event(group, &event);
    group_drop_rejects(group);
    assert_int_equal(group->item_count, 3);
    assert_int_equal(group_count_events(group), 3);
    assert_ptr_equal(group->items[2].data, event.payload.data);
    group_clear(group);
    assert_int_equal(group->item_count, 0);
    group_shrink(group);
    assert_int_equal(group->memory_bytes, 0);
    group_free(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_takes_40_bytes),
        cmocka_unit_test(an_event_comes_back_as_it_was_added),
        cmocka_unit_test(many_equal_rejects_share_their_texts),
        cmocka_unit_test(frames_become_events_and_rejects_in_their_place),
        cmocka_unit_test(a_large_changed_payload_is_taken_over_and_counted),
        cmocka_unit_test(adopted_memory_can_be_released_alone),
        cmocka_unit_test(without_its_rejects_a_group_keeps_its_events_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
