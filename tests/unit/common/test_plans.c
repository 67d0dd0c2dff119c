/*
 * test_plans -- every statement of sql/ and the public questions that must cost nothing: their plans, and what they
 * cost on a small and on a large spool.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scratch.h"
#include "tests/support/some_spool.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SLACK        40 /* steps of SQLite's machine that a larger spool may cost; a row costs about ten */

static const struct sql_text questions[] = {
    {"the backlog's first row", "SELECT * FROM backlog LIMIT 1"},
    {"the summary", "SELECT * FROM summary"},
    {"one event", "SELECT * FROM events WHERE id = 1"},
    {"one reject", "SELECT * FROM rejects WHERE id = 1"},
    {"one batch", "SELECT * FROM batches WHERE id = 1"},
    {"the senders", "SELECT * FROM senders"},
};

/* What a statement may read from end to end. */
static const struct {
    const char *table, *reason;
} may_be_scanned[] = {
    {"_spool", "one row"},
    {"_intake", "one row"},
    {"i", "_intake"},
    {"_uploader", "one row"},
    {"u", "_uploader"},
    {"_collector", "one row"},
    {"c", "_collector"},
    {"p", "_spool"},
    {"s", "the view `summary`, one row"},
    {"_counter", "a few dozen rows"},
    {"_frontier", "a view of one row"},
    {"f", "_frontier"},
    {"sealed", "a subquery of one row"},
    {"w", "a sum, one row"},
    {"here", "one row"},
    {"line", "the batches over one range of ids"},
    {"_sender", "it is trimmed to a thousand rows"},
    {"_request", "what people asked for in a day"},
    {"some", "so many rows at most"},
    {"_alert", "those that are not over, and those of the last 12 hours"},
    {"CONSTANT", "no table"},
    {"pragma_freelist_count", "one row"},
    {"pragma_page_count", "one row"},
    {"pragma_page_size", "one row"},
    {"pragma_user_version", "one row"},
};

static int make_spool(void **state)
{
    struct scratch *scratch = scratch_new();
    some_spool_make(scratch->spool);
    *state = scratch;
    return 0;
}

static int free_spool(void **state)
{
    scratch_free(*state);
    return 0;
}

/* One reads a table that only the collector's connection has: tests/unit/collector/test_group_table.c has its plan. */
static bool is_checked_here(const struct sql_text *text)
{
    return strncmp(text->name, "schema_", 7) != 0 && strcmp(text->name, "append_events") != 0;
}

/* The i-th statement of both lists; NULL after the last. */
static const struct sql_text *statement(size_t i)
{
    size_t count = 0;
    for (const struct sql_text *text = sql_all; text->name; text++) {
        if (!is_checked_here(text)) continue;
        if (count++ == i) return text;
    }
    return i - count < COUNT(questions) ? &questions[i - count] : NULL;
}

/* ---- plans ---- */

static bool is_allowed_scan(const char *table)
{
    size_t len = strcspn(table, " \n");
    for (size_t i = 0; i < COUNT(may_be_scanned); i++)
        if (strlen(may_be_scanned[i].table) == len && memcmp(may_be_scanned[i].table, table, len) == 0)
            return true;
    return false;
}

static void no_statement_scans_or_sorts_what_grows_with_the_spool(void **state)
{
    struct scratch *scratch = *state;
    const struct sql_text *text;
    for (size_t i = 0; (text = statement(i)); i++) {
        char *plan = query_text(scratch->spool, "EXPLAIN QUERY PLAN %s", text->text);
        for (const char *at = plan; (at = strstr(at, "|SCAN ")); at++)
            if (!is_allowed_scan(at + 6)) fail_msg("%s scans:\n%s", text->name, plan);
        /* a few thousand rows at most */
        bool may_sort =
            strcmp(text->name, "trim_senders") == 0 || strcmp(text->name, "load_status_senders") == 0;
        if (!may_sort && (strstr(plan, "TEMP B-TREE") || strstr(plan, "AUTOMATIC")))
            fail_msg("%s sorts or builds an index:\n%s", text->name, plan);
        free(plan);
    }
}

static void the_check_detects_a_scan_of_events(void **state)
{
    struct scratch *scratch = *state;
    char *plan = query_text(scratch->spool, "EXPLAIN QUERY PLAN SELECT * FROM _event WHERE uid = 'x'");
    const char *scan = strstr(plan, "|SCAN ");
    assert_non_null(scan);
    assert_false(is_allowed_scan(scan + 6));
    free(plan);
}

/* ---- costs ---- */

/*
 * `batches` batches of five events and as many of five rejects, all shipped but the last but one of each kind; and as
 * many rows again that wait. (What is shipped beyond an open batch does cost: a summary counts those batches.)
 */
