/* test_ledger -- the reading side: a batch's rows as bytes, what is recorded of its tries, flush requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"
#include "tests/support/same_rendition.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SHA256_A     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA256_B     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct rendition some_rendition = {SHA256_A, "0123456789abcdef0123456789abcdef", 123, ""};

static struct batch reload(struct fixture *f)
{
    struct batch batch;
    bool is_some;
    must(f, spool_out_open_batch(f->out, BATCH_EVENTS, 0, &batch, &is_some, &f->why));
    assert_true(is_some);
    return batch;
}

static struct batch sealed_batch(struct fixture *f)
{
    some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
    return seal(f, BATCH_EVENTS, 1, 3);
}

static void record(struct fixture *f, struct batch *batch, const struct why *why, bool is_definite,
                   bool is_blocked)
{
    struct batch_failure failure = {.why = why, .is_definite = is_definite, .is_blocked = is_blocked};
    must(f, spool_out_record_failure(f->out, batch, &failure, &f->why));
}

/* ---- rendering ---- */

static void a_batch_is_rendered_whole_across_its_slices(void **state)
{
    static const int64_t ranges[][2] = {{1, 1},      {1, 499},    {1, 500},  {1, 501},
                                        {500, 500},  {501, 501},  {3, 1002}, {500, 999},
                                        {500, 1000}, {501, 1500}, {1, 1501}};
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 1501, 12, SOME_TIME);
    for (size_t i = 0; i < COUNT(ranges); i++) {
        struct batch batch = some_batch(BATCH_EVENTS, ranges[i][0], ranges[i][1]);
        struct rendition rendition;
        struct buf body = BUF_EMPTY;
        struct buf expected = BUF_EMPTY;
        buf_append_text(&expected, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EVENTS>");
        for (int64_t id = ranges[i][0]; id <= ranges[i][1]; id++) {
            char event[32];
            (void)snprintf(event, sizeof event, "<E>%" PRId64 "</E>", id);
            buf_append_format(&expected, "\n%-12s", event);
        }
        buf_append_text(&expected, "\n</EVENTS>\n");
        buf_append_text(&body, "what was there before");
        must(f, spool_out_render(f->out, &batch, &body, &rendition, NULL, &f->why));
        assert_int_equal(body.len, expected.len);
        assert_memory_equal(body.data, expected.data, body.len);
        buf_fini(&body);
        buf_fini(&expected);
    }
}

static void a_missing_row_is_refused_wherever_it_is(void **state)
{
    static const int64_t missing[] = {1, 2, 499, 500, 501, 502, 1000, 1001, 1200};
    struct fixture *f = *state;
    struct rendition rendition;
    struct buf body = BUF_EMPTY;
    some_spool_add_events(f->scratch->spool, 1200, 12, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 1200, 12, SOME_TIME);
    for (size_t i = 0; i < COUNT(missing); i++) {
        struct batch events = some_batch(BATCH_EVENTS, 1, 1200);
        struct batch rejects = some_batch(BATCH_REJECTS, 1, 1200);
        must(f, spool_out_render(f->out, &events, &body, &rendition, NULL, &f->why));
        must(f, spool_out_render(f->out, &rejects, &body, &rendition, NULL, &f->why));
        query_do(f->scratch->spool, "UPDATE _event SET id = -1 WHERE id = %" PRId64, missing[i]);
        query_do(f->scratch->spool, "UPDATE _reject SET id = -1 WHERE id = %" PRId64, missing[i]);
        assert_int_equal(spool_out_render(f->out, &events, &body, &rendition, NULL, &f->why), RES_REFUSE);
        assert_non_null(strstr(f->why.text, "missing"));
        assert_non_null(strstr(f->why.remedy, "integrity_check"));
        assert_int_equal(spool_out_render(f->out, &rejects, &body, &rendition, NULL, &f->why), RES_REFUSE);
        query_do(f->scratch->spool, "UPDATE _event SET id = %" PRId64 " WHERE id = -1", missing[i]);
        query_do(f->scratch->spool, "UPDATE _reject SET id = %" PRId64 " WHERE id = -1", missing[i]);
    }
    buf_fini(&body);
}

/* ---- what happened ---- */

