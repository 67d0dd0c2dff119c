/* test_lock_wait -- who holds a lock on the spool, and what a command says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/lock_wait.h"

#include <stdio.h>
#include <string.h>

#include "common/file_locks.h"

#define SELF  100
#define SPOOL 777
#define SHM   778

static void the_holder_is_told_from_readers_and_other_files(void **state)
{
    static const struct {
        const char *line;
        int holder;
    } rows[] = {
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:778 120 120", 200},               /* writes */
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:778 120 127", 200},               /* excludes all */
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:778 122 122", 200},               /* recovers */
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:777 1073741824 1073742335", 200}, /* has it for itself */
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:778 124 124", 0},                 /* sets a mark */
        {"2: POSIX  ADVISORY  READ 200 fe:00:778 124 124", 0},
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 1073741826 1073742335", 0}, /* has it open */
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:779 120 120", 0},
        {"2: POSIX  ADVISORY  WRITE 100 fe:00:778 120 120", 0}, /* this process */
        {"2: -> POSIX  ADVISORY  WRITE 200 fe:00:778 120 120", 0},
        {"2: FLOCK  ADVISORY  WRITE 200 fe:00:778 120 120", 0},
        {"nonsense", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char locks[300];
        (void)snprintf(locks, sizeof locks, "1: POSIX  ADVISORY  READ 300 fe:00:778 128 128\n%s\n3: nothing",
                       rows[i].line);
        if (lock_wait_holder(locks, SPOOL, SHM, SELF) != rows[i].holder) fail_msg("%s", rows[i].line);
    }
}

static void a_spool_without_its_shm_file_has_no_inode_0(void **state)
{
    (void)state;
    assert_int_equal(lock_wait_holder("2: POSIX  ADVISORY  WRITE 200 fe:00:0 120 120\n", SPOOL, 0, SELF), 0);
}

static void only_a_lock_is_explained_and_a_remedy_stays(void **state)
{
    struct why locked = {.text = "step: database is locked (5)", .is_locked = true};
    struct why other = {.text = "no space"};
    struct why told = {.text = "locked", .remedy = "wait", .is_locked = true};
    (void)state;
    assert_int_equal(lock_wait_explain(RES_RETRY, &locked), RES_RETRY);
    assert_string_equal(locked.text,
                        "another program holds a lock on the spool: step: database is locked (5)");
    assert_non_null(strstr(locked.remedy, "end the transaction"));
    assert_int_equal(lock_wait_explain(RES_RETRY, &other), RES_RETRY);
    assert_string_equal(other.text, "no space");
    assert_string_equal(other.remedy, "");
    (void)lock_wait_explain(RES_RETRY, &told);
    assert_string_equal(told.remedy, "wait");
}

static void the_name_of_a_process_is_plain(void **state)
{
    char name[FILE_LOCKS_NAME_SIZE];
    (void)state;
    assert_true(strlen(file_locks_name(1, name)) > 0);
    assert_string_equal(file_locks_name(2147483647, name), "a program");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_holder_is_told_from_readers_and_other_files),
        cmocka_unit_test(a_spool_without_its_shm_file_has_no_inode_0),
        cmocka_unit_test(only_a_lock_is_explained_and_a_remedy_stays),
        cmocka_unit_test(the_name_of_a_process_is_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
