/* test_log_readers -- who reads the write-ahead log, by the kernel's list of locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/spool/log_readers.h"
#include "common/db.h"
#include "tests/support/in_fixture.h"

#define SELF  100
#define INODE 777

static void locks_of_readers_are_told_from_all_others(void **state)
{
    static const struct {
        const char *line;
        int count;
    } rows[] = {
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 124 124", 1},
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 123 123", 1}, /* reads the file alone */
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 127 128", 1}, /* the kernel joins ranges */
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 0 EOF", 1},
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 128 128", 0},    /* has the spool open */
        {"2: POSIX  ADVISORY  READ 200 fe:00:777 120 122", 0},    /* writes, copies, recovers */
        {"2: POSIX  ADVISORY  WRITE 200 fe:00:777 124 124", 0},   /* sets a mark */
        {"2: POSIX  ADVISORY  READ 200 fe:00:778 124 124", 0},    /* another file */
        {"2: POSIX  ADVISORY  READ 200 fe:01:777 124 124", 0},    /* of another device */
        {"2: POSIX  ADVISORY  READ 100 fe:00:777 124 124", 0},    /* this process */
        {"2: -> POSIX  ADVISORY  READ 200 fe:00:777 124 124", 0}, /* waits */
        {"2: FLOCK  ADVISORY  READ 200 fe:00:777 124 124", 0},
        {"2: OFDLCK ADVISORY  READ -1 fe:00:777 124 124", 0},
        {"2: POSIX  ADVISORY  READ -1 fe:00:777 124 124", 0},
        {"2: POSIX  ADVISORY  READ 200 <none>:0 124 124", 0},
        {"2: POSIX  ADVISORY  READ 200 fe:00:777", 0},
        {"nonsense", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct log_readers readers;
        char locks[300];
        (void)snprintf(locks, sizeof locks, "1: POSIX  ADVISORY  READ 100 fe:00:777 128 128\n%s\n",
                       rows[i].line);
        log_readers_parse(&readers, locks, INODE, SELF);
        if (readers.count != rows[i].count) fail_msg("%s", rows[i].line);
    }
}

static void a_process_counts_once_and_the_list_ascends_within_its_limit(void **state)
{
    struct log_readers readers;
    char locks[4000] = "";
    (void)state;
    for (int i = 60; i > 0; i--) {
        char line[80];
        (void)snprintf(line, sizeof line, "1: POSIX  ADVISORY  READ %d fe:00:777 124 124\n", 200 + i / 2);
        (void)strcat(locks, line);
    }
    log_readers_parse(&readers, locks, INODE, SELF);
    assert_int_equal(readers.count, LOG_READERS_MAX);
    for (int i = 1; i < readers.count; i++) assert_true(readers.pids[i - 1] < readers.pids[i]);
}

static void who_is_there_at_each_look_stays(void **state)
{
    struct log_readers first = {3, {10, 20, 30}};
    const struct log_readers second = {3, {5, 20, 40}};
    (void)state;
    log_readers_keep_common(&first, &second);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.pids[0], 20);
}

static void check_description(const struct log_readers *readers, const char *part)
{
    struct buf out = BUF_EMPTY;
    log_readers_describe(readers, &out);
    buf_append(&out, "", 1);
    assert_non_null(strstr(out.data, part));
    buf_fini(&out);
}

static void readers_are_named_and_nobody_is_admitted_to_be_unknown(void **state)
{
    struct log_readers readers = {1, {getpid()}};
    char part[80];
    (void)state;
    (void)snprintf(part, sizeof part, "test_log_reader (process %d)", (int)getpid());
    check_description(&readers, part);
    readers = (struct log_readers){4, {1, 2, 3, 4}};
    check_description(&readers, "(process 2) and 2 more");
    readers.count = 0;
    check_description(&readers, "not in the list of processes here");
}

/* The child's transaction is seen while it lasts, and no lock of ours is lost by looking. */
static void a_reading_process_is_found_in_the_kernels_list(void **state)
{
    struct fixture *f = *state;
    struct log_readers readers;
    int to_parent[2];
    int to_child[2];
    char byte = 0;
    append(f, 1, 10, 0);
    assert_int_equal(pipe(to_parent), 0);
    assert_int_equal(pipe(to_child), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct db *db;
        struct why why = {0};
        bool is_good = db_open(&db, f->scratch->spool, 0, &why) == RES_OK &&
                       db_exec(db, "BEGIN; SELECT count(*) FROM _event", &why) == RES_OK;
        is_good = is_good && write(to_parent[1], "r", 1) == 1 && read(to_child[0], &byte, 1) == 1;
        _exit(is_good ? 0 : 1);
    }
    assert_int_equal(read(to_parent[0], &byte, 1), 1);
    log_readers_look(&readers, f->scratch->spool);
    assert_int_equal(readers.count, 1);
    assert_int_equal(readers.pids[0], pid);
    assert_int_equal(write(to_child[1], "e", 1), 1);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    log_readers_look(&readers, f->scratch->spool);
    assert_int_equal(readers.count, 0);
    for (int i = 0; i < 2; i++) {
        close(to_parent[i]);
        close(to_child[i]);
    }
    append(f, 11, 10, 0);
    check_books(f->scratch->spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_of_readers_are_told_from_all_others),
        cmocka_unit_test(a_process_counts_once_and_the_list_ascends_within_its_limit),
        cmocka_unit_test(who_is_there_at_each_look_stays),
        cmocka_unit_test(readers_are_named_and_nobody_is_admitted_to_be_unknown),
        IN_SPOOL(a_reading_process_is_found_in_the_kernels_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