static void an_attempt_is_recorded_with_an_unknown_outcome(void **state)
{
    struct fixture *f = *state;
    struct rendition other = some_rendition;
    struct batch batch = sealed_batch(f);

    assert_false(reload(f).is_unknown);
    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    assert_true(batch.is_unknown && batch.attempts == 1);
    assert_string_equal(batch.recorded.sha256, SHA256_A);
    struct batch again = reload(f);
    assert_true(again.is_unknown && again.attempts == 1);
    assert_string_equal(again.recorded.sha256, SHA256_A);
    assert_true(query_int(f->scratch->spool, "SELECT unknown_since FROM _batch") > SOME_TIME);
    query_do(f->scratch->spool, "UPDATE _batch SET unknown_since = 7");

    memcpy(other.sha256, SHA256_B, sizeof other.sha256); /* a library's upgrade renders other bytes */
    must(f, spool_out_record_attempt(f->out, &batch, &other, &f->why));
    assert_string_equal(reload(f).recorded.sha256, SHA256_B);
    assert_int_equal(query_int(f->scratch->spool, "SELECT unknown_since FROM _batch"),
                     7); /* since the first */
    check_text(f, "SELECT state, attempts, sha256 FROM batches", "sealed|2|" SHA256_B);
    check_text(f, "SELECT md5, stored_bytes FROM _batch", "0123456789abcdef0123456789abcdef|123");
}

static void hashes_of_possibly_stored_bytes_outlive_a_new_attempt(void **state)
{
    struct fixture *f = *state;
    struct rendition other = {SHA256_B, "fedcba9876543210fedcba9876543210", 456, ""};
    struct why failure = {.text = "refused"};
    struct batch batch = sealed_batch(f);

    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    record(f, &batch, &failure, true, false);
    must(f, spool_out_record_attempt(f->out, &batch, &other, &f->why));
    assert_string_equal(batch.earlier.sha256, ""); /* the first were surely not stored */
    assert_string_equal(reload(f).earlier.sha256, "");

    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    struct batch again = reload(f);
    check_same_rendition(&batch.earlier, &other);
    check_same_rendition(&again.earlier, &other);
    check_same_rendition(&again.recorded, &some_rendition);
    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    assert_string_equal(reload(f).earlier.sha256, SHA256_B); /* the same again changes nothing */

    must(f, spool_out_mark_shipped(f->out, &batch, &batch.earlier, "etag", true, -1, &f->why));
    check_text(f, "SELECT sha256, md5, stored_bytes FROM _batch",
               SHA256_B "|fedcba9876543210fedcba9876543210|456");
}

/* Recorded by releases with an MD5 for every destination, and by those without one for a directory, in turn. */
static void a_rendition_without_md5_keeps_none_of_another(void **state)
{
    struct fixture *f = *state;
    struct rendition plain = {SHA256_B, "", 456, ""};
    struct batch batch = sealed_batch(f);

    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    must(f, spool_out_record_attempt(f->out, &batch, &plain, &f->why));
    check_text(f, "SELECT md5 IS NULL, stored_bytes, earlier_md5 FROM _batch",
               "1|456|0123456789abcdef0123456789abcdef");
    struct batch again = reload(f);
    check_same_rendition(&again.recorded, &plain);
    check_same_rendition(&again.earlier, &some_rendition);

    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    check_text(f, "SELECT md5, earlier_md5 IS NULL FROM _batch", "0123456789abcdef0123456789abcdef|1");
    must(f, spool_out_mark_shipped(f->out, &batch, &batch.earlier, "", true, -1, &f->why));
    check_text(f, "SELECT sha256, md5 IS NULL, stored_bytes FROM _batch", SHA256_B "|1|456");
}

static void a_batch_that_is_shipped_without_a_look_keeps_what_was_recorded(void **state)
{
    struct fixture *f = *state;
    struct batch batch = sealed_batch(f);
    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    must(f, spool_out_mark_shipped(f->out, &batch, NULL, "", false, -1, &f->why));
    check_text(f, "SELECT sha256, md5, stored_bytes FROM _batch",
               SHA256_A "|0123456789abcdef0123456789abcdef|123");
}

static void rendering_options_are_fixed_when_a_batch_is_sealed(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
    struct batch batch = some_batch(BATCH_EVENTS, 1, 3);
    batch.is_gzip = batch.is_pretty = batch.omits_payload = true;
    (void)snprintf(batch.dropped, sizeof batch.dropped, "a,p:b");
    must(f, spool_out_seal(f->out, &batch, NULL, &f->why));
    struct batch again = reload(f);
    assert_true(again.is_gzip && again.is_pretty && again.omits_payload);
    assert_string_equal(again.dropped, "a,p:b");
    check_text(f, "SELECT compression, pretty, dropped, omits_payload FROM _batch", "gzip|1|a,p:b|1");
}

