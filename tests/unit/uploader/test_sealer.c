/* test_sealer -- what was sealed before the settings changed: what is cut again at a start, and what stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/sealer.h"

#include <string.h>

#include "common/log.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Small batches of 20 bytes, as they were sealed. */
static struct sealer some_sealer(struct fixture *f)
{
    return (struct sealer){
        .options = {.rotation_ms = 1000,
                    .max_file_bytes = 20,
                    .prefix = "p/",
                    .rejects_prefix = "rejected/p/"},
        .spool = f->out,
        .destination = "file:///d",
    };
}

static void seal_all(struct fixture *f, const struct sealer *sealer, enum batch_kind kind)
{
    struct seal_outcome outcome = {.is_sealed = true};
    while (outcome.is_sealed) {
        struct due_watch watch = {0};
        must(f, sealer_seal_due(sealer, kind, INT64_MAX, &watch, &outcome, &f->why));
    }
}

/* Six events in three batches. */
static struct sealer with_batches(struct fixture *f)
{
    struct sealer sealer = some_sealer(f);
    some_spool_add_events(f->scratch->spool, 6, 10, SOME_TIME);
    seal_all(f, &sealer, BATCH_EVENTS);
    check_text(f, "SELECT first_id, last_id, state FROM batches", "1|2|sealed\n3|4|sealed\n5|6|sealed");
    return sealer;
}

static void review(struct fixture *f, const struct sealer *sealer, enum batch_kind kind, bool is_on)
{
    must(f, sealer_review(sealer, kind, is_on, &f->why));
    check_tiling(f);
}

static void the_same_settings_leave_all_batches_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct why incident = {.text = "another object"};
    struct batch batch;
    struct batch again;
    bool is_open;
    bool is_done;
    struct sealer sealer = with_batches(f);
    must(f, spool_out_load_batch(f->out, 2, &batch, &is_open, &f->why));
    must(f, spool_out_supersede(f->out, &batch, &incident, &again, &is_done, &f->why));
    assert_true(is_done);
    sealer.options.max_file_bytes = 1000; /* nothing is ever merged */
    review(f, &sealer, BATCH_EVENTS, true);
    check_text(f, "SELECT count(*) FROM batches", "4");
}

static void each_changed_setting_cuts_again_whatever_the_place_in_the_order(void **state)
{
    enum change { FORMAT, METADATA, GZIP, PRETTY, DROP, PREFIX, FOLDERS, DESTINATION, SIZE, CHANGES };
    (void)state;
    for (enum change change = 0; change < CHANGES; change++) {
        struct fixture *f = fixture_new();
        struct sealer sealer = with_batches(f);
        query_do(f->scratch->spool, "UPDATE _batch SET shipped_at = 1 WHERE id = 1;"
                                    "UPDATE _batch SET unknown_since = 1 WHERE id = 3");
        switch (change) {
        case FORMAT: sealer.options.format = BATCH_JSON; break;
        case METADATA: sealer.options.has_metadata = true; break;
        case GZIP: sealer.options.is_gzip = true; break;
        case PRETTY: sealer.options.is_pretty = true; break;
        case DROP: sealer.options.drop_fields = "a"; break;
        case PREFIX: sealer.options.prefix = "q/"; break;
        case FOLDERS: sealer.options.date_folders = DATE_FOLDERS_HIVE; break;
        case DESTINATION: sealer.destination = "file:///e"; break;
        default: sealer.options.max_file_bytes = 19;
        }
        review(f, &sealer, BATCH_EVENTS, true);
        check_text(f, "SELECT state FROM batches WHERE id <= 3", "shipped\nsuperseded\nsealed");
        check_text(f, "SELECT first_id, last_id, reship_of FROM batches WHERE id > 3",
                   change == SIZE ? "3|3|2\n4|4|2" : "3|4|2");
        review(f, &sealer, BATCH_EVENTS, true); /* once is enough */
        assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM batches"),
                         change == SIZE ? 5 : 4);
        fixture_free(f);
    }
}

