/* test_group_table -- a group's events as rows: which, in what order, with what counters; and the statement on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/group_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/db.h"
#include "common/sql.h"
#include "tests/support/in_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A connection of its own to a spool that has the schema. */
struct table_fixture {
    struct scratch *scratch;
    struct db *db;
    struct group_table *table;
};

static int open_table(void **state)
{
    struct table_fixture *f = calloc(1, sizeof *f);
    struct why why = {0};
    if (!f) abort();
    f->scratch = scratch_new();
    must_visit(f->scratch->spool, "node");
    assert_int_equal(db_open(&f->db, f->scratch->spool, 0, &why), RES_OK);
    assert_int_equal(group_table_open(&f->table, f->db, &why), RES_OK);
    *state = f;
    return 0;
}

static int close_table(void **state)
{
    struct table_fixture *f = *state;
    db_close(f->db);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static struct stmt *prepare(struct table_fixture *f, const char *sql)
{
    struct stmt *stmt = NULL;
    struct why why = {0};
    if (stmt_prepare(&stmt, f->db, sql, &why) != RES_OK) fail_msg("%s", why.text);
    return stmt;
}

/* As query_text(), in the connection that has the table; the statement returns `width` columns. */
static void check_rows(struct table_fixture *f, const char *sql, int width, const char *expected)
{
    struct stmt *stmt = prepare(f, sql);
    struct buf text = BUF_EMPTY;
    struct why why = {0};
    bool has_row = false;
    while (stmt_step(stmt, &has_row, &why) == RES_OK && has_row)
        for (int i = 0; i < width; i++) {
            const char *value = stmt_text(stmt, i);
            buf_append_format(&text, "%s%s", i > 0 ? "|" : text.len > 0 ? "\n" : "", value ? value : "");
        }
    stmt_free(stmt);
    buf_append_char(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_fini(&text);
}

static void check_counters(struct event_counters counters, int64_t last_id, int64_t total_bytes)
{
    assert_int_equal(counters.last_id, last_id);
    assert_int_equal(counters.total_bytes, total_bytes);
}

/* One item for each letter: E for an event of as many bytes as its place, from 1; R for a reject. */
static struct group *group_of(const char *kinds)
{
    struct group *group = group_new();
    for (size_t i = 0; kinds[i]; i++) {
        struct event event = {.received_at = 100 + (int64_t)i,
                              .source = some_slice("192.0.2.1"),
                              .bytes = i + 1,
                              .payload = some_slice("<E/>")};
        struct reject reject = {.received_at = 100, .source = some_slice("192.0.2.2")};
        if (kinds[i] == 'E')
            group_add_event(group, &event);
        else
            group_add_reject(group, &reject);
    }
    return group;
}

/* ---- rows ---- */

static void rows_are_the_events_in_the_order_of_adding(void **state)
{
    static const struct {
        const char *kinds, *rows;
        int64_t last_id, total_bytes;
    } cases[] = {
        {"", "", 10, 1000},
        {"R", "", 10, 1000},
        {"E", "11|100|1001|1", 11, 1001},
        {"RRE", "11|102|1003|3", 11, 1003},
        {"ERR", "11|100|1001|1", 11, 1001},
        {"EREER", "11|100|1001|1\n12|102|1004|3\n13|103|1008|4", 13, 1008},
    };
    struct table_fixture *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct group *group = group_of(cases[i].kinds);
        group_table_begin(f->table, group, &(struct event_counters){10, 1000});
        for (int again = 0; again < 2; again++)
            check_rows(f, "SELECT id, received_at, total_bytes, bytes FROM group_events", 4, cases[i].rows);
        check_rows(f, "SELECT count(*), count(DISTINCT rowid) FROM group_events WHERE rowid = id", 2,
                   strlen(cases[i].rows) == 0    ? "0|0"
                   : strchr(cases[i].rows, '\n') ? "3|3"
                                                 : "1|1");
        check_counters(group_table_end(f->table), cases[i].last_id, cases[i].total_bytes);
        group_free(group);
    }
}

static void the_table_is_empty_without_a_group(void **state)
{
    struct table_fixture *f = *state;
    struct group *group = group_of("EE");
    check_rows(f, "SELECT id FROM group_events", 1, "");
    group_table_begin(f->table, group, &(struct event_counters){0, 0});
    (void)group_table_end(f->table);
    group_free(group);
    check_rows(f, "SELECT id FROM group_events", 1, "");
}

static void absent_texts_are_null_and_empty_ones_are_not(void **state)
{
    struct table_fixture *f = *state;
    for (int absent = -1; absent < EVENT_FIELD_COUNT; absent++) {
        struct group *group = group_new();
        struct event event = {.source = some_slice(""), .payload = some_slice("<E/>")};
        for (int i = 0; i < EVENT_FIELD_COUNT; i++)
            if (i != absent) event.fields[i] = some_slice("");
        group_add_event(group, &event);
        group_table_begin(f->table, group, &(struct event_counters){0, 0});
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%d|%d|%d|%d|%d|%d|''", absent == EVENT_UID,
                       absent == EVENT_NAME, absent == EVENT_TIME, absent == EVENT_SENDER,
                       absent == EVENT_SOURCE_NAME, absent >= 0);
        check_rows(
            f,
            "SELECT uid IS NULL, name IS NULL, time IS NULL, sender IS NULL, source_name IS NULL,"
            "       concat IS NULL, quote(source)"
            " FROM (SELECT *, uid || name || time || sender || source_name AS concat FROM group_events)",
            7, expected);
        (void)group_table_end(f->table);
        group_free(group);
    }
}

