/* test_reject_rows -- rejects in the spool below and above the cap: what is counted, and which rows may still change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/reject_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/spool/reject_cap.h"
#include "common/sql.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/rejects_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define OTHER        "192.0.2.3"
#define SENDER       "192.0.2.2"
#define MALFORMED    REJECT_MALFORMED

static char payload[9000];

static struct reject tiny(const char *source, enum reject_reason reason)
{
    return some_reject_of(source, reason, payload, 3);
}

static int64_t unshipped(struct rejects_fixture *f)
{
    int64_t bytes = 0;
    must_do(f, reject_rows_unshipped(f->rows, &bytes, &f->why));
    return bytes;
}

/* ---- counting ---- */

static void rejects_that_wait_or_are_in_open_batches_count(void **state)
{
    static const struct {
        const char *done; /* to ten rejects */
        int64_t counted;  /* of them */
    } rows[] = {
        {"SELECT 1", 10},
        {"UPDATE _reject SET dismissed_at = 1 WHERE id IN (2, 9)", 8},
        {"UPDATE _reject SET retried_at = 1 WHERE id IN (2, 9)", 8},
        {"UPDATE _reject SET retried_at = 1, dismissed_at = 1 WHERE id <= 9", 1},
        {"UPDATE _batch SET shipped_at = 1 WHERE first_id = 1", 7}, /* 1 to 3 */
        {"UPDATE _batch SET shipped_at = 1 WHERE first_id = 4", 7}, /* 4 to 6, behind a blocked one */
        {"UPDATE _batch SET shipped_at = 1; UPDATE _reject SET dismissed_at = 1 WHERE id IN (2, 5, 9)", 3},
        {"UPDATE _batch SET shipped_at = 1; DELETE FROM _reject WHERE id <= 6", 4},
        {"UPDATE _batch SET shipped_at = 1; DELETE FROM _reject", 0},
        {"UPDATE _batch SET is_copy = 1 WHERE first_id = 4; UPDATE _batch SET shipped_at = 1 WHERE is_copy = "
         "0",
         7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rejects_fixture *f = rejects_fixture_new(1 << 20);
        for (int k = 0; k < 10; k++) append_one(f, tiny(SENDER, MALFORMED));
        seal_rejects(f, 1, 3, ", blocked_at", ", 1");
        seal_rejects(f, 4, 6, "", "");
        int64_t row_bytes = query_int(path_of(f), "SELECT row_bytes FROM _reject WHERE id = 1");
        query_do(path_of(f), "%s", rows[i].done);
        open_rows(f, 1 << 20);
        assert_int_equal(unshipped(f), rows[i].counted * row_bytes);
        rejects_fixture_free(f);
    }
}

static void a_copy_of_shipped_rejects_does_not_count(void **state)
{
    struct rejects_fixture *f = *state;
    for (int k = 0; k < 4; k++) append_one(f, tiny(SENDER, MALFORMED));
    seal_rejects(f, 1, 4, ", shipped_at", ", 1");
    seal_rejects(f, 1, 4, ", is_copy", ", 1"); /* reship --new-keys */
    open_rows(f, 1 << 20);
    assert_int_equal(unshipped(f), 0);
}

static void a_superseded_batch_counts_as_the_one_that_replaces_it(void **state)
{
    struct rejects_fixture *f = *state;
    for (int k = 0; k < 4; k++) append_one(f, tiny(SENDER, MALFORMED));
    seal_rejects(f, 1, 4, ", superseded_at", ", 1");
    seal_rejects(f, 1, 4, ", reship_of", ", 1");
    open_rows(f, 1 << 20);
    assert_int_equal(unshipped(f), query_int(path_of(f), "SELECT sum(row_bytes) FROM _reject"));
    query_do(path_of(f), "UPDATE _batch SET shipped_at = 1 WHERE reship_of = 1");
    open_rows(f, 1 << 20);
    assert_int_equal(unshipped(f), 0);
}

static void rejects_that_a_person_gave_up_do_not_count(void **state)
{
    struct rejects_fixture *f = *state;
    for (int k = 0; k < 4; k++) append_one(f, tiny(SENDER, MALFORMED));
    seal_rejects(f, 1, 3, ", abandoned_at", ", 1");
    open_rows(f, 1 << 20);
    assert_int_equal(unshipped(f), query_int(path_of(f), "SELECT row_bytes FROM _reject WHERE id = 4"));
}

static void what_a_failed_transaction_had_appended_does_not_count(void **state)
{
    struct rejects_fixture *f = *state;
    struct reject reject = some_reject_of(SENDER, MALFORMED, payload, 5000);
    append_one(f, reject);
    int64_t bytes = unshipped(f);
    append_rejects(f, &reject, 1, true);
    append_rejects(f, &reject, 1, true);
    assert_int_equal(unshipped(f), bytes);
    append_one(f, reject); /* on the first one's page, which the failed ones have not filled */
    assert_in_range(unshipped(f), 2 * bytes, 2 * bytes + 10);
}

/* ---- above the cap ---- */

static void rejects_up_to_the_cap_are_kept_whole(void **state)
{
    struct rejects_fixture *f = *state;
    struct reject reject = some_reject_of(SENDER, MALFORMED, payload, 5000);
    open_rows(f, 15000); /* two of them, and what is kept of a third */
    assert_false(append_one(f, reject));
    assert_false(append_one(f, reject));
    assert_true(append_one(f, reject));
    assert_false(append_one(f, tiny(SENDER, MALFORMED))); /* it fits */
    check_text(path_of(f),
               "SELECT id, bytes, length(payload), detail LIKE '%; only the first 4096 bytes%' FROM _reject",
               "1|5000|5000|0\n2|5000|5000|0\n3|5000|4096|1\n4|3|3|0");
}

static void whole_rejects_are_kept_again_once_some_are_shipped(void **state)
{
    struct rejects_fixture *f = *state;
    struct reject reject = some_reject_of(SENDER, MALFORMED, payload, 5000);
    open_rows(f, 6000);
    assert_false(append_one(f, reject));
    assert_true(append_one(f, reject));
    seal_rejects(f, 1, 2, ", shipped_at", ", 1");
    open_rows(f, 6000);
    assert_false(append_one(f, reject));
    assert_int_equal(query_int(path_of(f), "SELECT length(payload) FROM _reject WHERE id = 3"), 5000);
}

static void rejects_above_the_cap_share_a_row_for_each_sender_and_reason(void **state)
{
    struct rejects_fixture *f = *state;
    open_rows(f, 1);
    for (int i = 0; i < 3; i++) {
        struct reject rejects[] = {
            tiny(SENDER, MALFORMED),
            tiny(SENDER, REJECT_STRAY_BYTES),
            tiny(OTHER, MALFORMED),
            tiny(SENDER, MALFORMED),
        };
        assert_true(append_rejects(f, rejects, COUNT(rejects), false));
    }
    check_text(path_of(f), "SELECT id, source, reason, bytes, truncated, length(payload) FROM rejects",
               "1|192.0.2.2|malformed|18|1|3\n2|192.0.2.2|stray_bytes|9|1|3\n3|192.0.2.3|malformed|9|1|3");
    check_text(path_of(f),
               "SELECT detail LIKE 'not an event; above REJECTS_MAX_SIZE this row stands for 6 rejects, %'"
               " FROM _reject WHERE id = 1",
               "1");
    check_books(path_of(f));
}

static void a_reject_alone_above_the_cap_stays_whole(void **state)
{
    struct rejects_fixture *f = *state;
    open_rows(f, 1);
    assert_true(append_one(f, tiny(SENDER, MALFORMED)));
    check_text(path_of(f), "SELECT bytes, truncated, detail FROM rejects", "3|0|not an event");
}

static void what_retries_leave_has_rows_of_its_own(void **state)
{
    struct rejects_fixture *f = *state;
    struct db *db = spool_in_db(f->spool->in);
    struct reject rejects[] = {some_reject_of(SENDER, MALFORMED, payload, 5000), tiny(SENDER, MALFORMED)};
    open_rows(f, 1);
    must_do(f, db_begin(db, &f->why));
    reject_rows_begin(f->rows);
    must_do(f, append_in_transaction(f, rejects, COUNT(rejects), true));
    must_do(f, db_end(db, RES_OK, &f->why));
    reject_rows_end(f->rows, RES_OK);
    append_one(f, tiny(SENDER, MALFORMED));
    check_text(path_of(f), "SELECT bytes, length(payload) FROM _reject", "5000|4096\n3|3\n3|3");
}

/* What fixes a row: it takes no further rejects, and the next one has a row of its own. */
static void a_fixed_row_never_changes(void **state)
{
    static const char *const fixed_by[] = {
        "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, "
        "metadata,"
        " compression, pretty, dropped, omits_payload, spool, node, sealed_at)"
        " VALUES ('rejects', 1, 1, 1, 1, 'd', 'k', 'ndjson', 1, 'none', 0, '', 0, 's', 'n', 1)",
        "UPDATE _reject SET dismissed_at = 1",
        "UPDATE _reject SET retried_at = 1",
        "DELETE FROM _reject",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(fixed_by); i++) {
        struct rejects_fixture *f = rejects_fixture_new(1);
        append_one(f, tiny(SENDER, MALFORMED));
        append_one(f, tiny(SENDER, MALFORMED));
        query_do(path_of(f), "%s", fixed_by[i]);
        append_one(f, tiny(SENDER, MALFORMED));
        append_one(f, tiny(SENDER, MALFORMED));
        check_text(path_of(f), "SELECT id, bytes FROM _reject WHERE id = 2", "2|6");
        assert_int_equal(query_int(path_of(f), "SELECT coalesce(max(bytes), 6) FROM _reject WHERE id = 1"),
                         6);
        rejects_fixture_free(f);
    }
}

static void a_failed_transaction_joins_nothing(void **state)
{
    struct rejects_fixture *f = *state;
    struct reject reject = tiny(SENDER, MALFORMED);
    open_rows(f, 1);
    append_one(f, reject);
    append_rejects(f, &reject, 1, true);
    append_rejects(f, &reject, 1, true);
    append_one(f, reject); /* whether its row was written is not known any more: another one */
    append_one(f, reject);
    check_text(path_of(f), "SELECT id, bytes FROM _reject", "1|3\n2|6");
    check_books(path_of(f));
}

/* Else a lock that others hold would begin a row of each sender at every try. */
static void a_transaction_that_touches_nothing_ends_no_row(void **state)
{
    struct rejects_fixture *f = *state;
    open_rows(f, 1);
    append_one(f, tiny(SENDER, MALFORMED));
    reject_rows_begin(f->rows);
    reject_rows_end(f->rows, RES_RETRY);
    append_one(f, tiny(SENDER, MALFORMED));
    check_text(path_of(f), "SELECT id, bytes FROM _reject", "1|6");
}

/* A retry had read the row while it was whole. */
static void a_row_that_has_grown_is_not_marked_as_retried(void **state)
{
    struct rejects_fixture *f = *state;
    struct stmt *mark = NULL;
    int64_t changed = 1;
    open_rows(f, 1);
    append_one(f, tiny(SENDER, MALFORMED));
    append_one(f, tiny(SENDER, MALFORMED));
    must_do(f, stmt_prepare(&mark, spool_in_db(f->spool->in), sql_mark_retried, &f->why));
    stmt_set_int(mark, ":now", 1);
    stmt_set_int(mark, ":id", 1);
    must_do(f, stmt_run(mark, &changed, &f->why));
    stmt_free(mark);
    assert_int_equal(changed, 0);
}

/* Those of further senders are in one row. */
static void more_senders_than_rows_can_wait_for_lose_no_byte(void **state)
{
    struct rejects_fixture *f = *state;
    static char sources[3 * REJECT_CAP_ROWS][24];
    struct reject rejects[2 * COUNT(sources)];
    open_rows(f, 1);
    for (size_t i = 0; i < COUNT(sources); i++) {
        (void)snprintf(sources[i], sizeof sources[i], "192.0.%zu.%zu", i / 250, i % 250);
        rejects[2 * i] = rejects[2 * i + 1] = tiny(sources[i], MALFORMED);
    }
    append_rejects(f, rejects, COUNT(rejects), false);
    append_rejects(f, rejects, COUNT(rejects), false);
    check_text(path_of(f),
               "SELECT count(*), min(n), max(n) FROM (SELECT sum(bytes) AS n FROM _reject GROUP BY source)",
               "257|12|6144");
    check_text(path_of(f), "SELECT bytes FROM _reject WHERE source = 'several addresses'", "6144");
    check_books(path_of(f));
}

static void many_tiny_rejects_take_no_more_than_the_cap_and_a_row(void **state)
{
    struct rejects_fixture *f = *state;
    static struct reject rejects[1000];
    int64_t cap = 1 << 18;
    int64_t empty = query_int(path_of(f), "PRAGMA page_count");
    open_rows(f, cap);
    for (size_t i = 0; i < COUNT(rejects); i++) rejects[i] = tiny(SENDER, REJECT_STRAY_BYTES);
    for (int i = 0; i < 100; i++) append_rejects(f, rejects, COUNT(rejects), false);
    int64_t used =
        (query_int(path_of(f), "PRAGMA page_count") - empty) * query_int(path_of(f), "PRAGMA page_size");
    int64_t rows = query_int(path_of(f), "SELECT count(*) FROM _reject");
    print_message("# a cap of %" PRId64 " bytes: %" PRId64 " rows use %" PRId64 "\n", cap, rows, used);
    assert_int_equal(query_int(path_of(f), "SELECT sum(bytes) FROM _reject"), 300000);
    assert_true(used <= cap + cap / 50);
    assert_true(used >= cap - cap / 5);
}

static int make(void **state)
{
    *state = rejects_fixture_new(1 << 20);
    return 0;
}

static int drop(void **state)
{
    rejects_fixture_free(*state);
    return 0;
}

int main(void)
{
#define WITH_REJECTS(test) cmocka_unit_test_setup_teardown(test, make, drop)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rejects_that_wait_or_are_in_open_batches_count),
        WITH_REJECTS(a_copy_of_shipped_rejects_does_not_count),
        WITH_REJECTS(a_superseded_batch_counts_as_the_one_that_replaces_it),
        WITH_REJECTS(rejects_that_a_person_gave_up_do_not_count),
        WITH_REJECTS(what_a_failed_transaction_had_appended_does_not_count),
        WITH_REJECTS(rejects_up_to_the_cap_are_kept_whole),
        WITH_REJECTS(whole_rejects_are_kept_again_once_some_are_shipped),
        WITH_REJECTS(rejects_above_the_cap_share_a_row_for_each_sender_and_reason),
        WITH_REJECTS(a_reject_alone_above_the_cap_stays_whole),
        WITH_REJECTS(what_retries_leave_has_rows_of_its_own),
        cmocka_unit_test(a_fixed_row_never_changes),
        WITH_REJECTS(a_failed_transaction_joins_nothing),
        WITH_REJECTS(a_transaction_that_touches_nothing_ends_no_row),
        WITH_REJECTS(a_row_that_has_grown_is_not_marked_as_retried),
        WITH_REJECTS(more_senders_than_rows_can_wait_for_lose_no_byte),
        WITH_REJECTS(many_tiny_rejects_take_no_more_than_the_cap_and_a_row),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
