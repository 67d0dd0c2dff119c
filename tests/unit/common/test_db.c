/* test_db -- the skin over SQLite: what each failure becomes, binding, transactions, locks, checkpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/db.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BUSY_MS      30

struct fixture {
    struct scratch *scratch;
    struct db *db;
    struct why why;
};

static int open_one(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->scratch = scratch_new();
    scratch_write(f->scratch->spool, "", 0);
    assert_int_equal(db_open(&f->db, f->scratch->spool, BUSY_MS, &f->why), RES_OK);
    assert_int_equal(
        db_exec(f->db,
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY, b ANY, c ANY CHECK (c <> 'no')) STRICT",
                &f->why),
        RES_OK);
    *state = f;
    return 0;
}

static int close_one(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static int64_t get_int(struct fixture *f, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(db_get_int(f->db, sql, &value, &f->why), RES_OK);
    return value;
}

static struct stmt *prepared(struct fixture *f, const char *sql)
{
    struct stmt *stmt = NULL;
    assert_int_equal(stmt_prepare(&stmt, f->db, sql, &f->why), RES_OK);
    return stmt;
}

static void run(struct fixture *f, struct stmt *stmt)
{
    assert_int_equal(stmt_run(stmt, NULL, &f->why), RES_OK);
}

/* ---- opening ---- */

static void opening_a_missing_file_returns_retry_and_creates_nothing(void **state)
{
    struct scratch *scratch = scratch_new();
    struct why why = {0};
    struct db *db;

    (void)state;
    assert_int_equal(db_open(&db, scratch->spool, BUSY_MS, &why), RES_RETRY);
    assert_null(db);
    assert_non_null(strstr(why.text, scratch->spool));
    assert_false(scratch_exists(scratch->spool));
    scratch_free(scratch);
}

static void a_file_of_another_kind_is_refused_and_untouched(void **state)
{
    static const char text[] =
        "A letter to a friend, longer than the hundred bytes that SQLite's own header takes up,"
        " so that there is something to be read.\n";
    struct scratch *scratch = scratch_new();
    struct why why = {0};
    struct db *db;
    int64_t value;
    size_t len;

    (void)state;
    scratch_write(scratch->spool, text, sizeof text);
    assert_int_equal(db_open(&db, scratch->spool, BUSY_MS, &why), RES_OK);
    assert_int_equal(db_get_int(db, "PRAGMA user_version", &value, &why), RES_REFUSE);
    db_close(db);
    char *now = scratch_read(scratch->spool, &len);
    assert_int_equal(len, sizeof text);
    assert_memory_equal(now, text, len);
    free(now);
    scratch_free(scratch);
}

static void a_query_on_a_damaged_file_returns_broken(void **state)
{
    struct fixture *f = *state;
    size_t len;
    int64_t value;

    assert_int_equal(db_exec(f->db, "INSERT INTO t (a) VALUES (1)", &f->why), RES_OK);
    db_close(f->db); /* moves the write-ahead log into the file */
    char *bytes = scratch_read(f->scratch->spool, &len);
    memset(bytes + len / 2, 0x5a, len - len / 2); /* the table's page */
    scratch_write(f->scratch->spool, bytes, len);
    free(bytes);
    assert_int_equal(db_open(&f->db, f->scratch->spool, BUSY_MS, &f->why), RES_OK);
    assert_int_equal(db_get_int(f->db, "SELECT count(a) FROM t", &value, &f->why), RES_BROKEN);
}

static void an_invalid_statement_returns_broken_and_names_the_failed_step(void **state)
{
    static const char *const wrong[] = {"INSERT INTO t (c) VALUES ('no')", "SELECT nothing FROM t",
                                        "not SQL"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(db_exec(f->db, wrong[i], &f->why), RES_BROKEN);
        assert_non_null(strstr(f->why.text, "execute: "));
    }
}

/* ---- binding and reading ---- */