static void counters_go_on_only_once_the_last_row_was_read(void **state)
{
    struct table_fixture *f = *state;
    struct group *group = group_of("EEE");
    struct why why = {0};
    bool has_row = false;
    struct event_counters counters = {7, 70};
    struct stmt *stmt = prepare(f, "SELECT id FROM group_events");
    group_table_begin(f->table, group, &counters);
    for (int i = 0; i < 3; i++) assert_int_equal(stmt_step(stmt, &has_row, &why), RES_OK);
    assert_true(has_row);
    stmt_reset(stmt);
    check_counters(group_table_end(f->table), 7, 70);
    for (int i = 0; i < 2; i++) { /* a second group behind the first one */
        group_table_begin(f->table, group, &counters);
        do assert_int_equal(stmt_step(stmt, &has_row, &why), RES_OK);
        while (has_row);
        counters = group_table_end(f->table);
    }
    check_counters(counters, 13, 82);
    stmt_free(stmt);
    group_free(group);
}

static void a_cursor_begins_again_in_a_join(void **state)
{
    struct table_fixture *f = *state;
    struct group *group = group_of("ERE");
    group_table_begin(f->table, group, &(struct event_counters){10, 1000});
    check_rows(f, "SELECT n, id, total_bytes FROM (SELECT 1 AS n UNION ALL SELECT 2) CROSS JOIN group_events",
               3, "1|11|1001\n1|12|1004\n2|11|1001\n2|12|1004");
    check_counters(group_table_end(f->table), 12, 1004);
    group_free(group);
}

/* ---- the table ---- */

static void columns_are_those_of_the_events_in_their_order(void **state)
{
    static const char names_and_types[] =
        "SELECT group_concat(name || ' ' || type) FROM pragma_table_info('%s')";
    struct table_fixture *f = *state;
    char sql[128];
    (void)snprintf(sql, sizeof sql, names_and_types, "group_events");
    char *expected = query_text(f->scratch->spool, names_and_types, "_event");
    check_rows(f, sql, 1, expected);
    free(expected);
}

/* How SQLite refuses the statement. */
static void check_refused(struct table_fixture *f, const char *sql, const char *expected)
{
    struct stmt *stmt = NULL;
    struct why why = {0};
    assert_int_equal(stmt_prepare(&stmt, f->db, sql, &why), RES_BROKEN);
    if (!strstr(why.text, expected)) fail_msg("%s", why.text);
}

static void nobody_else_reads_the_table_and_nobody_writes_it(void **state)
{
    struct table_fixture *f = *state;
    query_do(f->scratch->spool, "CREATE VIEW v AS SELECT * FROM group_events");
    check_refused(f, "SELECT * FROM v", "unsafe use of virtual table");
    check_refused(f, "DELETE FROM group_events", "may not be modified");
    check_refused(f, "INSERT INTO group_events (id) VALUES (1)", "may not be modified");
}

/* ---- the statement ---- */

static void the_statement_stores_no_row_aside(void **state)
{
    struct table_fixture *f = *state;
    char sql[2048];
    struct why why = {0};
    bool has_row = false;
    int inserts = 0;
    (void)snprintf(sql, sizeof sql, "EXPLAIN %s", sql_append_events);
    struct stmt *stmt = prepare(f, sql);
    while (stmt_step(stmt, &has_row, &why) == RES_OK && has_row) {
        const char *opcode = stmt_text(stmt, 1);
        inserts += strcmp(opcode, "Insert") == 0; /* into _event: a table aside would need another one */
        if (strstr(opcode, "Ephemeral") || strstr(opcode, "Sorter") || strcmp(opcode, "SCopy") == 0)
            fail_msg("%s", opcode);
    }
    stmt_free(stmt);
    assert_int_equal(inserts, 1);
    (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sql_append_events);
    stmt = prepare(f, sql);
    assert_int_equal(stmt_step(stmt, &has_row, &why), RES_OK);
    assert_non_null(strstr(stmt_text(stmt, 3), "SCAN group_events"));
    assert_int_equal(stmt_step(stmt, &has_row, &why), RES_OK);
    assert_false(has_row);
    stmt_free(stmt);
}

