/*
 * test_reship -- past batches sent again: their copies in the spool, and the orders; and rejects that are
 * dismissed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/control_client.h"
#include "common/db.h"
#include "tests/support/out_fixture.h"
#include "uploader/ship/dismiss.h"
#include "uploader/ship/handlers.h"
#include "uploader/spool/rejects.h"
#include "uploader/spool/reship.h"

/* ---- orders ---- */

static void an_order_is_read_back_and_other_text_is_refused(void **state)
{
    static const char *const wrong[] = {"",           "1",         "1 2 3 0", "1 2 3 0 0 0",
                                        "1 2 3 0 0 ", "a b c d e", "1  2 3 0"};
    struct reship_order order = {7, 1700000000000, 1800000000000, true, false};
    struct reship_order read;
    struct buf text = BUF_EMPTY;
    (void)state;
    reship_order_write(&order, &text);
    buf_append_char(&text, '\0');
    assert_true(reship_order_read(text.data, &read));
    assert_int_equal(read.batch_id, 7);
    assert_true(read.since_at == order.since_at && read.until_at == order.until_at);
    assert_true(read.has_new_keys && !read.is_dry_run);
    buf_fini(&text);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(reship_order_read(wrong[i], &read));
}

/* ---- past batches and copies ---- */

static struct past_batch next(struct fixture *f, int64_t from_id)
{
    struct past_batch past;
    must(f, spool_reship_next(f->out, from_id, &past, &f->why));
    return past;
}

static void past_batches_load_in_order_with_all_that_shapes_them(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 4, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 1, 10, SOME_TIME);
    struct batch first = seal(f, BATCH_EVENTS, 1, 2);
    struct batch other = seal(f, BATCH_REJECTS, 1, 1);
    ship(f, &first);
    struct past_batch past = next(f, 1);
    assert_int_equal(past.batch.id, first.id);
    assert_int_equal(past.batch.kind, BATCH_EVENTS);
    assert_string_equal(past.batch.object_key, "events/1");
    assert_true(past.batch.state == BATCH_SHIPPED && !past.batch.is_copy && past.has_rows);
    past = next(f, 2);
    assert_int_equal(past.batch.id, other.id);
    assert_int_equal(past.batch.kind, BATCH_REJECTS);
    assert_int_equal(past.batch.format, BATCH_NDJSON);
    assert_int_equal(past.batch.state, BATCH_SEALED);
    assert_int_equal(next(f, 3).batch.id, 0);
    query_do(f->scratch->spool, "DELETE FROM _event WHERE id = 1");
    assert_false(next(f, 1).has_rows);
    query_do(f->scratch->spool, "DELETE FROM _event");
    assert_false(next(f, 1).has_rows);
}

static int64_t copy(struct fixture *f, const struct batch *batch, bool expect_new)
{
    int64_t id = 0;
    bool is_new = false;
    must(f, db_begin(spool_out_db(f->out), &f->why));
    must(f, spool_reship_copy(f->out, batch, &id, &is_new, &f->why));
    must(f, db_end(spool_out_db(f->out), RES_OK, &f->why));
    assert_int_equal(is_new, expect_new);
    return id;
}