static void parameters_bind_by_name_in_any_order_and_repeatedly(void **state)
{
    static const char *const orders[][3] = {
        {":a", ":b", ":c"}, {":c", ":b", ":a"}, {":b", ":c", ":a"}, {":c", ":a", ":b"}};
    struct fixture *f = *state;
    struct stmt *stmt = prepared(f, "INSERT INTO t (a, b, c) VALUES (:a, :b, :c * 10 + :a)");

    for (size_t i = 0; i < COUNT(orders); i++) {
        for (size_t k = 0; k < 3; k++) stmt_set_int(stmt, orders[i][k], orders[i][k][1] - 'a' + 1);
        run(f, stmt);
    }
    stmt_set_int(stmt, ":b", 7); /* the others keep what they had */
    run(f, stmt);
    stmt_set_int(stmt, ":b", 8);
    stmt_set_int(stmt, ":b", 9); /* the last word counts */
    run(f, stmt);
    stmt_free(stmt);
    char *rows = query_text(f->scratch->spool, "SELECT a, b, c FROM t ORDER BY id");
    assert_string_equal(rows, "1|2|31\n1|2|31\n1|2|31\n1|2|31\n1|7|31\n1|9|31");
    free(rows);
}

static void values_are_read_back_as_they_were_written(void **state)
{
    static const char with_nul[] = "a\0b";
    struct fixture *f = *state;
    bool has_row = false;
    size_t len;
    struct stmt *put = prepared(f, "INSERT INTO t (id, a, b, c) VALUES (:id, :a, :b, :c)");
    struct stmt *get = prepared(f, "SELECT id, a, b, c FROM t");

    stmt_set_int(put, ":id", INT64_MIN);
    stmt_set_text_n(put, ":a", with_nul, 3);
    stmt_set_text(put, ":b", NULL);
    stmt_set_blob(put, ":c", NULL, 0);
    run(f, put);
    stmt_set_int(put, ":id", INT64_MAX);
    stmt_set_text(put, ":a", "");
    stmt_set_blob(put, ":c", with_nul, 3);
    run(f, put);

    assert_int_equal(stmt_step(get, &has_row, &f->why), RES_OK);
    assert_true(has_row && stmt_int(get, 0) == INT64_MIN);
    assert_memory_equal(stmt_blob(get, 1, &len), with_nul, 3);
    assert_int_equal(len, 3);
    assert_true(stmt_is_null(get, 2));
    assert_null(stmt_text(get, 2));
    assert_false(stmt_is_null(get, 3)); /* an empty blob is a value */
    assert_int_equal(stmt_step(get, &has_row, &f->why), RES_OK);
    assert_true(has_row && stmt_int(get, 0) == INT64_MAX);
    assert_string_equal(stmt_text(get, 1), "");
    assert_memory_equal(stmt_blob(get, 3, &len), with_nul, 3);
    assert_int_equal(stmt_step(get, &has_row, &f->why), RES_OK);
    assert_false(has_row);
    assert_int_equal(stmt_step(get, &has_row, &f->why),
                     RES_OK); /* it has been reset: from the beginning again */
    assert_true(has_row && stmt_int(get, 0) == INT64_MIN);
    stmt_free(put);
    stmt_free(get);
}

/*
 * Another program may do all of these to the spool. SQLite then prepares our statement anew at its next step, and frees
 * what belonged to the old program, the names of its parameters too: the address sanitizer watches.
 */
static void a_statement_outlives_what_another_program_does_to_the_schema(void **state)
{
    static const char *const changes[] = {
        "VACUUM",
        "ANALYZE",
        "CREATE INDEX by_a ON t (a)",
        "ANALYZE",
        "DROP INDEX by_a",
        "ALTER TABLE t ADD COLUMN d INTEGER",
        "CREATE TABLE u (x)",
        "DROP TABLE u",
        "PRAGMA user_version = 7",
        "VACUUM",
    };
    struct fixture *f = *state;
    bool has_row = false;
    struct stmt *put = prepared(f, "INSERT INTO t (id, a, b) VALUES (:id, :a, :b)");
    struct stmt *get = prepared(f, "SELECT * FROM t WHERE a = :a AND b = :b");

    for (int i = 0; i <= (int)COUNT(changes); i++) {
        char *text = strdup(i % 2 ? "odd" : "even"); /* a copy that is freed after each use, as callers do */
        assert_non_null(text);
        stmt_set_int(put, ":id", i);
        stmt_set_int(put, ":a", i);
        stmt_set_text(put, ":b", text);
        run(f, put);
        stmt_set_text(get, ":b", text); /* not in the order of the statement */
        stmt_set_int(get, ":a", i);
        assert_int_equal(stmt_step(get, &has_row, &f->why), RES_OK);
        assert_true(has_row);
        assert_int_equal(stmt_int(get, 0), i);
        assert_string_equal(stmt_text(get, 2), text);
        stmt_reset(get);
        free(text);
        if (i < (int)COUNT(changes)) query_do(f->scratch->spool, "%s", changes[i]);
    }
    assert_int_equal(get_int(f, "SELECT count(*) FROM t"), COUNT(changes) + 1);
    stmt_free(put);
    stmt_free(get);
}