static void the_statement_goes_on_after_another_program_has_changed_the_schema(void **state)
{
    struct table_fixture *f = *state;
    struct group *group = group_of("EREE");
    struct event_counters counters = {0, 0};
    struct stmt *stmt = prepare(f, sql_append_events);
    struct why why = {0};
    for (int i = 0; i < 3; i++) {
        int64_t changed = 0;
        group_table_begin(f->table, group, &counters);
        assert_int_equal(stmt_run(stmt, &changed, &why), RES_OK);
        counters = group_table_end(f->table);
        assert_int_equal(changed, 3);
        query_do(f->scratch->spool, "CREATE TABLE other%d (one INTEGER)", i);
    }
    check_counters(counters, 9, 24);
    check_text(f->scratch->spool, "SELECT count(*), max(id), max(total_bytes) FROM _event", "9|9|24");
    stmt_free(stmt);
    group_free(group);
}

/* ABORT, the default of SQL, would have to keep pages aside, so that the rows before the faulty one could go alone. */
static void a_row_that_is_refused_ends_the_transaction(void **state)
{
    struct table_fixture *f = *state;
    struct group *group = group_of("EEE");
    struct stmt *stmt = prepare(f, sql_append_events);
    struct why why = {0};
    query_do(f->scratch->spool, "INSERT INTO _event VALUES (2, 0, 0, 0, '', '', '', '', '', '', '')");
    assert_int_equal(db_begin(f->db, &why), RES_OK);
    group_table_begin(f->table, group, &(struct event_counters){0, 0});
    assert_int_equal(stmt_run(stmt, NULL, &why), RES_BROKEN);
    check_counters(group_table_end(f->table), 0, 0);
    assert_non_null(strstr(why.text, "UNIQUE constraint failed: _event.id"));
    assert_int_equal(db_exec(f->db, "ROLLBACK", &why), RES_BROKEN);
    assert_non_null(strstr(why.text, "no transaction is active"));
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _event", "2");
    stmt_free(stmt);
    group_free(group);
}

/* SQLite looks for a name among the tables of the file first, and the statement is prepared anew when they change. */
static void check_not_read(struct table_fixture *f, const char *other)
{
    struct group *group = group_of("EE");
    struct stmt *stmt = prepare(f, sql_append_events);
    struct why why = {0};
    query_do(f->scratch->spool, "%s", other);
    group_table_begin(f->table, group, &(struct event_counters){0, 0});
    assert_int_equal(stmt_run(stmt, NULL, &why), RES_BROKEN);
    (void)group_table_end(f->table);
    check_text(f->scratch->spool, "SELECT count(*) FROM _event", "0");
    stmt_free(stmt);
    group_free(group);
}

static void a_table_of_the_same_name_is_not_read(void **state)
{
    check_not_read(
        *state, "CREATE TABLE group_events (id, received_at, total_bytes, bytes, source, sender, uid, name, "
                "time, source_name, payload)");
}

static void a_view_of_the_same_name_is_not_read(void **state)
{
    check_not_read(*state, "CREATE VIEW group_events AS SELECT * FROM _event WHERE 0");
}

int main(void)
{
#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, open_table, close_table)
    const struct CMUnitTest tests[] = {
        WITH_TABLE(rows_are_the_events_in_the_order_of_adding),
        WITH_TABLE(the_table_is_empty_without_a_group),
        WITH_TABLE(absent_texts_are_null_and_empty_ones_are_not),
        WITH_TABLE(counters_go_on_only_once_the_last_row_was_read),
        WITH_TABLE(a_cursor_begins_again_in_a_join),
        WITH_TABLE(columns_are_those_of_the_events_in_their_order),
        WITH_TABLE(nobody_else_reads_the_table_and_nobody_writes_it),
        WITH_TABLE(the_statement_stores_no_row_aside),
        WITH_TABLE(the_statement_goes_on_after_another_program_has_changed_the_schema),
        WITH_TABLE(a_row_that_is_refused_ends_the_transaction),
        WITH_TABLE(a_table_of_the_same_name_is_not_read),
        WITH_TABLE(a_view_of_the_same_name_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
