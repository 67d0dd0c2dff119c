/* test_metadata -- the five members that are added to an event, and the names that collide with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void the_five_metadata_fields_are_in_order(void **state)
{
    static const char *const expected[METADATA_COUNT][2] = {
        {"_spool", "7f3a9c21d4"}, {"_id", "10000000001"}, {"_received_at", "2025-07-29T16:15:00.045Z"},
        {"_source", "192.0.2.7"}, {"_node", "gate-1"},
    };
    struct batch batch = {.identity = {.spool = "7f3a9c21d4", .node = "gate-1"}};
    struct row row = {.id = 10000000001, .received_at = 1753805700045, .source = "192.0.2.7"};
    struct metadata metadata[METADATA_COUNT];
    struct metadata_text text;
    (void)state;
    metadata_fill(metadata, &text, &batch, &row);
    for (size_t i = 0; i < METADATA_COUNT; i++) {
        assert_string_equal(metadata[i].name, expected[i][0]);
        assert_string_equal(metadata[i].value, expected[i][1]);
    }
}

static void an_id_is_written_with_as_many_digits_as_it_has(void **state)
{
    static const int64_t ids[] = {1, 9, 10, 99, 100, 1234567890, INT64_MAX - 1, INT64_MAX};
    struct batch batch = {.id = 1};
    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct row row = {.id = ids[i], .received_at = 1, .source = ""};
        struct metadata metadata[METADATA_COUNT];
        struct metadata_text text;
        char expected[24];
        (void)snprintf(expected, sizeof expected, "%" PRId64, ids[i]);
        metadata_fill(metadata, &text, &batch, &row);
        assert_string_equal(metadata[1].value, expected);
    }
}

static void a_metadata_name_with_extra_underscores_collides_too(void **state)
{
    static const struct {
        const char *name;
        bool collides;
    } rows[] = {
        {"_spool", true},  {"_id", true},        {"_received_at", true},
        {"_source", true}, {"_node", true},      {"__id", true},
        {"___id", true},   {"______node", true}, {"id", false},
        {"node", false},   {"_", false},         {"__", false},
        {"", false},       {"_ID", false},       {"_ids", false},
        {"_i", false},     {"x_id", false},      {"_x_id", false},
        {"_id_", false},   {"_received", false}, {"_received__at", false},
        {"a:_id", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (metadata_collides(rows[i].name, strlen(rows[i].name)) != rows[i].collides)
            fail_msg("%s", rows[i].name);
}

static void only_the_given_length_of_a_name_is_compared(void **state)
{
    (void)state;
    assert_true(metadata_collides("_id=\"7\"", 3));
    assert_false(metadata_collides("_identity", 9));
    assert_false(metadata_collides("_id", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_five_metadata_fields_are_in_order),
        cmocka_unit_test(an_id_is_written_with_as_many_digits_as_it_has),
        cmocka_unit_test(a_metadata_name_with_extra_underscores_collides_too),
        cmocka_unit_test(only_the_given_length_of_a_name_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
