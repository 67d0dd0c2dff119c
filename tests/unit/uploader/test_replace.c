/* test_replace -- rows that are sealed again: cut again, after an incident; and the number at the end of their keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/replace.h"

#include <string.h>

#include "common/db.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"
#include "uploader/spool/reship.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define HERE         "file:///here"

static const struct key_rules new_keys = {"new/", DATE_FOLDERS_FALSE};

/* Cuts again into parts of at most `max_bytes`, for another destination. */
static struct cut_parts cut_again(struct fixture *f, struct batch *batch, int64_t max_bytes)
{
    struct batch like = some_batch(batch->kind, 1, 1);
    struct new_shape shape = {&like, &new_keys, max_bytes};
    struct cut_parts parts;
    like.format = BATCH_NDJSON;
    (void)snprintf(like.destination, sizeof like.destination, HERE);
    must(f, spool_out_cut_again(f->out, batch, &shape, &parts, &f->why));
    return parts;
}

static int repetition(struct fixture *f, int64_t first_id, int64_t last_id)
{
    int n = 0;
    must(f, spool_out_repetition(f->out, BATCH_EVENTS, first_id, last_id, &n, &f->why));
    return n;
}

static void set(struct fixture *f, const char *what, int64_t id)
{
    query_do(f->scratch->spool, "UPDATE _batch SET %s WHERE id = %" PRId64, what, id);
}

/* ---- cut again ---- */

static void a_batch_that_is_cut_again_is_covered_exactly_by_its_parts(void **state)
{
    static const struct {
        int64_t max_bytes;
        const char *parts; /* first and last ids */
    } rows[] = {
        {1000, "4|9"},
        {60, "4|9"},
        {59, "4|8\n9|9"},
        {20, "4|5\n6|7\n8|9"},
        {1, "4|4\n5|5\n6|6\n7|7\n8|8\n9|9"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows) * BATCH_KIND_COUNT; i++) {
        enum batch_kind kind = (enum batch_kind)(i % BATCH_KIND_COUNT);
        struct fixture *f = fixture_new();
        (kind == BATCH_EVENTS ? some_spool_add_events : some_spool_add_rejects)(f->scratch->spool, 12, 10,
                                                                                SOME_TIME);
        (void)seal(f, kind, 1, 3);
        struct batch middle = seal(f, kind, 4, 9);
        (void)seal(f, kind, 10, 12);
        struct cut_parts parts = cut_again(f, &middle, rows[i / BATCH_KIND_COUNT].max_bytes);
        assert_int_equal(middle.state, BATCH_SUPERSEDED);
        assert_int_equal(parts.first_batch_id, 4);
        assert_int_equal(parts.count,
                         query_int(f->scratch->spool, "SELECT count(*) FROM _batch WHERE reship_of = 2"));
        check_text(f, "SELECT first_id, last_id FROM batches WHERE reship_of = 2",
                   rows[i / BATCH_KIND_COUNT].parts);
        check_text(f, "SELECT state, may_be_stored FROM batches WHERE id = 2", "superseded|0");
        check_text(
            f,
            "SELECT DISTINCT destination, format, state, bytes = 10 * events, object_key LIKE 'new/%.ndjson'"
            " FROM _batch b JOIN batches v USING (id, bytes, events, object_key, format) WHERE b.id > 3",
            HERE "|ndjson|sealed|1|1");
        check_text(f, "SELECT count(*) FROM _batch WHERE repetition > 1", "0"); /* nothing was stored */
        assert_false(waiting_now(f, kind).is_some);
        fixture_free(f);
    }
}

static void what_may_be_stored_or_is_settled_is_not_cut_again(void **state)
{
    static const char *const facts[] = {"unknown_since = 1", "occupied_since = 1", "shipped_at = 1",
                                        "superseded_at = 1", "abandoned_at = 1"};
    (void)state;
    for (size_t i = 0; i < COUNT(facts); i++) {
        struct fixture *f = fixture_new();
        some_spool_add_events(f->scratch->spool, 9, 10, SOME_TIME);
        struct batch batch = seal(f, BATCH_EVENTS, 1, 9);
        set(f, facts[i], batch.id);
        assert_int_equal(cut_again(f, &batch, 20).count, 0);
        check_text(f, "SELECT count(*) FROM _batch", "1");
        fixture_free(f);
    }
}

