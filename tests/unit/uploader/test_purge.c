/* test_purge -- the reading side: what may go when it is shipped and old, and the pages that are given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/spool.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SLICE        500

static int64_t purge(struct fixture *f, enum batch_kind kind, int64_t before)
{
    int64_t purged = -1;
    must(f, spool_out_purge(f->out, kind, before, &purged, &f->why));
    return purged;
}

/* Seals and ships, when the clock by which rows are kept shows `kept_from`. */
static struct batch ship_at(struct fixture *f, enum batch_kind kind, int64_t first_id, int64_t last_id,
                            int64_t kept_from)
{
    struct batch batch = seal(f, kind, first_id, last_id);
    ship(f, &batch);
    query_do(f->scratch->spool, "UPDATE _batch SET kept_from = %" PRId64 " WHERE id = %" PRId64, kept_from,
             batch.id);
    return batch;
}

static const char *table(enum batch_kind kind)
{
    return kind == BATCH_EVENTS ? "_event" : "_reject";
}

static void add(struct fixture *f, enum batch_kind kind, int64_t count)
{
    (kind == BATCH_EVENTS ? some_spool_add_events : some_spool_add_rejects)(f->scratch->spool, count, 10,
                                                                            SOME_TIME);
}

static void rows_are_purged_oldest_first_in_slices_within_a_batch(void **state)
{
    static const struct {
        int64_t before, purged, left_from; /* one call after the other */
    } calls[] = {
        {99, 0, 1},                                                 /* nothing is old enough */
        {100, SLICE, 501},    {100, SLICE, 1001}, {100, 200, 1201}, /* the first batch: 1,200 rows */
        {100, 100, 1201},                                           /* the fourth, behind an open one */
        {100, 0, 1201},       {200, 100, 1301},                     /* the second: 100 */
        {INT64_MAX, 0, 1301},                                       /* the third is not shipped */
    };
    (void)state;
    for (enum batch_kind kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        struct fixture *f = fixture_new();
        assert_int_equal(purge(f, kind, INT64_MAX), 0); /* an empty spool */
        add(f, kind, 2000);
        assert_int_equal(purge(f, kind, INT64_MAX), 0); /* nothing is sealed */
        (void)ship_at(f, kind, 1, 1200, 100);
        (void)ship_at(f, kind, 1201, 1300, 200);
        struct batch third = seal(f, kind, 1301, 1400);
        (void)ship_at(f, kind, 1401, 1500, 100);
        for (size_t i = 0; i < COUNT(calls); i++) {
            assert_int_equal(purge(f, kind, calls[i].before), calls[i].purged);
            assert_int_equal(query_int(f->scratch->spool, "SELECT min(id) FROM %s", table(kind)),
                             calls[i].left_from);
        }
        ship(f, &third);
        assert_int_equal(purge(f, kind, INT64_MAX), 100);
        assert_int_equal(purge(f, kind, INT64_MAX), 0);
        assert_int_equal(query_int(f->scratch->spool, "SELECT min(id) FROM %s", table(kind)),
                         1501); /* they wait */
        assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM %s", table(kind)), 500);
        fixture_free(f);
    }
}

static int64_t count_purgeable(struct fixture *f, int64_t before)
{
    int64_t rows = -1;
    must(f, spool_out_count_purgeable(f->out, BATCH_EVENTS, before, &rows, &f->why));
    return rows;
}

static void what_is_left_to_purge_is_counted_by_batches(void **state)
{
    struct fixture *f = *state;
    add(f, BATCH_EVENTS, 2000);
    assert_int_equal(count_purgeable(f, INT64_MAX), 0);
    (void)ship_at(f, BATCH_EVENTS, 1, 1200, 100);
    (void)ship_at(f, BATCH_EVENTS, 1201, 1300, 200);
    (void)seal(f, BATCH_EVENTS, 1301, 1400);
    assert_int_equal(count_purgeable(f, 99), 0);
    assert_int_equal(count_purgeable(f, 100), 1200);
    assert_int_equal(count_purgeable(f, INT64_MAX), 1300);
    (void)purge(f, BATCH_EVENTS, 100);
    assert_int_equal(count_purgeable(f, 100), 1200); /* as long as some of its rows are there */
    while (purge(f, BATCH_EVENTS, 100) > 0) {
    }
    assert_int_equal(count_purgeable(f, INT64_MAX), 100);
}