static void only_a_definite_failure_ends_an_unknown_outcome(void **state)
{
    static const struct {
        bool is_definite, is_blocked;
        const char *remedy, *expected; /* state, remedy, doubt */
    } rows[] = {
        {false, false, "", "sealed|no such host||1"},
        {false, true, "make the bucket", "blocked|no such host|make the bucket|1"},
        {true, true, "make the bucket", "blocked|no such host|make the bucket|0"},
        {false, false, "", "sealed|no such host||0"}, /* the doubt does not come back, the block goes */
        {true, false, "wait", "sealed|no such host|wait|0"},
    };
    struct fixture *f = *state;
    struct why failure = {.text = "no such host"};
    struct batch batch = sealed_batch(f);
    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    for (size_t i = 0; i < COUNT(rows); i++) {
        (void)why_remedy(&failure, RES_OK, "%s", rows[i].remedy);
        record(f, &batch, &failure, rows[i].is_definite, rows[i].is_blocked);
        check_text(f,
                   "SELECT v.state, v.last_error, v.remedy, b.unknown_since IS NOT NULL"
                   " FROM batches v JOIN _batch b USING (id)",
                   rows[i].expected);
        assert_int_equal(batch.is_unknown, reload(f).is_unknown);
    }
    assert_int_equal(query_int(f->scratch->spool, "SELECT attempts FROM batches"), 1);
}

static void a_block_keeps_the_time_when_it_began(void **state)
{
    struct fixture *f = *state;
    struct why failure = {.text = "access denied"};
    struct batch batch = sealed_batch(f);
    record(f, &batch, &failure, true, true);
    query_do(f->scratch->spool, "UPDATE _batch SET blocked_at = 7");
    record(f, &batch, &failure, true, true);
    assert_int_equal(query_int(f->scratch->spool, "SELECT blocked_at FROM _batch"), 7);
}

static void a_shipped_batch_marks_its_rows_and_clears_its_errors(void **state)
{
    struct fixture *f = *state;
    struct why failure = {.text = "access denied", .remedy = "allow it"};
    struct batch batch = sealed_batch(f);
    some_spool_add_events(f->scratch->spool, 1, 10, SOME_TIME);
    must(f, spool_out_record_attempt(f->out, &batch, &some_rendition, &f->why));
    record(f, &batch, &failure, false, true);
    int64_t before = clock_now_ms();
    must(f, spool_out_mark_shipped(f->out, &batch, NULL, "", false, -1, &f->why));
    int64_t shipped_at = query_int(f->scratch->spool, "SELECT shipped_at FROM _batch");
    assert_true(shipped_at >= before && shipped_at <= clock_now_ms());
    check_text(f, "SELECT state, etag, verified, last_error, remedy, sha256, attempts FROM batches",
               "shipped||0|||" SHA256_A "|1");
    check_text(f, "SELECT unknown_since, blocked_at FROM _batch", "|");
    check_text(f,
               "SELECT e.id, e.state, e.shipped_at = b.shipped_at, e.object_key FROM events e"
               " LEFT JOIN batches b ON b.id = e.batch_id ORDER BY 1",
               "1|shipped|1|events/1\n2|shipped|1|events/1\n3|shipped|1|events/1\n4|pending||");
    check_text(f, "SELECT id FROM backlog", "4");
    must(f, spool_out_mark_shipped(f->out, &batch, NULL, "\"etag\"", true, -1, &f->why));
    check_text(f, "SELECT etag, verified FROM batches", "\"etag\"|1");
}

static void each_reject_shows_its_state_in_the_view(void **state)
{
    struct fixture *f = *state;
    some_spool_add_rejects(f->scratch->spool, 5, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_REJECTS, 1, 2);
    (void)seal(f, BATCH_REJECTS, 3, 3);
    ship(f, &batch);
    query_do(f->scratch->spool, "UPDATE _reject SET retried_at = 1 WHERE id = 2;"
                                "UPDATE _reject SET dismissed_at = 1 WHERE id = 4");
    check_text(f, "SELECT id, state FROM rejects", "1|shipped\n2|retried\n3|sealed\n4|dismissed\n5|pending");
}

/* ---- what an earlier process has left ---- */