static void a_batch_with_missing_rows_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct batch like = some_batch(BATCH_EVENTS, 1, 1);
    struct new_shape shape = {&like, &new_keys, 1};
    struct cut_parts parts;
    some_spool_add_events(f->scratch->spool, 9, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 9);
    query_do(f->scratch->spool, "DELETE FROM _event WHERE id = 5");
    assert_int_equal(spool_out_cut_again(f->out, &batch, &shape, &parts, &f->why), RES_REFUSE);
    assert_true(*f->why.remedy && parts.count == 0);
    check_text(f, "SELECT state, last_id FROM batches", "sealed|9");
}

static void cutting_again_is_all_or_nothing_whichever_disk_call_fails(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        struct fixture *f = fixture_new();
        struct batch like = some_batch(BATCH_EVENTS, 1, 1);
        struct new_shape shape = {&like, &new_keys, 20};
        struct cut_parts parts;
        some_spool_add_events(f->scratch->spool, 6, 10, SOME_TIME);
        struct batch batch = seal(f, BATCH_EVENTS, 1, 6);
        fault_disk_at(nth, (enum fault)(nth % FAULT_COUNT));
        enum result res = spool_out_cut_again(f->out, &batch, &shape, &parts, &f->why);
        fired = fault_fired();
        assert_int_equal(res, fired ? RES_RETRY : RES_OK);
        assert_int_equal(parts.count, fired ? 0 : 3);
        if (fired) check_text(f, "SELECT id, state FROM batches", "1|sealed");
        if (fired) must(f, spool_out_cut_again(f->out, &batch, &shape, &parts, &f->why));
        check_text(f, "SELECT id, state, first_id FROM batches",
                   "1|superseded|1\n2|sealed|1\n3|sealed|3\n4|sealed|5");
        fixture_free(f);
    }
}

/* ---- incidents ---- */

static void an_incidents_rows_move_to_a_batch_with_another_key(void **state)
{
    struct fixture *f = *state;
    struct why incident = {.text = "another object", .remedy = ""};
    struct batch second;
    struct batch third;
    bool is_done;
    some_spool_add_events(f->scratch->spool, 6, 10, SOME_TIME);
    struct batch first = seal(f, BATCH_EVENTS, 1, 3);
    (void)seal(f, BATCH_EVENTS, 4, 5);
    must(f, spool_out_supersede(f->out, &first, &incident, &second, &is_done, &f->why));
    assert_true(is_done);
    assert_true(second.id == 3 && second.repetition == 2);
    assert_string_equal(second.object_key, "events/1-r2");
    check_text(
        f,
        "SELECT id, state, may_be_stored, object_key, last_error, substr(remedy, 1, 52), reship_of FROM "
        "batches",
        "1|superseded|1|events/1|another object|nothing is lost: its rows are shipped as events/1-r2|\n"
        "2|sealed|0|events/4|||\n3|sealed|0|events/1-r2|||1");
    check_text(f, "SELECT id, state, batch_id FROM events",
               "1|sealed|3\n2|sealed|3\n3|sealed|3\n4|sealed|2\n5|sealed|2\n6|pending|");
    check_text(f, "SELECT events, last_error FROM summary", "6|another object");
    assert_int_equal(waiting_now(f, BATCH_EVENTS).first_id, 6);
    must(f, spool_out_supersede(f->out, &second, &incident, &third, &is_done, &f->why));
    assert_false(is_done); /* once */
    ship(f, &second);
    check_text(
        f, "SELECT events FROM summary; SELECT count(*) FROM backlog; SELECT state FROM events WHERE id = 1",
        "3\n3\nshipped");
    int64_t count;
    must(f, spool_out_count_unshipped(f->out, BATCH_EVENTS, 6, &count, &f->why));
    assert_int_equal(count, 3);
}