static void fill(const char *path, int batches)
{
    int count = 10 * batches;
    some_spool_add_events(path, count, 20, 1700000000000);
    some_spool_add_rejects(path, count, 20, 1700000000000);
    query_do(path,
             "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1),"
             " k (kind) AS (VALUES ('events'), ('rejects'))"
             "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, "
             "metadata, compression, pretty, dropped, omits_payload,"
             "                    spool, node, sealed_at, kept_from, shipped_at)"
             "SELECT kind, 5 * i + 1, 5 * i + 5, 5, 100, 'd', kind || i, 'xml', 0, 'none', 0, '', 0, 's', "
             "'n', i, i + 1000,"
             "       CASE WHEN i <> %d - 2 THEN i + 1000 END FROM n, k",
             batches, batches);
}

/* Binds values that a large and a small spool both have. */
static void bind(sqlite3_stmt *stmt)
{
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
        int code = strcmp(sqlite3_bind_parameter_name(stmt, i), ":kind") == 0
                       ? sqlite3_bind_text(stmt, i, "events", -1, SQLITE_STATIC)
                       : sqlite3_bind_int(stmt, i, 1);
        assert_int_equal(code, SQLITE_OK);
    }
}

/* How many steps SQLite's machine takes; what the statement changes is rolled back. */
static int steps_of(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int code;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    bind(stmt);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    }
    assert_true(code == SQLITE_DONE || code == SQLITE_CONSTRAINT); /* there is a reject 1 already */
    int steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return steps;
}

static void no_statement_costs_more_on_a_larger_spool(void **state)
{
    struct scratch *small = *state;
    struct scratch *large = scratch_new();
    const struct sql_text *text;

    some_spool_make(large->spool);
    fill(small->spool, 10);
    fill(large->spool, 1000);
    for (size_t i = 0; (text = statement(i)); i++) {
        int few = steps_of(small->spool, text->text);
        int many = steps_of(large->spool, text->text);
        if (many > few + SLACK)
            fail_msg("%s takes %d steps on a small spool, %d on a large one", text->name, few, many);
    }
    scratch_free(large);
}

/* As fill(), without rows, and with none shipped from batch `open_from` on. */
static void fill_batches(const char *path, int batches, int open_from)
{
    query_do(path,
             "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)"
             "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, "
             "metadata, compression, pretty, dropped, omits_payload, spool, node, sealed_at, kept_from, "
             "shipped_at)"
             "SELECT 'events', 5 * i + 1, 5 * i + 5, 5, 100, 'd', 'events' || i, 'xml', 0, 'none', 0, '', 0, "
             "'s', 'n', i, 0, CASE WHEN i < %d THEN i + 1000 END FROM n",
             batches, open_from);
}

static void many_open_batches_make_no_question_dear(void **state)
{
    static const struct sql_text few_steps[] = {
        {"load_purgeable", sql_load_purgeable},
        {"load_repetitions", sql_load_repetitions},
        {"load_sealed", sql_load_sealed},
        {"load_batch", sql_load_batch},
        {"purge_batches", sql_purge_batches},
        {"purge_other_batches", sql_purge_other_batches},
        {"load_waiting_events", sql_load_waiting_events},
        {"seal_batch", sql_seal_batch},
        {"supersede_batch", sql_supersede_batch},
        {"resolve_batch", sql_resolve_batch},
    };
    struct scratch *scratch = *state;
    fill_batches(scratch->spool, 100000, 90000);
    for (size_t i = 0; i < COUNT(few_steps); i++) {
        int steps = steps_of(scratch->spool, few_steps[i].text);
        if (steps > 500) fail_msg("%s takes %d steps", few_steps[i].name, steps);
    }
}

static void the_check_detects_a_cost_that_grows(void **state)
{
    struct scratch *scratch = *state;
    fill(scratch->spool, 10);
    int few = steps_of(scratch->spool, "SELECT count(*) FROM backlog");
    some_spool_add_events(scratch->spool, 1000, 20, 1700000000000);
    assert_true(steps_of(scratch->spool, "SELECT count(*) FROM backlog") > few + SLACK);
}

int main(void)
{
#define IN_SPOOL(test) cmocka_unit_test_setup_teardown(test, make_spool, free_spool)
    const struct CMUnitTest tests[] = {
        IN_SPOOL(no_statement_scans_or_sorts_what_grows_with_the_spool),
        IN_SPOOL(the_check_detects_a_scan_of_events),
        IN_SPOOL(no_statement_costs_more_on_a_larger_spool),
        IN_SPOOL(many_open_batches_make_no_question_dear),
        IN_SPOOL(the_check_detects_a_cost_that_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