static void purging_one_kind_leaves_the_other(void **state)
{
    struct fixture *f = *state;
    add(f, BATCH_EVENTS, 10);
    add(f, BATCH_REJECTS, 10);
    (void)ship_at(f, BATCH_REJECTS, 1, 10, 100);
    assert_int_equal(purge(f, BATCH_EVENTS, INT64_MAX), 0);
    assert_int_equal(purge(f, BATCH_REJECTS, INT64_MAX), 10);
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), 10);
}

static void batches_with_rows_and_each_kinds_newest_batch_are_kept(void **state)
{
    static const struct {
        int64_t before;
        const char *left; /* kind and first id */
    } calls[] = {
        {99, "events|1\nevents|11\nevents|21\nrejects|1\nrejects|11"},
        {100, "events|11\nevents|21\nrejects|1\nrejects|11"}, /* the first rejects have their rows */
        {200, "events|21\nrejects|1\nrejects|11"},
        {INT64_MAX, "events|21\nrejects|1\nrejects|11"},
    };
    struct fixture *f = *state;
    add(f, BATCH_EVENTS, 30);
    add(f, BATCH_REJECTS, 20);
    (void)ship_at(f, BATCH_EVENTS, 1, 10, 100);
    (void)ship_at(f, BATCH_EVENTS, 11, 20, 200);
    (void)ship_at(f, BATCH_EVENTS, 21, 30, 200);
    (void)ship_at(f, BATCH_REJECTS, 1, 10, 100);
    (void)ship_at(f, BATCH_REJECTS, 11, 20, 100);
    while (purge(f, BATCH_EVENTS, INT64_MAX) > 0) {
    }
    for (size_t i = 0; i < COUNT(calls); i++) {
        must(f, spool_out_purge_batches(f->out, calls[i].before, &f->why));
        check_text(f, "SELECT kind, first_id FROM batches ORDER BY 1, 2", calls[i].left);
    }
    while (purge(f, BATCH_REJECTS, INT64_MAX) > 0) {
    }
    must(f, spool_out_purge_batches(f->out, INT64_MAX, &f->why));
    check_text(f, "SELECT kind, first_id FROM batches ORDER BY 1, 2", "events|21\nrejects|11");
    some_spool_add_events(f->scratch->spool, 1, 10, SOME_TIME);
    assert_int_equal(waiting_now(f, BATCH_EVENTS).first_id, 31); /* ids are sealed from its end on */
}

static void an_open_batch_holds_back_its_own_rows_and_no_others(void **state)
{
    struct fixture *f = *state;
    add(f, BATCH_EVENTS, 40);
    struct batch open = seal(f, BATCH_EVENTS, 1, 10);
    (void)ship_at(f, BATCH_EVENTS, 11, 20, 100);
    (void)ship_at(f, BATCH_EVENTS, 21, 30, 100);
    (void)ship_at(f, BATCH_EVENTS, 31, 40, 300);
    assert_int_equal(purge(f, BATCH_EVENTS, 200), 10);
    assert_int_equal(purge(f, BATCH_EVENTS, 200), 10);
    assert_int_equal(purge(f, BATCH_EVENTS, 200), 0);
    check_text(f, "SELECT min(id), max(id), count(*) FROM events; SELECT first_id FROM _batch WHERE has_rows",
               "1|40|20\n1\n31");
    must(f, spool_out_purge_batches(f->out, INT64_MAX, &f->why)); /* a hole would appear behind the first */
    check_text(f, "SELECT count(*) FROM batches", "4");
    ship(f, &open);
    assert_int_equal(purge(f, BATCH_EVENTS, INT64_MAX), 10);
    must(f, spool_out_purge_batches(f->out, INT64_MAX, &f->why));
    check_text(f, "SELECT first_id FROM batches", "31");
}

