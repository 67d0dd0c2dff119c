/* test_seal -- the reading side: what waits, where it is cut, sealing, rendering, what happened to a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The oldest open batch from `from_id` on; its id is 0 when there is none. */
static struct batch open_batch(struct fixture *f, enum batch_kind kind, int64_t from_id)
{
    struct batch batch = {.id = 0};
    bool is_some;
    must(f, spool_out_open_batch(f->out, kind, from_id, &batch, &is_some, &f->why));
    assert_true(is_some == (batch.id != 0));
    return batch;
}

static void check_same_batch(const struct batch *a, const struct batch *b)
{
    assert_true(a->id == b->id && a->kind == b->kind && a->first_id == b->first_id &&
                a->last_id == b->last_id);
    assert_true(a->bytes == b->bytes && a->format == b->format && a->has_metadata == b->has_metadata);
    assert_true(a->sealed_at == b->sealed_at && a->attempts == b->attempts && a->is_unknown == b->is_unknown);
    assert_string_equal(a->destination, b->destination);
    assert_string_equal(a->object_key, b->object_key);
    assert_string_equal(a->identity.spool, b->identity.spool);
    assert_string_equal(a->identity.node, b->identity.node);
    assert_true(a->is_gzip == b->is_gzip && a->is_pretty == b->is_pretty);
    assert_true(a->omits_payload == b->omits_payload);
    assert_string_equal(a->dropped, b->dropped);
    assert_string_equal(a->recorded.sha256, b->recorded.sha256);
    assert_string_equal(a->earlier.sha256, b->earlier.sha256);
}

/* ---- what waits ---- */

static void rows_that_no_batch_holds_are_waiting(void **state)
{
    static const enum batch_kind kinds[] = {BATCH_EVENTS, BATCH_REJECTS};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(kinds); i++) assert_false(waiting_now(f, kinds[i]).is_some);
    some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
    some_spool_add_events(f->scratch->spool, 4, 100, SOME_TIME + 5);
    some_spool_add_rejects(f->scratch->spool, 3, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 4, 100, SOME_TIME + 5);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct waiting waiting = waiting_now(f, kinds[i]);
        assert_true(waiting.is_some && waiting.first_id == 1 && waiting.last_id == 7);
        assert_true(waiting.bytes == 430 && waiting.bytes_before == 0 && waiting.oldest_at == SOME_TIME);
        (void)seal(f, kinds[i], 1, 4);
        waiting = waiting_now(f, kinds[i]);
        assert_true(waiting.is_some && waiting.first_id == 5 && waiting.last_id == 7);
        assert_true(waiting.bytes == 300 && waiting.bytes_before == 130 &&
                    waiting.oldest_at == SOME_TIME + 5);
        (void)seal(f, kinds[i], 5, 7);
        assert_false(waiting_now(f, kinds[i]).is_some);
    }
    query_do(f->scratch->spool, "DELETE FROM _event; DELETE FROM _reject");
    for (size_t i = 0; i < COUNT(kinds); i++) assert_false(waiting_now(f, kinds[i]).is_some);
    some_spool_add_events(f->scratch->spool, 1, 10, SOME_TIME);
    assert_int_equal(waiting_now(f, BATCH_EVENTS).first_id, 8);
    assert_int_equal(waiting_now(f, BATCH_EVENTS).bytes, 10);
}

/* ---- where it is cut ---- */

static void a_batch_ends_before_the_row_that_does_not_fit(void **state)
{
    static const struct {
        int64_t sizes[8]; /* 0 ends them */
        int64_t max, last_id, bytes;
    } rows[] = {
        {{10}, 1000, 1, 10},
        {{10}, 10, 1, 10},
        {{10}, 9, 1, 10}, /* larger than a batch may be: alone */
        {{10, 10}, 9, 1, 10},
        {{10, 10}, 10, 1, 10},
        {{10, 10}, 19, 1, 10},
        {{10, 10}, 20, 2, 20}, /* equality fits */
        {{10, 10}, 21, 2, 20},
        {{10, 20, 30, 40}, 59, 2, 30},
        {{10, 20, 30, 40}, 60, 3, 60},
        {{10, 20, 30, 40}, 100, 4, 100},
        {{10, 20, 30, 40}, 1000, 4, 100},
        {{90, 10, 10, 10}, 50, 1, 90},
        {{10, 90, 10, 10}, 50, 1, 10}, /* the large one comes next */
        {{10, 10, 10, 10, 10, 10, 10}, 65, 6, 60},
        {{10, 10, 10, 10, 10, 10, 10}, 70, 7, 70},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows) * BATCH_KIND_COUNT * 2; i++) {
        enum batch_kind kind = i % 2 ? BATCH_EVENTS : BATCH_REJECTS;
        int64_t sealed = i / 2 % 2 ? 3 : 0; /* the same behind a sealed batch */
        size_t row = i / 4;
        struct fixture *f = fixture_new();
        void (*add)(const char *, int64_t, int64_t, int64_t) =
            kind == BATCH_EVENTS ? some_spool_add_events : some_spool_add_rejects;
        if (sealed > 0) add(f->scratch->spool, sealed, 77, SOME_TIME);
        if (sealed > 0) (void)seal(f, kind, 1, sealed);
        for (size_t k = 0; rows[row].sizes[k] > 0; k++)
            add(f->scratch->spool, 1, rows[row].sizes[k], SOME_TIME);
        struct waiting waiting = waiting_now(f, kind);
        int64_t last_id;
        int64_t bytes;
        must(f, spool_out_cut(f->out, kind, &waiting, rows[row].max, &last_id, &bytes, &f->why));
        if (last_id - sealed != rows[row].last_id || bytes != rows[row].bytes)
            fail_msg("row %zu: last id %" PRId64 ", %" PRId64 " bytes", row, last_id - sealed, bytes);
        fixture_free(f);
    }
}

