/* test_reserve -- space that is kept for the moment when there is none left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/gate/reserve.h"

#include <stdio.h>
#include <stdlib.h>
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

static void a_reserve_is_made_released_and_made_again(void **state)
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

static void only_a_whole_reserve_of_an_earlier_process_is_kept(void **state)
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

static void a_reserve_that_could_not_be_made_is_retried(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    char dir[sizeof scratch->spool + 16];
    reserve_init(&reserve, scratch->spool, SIZE);
    (void)snprintf(dir, sizeof dir, "%s-reserve", scratch->spool);
    assert_int_equal(mkdir(dir, 0700), 0); /* in the way */
    assert_int_equal(reserve_make(&reserve, &why), RES_RETRY);
    assert_non_null(strstr(why.text, "a directory lies in its place"));
    assert_non_null(strstr(why.text, "-reserve"));
    assert_non_null(strstr(why.remedy, "move it away"));
    why_clear(&why);
    assert_int_equal(reserve_check(&reserve, &why), RES_RETRY);
    assert_non_null(strstr(why.text, "a directory lies in its place"));
    assert_int_equal(reserve_owed(&reserve), SIZE);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(reserve_make(&reserve, &why), RES_OK);
}

static void another_users_reserve_makes_way_unless_the_directory_forbids_it(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    struct stat st;
    if (geteuid() != 0) skip();
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_int_equal(chown(scratch->dir, 0, 0), 0);
    for (int is_sticky = 0; is_sticky <= 1; is_sticky++) {
        scratch_write(reserve.path, "root", 4);
        assert_int_equal(chmod(reserve.path, 0600), 0);
        assert_int_equal(chmod(scratch->dir, is_sticky ? 01777 : 0777), 0);
        assert_int_equal(seteuid(65534), 0);
        enum result checked = reserve_check(&reserve, &why);
        enum result made = reserve_make(&reserve, &why);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(checked, is_sticky ? RES_RETRY : RES_OK);
        assert_int_equal(made, checked);
        assert_int_equal(stat(reserve.path, &st), 0);
        assert_int_equal(st.st_uid, is_sticky ? 0 : 65534);
        reserve_release(&reserve);
        assert_int_equal(unlink(reserve.path), 0);
    }
    assert_non_null(strstr(why.text, "user 0's file"));
    assert_non_null(strstr(why.remedy, "remove it"));
}

static void a_file_that_holds_something_is_left_alone(void **state)
{
    const struct scratch *scratch = *state;
    static char bytes[SIZE];
    struct reserve reserve;
    size_t len = 0;
    memset(bytes, 'x', sizeof bytes); /* as long as a reserve */
    reserve_init(&reserve, scratch->spool, SIZE);
    scratch_write(reserve.path, bytes, sizeof bytes);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_false(reserve.is_held);
    for (int is_made = 0; is_made < 2; is_made++) {
        struct why why = {0};
        enum result res = is_made ? reserve_make(&reserve, &why) : reserve_check(&reserve, &why);
        assert_int_equal(res, RES_RETRY);
        assert_non_null(strstr(why.text, "holds something"));
        assert_non_null(strstr(why.remedy, "move it away"));
    }
    reserve_release(&reserve);
    char *found = scratch_read(reserve.path, &len);
    assert_int_equal(len, sizeof bytes);
    assert_memory_equal(found, bytes, len);
    free(found);
}

static void what_root_makes_is_given_to_the_spools_owner(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    struct stat st;
    if (geteuid() != 0) skip();
    scratch_write(scratch->spool, "spool", 5);
    assert_int_equal(chown(scratch->spool, 65534, 65534), 0);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_int_equal(reserve_make(&reserve, &why), RES_OK);
    assert_int_equal(stat(reserve.path, &st), 0);
    assert_int_equal(st.st_uid, 65534);
    assert_int_equal(st.st_gid, 65534);
}