static void a_copy_is_a_new_batch_and_changes_no_event(void **state)
{
    struct fixture *f = *state;
    struct batch open;
    bool is_some = false;
    some_spool_add_events(f->scratch->spool, 2, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    ship(f, &batch);
    int64_t id = copy(f, &batch, true);
    assert_int_equal(copy(f, &batch, false), id); /* it is on its way */
    must(f, spool_out_open_batch(f->out, BATCH_EVENTS, 0, &open, &is_some, &f->why));
    assert_true(is_some);
    assert_int_equal(open.id, id);
    assert_string_equal(open.object_key, "events/1-r2");
    check_text(f, "SELECT DISTINCT state, batch_id, object_key FROM events", "shipped|1|events/1");
    check_text(f, "SELECT events, bytes, oldest_age_seconds FROM summary", "0|0|");
    check_text(f, "SELECT count(*) FROM backlog", "0");
    assert_false(waiting_now(f, BATCH_EVENTS).is_some);
    ship(f, &open);
    id = copy(f, &batch, true);
    check_text(f, "SELECT id, object_key, reship_of FROM batches WHERE state = 'sealed'", "3|events/1-r3|1");
    assert_int_equal(id, 3);
}

static void events_of_an_open_copy_are_not_purged(void **state)
{
    struct fixture *f = *state;
    int64_t purged = 0;
    some_spool_add_events(f->scratch->spool, 4, 10, SOME_TIME);
    struct batch first = seal(f, BATCH_EVENTS, 1, 2);
    struct batch second = seal(f, BATCH_EVENTS, 3, 4);
    ship(f, &first);
    ship(f, &second);
    struct batch again = batch_once_more(&second);
    again.id = copy(f, &second, true);
    must(f, spool_out_purge(f->out, BATCH_EVENTS, INT64_MAX, &purged, &f->why));
    assert_int_equal(purged, 2);
    must(f, spool_out_purge(f->out, BATCH_EVENTS, INT64_MAX, &purged, &f->why));
    assert_int_equal(purged, 0);
    ship(f, &again);
    must(f, spool_out_purge(f->out, BATCH_EVENTS, INT64_MAX, &purged, &f->why));
    assert_int_equal(purged, 2);
}

static void open_copies_are_counted_with_what_stands_in_their_way(void **state)
{
    struct fixture *f = *state;
    struct open_copies open;
    struct why failure = {0};
    some_spool_add_events(f->scratch->spool, 2, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    must(f, spool_reship_count_open(f->out, 1, &open, &f->why));
    assert_true(open.count == 0 && !*open.trouble.text); /* the batch itself is none */
    ship(f, &batch);
    struct batch again = batch_once_more(&batch);
    again.id = copy(f, &batch, true);
    must(f, spool_reship_count_open(f->out, again.id, &open, &f->why));
    assert_true(open.count == 1 && !*open.trouble.text);
    (void)why_set(&failure, RES_RETRY, "HTTP 403");
    (void)why_remedy(&failure, RES_RETRY, "ask");
    struct batch_failure refused = {.why = &failure, .is_definite = true, .is_blocked = true};
    must(f, spool_out_record_failure(f->out, &again, &refused, &f->why));
    must(f, spool_reship_count_open(f->out, again.id, &open, &f->why));
    assert_string_equal(open.trouble.text, "HTTP 403");
    assert_string_equal(open.trouble.remedy, "ask");
    must(f, spool_reship_count_open(f->out, again.id + 1, &open, &f->why));
    assert_int_equal(open.count, 0);
}

static void a_new_rendition_is_recorded_beside_the_first(void **state)
{
    struct fixture *f = *state;
    struct rendition first = {.sha256 = "a", .md5 = "b", .bytes = 1};
    struct rendition second = {.sha256 = "c", .md5 = "d", .bytes = 2};
    some_spool_add_events(f->scratch->spool, 2, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    must(f, spool_out_record_attempt(f->out, &batch, &first, &f->why));
    ship(f, &batch);
    must(f, spool_reship_record(f->out, &batch, &second, &f->why));
    must(f, spool_reship_mark(f->out, batch.id, "", false, &f->why));
    check_text(f,
               "SELECT sha256, md5, stored_bytes, earlier_sha256, earlier_md5, earlier_bytes, etag, verified "
               "FROM _batch",
               "c|d|2|a|b|1||0");
    assert_string_equal(batch.recorded.sha256, "c");
    assert_string_equal(batch.earlier.sha256, "a");

    struct rendition plain = {.sha256 = "e", .bytes = 3}; /* of a directory */
    must(f, spool_reship_record(f->out, &batch, &plain, &f->why));
    check_text(f, "SELECT sha256, md5 IS NULL, earlier_sha256, earlier_md5 FROM _batch", "e|1|c|d");
}

/* ---- rejects ---- */

static void dismiss_all_of(struct fixture *f, const char *ids, const char *expected)
{
    struct dismiss *dismiss = NULL;
    struct buf told = BUF_EMPTY;
    bool is_done = false;
    must(f, dismiss_new(&dismiss, f->out, ids, &f->why));
    while (!is_done) must(f, dismiss_slice(dismiss, &is_done, &f->why));
    dismiss_describe(dismiss, &told);
    buf_append_char(&told, '\0');
    assert_string_equal(told.data, expected);
    struct progress progress = {0};
    dismiss_progress(dismiss, &progress);
    if (*ids == '\0') assert_int_equal(progress.done, progress.total);
    buf_fini(&told);
    dismiss_free(dismiss);
}

static void rejects_are_dismissed_once(void **state)
{
    struct fixture *f = *state;
    dismiss_all_of(f, "", "rejects dismissed: 0");
    some_spool_add_rejects(f->scratch->spool, 4, 10, SOME_TIME);
    query_do(f->scratch->spool, "UPDATE _reject SET retried_at = 1 WHERE id = 4");
    dismiss_all_of(f, "2 4 9", "rejects dismissed: 1; retried or dismissed before, or not there: 2");
    check_text(f, "SELECT state FROM rejects", "pending\ndismissed\npending\nretried");
    dismiss_all_of(f, "", "rejects dismissed: 2");
}

static void a_dismissal_with_an_invalid_id_does_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"1 x", "1 -2", "0", "1x", "99999999999999999999"};
    some_spool_add_rejects(f->scratch->spool, 2, 10, SOME_TIME);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dismiss *dismiss = NULL;
        bool is_done = false;
        must(f, dismiss_new(&dismiss, f->out, wrong[i], &f->why));
        assert_int_equal(dismiss_slice(dismiss, &is_done, &f->why), RES_REFUSE);
        dismiss_free(dismiss);
    }
    check_text(f, "SELECT count(*) FROM _reject WHERE dismissed_at IS NOT NULL", "0");
}