static void superseding_is_all_or_nothing_whichever_disk_call_fails(void **state)
{
    struct why incident = {.text = "another object"};
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        struct fixture *f = fixture_new();
        struct batch again;
        bool is_done;
        some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
        struct batch batch = seal(f, BATCH_EVENTS, 1, 3);
        fault_disk_at(nth, (enum fault)(nth % FAULT_COUNT));
        enum result res = spool_out_supersede(f->out, &batch, &incident, &again, &is_done, &f->why);
        fired = fault_fired();
        assert_int_equal(res, fired ? RES_RETRY : RES_OK);
        assert_int_equal(is_done, !fired);
        if (fired) check_text(f, "SELECT id, state FROM batches", "1|sealed");
        if (fired) must(f, spool_out_supersede(f->out, &batch, &incident, &again, &is_done, &f->why));
        assert_true(is_done);
        check_text(f, "SELECT id, state FROM batches", "1|superseded\n2|sealed");
        fixture_free(f);
    }
}

/* ---- the number at the end of a key ---- */

static void a_number_follows_only_what_may_have_been_stored_over_an_id(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 40, 10, SOME_TIME);
    struct batch a = seal(f, BATCH_EVENTS, 1, 10);
    (void)seal(f, BATCH_EVENTS, 11, 20);
    struct batch c = seal(f, BATCH_EVENTS, 21, 30);
    assert_int_equal(repetition(f, 1, 40), 1);
    set(f, "unknown_since = 1", a.id);
    assert_int_equal(repetition(f, 1, 1), 2);
    assert_int_equal(repetition(f, 10, 10), 2);
    assert_int_equal(repetition(f, 10, 25), 2);
    assert_int_equal(repetition(f, 11, 40), 1);
    set(f, "occupied_since = 1", c.id);
    assert_int_equal(repetition(f, 11, 20), 1);
    assert_int_equal(repetition(f, 30, 30), 2);
    assert_int_equal(repetition(f, 30, 40), 2);
    assert_int_equal(repetition(f, 31, 40), 1);
    set(f, "unknown_since = NULL, abandoned_at = 1", a.id);
    assert_int_equal(repetition(f, 5, 5), 1);
    set(f, "abandoned_at = NULL, shipped_at = 1, repetition = 7", a.id);
    assert_int_equal(repetition(f, 5, 12), 8);
}

static void superseded_batches_and_copies_count_over_their_ids(void **state)
{
    struct fixture *f = *state;
    struct cut_parts parts;
    struct batch like = some_batch(BATCH_EVENTS, 1, 1);
    struct new_shape shape = {&like, &new_keys, 20};
    some_spool_add_events(f->scratch->spool, 12, 10, SOME_TIME);
    struct batch first = seal(f, BATCH_EVENTS, 1, 6);
    struct batch other = seal(f, BATCH_EVENTS, 7, 12);
    set(f, "unknown_since = 1", first.id);
    must(f, db_begin(spool_out_db(f->out), &f->why)); /* a person wants it so */
    must(f, spool_out_replace(f->out, &first, &shape, true, &parts, &f->why));
    must(f, db_end(spool_out_db(f->out), RES_OK, &f->why));
    check_text(f, "SELECT first_id, repetition, object_key LIKE '%-r2.xml' FROM _batch WHERE reship_of = 1",
               "1|2|1\n3|2|1\n5|2|1");
    assert_int_equal(repetition(f, 3, 4), 3);
    struct batch middle; /* it is surely not stored, but the first may be */
    bool is_open;
    must(f, spool_out_load_batch(f->out, parts.first_batch_id + 1, &middle, &is_open, &f->why));
    assert_true(is_open && middle.first_id == 3 && middle.repetition == 2 && middle.reship_of == first.id);
    assert_int_equal(cut_again(f, &middle, 10).count, 2);
    check_text(f, "SELECT first_id, repetition FROM _batch WHERE reship_of = 4", "3|3\n4|3");
    assert_int_equal(repetition(f, 1, 2), 3);
    assert_int_equal(repetition(f, 2, 3), 4);

    ship(f, &other);
    for (int n = 2; n < 4; n++) {
        int64_t copy_id = 0;
        bool is_new = false;
        assert_int_equal(repetition(f, 12, 12), n);
        must(f, db_begin(spool_out_db(f->out), &f->why));
        must(f, spool_reship_copy(f->out, &other, &copy_id, &is_new, &f->why));
        must(f, db_end(spool_out_db(f->out), RES_OK, &f->why));
        set(f, "shipped_at = 1", copy_id);
        assert_int_equal(
            query_int(f->scratch->spool, "SELECT repetition FROM _batch WHERE id = %" PRId64, copy_id), n);
    }
    assert_int_equal(repetition(f, 7, 7), 4);
}