static void stmt_run_returns_the_number_of_changed_rows(void **state)
{
    struct fixture *f = *state;
    int64_t changed = -1;
    struct stmt *stmt = prepared(f, "UPDATE t SET a = 5 WHERE id <= :id");

    assert_int_equal(db_exec(f->db, "INSERT INTO t (a) VALUES (1), (2), (3)", &f->why), RES_OK);
    for (int64_t id = 0; id <= 3; id++) {
        stmt_set_int(stmt, ":id", id);
        assert_int_equal(stmt_run(stmt, &changed, &f->why), RES_OK);
        assert_int_equal(changed, id);
    }
    stmt_free(stmt);
    assert_int_equal(get_int(f, "SELECT a FROM t WHERE id = 99"), 0); /* no row */
}

/* ---- transactions ---- */

static void db_end_commits_on_success_and_rolls_back_on_failure(void **state)
{
    static const enum result verdicts[] = {RES_OK, RES_RETRY, RES_REFUSE, RES_BROKEN};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        assert_int_equal(db_begin(f->db, &f->why), RES_OK);
        assert_int_equal(db_exec(f->db, "INSERT INTO t (a) VALUES (1)", &f->why), RES_OK);
        assert_int_equal(db_end(f->db, verdicts[i], &f->why), verdicts[i]);
        assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM t"), 1);
    }
}

static void a_commit_that_fails_leaves_no_transaction_behind(void **state)
{
    static const enum fault faults[] = {FAULT_EIO, FAULT_FULL, FAULT_QUOTA};
    struct fixture *f = *state;
    bool fired = true;
    int rows = 0;
    for (int nth = 1; fired; nth++) {
        assert_int_equal(db_begin(f->db, &f->why), RES_OK);
        assert_int_equal(db_exec(f->db, "INSERT INTO t (a) VALUES (1)", &f->why), RES_OK);
        fault_disk_at(nth, faults[nth % (int)COUNT(faults)]);
        enum result res = db_end(f->db, RES_OK, &f->why);
        fired = fault_fired();
        assert_int_equal(res, fired ? RES_RETRY : RES_OK);
        rows += res == RES_OK;
        assert_int_equal(get_int(f, "SELECT count(*) FROM t"), rows);
    }
    assert_int_equal(rows, 1);
}

/* A disk or a quota without space, whichever call meets it; and no longer than that. */
static void a_failure_for_want_of_space_is_told_apart(void **state)
{
    struct fixture *f = *state;
    for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
        bool fired = true;
        for (int nth = 1; fired; nth++) {
            f->why = (struct why){.text = ""};
            assert_int_equal(db_begin(f->db, &f->why), RES_OK);
            assert_int_equal(db_exec(f->db, "INSERT INTO t (a) VALUES (1)", &f->why), RES_OK);
            fault_disk_at(nth, fault);
            enum result res = db_end(f->db, RES_OK, &f->why);
            fired = fault_fired();
            assert_int_equal(res, fired ? RES_RETRY : RES_OK);
            assert_true(db_was_full(f->db) == (fired && fault != FAULT_EIO));
            assert_true((strstr(f->why.remedy, "free space") != NULL) == db_was_full(f->db));
        }
    }
}

/* ---- locks ---- */

static void a_second_writer_gives_up_after_the_busy_timeout(void **state)
{
    struct fixture *f = *state;
    struct db *other;

    assert_int_equal(db_open(&other, f->scratch->spool, 0, &f->why), RES_OK);
    assert_int_equal(db_begin(other, &f->why), RES_OK);
    int64_t since = clock_monotonic_ms();
    assert_int_equal(db_begin(f->db, &f->why), RES_RETRY);
    assert_true(clock_monotonic_ms() - since >= BUSY_MS);
    assert_non_null(strstr(f->why.text, "begin: database is locked"));
    assert_true(f->why.is_locked);
    assert_int_equal(db_end(other, RES_OK, &f->why), RES_OK);
    assert_int_equal(db_begin(f->db, &f->why), RES_OK);
    assert_int_equal(db_begin(other, &f->why), RES_RETRY); /* at once */
    assert_int_equal(db_end(f->db, RES_OK, &f->why), RES_OK);
    db_close(other);
}