/* Else the batches that a person seals anew would stand alone, before a hole. */
static void nothing_goes_from_around_a_batch_that_a_person_may_take_back(void **state)
{
    struct fixture *f = *state;
    struct batch like = some_batch(BATCH_EVENTS, 1, 1);
    struct key_rules keys = {"new/", DATE_FOLDERS_FALSE};
    struct new_shape shape = {&like, &keys, 1000};
    struct resolve_order order = {.batch_id = 1, .word = RESOLVE_ABANDONED, .by = "somebody"};
    struct resolve_decision decision;
    struct cut_parts parts;
    add(f, BATCH_EVENTS, 40);
    (void)seal(f, BATCH_EVENTS, 1, 10);
    (void)ship_at(f, BATCH_EVENTS, 11, 20, 100);
    (void)ship_at(f, BATCH_EVENTS, 21, 30, 100);
    (void)ship_at(f, BATCH_EVENTS, 31, 40, 100);
    must(f, spool_resolve(f->out, &order, &shape, &decision, &parts, &f->why));
    query_do(f->scratch->spool, "UPDATE _batch SET kept_from = 200 WHERE id = 1");
    while (purge(f, BATCH_EVENTS, 100) > 0) {
    }
    must(f, spool_out_purge_batches(f->out, 100, &f->why));
    check_text(f, "SELECT count(*) FROM batches; SELECT count(*) FROM events", "4\n10");
    order.word = RESOLVE_RESEAL;
    must(f, spool_resolve(f->out, &order, &shape, &decision, &parts, &f->why));
    assert_int_equal(parts.count, 1);
    check_tiling(f);
}

/* Its rows are given up, not those of all time: what it replaced is an incident, and has used the first -rN. */
static void what_a_resolved_batch_has_replaced_stays_for_as_long_as_others(void **state)
{
    static const struct {
        int64_t before;
        const char *left;
    } calls[] = {{199, "1\n2\n4"}, {200, "2\n4"}};
    struct fixture *f = *state;
    struct batch replacement;
    struct why incident = {.text = "something else is under its key"};
    struct resolve_order order = {.batch_id = 2, .word = RESOLVE_ABANDONED, .by = "somebody"};
    struct resolve_decision decision;
    struct cut_parts parts;
    bool is_done = false;
    add(f, BATCH_EVENTS, 30);
    struct batch first = seal(f, BATCH_EVENTS, 1, 10);
    must(f, spool_out_supersede(f->out, &first, &incident, &replacement, &is_done, &f->why));
    assert_true(is_done);
    (void)ship_at(f, BATCH_EVENTS, 11, 20, 100);
    (void)ship_at(f, BATCH_EVENTS, 21, 30, 100);
    must(f, spool_resolve(f->out, &order, NULL, &decision, &parts, &f->why));
    query_do(f->scratch->spool, "UPDATE _batch SET kept_from = 200 WHERE id = 2");
    must(f,
         spool_out_purge_batches(f->out, INT64_MAX, &f->why)); /* its rows are there: it may be taken back */
    check_text(f, "SELECT id FROM batches ORDER BY 1", "1\n2\n3\n4");
    while (purge(f, BATCH_EVENTS, INT64_MAX) > 0) {
    }
    for (size_t i = 0; i < COUNT(calls); i++) {
        must(f, spool_out_purge_batches(f->out, calls[i].before, &f->why));
        check_text(f, "SELECT id FROM batches ORDER BY 1", calls[i].left);
    }
}

static int64_t purge_waiting(struct fixture *f, int64_t keep_ms)
{
    int64_t purged = -1;
    must(f, spool_out_purge_waiting_rejects(f->out, keep_ms, &purged, &f->why));
    return purged;
}

/* A negative time to keep lets time pass. */
static void rejects_that_are_never_shipped_are_purged_when_old(void **state)
{
    struct fixture *f = *state;
    add(f, BATCH_REJECTS, 700);
    assert_int_equal(purge_waiting(f, 1000000), 0); /* too early even to mark them */
    add(f, BATCH_REJECTS, 100);
    (void)ship_at(f, BATCH_REJECTS, 1, 10, 100);
    assert_int_equal(purge_waiting(f, -1), 0); /* marks the current rejects */
    add(f, BATCH_REJECTS, 100);
    assert_int_equal(purge_waiting(f, -1), SLICE); /* the first ten are a batch's */
    assert_int_equal(purge(f, BATCH_REJECTS, INT64_MAX), 10);
    assert_int_equal(purge_waiting(f, -1), 290);
    assert_int_equal(purge_waiting(f, -1), 0); /* the last had not been marked */
    assert_int_equal(purge_waiting(f, -1), 100);
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _reject"), 0);
    add(f, BATCH_REJECTS, 5);
    struct waiting waiting = waiting_now(f, BATCH_REJECTS); /* they travel again: what is left goes on */
    assert_true(waiting.is_some && waiting.first_id == 901 && waiting.last_id == 905 && waiting.bytes == 50);
    int64_t left = 0;
    must(f, spool_out_count_unshipped(f->out, BATCH_REJECTS, 905, &left, &f->why));
    assert_int_equal(left, 5); /* so that a flush ends */
    must(f, spool_out_count_unshipped(f->out, BATCH_REJECTS, 900, &left, &f->why));
    assert_int_equal(left, 0);
}

