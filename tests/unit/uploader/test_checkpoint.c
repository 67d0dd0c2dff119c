/* test_checkpoint -- when the uploader copies the write-ahead log into the file: the collector has a thread for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <sys/stat.h>
#include <utime.h>

#include "common/lockfile.h"
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

static void without_a_collector_a_log_is_copied(void **state)
{
    assert_true(is_copied(*state, 12));
}

static struct lockfile collector(struct fixture *f)
{
    struct lockfile lock = LOCKFILE_NONE;
    must(f, lockfile_take(&lock, f->scratch->spool, "collector", &f->why));
    return lock;
}

static void a_collector_that_lives_copies_it_itself(void **state)
{
    struct lockfile lock = collector(*state);
    assert_false(is_copied(*state, 12));
    lockfile_release(&lock);
}

static void a_log_that_has_grown_much_is_copied_all_the_same(void **state)
{
    struct lockfile lock = collector(*state);
    assert_true(is_copied(*state, 40));
    lockfile_release(&lock);
}

static void a_collector_that_hangs_is_as_good_as_none(void **state)
{
    struct fixture *f = *state;
    struct lockfile lock = collector(f);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s-collector.lock", f->scratch->spool);
    assert_int_equal(utime(path, &(struct utimbuf){1, 1}), 0); /* its last sign of life */
    assert_true(is_copied(f, 12));
    lockfile_release(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(a_short_log_is_left),
        IN_SPOOL(without_a_collector_a_log_is_copied),
        IN_SPOOL(a_collector_that_lives_copies_it_itself),
        IN_SPOOL(a_log_that_has_grown_much_is_copied_all_the_same),
        IN_SPOOL(a_collector_that_hangs_is_as_good_as_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
