/* test_reserve -- space that is kept for the moment when there is none left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/gate/reserve.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/scratch.h"

#define SIZE (1 << 20)

static int set_up(void **state)
{
    *state = scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    scratch_free(*state);
    return 0;
}

static int64_t allocated(const struct reserve *reserve)
{
    struct stat st;
    return stat(reserve->path, &st) == 0 ? st.st_blocks * 512 : -1;
}

static void it_takes_its_space_gives_it_up_and_takes_it_again(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_false(reserve.is_held);
    assert_int_equal(reserve_owed(&reserve), SIZE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(reserve_make(&reserve, &why), RES_OK);
        assert_int_equal(reserve_make(&reserve, &why), RES_OK);
        assert_true(allocated(&reserve) >= SIZE);
        assert_int_equal(reserve_owed(&reserve), 0);
        reserve_release(&reserve);
        reserve_release(&reserve);
        assert_true(allocated(&reserve) <= 0);
        assert_int_equal(reserve_owed(&reserve), SIZE);
    }
}

static void what_an_earlier_process_has_left_is_kept_if_it_is_whole(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_int_equal(reserve_make(&reserve, &why), RES_OK);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_true(reserve.is_held);

    reserve_init(&reserve, scratch->spool, 2 * SIZE); /* INTAKE_MEMORY was raised */
    assert_false(reserve.is_held);
    assert_int_equal(reserve_make(&reserve, &why), RES_OK);
    assert_true(allocated(&reserve) >= 2 * SIZE);

    assert_int_equal(truncate(reserve.path, 0), 0);
    assert_int_equal(truncate(reserve.path, 2 * SIZE), 0); /* its length alone */
    reserve_init(&reserve, scratch->spool, 2 * SIZE);
    assert_false(reserve.is_held);
}

static void without_room_nothing_is_taken_and_the_next_try_may_succeed(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    char dir[sizeof scratch->spool + 16];
    reserve_init(&reserve, scratch->spool, SIZE);
    (void)snprintf(dir, sizeof dir, "%s-reserve", scratch->spool);
    assert_int_equal(mkdir(dir, 0700), 0); /* in the way */
    assert_int_equal(reserve_make(&reserve, &why), RES_RETRY);
    assert_non_null(strstr(why.text, "-reserve"));
    assert_int_equal(reserve_owed(&reserve), SIZE);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(reserve_make(&reserve, &why), RES_OK);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    scratch_write(scratch->spool, "spool", 5);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_int_equal(symlink(scratch->spool, reserve.path), 0);
    assert_int_equal(reserve_make(&reserve, &why), RES_RETRY);
    struct stat st;
    assert_int_equal(stat(scratch->spool, &st), 0);
    assert_int_equal(st.st_size, 5);
}

int main(void)
{
#define HERE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(it_takes_its_space_gives_it_up_and_takes_it_again),
        HERE(what_an_earlier_process_has_left_is_kept_if_it_is_whole),
        HERE(without_room_nothing_is_taken_and_the_next_try_may_succeed),
        HERE(a_link_in_its_place_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