/* ---- what is to be shipped ---- */

struct listed {
    struct buf text;
};

static void note(void *context, const struct open_batch *open)
{
    struct listed *listed = context;
    buf_append_format(&listed->text, "%" PRId64 " %s %" PRId64 "%s%s%s", open->id,
                      batch_kind_name(open->kind), open->first_id, open->is_copy ? " copy" : "",
                      open->is_unknown ? " unknown" : "", open->is_occupied ? " occupied" : "");
    if (open->is_refused) buf_append_format(&listed->text, " %d %s", open->cause.status, open->cause.code);
    buf_append_text(&listed->text, "\n");
}

static void check_list(struct fixture *f, int64_t after_id, const char *expected)
{
    struct listed listed = {.text = BUF_EMPTY};
    must(f, spool_out_list_open(f->out, after_id, note, &listed, &f->why));
    buf_append_char(&listed.text, '\0');
    assert_string_equal(listed.text.data, expected);
    buf_fini(&listed.text);
}

static void open_batches_are_listed_in_order_with_what_refused_them(void **state)
{
    struct fixture *f = *state;
    struct why told = {.text = "HTTP 413"};
    struct cause own = {SCOPE_BATCH, 413, "EntityTooLarge"};
    struct cause wider = {SCOPE_ENDPOINT, 503, "SlowDown"};
    struct batch_failure refused = {.why = &told, .cause = &own, .is_definite = true, .is_blocked = true};
    struct batch_failure outage = {.why = &told, .cause = &wider};
    struct batch_failure occupied = {.why = &told, .is_blocked = true, .is_occupied = true};
    some_spool_add_events(f->scratch->spool, 20, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 2, 10, SOME_TIME);
    check_list(f, 0, "");
    struct batch first = seal(f, BATCH_EVENTS, 1, 5);
    struct batch second = seal(f, BATCH_EVENTS, 6, 10);
    struct batch third = seal(f, BATCH_REJECTS, 1, 2);
    struct batch fourth = seal(f, BATCH_EVENTS, 11, 20);
    check_list(f, 0, "1 events 1\n2 events 6\n3 rejects 1\n4 events 11\n");
    must(f, spool_out_record_failure(f->out, &first, &refused, &f->why));
    must(f,
         spool_out_record_failure(f->out, &first, &outage, &f->why)); /* proves nothing about the refusal */
    must(f, spool_out_record_failure(f->out, &second, &outage, &f->why));
    must(f, spool_out_record_failure(f->out, &third, &occupied, &f->why));
    assert_true(third.is_occupied && third.state == BATCH_BLOCKED && first.state == BATCH_SEALED);
    check_list(f, 0, "1 events 1 413 EntityTooLarge\n2 events 6\n3 rejects 1 occupied\n4 events 11\n");
    ship(f, &first);
    ship(f, &second);
    (void)cut_again(f, &fourth, 50);
    check_list(f, 0, "3 rejects 1 occupied\n5 events 11\n6 events 16\n");
    check_list(f, 5, "6 events 16\n");
    ship(f, &third);
    check_text(f, "SELECT count(*) FROM _batch WHERE occupied_since > 0 OR refused_code IS NOT NULL", "0");
    struct batch gone;
    bool is_open = true;
    must(f, spool_out_load_batch(f->out, 99, &gone, &is_open, &f->why));
    assert_true(!is_open && gone.id == 0);
    must(f, spool_out_load_batch(f->out, first.id, &gone, &is_open, &f->why));
    assert_true(!is_open && gone.state == BATCH_SHIPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_is_cut_again_is_covered_exactly_by_its_parts),
        cmocka_unit_test(what_may_be_stored_or_is_settled_is_not_cut_again),
        IN_SPOOL(a_batch_with_missing_rows_is_left_as_it_is),
        cmocka_unit_test(cutting_again_is_all_or_nothing_whichever_disk_call_fails),
        IN_SPOOL(an_incidents_rows_move_to_a_batch_with_another_key),
        cmocka_unit_test(superseding_is_all_or_nothing_whichever_disk_call_fails),
        IN_SPOOL(a_number_follows_only_what_may_have_been_stored_over_an_id),
        IN_SPOOL(superseded_batches_and_copies_count_over_their_ids),
        IN_SPOOL(open_batches_are_listed_in_order_with_what_refused_them),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