static void a_gap_that_unshipped_rejects_have_left_is_covered_when_sealing_goes_on(void **state)
{
    struct fixture *f = *state;
    add(f, BATCH_REJECTS, 20);
    (void)ship_at(f, BATCH_REJECTS, 1, 5, 100);
    assert_int_equal(purge_waiting(f, -1), 0);
    assert_int_equal(purge_waiting(f, -1), 15);
    add(f, BATCH_REJECTS, 5);
    (void)seal(f, BATCH_REJECTS, 21, 25);
    check_text(f,
               "SELECT first_id, last_id, state, resolved_as, resolved_by, resolved_note LIKE "
               "'REJECTS_PREFIX=none%' "
               "FROM batches ORDER BY first_id",
               "1|5|shipped|||\n6|20|abandoned|abandoned|uploader|1\n21|25|sealed|||");
    check_tiling(f);
    assert_int_equal(purge(f, BATCH_REJECTS, INT64_MAX), 5); /* those of the first batch */
    assert_int_equal(purge(f, BATCH_REJECTS, INT64_MAX), 0);
}

static void old_rejects_in_open_batches_are_given_up_unless_they_may_be_stored(void **state)
{
    struct fixture *f = *state;
    add(f, BATCH_REJECTS, 20);
    (void)seal(f, BATCH_REJECTS, 1, 5);
    struct batch doubtful = seal(f, BATCH_REJECTS, 6, 10);
    query_do(f->scratch->spool, "UPDATE _batch SET unknown_since = 1 WHERE id = 2");
    assert_int_equal(purge_waiting(f, -1), 0);
    (void)seal(f, BATCH_REJECTS, 11, 15); /* were in the spool when it was marked, too */
    add(f, BATCH_REJECTS, 5);
    (void)seal(f, BATCH_REJECTS, 16, 22);
    assert_int_equal(purge_waiting(f, -1), 0);
    check_text(f, "SELECT id, state, resolved_by FROM batches",
               "1|abandoned|uploader\n2|sealed|\n3|abandoned|uploader\n4|sealed|");
    check_tiling(f);
    assert_int_equal(purge(f, BATCH_REJECTS, spool_out_kept_ms(f->out)), 5); /* at once */
    assert_int_equal(purge(f, BATCH_REJECTS, spool_out_kept_ms(f->out)), 5);
    assert_int_equal(purge(f, BATCH_REJECTS, spool_out_kept_ms(f->out)), 0);
    query_do(f->scratch->spool,
             "UPDATE _batch SET unknown_since = NULL WHERE id = 2"); /* a look has found nothing */
    assert_int_equal(purge_waiting(f, -1), 3); /* no longer held up by the batches before them */
    assert_int_equal(purge(f, BATCH_REJECTS, spool_out_kept_ms(f->out)),
                     doubtful.last_id - doubtful.first_id + 1);
    check_tiling(f);
}

static void setting_the_wall_clock_purges_nothing(void **state)
{
    struct fixture *f = *state;
    const int64_t day = 86400000;
    add(f, BATCH_EVENTS, 10);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 10);
    ship(f, &batch);
    /* As if it had been shipped, and the uploader had stopped, when the clock showed 1970. */
    query_do(f->scratch->spool, "UPDATE _batch SET shipped_at = 1; UPDATE _uploader SET kept_at = 1");
    spool_out_close(f->out);
    must(f, spool_out_open(&f->out, f->scratch->spool, &f->why));
    assert_true(spool_out_kept_ms(f->out) >= day && spool_out_kept_ms(f->out) < day + 60000);
    assert_int_equal(purge(f, BATCH_EVENTS, spool_out_kept_ms(f->out) - 7 * day), 0);
    assert_int_equal(purge(f, BATCH_EVENTS, spool_out_kept_ms(f->out) - day / 2), 10);
}

