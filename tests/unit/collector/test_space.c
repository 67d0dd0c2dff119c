/* test_space -- when there is room to go on reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/gate/space.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define M            ((int64_t)1 << 20)

static void the_space_state_follows_from_sizes_and_the_previous_state(void **state)
{
    static const struct {
        const char *name;
        enum space before;
        struct space_sizes sizes;
        struct space_rules rules;
        enum space after;
    } rows[] = {
        {"plenty", SPACE_OK, {.free = 300 * M}, {0, 100 * M}, SPACE_OK},
        {"just twice the floor", SPACE_OK, {.free = 200 * M}, {0, 100 * M}, SPACE_OK},
        {"less", SPACE_OK, {.free = 200 * M - 1}, {0, 100 * M}, SPACE_LOW},
        {"low stays low for an eighth", SPACE_LOW, {.free = 212 * M}, {0, 100 * M}, SPACE_LOW},
        {"low ends", SPACE_LOW, {.free = 213 * M}, {0, 100 * M}, SPACE_OK},
        {"just the floor", SPACE_LOW, {.free = 100 * M}, {0, 100 * M}, SPACE_LOW},
        {"below the floor", SPACE_LOW, {.free = 100 * M - 1}, {0, 100 * M}, SPACE_NO_DISK},
        {"paused for an eighth more", SPACE_NO_DISK, {.free = 112 * M}, {0, 100 * M}, SPACE_NO_DISK},
        {"room again", SPACE_NO_DISK, {.free = 113 * M}, {0, 100 * M}, SPACE_LOW},
        {"free pages count", SPACE_OK, {.free = 50 * M, .unused = 60 * M}, {0, 100 * M}, SPACE_LOW},
        {"what is owed does not", SPACE_OK, {.free = 130 * M, .owed = 40 * M}, {0, 100 * M}, SPACE_NO_DISK},
        {"no floor", SPACE_OK, {.free = 0}, {0, 0}, SPACE_OK},
        {"no floor, but a reserve", SPACE_OK, {.free = 10 * M, .owed = 40 * M}, {0, 0}, SPACE_NO_DISK},
        {"no ceiling", SPACE_OK, {.free = 300 * M, .used = 1 << 30}, {0, 100 * M}, SPACE_OK},
        {"below the ceiling",
         SPACE_OK,
         {.free = 300 * M, .used = 16 * M - 1},
         {16 * M, 100 * M},
         SPACE_NEAR_CEILING},
        {"at it", SPACE_OK, {.free = 300 * M, .used = 16 * M}, {16 * M, 100 * M}, SPACE_AT_CEILING},
        {"the log counts",
         SPACE_OK,
         {.free = 300 * M, .used = 8 * M, .wal = 8 * M},
         {16 * M, 0},
         SPACE_AT_CEILING},
        {"free pages do not",
         SPACE_OK,
         {.free = 300 * M, .used = 7 * M, .unused = 9 * M},
         {16 * M, 0},
         SPACE_OK},
        {"a quarter below it",
         SPACE_AT_CEILING,
         {.free = 300 * M, .used = 12 * M},
         {16 * M, 0},
         SPACE_AT_CEILING},
        {"more", SPACE_AT_CEILING, {.free = 300 * M, .used = 12 * M - 1}, {16 * M, 0}, SPACE_NEAR_CEILING},
        {"below half of it", SPACE_OK, {.free = 300 * M, .used = 8 * M - 1}, {16 * M, 0}, SPACE_OK},
        {"at half of it", SPACE_OK, {.free = 300 * M, .used = 8 * M}, {16 * M, 0}, SPACE_NEAR_CEILING},
        {"near for an eighth",
         SPACE_NEAR_CEILING,
         {.free = 300 * M, .used = 6 * M},
         {16 * M, 0},
         SPACE_NEAR_CEILING},
        {"near ends", SPACE_NEAR_CEILING, {.free = 300 * M, .used = 6 * M - 1}, {16 * M, 0}, SPACE_OK},
        {"near at once after a pause",
         SPACE_AT_CEILING,
         {.free = 300 * M, .used = 6 * M},
         {16 * M, 0},
         SPACE_NEAR_CEILING},
        {"the log is not purged",
         SPACE_OK,
         {.free = 300 * M, .used = 7 * M, .wal = 4 * M},
         {16 * M, 0},
         SPACE_OK},
        {"near, and low on the disk",
         SPACE_OK,
         {.free = 150 * M, .used = 8 * M},
         {16 * M, 100 * M},
         SPACE_LOW},
        {"the disk comes first",
         SPACE_OK,
         {.free = 50 * M, .used = 20 * M},
         {16 * M, 100 * M},
         SPACE_NO_DISK},
        {"at the ceiling, low on the disk",
         SPACE_LOW,
         {.free = 150 * M, .used = 20 * M},
         {16 * M, 100 * M},
         SPACE_AT_CEILING},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (space_decide(rows[i].before, &rows[i].sizes, &rows[i].rules) != rows[i].after)
            fail_msg("%s", rows[i].name);
}

static void the_log_may_take_a_quarter_of_the_ceiling(void **state)
{
    static const struct space_rules none = {0, 0};
    static const struct space_rules small = {16 * M, 0};
    (void)state;
    assert_false(space_is_log_long(&(struct space_sizes){.wal = 4 * M}, &small));
    assert_true(space_is_log_long(&(struct space_sizes){.wal = 4 * M + 1}, &small));
    assert_false(space_is_log_long(&(struct space_sizes){.wal = 1024 * M}, &none));
}

static void free_space_is_returned_and_a_missing_path_gives_retry(void **state)
{
    struct why why = {0};
    int64_t bytes = -1;
    (void)state;
    assert_int_equal(space_free_bytes("/", &bytes, &why), RES_OK);
    assert_true(bytes >= 0);
    assert_int_equal(space_free_bytes("/nowhere/at/all", &bytes, &why), RES_RETRY);
    assert_non_null(strstr(why.text, "/nowhere/at/all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_space_state_follows_from_sizes_and_the_previous_state),
        cmocka_unit_test(the_log_may_take_a_quarter_of_the_ceiling),
        cmocka_unit_test(free_space_is_returned_and_a_missing_path_gives_retry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