static void count_wait(void *context, const char *path)
{
    assert_true(path && *path == '/');
    ++*(int *)context;
}

static void a_wait_is_told_once_and_only_if_it_is_long(void **state)
{
    struct fixture *f = *state;
    struct db *other;
    int told = 0;
    assert_int_equal(db_open(&other, f->scratch->spool, 0, &f->why), RES_OK);
    db_on_wait(f->db, BUSY_MS / 2, count_wait, &told);
    assert_int_equal(db_begin(f->db, &f->why), RES_OK);
    assert_int_equal(db_end(f->db, RES_OK, &f->why), RES_OK);
    assert_int_equal(told, 0);
    assert_int_equal(db_begin(other, &f->why), RES_OK);
    assert_int_equal(db_begin(f->db, &f->why), RES_RETRY);
    assert_int_equal(told, 1);
    assert_int_equal(db_begin(f->db, &f->why), RES_RETRY);
    assert_int_equal(told, 1);
    assert_int_equal(db_end(other, RES_OK, &f->why), RES_OK);
    db_close(other);
}

/* ---- checkpoints ---- */

static void note_pages(void *context, int wal_pages)
{
    *(int *)context = wal_pages;
}

static void a_checkpoint_stops_at_an_open_readers_snapshot(void **state)
{
    struct fixture *f = *state;
    struct db *reader;
    struct db_wal wal;
    int wal_pages = 0;

    assert_int_equal(db_open(&reader, f->scratch->spool, 0, &f->why), RES_OK);
    assert_int_equal(db_exec(reader, "BEGIN; SELECT count(*) FROM t", &f->why), RES_OK);
    db_on_commit(f->db, note_pages, &wal_pages);
    assert_int_equal(db_exec(f->db, "INSERT INTO t (a) VALUES (1)", &f->why), RES_OK);
    assert_true(wal_pages > 0);
    assert_int_equal(db_checkpoint(f->db, DB_PASSIVE, &wal, &f->why), RES_OK);
    assert_true(wal.copied < wal.frames); /* the reader's snapshot is older */
    assert_int_equal(db_checkpoint(f->db, DB_TRUNCATE, &wal, &f->why), RES_RETRY);
    assert_int_equal(db_exec(reader, "COMMIT", &f->why), RES_OK);
    assert_int_equal(db_checkpoint(f->db, DB_PASSIVE, &wal, &f->why), RES_OK);
    assert_int_equal(wal.copied, wal.frames);
    assert_int_equal(db_checkpoint(f->db, DB_TRUNCATE, &wal, &f->why), RES_OK);
    db_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_a_missing_file_returns_retry_and_creates_nothing),
        cmocka_unit_test(a_file_of_another_kind_is_refused_and_untouched),
        cmocka_unit_test_setup_teardown(a_query_on_a_damaged_file_returns_broken, open_one, close_one),
        cmocka_unit_test_setup_teardown(an_invalid_statement_returns_broken_and_names_the_failed_step,
                                        open_one, close_one),
        cmocka_unit_test_setup_teardown(parameters_bind_by_name_in_any_order_and_repeatedly, open_one,
                                        close_one),
        cmocka_unit_test_setup_teardown(values_are_read_back_as_they_were_written, open_one, close_one),
        cmocka_unit_test_setup_teardown(a_statement_outlives_what_another_program_does_to_the_schema,
                                        open_one, close_one),
        cmocka_unit_test_setup_teardown(stmt_run_returns_the_number_of_changed_rows, open_one, close_one),
        cmocka_unit_test_setup_teardown(db_end_commits_on_success_and_rolls_back_on_failure, open_one,
                                        close_one),
        cmocka_unit_test_setup_teardown(a_commit_that_fails_leaves_no_transaction_behind, open_one,
                                        close_one),
        cmocka_unit_test_setup_teardown(a_failure_for_want_of_space_is_told_apart, open_one, close_one),
        cmocka_unit_test_setup_teardown(a_second_writer_gives_up_after_the_busy_timeout, open_one, close_one),
        cmocka_unit_test_setup_teardown(a_wait_is_told_once_and_only_if_it_is_long, open_one, close_one),
        cmocka_unit_test_setup_teardown(a_checkpoint_stops_at_an_open_readers_snapshot, open_one, close_one),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