static void blocked_batches_are_told_apart_by_whether_they_fail_by_themselves(void **state)
{
    struct fixture *f = *state;
    struct why told = {.text = "HTTP 413", .remedy = "less"};
    struct why denied = {.text = "AccessDenied", .remedy = "allow"};
    struct cause own = {SCOPE_BATCH, 413, "EntityTooLarge"};
    struct batch_failure refused = {.why = &told, .cause = &own, .is_definite = true, .is_blocked = true};
    struct batch_failure wider = {.why = &denied, .is_definite = true, .is_blocked = true};
    struct blocked blocked;
    some_spool_add_events(f->scratch->spool, 4, 20, SOME_TIME);
    must(f, spool_out_load_blocked(f->out, BATCH_EVENTS, &blocked, &f->why));
    assert_true(blocked.count == 0 && blocked.others_since == 0);
    for (int id = 1; id <= 3; id++) {
        struct batch batch = seal(f, BATCH_EVENTS, id, id);
        must(f, spool_out_record_failure(f->out, &batch, id < 3 ? &refused : &wider, &f->why));
    }
    (void)seal(f, BATCH_EVENTS, 4, 4);
    query_do(f->scratch->spool, "UPDATE _batch SET blocked_at = 1000 * id, attempts = id");
    query_do(f->scratch->spool, "UPDATE _batch SET blocked_at = NULL WHERE id = 4");
    must(f, spool_out_load_blocked(f->out, BATCH_EVENTS, &blocked, &f->why));
    assert_int_equal(blocked.count, 2);
    assert_int_equal(blocked.since, 1000);
    assert_int_equal(blocked.tries, 1 + 2);
    assert_string_equal(blocked.why.text, "HTTP 413");
    assert_string_equal(blocked.why.remedy, "less");
    assert_int_equal(blocked.others_since, 3000);
    must(f, spool_out_load_blocked(f->out, BATCH_REJECTS, &blocked, &f->why));
    assert_true(blocked.count == 0 && blocked.others_since == 0);
}

/* ---- counters ---- */

static void check_counters(struct fixture *f, const char *expected)
{
    check_text(f, "SELECT name, label, value FROM _counter ORDER BY name, label", expected);
}

static void a_shipped_batch_of_events_is_counted_once(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 5, 20, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 3);
    must(f, spool_out_mark_shipped(f->out, &batch, NULL, "etag", true, 300, &f->why));
    must(f, spool_out_mark_shipped(f->out, &batch, NULL, "etag", true, 300,
                                   &f->why)); /* its commit was in doubt */
    char expected[200];
    (void)snprintf(expected, sizeof expected,
                   "shipped_batches||1\nshipped_bytes||%" PRId64
                   "\nshipped_events||3\nupload_le_ms|500|1\nupload_sum_ms||300",
                   batch.bytes);
    check_counters(f, expected);
}

static void rejects_and_copies_are_counted_as_uploads_alone(void **state)
{
    struct fixture *f = *state;
    some_spool_add_rejects(f->scratch->spool, 2, 10, SOME_TIME);
    some_spool_add_events(f->scratch->spool, 2, 20, SOME_TIME);
    struct batch rejects = seal(f, BATCH_REJECTS, 1, 2);
    struct batch copy = seal(f, BATCH_EVENTS, 1, 2);
    copy.is_copy = true;
    must(f, spool_out_mark_shipped(f->out, &rejects, NULL, "etag", true, 100, &f->why));
    must(f, spool_out_mark_shipped(f->out, &copy, NULL, "etag", true, 70000, &f->why));
    check_counters(f, "upload_le_ms|100|1\nupload_le_ms|inf|1\nupload_sum_ms||70100");
}