static void a_batch_of_another_spools_name_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct sealer sealer = with_batches(f);
    query_do(f->scratch->spool, "UPDATE _batch SET spool = '9999999999' WHERE id = 2");
    sealer.options.format = BATCH_JSON;
    review(f, &sealer, BATCH_EVENTS, true);
    check_text(f, "SELECT state FROM batches WHERE id <= 3", "superseded\nsealed\nsuperseded");
}

static void batches_of_a_kind_that_is_off_stay_sealed(void **state)
{
    struct fixture *f = *state;
    struct sealer sealer = some_sealer(f);
    some_spool_add_rejects(f->scratch->spool, 4, 10, SOME_TIME);
    seal_all(f, &sealer, BATCH_REJECTS);
    sealer.options.rejects_prefix = NULL;
    sealer.destination = "file:///e";
    review(f, &sealer, BATCH_REJECTS, false);
    check_text(f, "SELECT first_id, state FROM batches", "1|sealed\n3|sealed");
    sealer.options.rejects_prefix = "other/"; /* on again */
    review(f, &sealer, BATCH_REJECTS, true);
    check_text(f, "SELECT first_id, state FROM batches", "1|superseded\n3|superseded\n1|sealed\n3|sealed");
}

static void a_batch_with_missing_rows_does_not_stop_the_review(void **state)
{
    struct fixture *f = *state;
    struct sealer sealer = with_batches(f);
    query_do(f->scratch->spool, "DELETE FROM _event WHERE id = 3");
    sealer.options.format = BATCH_JSON;
    must(f, sealer_review(&sealer, BATCH_EVENTS, true, &f->why));
    check_text(f, "SELECT state FROM batches WHERE id <= 3", "superseded\nsealed\nsuperseded");
}

static void thousands_of_batches_are_reviewed_in_transactions_of_many(void **state)
{
    struct fixture *f = *state;
    struct sealer sealer = some_sealer(f);
    some_spool_add_events(f->scratch->spool, 6000, 10, SOME_TIME);
    seal_all(f, &sealer, BATCH_EVENTS);
    query_do(f->scratch->spool, "DELETE FROM _event WHERE id IN (11, 3000)"); /* of two batches */
    sealer.options.format = BATCH_JSON;
    must(f, sealer_review(&sealer, BATCH_EVENTS, true, &f->why));
    check_text(f, "SELECT state, count(*) FROM batches GROUP BY state, format",
               "sealed|2998\nsealed|2\nsuperseded|2998");
}

static void a_reseal_takes_the_current_settings(void **state)
{
    struct fixture *f = *state;
    struct resolve_order order = {.batch_id = 2, .word = RESOLVE_RESEAL, .by = "somebody"};
    struct resolve_decision decision;
    struct cut_parts parts;
    struct sealer sealer = with_batches(f);
    query_do(f->scratch->spool,
             "UPDATE _batch SET unknown_since = 1, destination = 's3://gone' WHERE id = 2");
    sealer.options.format = BATCH_JSON;
    sealer.options.max_file_bytes = 10;
    must(f, sealer_resolve(&sealer, &order, &decision, &parts, &f->why));
    assert_int_equal(decision.verdict, RESOLVE_YES);
    assert_true(parts.count == 2 && parts.first_batch_id == 4);
    check_text(f, "SELECT destination, format, object_key LIKE 'p/%-r2.json' FROM _batch WHERE id > 3",
               "file:///d|json|1\nfile:///d|json|1");
    check_tiling(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(the_same_settings_leave_all_batches_as_they_are),
        cmocka_unit_test(each_changed_setting_cuts_again_whatever_the_place_in_the_order),
        IN_SPOOL(a_batch_of_another_spools_name_stays_as_it_is),
        IN_SPOOL(batches_of_a_kind_that_is_off_stay_sealed),
        IN_SPOOL(a_batch_with_missing_rows_does_not_stop_the_review),
        IN_SPOOL(thousands_of_batches_are_reviewed_in_transactions_of_many),
        IN_SPOOL(a_reseal_takes_the_current_settings),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