static void assert_spool_is_untouched(const struct scratch *scratch)
{
    size_t len = 0;
    char *text = scratch_read(scratch->spool, &len);
    assert_int_equal(len, 5);
    assert_memory_equal(text, "spool", 5);
    free(text);
}

/* Each is made in the reserve's place, with the spool as the file that must not suffer. */
static int link_symbolically(const char *spool, const char *place)
{
    return symlink(spool, place);
}

static int link_hard(const char *spool, const char *place)
{
    return link(spool, place);
}

static int make_pipe(const char *spool, const char *place)
{
    (void)spool;
    return mkfifo(place, 0600);
}

static int (*const others[])(const char *, const char *) = {link_symbolically, link_hard, make_pipe};

static void a_link_in_the_reserves_place_is_removed_and_not_written_through(void **state)
{
    const struct scratch *scratch = *state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct reserve reserve;
        struct why why = {0};
        scratch_write(scratch->spool, "spool", 5);
        reserve_init(&reserve, scratch->spool, SIZE);
        assert_int_equal(others[i](scratch->spool, reserve.path), 0);
        assert_int_equal(reserve_make(&reserve, &why), RES_OK);
        assert_true(allocated(&reserve) >= SIZE);
        assert_spool_is_untouched(scratch);
        assert_int_equal(unlink(reserve.path), 0);
    }
}

static void a_release_empties_the_reserve_whatever_further_name_it_has_got(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct why why = {0};
    struct stat st;
    char backup[256];
    (void)snprintf(backup, sizeof backup, "%s/backup", scratch->dir);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_int_equal(reserve_make(&reserve, &why), RES_OK);
    assert_int_equal(link(reserve.path, backup), 0);
    reserve_release(&reserve);
    assert_int_equal(stat(backup, &st), 0);
    assert_int_equal(st.st_blocks, 0);
}

static void a_link_to_a_whole_file_is_not_a_reserve(void **state)
{
    const struct scratch *scratch = *state;
    struct reserve reserve;
    struct reserve other;
    struct why why = {0};
    char spool[256];
    (void)snprintf(spool, sizeof spool, "%s/other.db", scratch->dir);
    reserve_init(&other, spool, SIZE);
    assert_int_equal(reserve_make(&other, &why), RES_OK);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_int_equal(symlink(other.path, reserve.path), 0);
    reserve_init(&reserve, scratch->spool, SIZE);
    assert_false(reserve.is_held);
}

static void a_release_does_not_empty_what_has_replaced_the_reserve(void **state)
{
    const struct scratch *scratch = *state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct reserve reserve;
        struct why why = {0};
        scratch_write(scratch->spool, "spool", 5);
        reserve_init(&reserve, scratch->spool, SIZE);
        assert_int_equal(reserve_make(&reserve, &why), RES_OK);
        assert_int_equal(unlink(reserve.path), 0);
        assert_int_equal(others[i](scratch->spool, reserve.path), 0);
        reserve_release(&reserve);
        assert_false(reserve.is_held);
        assert_spool_is_untouched(scratch);
        assert_int_equal(reserve_make(&reserve, &why), RES_OK); /* the link has gone, not the file */
        assert_spool_is_untouched(scratch);
        assert_int_equal(unlink(reserve.path), 0);
    }
}

int main(void)
{
#define HERE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(a_reserve_is_made_released_and_made_again),
        HERE(only_a_whole_reserve_of_an_earlier_process_is_kept),
        HERE(a_reserve_that_could_not_be_made_is_retried),
        HERE(another_users_reserve_makes_way_unless_the_directory_forbids_it),
        HERE(a_file_that_holds_something_is_left_alone),
        HERE(what_root_makes_is_given_to_the_spools_owner),
        HERE(a_link_in_the_reserves_place_is_removed_and_not_written_through),
        HERE(a_release_empties_the_reserve_whatever_further_name_it_has_got),
        HERE(a_link_to_a_whole_file_is_not_a_reserve),
        HERE(a_release_does_not_empty_what_has_replaced_the_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