static void a_gap_among_the_waiting_rows_is_refused(void **state)
{
    struct fixture *f = *state;
    int64_t last_id;
    int64_t bytes;
    some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
    query_do(f->scratch->spool, "DELETE FROM _event WHERE id = 3");
    struct waiting waiting = waiting_now(f, BATCH_EVENTS);
    assert_int_equal(spool_out_cut(f->out, BATCH_EVENTS, &waiting, 1000, &last_id, &bytes, &f->why),
                     RES_REFUSE);
}

/* ---- sealing ---- */

static void a_sealed_batch_is_read_back_unchanged_with_sealed_rows(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 2, 10, SOME_TIME);
    struct batch sealed = seal(f, BATCH_EVENTS, 1, 3);
    struct batch other = seal(f, BATCH_REJECTS, 1, 1);
    assert_true(sealed.id > 0 && other.id > 0 && sealed.id != other.id);

    struct batch batch = open_batch(f, BATCH_EVENTS, 0);
    check_same_batch(&batch, &sealed);
    batch = open_batch(f, BATCH_REJECTS, 0);
    check_same_batch(&batch, &other);
    check_text(f, "SELECT id, state, batch_id, object_key FROM events",
               "1|sealed|1|events/1\n2|sealed|1|events/1\n3|sealed|1|events/1\n4|pending||\n5|pending||");
    check_text(f, "SELECT id, state FROM backlog", "1|sealed\n2|sealed\n3|sealed\n4|pending\n5|pending");
    check_text(f, "SELECT id, state FROM rejects", "1|sealed\n2|pending");
    check_text(
        f,
        "SELECT id, kind, state, first_id, last_id, events, bytes, format, attempts, sealed_at FROM batches",
        "1|events|sealed|1|3|3|30|xml|0|2023-11-14T22:13:20.000Z\n"
        "2|rejects|sealed|1|1|1|10|ndjson|0|2023-11-14T22:13:20.000Z");
}

static void open_batches_come_oldest_first_from_a_given_id(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 9, 10, SOME_TIME);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 0).id, 0);
    struct batch first = seal(f, BATCH_EVENTS, 1, 3);
    struct batch second = seal(f, BATCH_EVENTS, 4, 6);
    struct batch third = seal(f, BATCH_EVENTS, 7, 9);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 0).id, first.id);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 1).id, first.id);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 2).id, second.id);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 10).id, 0);
    assert_int_equal(open_batch(f, BATCH_REJECTS, 0).id, 0);
    ship(f, &second);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 2).id, third.id);
    ship(f, &first);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 0).id, third.id);
    ship(f, &third);
    assert_int_equal(open_batch(f, BATCH_EVENTS, 0).id, 0);
}

static void no_row_is_sealed_twice(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 9, 10, SOME_TIME);
    (void)seal(f, BATCH_EVENTS, 1, 3);
    struct batch again = some_batch(BATCH_EVENTS, 1, 5);
    (void)snprintf(again.object_key, sizeof again.object_key, "another");
    assert_int_equal(spool_out_seal(f->out, &again, NULL, &f->why), RES_BROKEN);
    (void)seal(f, BATCH_EVENTS, 4, 5); /* and all goes on */
}

static void a_key_that_is_taken_gets_the_next_number(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 9, 10, SOME_TIME);
    (void)seal(f, BATCH_EVENTS, 1, 3);
    for (int i = 2; i < 4; i++) {
        struct batch again = some_batch(BATCH_EVENTS, 2 * i, 2 * i + 1);
        char expected[32];
        (void)snprintf(again.object_key, sizeof again.object_key, "events/1");
        (void)snprintf(expected, sizeof expected, "events/1-r%d", i);
        must(f, spool_out_seal(f->out, &again, NULL, &f->why));
        assert_string_equal(again.object_key, expected);
        assert_int_equal(again.repetition, i);
    }
}

static void sealing_is_all_or_nothing_whichever_disk_call_fails(void **state)
{
    struct fixture *f = *state;
    bool fired = true;
    int64_t next = 1;
    some_spool_add_events(f->scratch->spool, 100, 10, SOME_TIME);
    for (int nth = 1; fired; nth++) {
        struct batch batch = some_batch(BATCH_EVENTS, next, next + 1);
        fault_disk_at(nth, (enum fault)(nth % FAULT_COUNT));
        enum result res = spool_out_seal(f->out, &batch, NULL, &f->why);
        fired = fault_fired();
        assert_int_equal(res, fired ? RES_RETRY : RES_OK);
        if (fired) assert_int_equal(waiting_now(f, BATCH_EVENTS).first_id, next);
        if (fired) must(f, spool_out_seal(f->out, &batch, NULL, &f->why));
        assert_int_equal(waiting_now(f, BATCH_EVENTS).first_id, next + 2);
        next += 2;
    }
    check_text(f, "SELECT count(*) = max(last_id) / 2 FROM _batch; PRAGMA integrity_check", "1\nok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(rows_that_no_batch_holds_are_waiting),
        cmocka_unit_test(a_batch_ends_before_the_row_that_does_not_fit),
        IN_SPOOL(a_gap_among_the_waiting_rows_is_refused),
        IN_SPOOL(a_sealed_batch_is_read_back_unchanged_with_sealed_rows),
        IN_SPOOL(open_batches_come_oldest_first_from_a_given_id),
        IN_SPOOL(no_row_is_sealed_twice),
        IN_SPOOL(a_key_that_is_taken_gets_the_next_number),
        IN_SPOOL(sealing_is_all_or_nothing_whichever_disk_call_fails),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
