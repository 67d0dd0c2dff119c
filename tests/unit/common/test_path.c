/* test_path -- what a person is told of a file that cannot be used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/lockfile.h"
#include "common/spool.h"
#include "tests/support/scratch.h"

#define NOBODY 65534

/* <dir>/closed may be searched by nobody but root; a test that runs as root becomes somebody else meanwhile. */
struct closed {
    struct scratch *scratch;
    char dir[160];
    char file[192];
};

static int close_directory(void **state)
{
    struct closed *closed = calloc(1, sizeof *closed);
    if (!closed) abort();
    closed->scratch = scratch_new();
    (void)snprintf(closed->dir, sizeof closed->dir, "%s/closed", closed->scratch->dir);
    (void)snprintf(closed->file, sizeof closed->file, "%s/inner/spool.db", closed->dir);
    *state = closed;
    if (mkdir(closed->dir, 0700) != 0 || chmod(closed->scratch->dir, 0755) != 0) return -1;
    if (chmod(closed->dir, 0) != 0) return -1;
    return geteuid() == 0 ? seteuid(NOBODY) : 0;
}

static int open_directory(void **state)
{
    struct closed *closed = *state;
    if (getuid() == 0 && seteuid(0) != 0) return -1;
    int res = chmod(closed->dir, 0700);
    scratch_free(closed->scratch);
    free(closed);
    return res;
}

static void an_absolute_path_is_shown_as_it_is(void **state)
{
    char shown[PATH_SHOWN_SIZE];
    (void)state;
    assert_string_equal(path_show("/srv/spool.db", shown), "/srv/spool.db");
}

static void a_relative_path_is_shown_with_what_it_means(void **state)
{
    char shown[PATH_SHOWN_SIZE];
    char expected[PATH_SHOWN_SIZE];
    char here[PATH_MAX];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(expected, sizeof expected,
                   "var/spool.db (that is %s/var/spool.db: the path is relative to the current directory)",
                   here);
    assert_string_equal(path_show("var/spool.db", shown), expected);
}

static void a_closed_directory_is_named_with_its_owner_and_a_remedy(void **state)
{
    const struct closed *closed = *state;
    struct why why = {0};
    char user[PATH_USER_SIZE];
    char expected[WHY_SIZE];
    assert_int_equal(path_explain("SPOOL_PATH", closed->file, EACCES, RES_REFUSE, &why), RES_REFUSE);
    (void)snprintf(expected, sizeof expected, "SPOOL_PATH=%s: %s may not search %s, which is user ",
                   closed->file, path_user(user), closed->dir);
    assert_memory_equal(why.text, expected, strlen(expected));
    assert_non_null(strstr(why.text, "with mode 0000"));
    assert_memory_equal(why.remedy, "run this as user ", 17);
}

static void another_error_is_shown_with_its_path(void **state)
{
    struct why why = {0};
    (void)state;
    assert_int_equal(path_explain("SPOOL_PATH", "/srv/spool.db", ELOOP, RES_RETRY, &why), RES_RETRY);
    assert_string_equal(why.text, "SPOOL_PATH=/srv/spool.db: Too many levels of symbolic links");
    assert_string_equal(why.remedy, "");
}

static void an_unreachable_spool_is_not_taken_for_a_missing_one(void **state)
{
    const struct closed *closed = *state;
    struct why why = {0};
    struct db *db = NULL;
    assert_int_equal(spool_open(&db, closed->file, &why), RES_REFUSE);
    assert_null(db);
    assert_non_null(strstr(why.text, "may not search"));
    assert_non_null(strstr(why.text, closed->dir));
    assert_int_equal(spool_check_access(closed->file, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "may not search"));
}

static void a_missing_spool_is_shown_with_what_a_relative_path_means(void **state)
{
    struct why why = {0};
    struct db *db = NULL;
    (void)state;
    assert_int_equal(spool_open(&db, "nowhere/spool.db", &why), RES_RETRY);
    assert_non_null(strstr(why.text, "nowhere/spool.db: the path is relative to the current directory"));
    assert_non_null(strstr(why.text, "is not there yet"));
    assert_string_equal(why.remedy, "");
}

static void a_spool_of_another_user_is_shown_with_owner_and_mode(void **state)
{
    const struct closed *closed = *state;
    struct why why = {0};
    if (getuid() != 0) skip();
    assert_int_equal(seteuid(0), 0);
    scratch_write(closed->scratch->spool, "", 0);
    assert_int_equal(chmod(closed->scratch->spool, 0640), 0);
    assert_int_equal(seteuid(NOBODY), 0);
    assert_int_equal(spool_check_access(closed->scratch->spool, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "may not read and write"));
    assert_non_null(strstr(why.text, "with mode 0640"));
    assert_non_null(strstr(why.remedy, "run this as user root (0), or as a member of group"));
    assert_non_null(
        strstr(why.remedy, "; what root has restored or copied has to be given to the services' user"));
}

static void a_directory_in_which_nothing_can_be_made_is_named(void **state)
{
    const struct closed *closed = *state;
    struct why why = {0};
    char expected[192];
    (void)snprintf(expected, sizeof expected, "may not write in %s, which is", closed->scratch->dir);
    assert_int_equal(path_explain("lock file", closed->scratch->spool, EACCES, RES_REFUSE, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, expected));
    if (getuid() != 0) skip(); /* it is one's own directory then */
    struct lockfile lock = LOCKFILE_NONE;
    assert_int_equal(lockfile_take(&lock, closed->scratch->spool, "collector", &why), RES_REFUSE);
    assert_non_null(strstr(why.text, expected));
    assert_non_null(strstr(why.remedy, "run this as user root (0)"));
}

static void a_check_of_an_unreachable_lock_does_not_claim_that_nothing_has_run(void **state)
{
    const struct closed *closed = *state;
    struct why why = {0};
    assert_int_equal(lockfile_check(closed->file, "collector", &why), RES_RETRY);
    assert_null(strstr(why.text, "has run here"));
    assert_non_null(strstr(why.text, "cannot see whether a collector runs: "));
    assert_non_null(strstr(why.text, "may not search"));
}

int main(void)
{
#define CLOSED(test) cmocka_unit_test_setup_teardown(test, close_directory, open_directory)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_absolute_path_is_shown_as_it_is),
        cmocka_unit_test(a_relative_path_is_shown_with_what_it_means),
        cmocka_unit_test(another_error_is_shown_with_its_path),
        cmocka_unit_test(a_missing_spool_is_shown_with_what_a_relative_path_means),
        CLOSED(a_closed_directory_is_named_with_its_owner_and_a_remedy),
        CLOSED(an_unreachable_spool_is_not_taken_for_a_missing_one),
        CLOSED(a_spool_of_another_user_is_shown_with_owner_and_mode),
        CLOSED(a_directory_in_which_nothing_can_be_made_is_named),
        CLOSED(a_check_of_an_unreachable_lock_does_not_claim_that_nothing_has_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
