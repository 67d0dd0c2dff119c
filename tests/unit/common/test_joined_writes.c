/*
 * test_joined_writes -- the same database as without it, in fewer calls; and an error of a late write is not lost. What a
 * power cut leaves is in test_power_cut, which writes so, too. TEST_SEED=number sets the seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/joined_writes.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/chance.h"
#include "tests/support/scratch.h"

#define PAGE 16384

/* What the system was asked for; between two tests all zeros. SQLite's calls have no context of ours. */
static struct {
    int writes;
    size_t largest;
    int fail_after; /* so many writes succeed and the next one does not; 0: all succeed */
} seen;

static ssize_t seen_pwrite(int fd, const void *data, size_t len, off_t offset)
{
    seen.writes++;
    if (len > seen.largest) seen.largest = len;
    if (seen.fail_after > 0 && --seen.fail_after == 0) {
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, data, len, offset);
}

static void watch_writes(bool is_on)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_syscall_ptr call = is_on ? (sqlite3_syscall_ptr)seen_pwrite : NULL;
    seen.writes = seen.fail_after = 0;
    seen.largest = 0;
    assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", call), SQLITE_OK);
    assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", call), SQLITE_OK);
}

static int do_sql(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void must(sqlite3 *db, const char *sql)
{
    int code = do_sql(db, sql);
    if (code != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3_int64 number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    sqlite3_int64 value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return value;
}

static void assert_intact(sqlite3 *db)
{
    assert_int_equal(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
                     1);
}

/* With a small cache, so that a transaction writes before it commits. */
static sqlite3 *open_database(const char *path, bool is_joined)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    must(db, "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10;"
             "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, size INTEGER, data BLOB)");
    if (is_joined) assert_true(joined_writes_begin(db));
    return db;
}

static int scratch_setup(void **state)
{
    *state = scratch_new();
    return *state ? 0 : -1;
}

static int scratch_teardown(void **state)
{
    watch_writes(false);
    scratch_free(*state);
    return 0;
}

/* ---- the same database ---- */

static void change(sqlite3 *db, struct chance *chance)
{
    char sql[200];
    if (chance_below(chance, 4) == 0)
        (void)snprintf(sql, sizeof sql, "DELETE FROM t WHERE id %% 7 = %zu", chance_below(chance, 7));
    else
        (void)snprintf(sql, sizeof sql, "INSERT INTO t (size, data) VALUES (%zu, randomblob(%zu))",
                       chance_below(chance, 9), chance_below(chance, (size_t)6 * PAGE));
    must(db, sql);
}

static void run_transaction(sqlite3 *db, struct chance *chance)
{
    bool has_savepoint = chance_below(chance, 4) == 0;
    must(db, "BEGIN IMMEDIATE");
    for (size_t i = chance_below(chance, 12); i > 0; i--) change(db, chance);
    if (has_savepoint) must(db, "SAVEPOINT s");
    for (size_t i = chance_below(chance, 12); i > 0; i--) change(db, chance);
    if (has_savepoint) must(db, chance_below(chance, 2) ? "ROLLBACK TO s" : "RELEASE s");
}

static const char state_sql[] = "SELECT coalesce(sum(id * 31 + size * 7 + length(data)), 0) FROM t";

static void copy_log(sqlite3 *db, struct chance *chance)
{
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_RESTART,
                                SQLITE_CHECKPOINT_TRUNCATE};
    int code = sqlite3_wal_checkpoint_v2(db, NULL, modes[chance_below(chance, 3)], NULL, NULL);
    if (code != SQLITE_BUSY) assert_int_equal(code, SQLITE_OK); /* busy: in the middle of a transaction */
}