static void the_range_of_rejects_goes_on_behind_what_was_purged(void **state)
{
    struct fixture *f = *state;
    int64_t first = 0;
    int64_t last = 0;
    must(f, spool_rejects_range(f->out, &first, &last, &f->why));
    assert_true(first == 1 && last == 0);
    some_spool_add_rejects(f->scratch->spool, 3, 10, SOME_TIME);
    query_do(f->scratch->spool, "DELETE FROM _reject WHERE id < 3");
    must(f, spool_rejects_range(f->out, &first, &last, &f->why));
    assert_true(first == 3 && last == 3);
    query_do(f->scratch->spool, "DELETE FROM _reject");
    must(f, spool_rejects_range(f->out, &first, &last, &f->why));
    assert_true(first == 4 && last == 3);
}

static void a_run_of_rejects_ends_at_a_gap(void **state)
{
    static const struct {
        int64_t from_id, count_max, first, last;
    } rows[] = {
        {1, 100, 1, 2}, {1, 1, 1, 1}, {2, 100, 2, 2}, {3, 100, 5, 7},
        {5, 2, 5, 6},   {7, 2, 7, 7}, {8, 100, 8, 7},
    };
    struct fixture *f = *state;
    some_spool_add_rejects(f->scratch->spool, 7, 10, SOME_TIME);
    query_do(f->scratch->spool, "DELETE FROM _reject WHERE id IN (3, 4)"); /* purged with their batch */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t first = 0;
        int64_t last = 0;
        must(f, spool_rejects_run(f->out, rows[i].from_id, rows[i].count_max, &first, &last, &f->why));
        assert_true(first == rows[i].first && last == rows[i].last);
    }
}

/* ---- requests ---- */

static void unknown_and_old_requests_are_not_served(void **state)
{
    struct fixture *f = *state;
    struct handlers *handlers = handlers_new(f->out, NULL, &(struct handlers_options){.ships_rejects = true});
    some_spool_add_rejects(f->scratch->spool, 1, 10, SOME_TIME);
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, action, requested_at) VALUES ('uploader', 'dismiss', 1),"
             " ('uploader', 'sing', 9223372036854775807), ('uploader', 'reship', 9223372036854775807),"
             " ('collector', 'retry', 1)");
    while (query_int(f->scratch->spool, "SELECT count(*) FROM _request WHERE done_at IS NULL") > 1)
        (void)handlers_poll(handlers);
    check_text(f, "SELECT action, failed, result FROM _request",
               "sing|1|this uploader does not know how to do 'sing'\n"
               "reship|1|this uploader does not understand the order ''\nretry||");
    check_text(f, "SELECT state FROM rejects", "pending");
    handlers_free(handlers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_read_back_and_other_text_is_refused),
        IN_SPOOL(past_batches_load_in_order_with_all_that_shapes_them),
        IN_SPOOL(a_copy_is_a_new_batch_and_changes_no_event),
        IN_SPOOL(events_of_an_open_copy_are_not_purged),
        IN_SPOOL(open_copies_are_counted_with_what_stands_in_their_way),
        IN_SPOOL(a_new_rendition_is_recorded_beside_the_first),
        IN_SPOOL(rejects_are_dismissed_once),
        IN_SPOOL(a_dismissal_with_an_invalid_id_does_nothing),
        IN_SPOOL(the_range_of_rejects_goes_on_behind_what_was_purged),
        IN_SPOOL(a_run_of_rejects_ends_at_a_gap),
        IN_SPOOL(unknown_and_old_requests_are_not_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