static void a_failed_try_is_counted_by_its_problem(void **state)
{
    struct fixture *f = *state;
    struct why told = {.text = "HTTP 503"};
    struct batch_failure failure = {.why = &told, .problem = "s3_unreachable"};
    some_spool_add_events(f->scratch->spool, 2, 20, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    must(f, spool_out_record_failure(f->out, &batch, &failure, &f->why));
    must(f, spool_out_record_failure(f->out, &batch, &failure, &f->why));
    check_counters(f, "upload_failures|s3_unreachable|2");
}

/* The statement that changes no row is an error, and undoes what was counted before it. */
static void a_mark_that_fails_counts_nothing(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 2, 20, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    query_do(f->scratch->spool, "UPDATE _batch SET superseded_at = 1");
    assert_int_equal(spool_out_mark_shipped(f->out, &batch, NULL, "etag", true, 1, &f->why), RES_BROKEN);
    check_counters(f, "");
}

/* ---- flush ---- */

static struct flush_ids request(struct fixture *f, bool ships_rejects)
{
    struct flush_ids flush;
    struct control_row control_row;
    struct uploader_report report = {.version = "1", .destination = "d", .ships_rejects = ships_rejects};
    must(f, spool_out_report(f->out, &report, &f->why));
    must(f, spool_out_request_flush(f->out, &flush, &f->why));
    must(f, spool_out_load_control_row(f->out, &control_row, &f->why));
    assert_memory_equal(&control_row.flush, &flush, sizeof flush);
    return flush;
}

static int64_t unshipped(struct fixture *f, const struct flush_ids *flush)
{
    int64_t sum = 0;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        int64_t count;
        must(f, spool_out_count_unshipped(f->out, (enum batch_kind)kind, flush->ids[kind], &count, &f->why));
        sum += count;
    }
    return sum;
}

static void a_flush_covers_the_rows_present_at_its_request(void **state)
{
    struct fixture *f = *state;
    struct flush_ids flush = request(f, true);
    assert_true(flush.ids[BATCH_EVENTS] == 0 && flush.ids[BATCH_REJECTS] == 0);
    assert_int_equal(unshipped(f, &flush), 0);
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 3, 10, SOME_TIME);
    flush = request(f, false);
    assert_true(flush.ids[BATCH_EVENTS] == 5 && flush.ids[BATCH_REJECTS] == 0);
    assert_int_equal(unshipped(f, &flush), 5);
    flush = request(f, true);
    assert_true(flush.ids[BATCH_EVENTS] == 5 && flush.ids[BATCH_REJECTS] == 3);
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    assert_int_equal(unshipped(f, &flush), 8); /* later rows do not count */
}

static void waiting_rows_and_rows_of_open_batches_count_as_unshipped(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 10, 10, SOME_TIME);
    struct flush_ids flush = request(f, true);
    struct batch first = seal(f, BATCH_EVENTS, 1, 4);
    struct batch second = seal(f, BATCH_EVENTS, 5, 8);
    assert_int_equal(unshipped(f, &flush), 10);
    ship(f, &second);
    assert_int_equal(unshipped(f, &flush), 6);
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    struct batch third = seal(f, BATCH_EVENTS, 9, 15); /* reaches beyond the request */
    assert_int_equal(unshipped(f, &flush), 6);
    ship(f, &first);
    assert_int_equal(unshipped(f, &flush), 2);
    struct batch fourth = seal(f, BATCH_EVENTS, 16, 20); /* lies beyond it */
    assert_int_equal(unshipped(f, &flush), 2);
    ship(f, &third);
    assert_int_equal(unshipped(f, &flush), 0);
    ship(f, &fourth);
    assert_int_equal(unshipped(f, &flush), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(blocked_batches_are_told_apart_by_whether_they_fail_by_themselves),
        IN_SPOOL(a_shipped_batch_of_events_is_counted_once),
        IN_SPOOL(rejects_and_copies_are_counted_as_uploads_alone),
        IN_SPOOL(a_failed_try_is_counted_by_its_problem),
        IN_SPOOL(a_mark_that_fails_counts_nothing),
        IN_SPOOL(a_batch_is_rendered_whole_across_its_slices),
        IN_SPOOL(a_missing_row_is_refused_wherever_it_is),
        IN_SPOOL(hashes_of_possibly_stored_bytes_outlive_a_new_attempt),
        IN_SPOOL(a_rendition_without_md5_keeps_none_of_another),
        IN_SPOOL(a_batch_that_is_shipped_without_a_look_keeps_what_was_recorded),
        IN_SPOOL(rendering_options_are_fixed_when_a_batch_is_sealed),
        IN_SPOOL(an_attempt_is_recorded_with_an_unknown_outcome),
        IN_SPOOL(only_a_definite_failure_ends_an_unknown_outcome),
        IN_SPOOL(a_block_keeps_the_time_when_it_began),
        IN_SPOOL(a_shipped_batch_marks_its_rows_and_clears_its_errors),
        IN_SPOOL(each_reject_shows_its_state_in_the_view),
        IN_SPOOL(a_flush_covers_the_rows_present_at_its_request),
        IN_SPOOL(waiting_rows_and_rows_of_open_batches_count_as_unshipped),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