/* The writer, who copies the log, and one who looks; each has the file open by itself. */
static void others_see_each_commit_whole_and_nothing_before(void **state)
{
    const struct scratch *scratch = *state;
    struct chance chance = chance_begin();
    sqlite3 *writer = open_database(scratch->spool, true);
    sqlite3 *copier = open_database(scratch->spool, true);
    sqlite3 *looker = open_database(scratch->spool, false);
    for (int i = 0; i < 400; i++) {
        sqlite3_int64 before = number(looker, state_sql);
        run_transaction(writer, &chance);
        if (chance_below(&chance, 3) == 0) copy_log(copier, &chance);
        assert_int_equal(number(looker, state_sql), before);
        must(writer, chance_below(&chance, 5) == 0 ? "ROLLBACK" : "COMMIT");
        assert_int_equal(number(looker, state_sql), number(writer, state_sql));
        if (chance_below(&chance, 5) == 0) copy_log(copier, &chance);
        if (i % 50 == 0) assert_intact(looker);
    }
    assert_int_equal(sqlite3_close(looker), SQLITE_OK);
    assert_int_equal(sqlite3_close(copier), SQLITE_OK);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
    assert_int_equal(
        query_int(scratch->spool, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
}

/*
 * A transaction that has written before it is rolled back: another connection commits in the same place of the log, and then
 * the first one looks at it.
 */
static void what_is_rolled_back_is_never_written_over_the_commits_of_others(void **state)
{
    const struct scratch *scratch = *state;
    struct chance chance = chance_begin();
    sqlite3 *db = open_database(scratch->spool, true);
    sqlite3 *other = open_database(scratch->spool, false);
    for (int i = 0; i < 100; i++) {
        if (chance_below(&chance, 3) == 0) copy_log(other, &chance);
        must(db, "BEGIN IMMEDIATE");
        for (size_t n = 1 + chance_below(&chance, 12); n > 0; n--)
            must(db, "INSERT INTO t (size, data) VALUES (3, randomblob(40000))");
        must(db, "ROLLBACK");
        must(other, "INSERT INTO t (size, data) VALUES (1, randomblob(30000))");
        assert_int_equal(number(db, "SELECT count(*) FROM t WHERE length(data) = 30000"), i + 1);
        if (chance_below(&chance, 3) == 0) must(db, "INSERT INTO t (size, data) VALUES (2, 'ours')");
        sqlite3 *looker = open_database(scratch->spool, false);
        assert_int_equal(number(looker, state_sql), number(db, state_sql));
        assert_intact(looker);
        assert_int_equal(sqlite3_close(looker), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- fewer calls ---- */

static int writes_of_load(const char *path, bool is_joined)
{
    sqlite3 *db = open_database(path, is_joined);
    watch_writes(true);
    must(db, "BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
             "INSERT INTO t (size, data) SELECT i, randomblob(2000) FROM n; COMMIT");
    int writes = seen.writes;
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 1000);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return writes;
}

static void neighbouring_writes_are_one_call(void **state)
{
    const struct scratch *scratch = *state;
    char other[200];
    (void)snprintf(other, sizeof other, "%s/other.db", scratch->dir);
    int writes = writes_of_load(other, false);
    int joined = writes_of_load(scratch->spool, true);
    assert_int_equal(seen.largest, JOINED_WRITES_SIZE);
    assert_in_range(writes, 2 * 1000 / 8, INT32_MAX); /* a page has some eight rows, and takes two writes */
    assert_in_range(joined, 1, writes / 4);
}

/* ---- errors ---- */

/* At each of the writes of a commit in turn. */
static void a_late_error_fails_the_commit_and_the_next_one_succeeds(void **state)
{
    const struct scratch *scratch = *state;
    sqlite3 *db = open_database(scratch->spool, true);
    sqlite3 *looker = open_database(scratch->spool, false);
    int failed = 0;
    watch_writes(true);
    for (int n = 1; n <= 12; n++) {
        sqlite3_int64 before = number(looker, state_sql);
        must(db, "BEGIN");
        seen.fail_after = n;
        int code = do_sql(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                              "INSERT INTO t (size, data) SELECT i, randomblob(2000) FROM n");
        if (code == SQLITE_OK) code = do_sql(db, "COMMIT");
        bool was_reached = seen.fail_after == 0;
        seen.fail_after = 0;
        if (!sqlite3_get_autocommit(db)) must(db, "ROLLBACK");
        if (was_reached) {
            assert_int_equal(code, SQLITE_FULL);
            assert_int_equal(number(looker, state_sql), before);
            failed++;
        } else {
            assert_int_equal(code, SQLITE_OK);
        }
        must(db, "INSERT INTO t (size, data) VALUES (1, 'after')");
        assert_int_equal(number(looker, state_sql), number(db, state_sql));
    }
    assert_in_range(failed, 5, 12);
    assert_intact(looker);
    assert_int_equal(sqlite3_close(looker), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Only up to where a reader stands, so SQLite does not sync what it has copied. At each of the writes in turn. */
static void a_failed_copy_of_a_part_is_told_and_the_log_keeps_all(void **state)
{
    const struct scratch *scratch = *state;
    sqlite3 *db = open_database(scratch->spool, true);
    sqlite3 *looker = open_database(scratch->spool, false);
    int failed = 0;
    watch_writes(true);
    for (int n = 1; n <= 20; n++) {
        must(db, "INSERT INTO t (size, data) VALUES (1, randomblob(200000))");
        must(looker, "BEGIN");
        sqlite3_int64 before = number(looker, state_sql);
        must(db, "INSERT INTO t (size, data) VALUES (2, 'later')");
        seen.fail_after = n;
        int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        bool was_reached = seen.fail_after == 0;
        seen.fail_after = 0;
        assert_int_equal(code, was_reached ? SQLITE_FULL : SQLITE_OK);
        failed += was_reached;
        assert_int_equal(number(looker, state_sql), before);
        must(looker, "COMMIT");
        sqlite3_int64 all = number(db, state_sql);
        must(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        assert_int_equal(number(looker, state_sql), all);
    }
    assert_in_range(failed, 10, 20);
    assert_intact(looker);
    assert_int_equal(sqlite3_close(looker), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* SQLite itself hardly looks between a write and a sync. */
static void each_call_finds_what_was_written(void **state)
{
    const struct scratch *scratch = *state;
    static const char data[] = "written last";
    sqlite3 *db = open_database(scratch->spool, true);
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    sqlite3_int64 found = 0;
    size_t len = 0;
    char path[200];
    (void)snprintf(path, sizeof path, "%s-wal", scratch->spool);
    assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), SQLITE_OK);
    const sqlite3_io_methods *methods = log->pMethods;
    assert_int_equal(methods->xFileSize(log, &size), SQLITE_OK);
    assert_int_equal(methods->xWrite(log, data, sizeof data, size), SQLITE_OK);
    assert_int_equal(methods->xFileSize(log, &found), SQLITE_OK);
    assert_int_equal(found, size + (sqlite3_int64)sizeof data);
    assert_int_equal(methods->xWrite(log, data, sizeof data, found), SQLITE_OK);
    assert_int_equal(methods->xTruncate(log, found), SQLITE_OK);
    assert_int_equal(methods->xFileSize(log, &size), SQLITE_OK);
    assert_int_equal(size, found);
    assert_int_equal(methods->xWrite(log, data, sizeof data, found + 1), SQLITE_OK);
    (void)methods->xFileControl(log, SQLITE_FCNTL_HAS_MOVED, &(int){0});
    free(scratch_read(path, &len));
    assert_int_equal(len, (size_t)found + 1 + sizeof data);
    assert_int_equal(methods->xWrite(log, data, sizeof data, (sqlite3_int64)len), SQLITE_OK);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    size_t closed_len = 0;
    free(scratch_read(path, &closed_len));
    assert_int_equal(closed_len, len); /* what waited then was no part of a commit */
}

static void without_a_log_it_does_not_begin(void **state)
{
    const struct scratch *scratch = *state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(scratch->spool, &db), SQLITE_OK);
    assert_false(joined_writes_begin(db));
    must(db, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(query_int(scratch->spool, "SELECT count(*) FROM t"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
        IN_SCRATCH(others_see_each_commit_whole_and_nothing_before),
        IN_SCRATCH(what_is_rolled_back_is_never_written_over_the_commits_of_others),
        IN_SCRATCH(neighbouring_writes_are_one_call),
        IN_SCRATCH(a_late_error_fails_the_commit_and_the_next_one_succeeds),
        IN_SCRATCH(a_failed_copy_of_a_part_is_told_and_the_log_keeps_all),
        IN_SCRATCH(each_call_finds_what_was_written),
        IN_SCRATCH(without_a_log_it_does_not_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