/* ---- giving pages back ---- */

static int64_t free_pages(struct fixture *f)
{
    return query_int(f->scratch->spool, "PRAGMA freelist_count");
}

static int64_t pages(struct fixture *f)
{
    return query_int(f->scratch->spool, "PRAGMA page_count");
}

static void vacuum_to_the_end(struct fixture *f)
{
    bool has_more = true;
    for (int calls = 0; has_more; calls++) {
        assert_true(calls < 10000);
        must(f, spool_out_vacuum(f->out, &has_more, &f->why));
    }
}

static void free_pages_are_given_back_down_to_a_quarter(void **state)
{
    struct fixture *f = *state;
    struct stat before;
    struct stat after;
    some_spool_add_events(f->scratch->spool, 20000, 1000, SOME_TIME);
    int64_t most = pages(f);
    vacuum_to_the_end(f);
    assert_int_equal(pages(f), most); /* nothing is free */
    (void)ship_at(f, BATCH_EVENTS, 1, 19000, 100);
    while (purge(f, BATCH_EVENTS, INT64_MAX) > 0) {
    }
    assert_true(free_pages(f) * 2 > most);
    query_do(f->scratch->spool, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(stat(f->scratch->spool, &before), 0);

    vacuum_to_the_end(f);
    assert_true(free_pages(f) * 4 <= pages(f));
    assert_true((free_pages(f) + 16) * 4 > pages(f)); /* the rest is room for what comes: no slice too many */
    query_do(f->scratch->spool, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(stat(f->scratch->spool, &after), 0);
    assert_true(after.st_size < before.st_size / 4);
    check_text(f, "SELECT count(*), min(id) FROM _event; PRAGMA integrity_check", "1000|19001\nok");
}

static void the_control_row_has_received_bytes_and_low_space_flag(void **state)
{
    struct fixture *f = *state;
    struct control_row control_row;
    must(f, spool_out_load_control_row(f->out, &control_row, &f->why));
    assert_false(control_row.is_space_low);
    query_do(f->scratch->spool, "UPDATE _intake SET low_space = 1, event_bytes = event_bytes + 7");
    int64_t before = control_row.bytes;
    must(f, spool_out_load_control_row(f->out, &control_row, &f->why));
    assert_true(control_row.is_space_low);
    assert_int_equal(control_row.bytes, before + 7);
}

static void a_newer_major_schema_is_detected(void **state)
{
    struct fixture *f = *state;
    bool is_too_new = false;
    query_do(f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    assert_int_equal(spool_out_check_schema(f->out, f->scratch->spool, &is_too_new, &f->why), RES_RETRY);
    assert_true(is_too_new);
    assert_string_equal(f->why.remedy, "upgrade this program");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_purged_oldest_first_in_slices_within_a_batch),
        IN_SPOOL(what_is_left_to_purge_is_counted_by_batches),
        IN_SPOOL(purging_one_kind_leaves_the_other),
        IN_SPOOL(batches_with_rows_and_each_kinds_newest_batch_are_kept),
        IN_SPOOL(an_open_batch_holds_back_its_own_rows_and_no_others),
        IN_SPOOL(what_a_resolved_batch_has_replaced_stays_for_as_long_as_others),
        IN_SPOOL(nothing_goes_from_around_a_batch_that_a_person_may_take_back),
        IN_SPOOL(rejects_that_are_never_shipped_are_purged_when_old),
        IN_SPOOL(a_gap_that_unshipped_rejects_have_left_is_covered_when_sealing_goes_on),
        IN_SPOOL(old_rejects_in_open_batches_are_given_up_unless_they_may_be_stored),
        IN_SPOOL(setting_the_wall_clock_purges_nothing),
        IN_SPOOL(the_control_row_has_received_bytes_and_low_space_flag),
        IN_SPOOL(a_newer_major_schema_is_detected),
        IN_SPOOL(free_pages_are_given_back_down_to_a_quarter),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
