/* test_foreign_reader -- what is said of those who keep the write-ahead log from beginning again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/spool/foreign_reader.h"
#include "tests/support/scratch.h"

#define MIB ((int64_t)1 << 20)

struct world {
    struct scratch *scratch;
    struct lockfile lock;
    struct problems *problems;
    struct foreign_reader *reader;
};

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct why why = {0};
    if (!w) abort();
    w->scratch = scratch_new();
    assert_int_equal(lockfile_take(&w->lock, w->scratch->spool, "collector", &why), RES_OK);
    w->problems = problems_open(&w->lock, "collector");
    w->reader = foreign_reader_new(w->problems, w->scratch->spool);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    foreign_reader_free(w->reader);
    problems_close(w->problems);
    lockfile_release(&w->lock);
    scratch_free(w->scratch);
    free(w);
    return 0;
}

static void check_message(struct world *w, const char *part)
{
    char text[LOCKFILE_TEXT_SIZE];
    if (!strstr(lockfile_read(w->scratch->spool, "collector", text), part)) fail_msg("%s", text);
}

static void update(struct world *w, enum wal_readers kind, int64_t bytes, int64_t now_ms)
{
    struct wal_readers_report report = {kind, 1000, bytes};
    foreign_reader_update(w->reader, &report, now_ms);
}

static void a_long_reader_is_a_problem_after_a_second_look_and_as_long_as_it_reads(void **state)
{
    struct world *w = *state;
    update(w, WAL_READERS_LONG, 50 * MIB, 6000);
    assert_false(problems_is_present(w->problems, PROBLEM_FOREIGN_READER));
    update(w, WAL_READERS_LONG, 50 * MIB, 7000);
    check_message(w, "one transaction has been reading the spool since about ");
    check_message(w, "more than 48 MiB");
    update(w, WAL_READERS_LONG, 63 * MIB, 7100);
    check_message(w, "more than 48 MiB");
    update(w, WAL_READERS_LONG, 65 * MIB, 7200);
    check_message(w, "more than 64 MiB");
    update(w, WAL_READERS_NONE, 65 * MIB, 7300);
    assert_false(problems_is_present(w->problems, PROBLEM_FOREIGN_READER));
}

static void many_short_readers_are_called_so(void **state)
{
    struct world *w = *state;
    update(w, WAL_READERS_MANY, 130 * MIB, 6000);
    check_message(w, "many short reads of the spool overlap");
    check_message(w, "more than 128 MiB");
    check_message(w, "less than half a second at a time");
    update(w, WAL_READERS_NONE, 0, 7000);
    assert_false(problems_is_present(w->problems, PROBLEM_FOREIGN_READER));
}

static void the_message_says_who_and_fits(void **state)
{
    char message[PROBLEM_TEXT_SIZE];
    const struct log_readers who = {4, {4194301, 4194302, 4194303, 4194304}};
    struct wal_readers_report report = {WAL_READERS_MANY, 1000, 999999 * MIB};
    (void)state;
    foreign_reader_write(message, &report, &who, 1900000000123);
    assert_non_null(strstr(message, "since 17:46:40 UTC"));
    assert_non_null(strstr(message, "(process 4194302) and 2 more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_long_reader_is_a_problem_after_a_second_look_and_as_long_as_it_reads, begin, end),
        cmocka_unit_test_setup_teardown(many_short_readers_are_called_so, begin, end),
        cmocka_unit_test(the_message_says_who_and_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
