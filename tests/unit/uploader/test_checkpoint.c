/* test_checkpoint -- when the uploader copies the write-ahead log into the file: the collector has a thread for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "tests/support/out_fixture.h"

#define MIB (1 << 20)

static int64_t file_bytes(const struct fixture *f)
{
    struct stat st;
    assert_int_equal(stat(f->scratch->spool, &st), 0);
    return st.st_size;
}

/* So many MiB are in the log, and a commit of the uploader follows. Returns whether the file has them then. */
static bool is_copied(struct fixture *f, int mib)
{
    int64_t before = file_bytes(f);
    query_do(f->scratch->spool,
             "PRAGMA wal_autocheckpoint = 0; CREATE TABLE large (bytes BLOB); INSERT INTO large VALUES "
             "(zeroblob(%d))",
             mib * MIB);
    assert_int_equal(file_bytes(f), before);
    (void)seal(f, BATCH_EVENTS, 1, 1);
    return file_bytes(f) - before >= mib * MIB;
}

static void a_short_log_is_left(void **state)
{
    assert_false(is_copied(*state, 4));
}

static void a_longer_one_is_copied(void **state)
{
    assert_true(is_copied(*state, 12));
}

static void it_is_left_while_the_collector_does_it(void **state)
{
    struct fixture *f = *state;
    spool_out_leave_log(f->out, true);
    assert_false(is_copied(f, 40));
}

static void what_has_grown_much_is_copied_all_the_same(void **state)
{
    struct fixture *f = *state;
    spool_out_leave_log(f->out, true);
    assert_true(is_copied(f, 56));
}

static void it_is_copied_when_the_collector_has_stopped_to_do_it(void **state)
{
    struct fixture *f = *state;
    spool_out_leave_log(f->out, true);
    spool_out_leave_log(f->out, false);
    assert_true(is_copied(f, 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(a_short_log_is_left),
        IN_SPOOL(a_longer_one_is_copied),
        IN_SPOOL(it_is_left_while_the_collector_does_it),
        IN_SPOOL(what_has_grown_much_is_copied_all_the_same),
        IN_SPOOL(it_is_copied_when_the_collector_has_stopped_to_do_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
