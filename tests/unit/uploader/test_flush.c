/* test_flush -- when a flush is complete, what it counts, and what ends it. The store is a directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/flush.h"

#include <string.h>

#include "common/lockfile.h"
#include "common/log.h"
#include "tests/support/out_fixture.h"
#include "uploader/commands/options.h"
#include "uploader/spool/reship.h"

struct parts {
    struct fixture *f;
    struct settings settings;
    struct signals signals;
    struct lockfile lock;
    struct store *store;
    struct shipper *shipper;
};

static struct parts *parts_new(struct fixture *f, const char *directory)
{
    char spool_path[512];
    char destination[512];
    char level[] = "LOG_LEVEL=error";
    char *env[] = {spool_path, destination, level, NULL};
    struct parts *p = calloc(1, sizeof *p);
    if (!p) abort();
    (void)snprintf(spool_path, sizeof spool_path, "SPOOL_PATH=%s", f->scratch->spool);
    (void)snprintf(destination, sizeof destination, "DESTINATION_DIR=%s/%s", f->scratch->dir, directory);
    p->f = f;
    p->lock = LOCKFILE_NONE;
    must(f, settings_load(&p->settings, env, &f->why));
    must(f, signals_open(&p->signals, &f->why));
    struct store_options store = options_for_store(&p->settings, PATIENCE_SERVICE);
    struct shipper_options shipper = options_for_shipper(&p->settings);
    must(f, store_open(&p->store, &store, &p->signals, &p->lock, &f->why));
    must(f, shipper_open(&p->shipper, &shipper, f->out, p->store, &p->signals, NULL, &f->why));
    must(f, shipper_report(p->shipper, &f->why));
    return p;
}

static void parts_free(struct parts *p)
{
    shipper_close(p->shipper);
    store_close(p->store);
    signals_close(&p->signals);
    settings_free(&p->settings);
    free(p);
}

static void turn(struct parts *p)
{
    int wait_ms = 0;
    must(p->f, shipper_turn(p->shipper, &wait_ms, &p->f->why));
    (void)shipper_wait(p->shipper, 10);
}

/* All that is in the spool now. */
static struct flush *flush_all(struct parts *p)
{
    struct flush_ids ids;
    struct flush *flush = NULL;
    struct buf text = BUF_EMPTY;
    must(p->f, spool_out_request_flush(p->f->out, &ids, &p->f->why));
    flush_ids_write(&ids, &text);
    buf_append_char(&text, '\0');
    must(p->f, flush_new(&flush, p->f->out, p->shipper, text.data, &p->f->why));
    buf_fini(&text);
    return flush;
}

/* Ships until the flush is done or has failed. */
static enum result finish(struct parts *p, struct flush *flush)
{
    bool is_done = false;
    enum result res = RES_OK;
    while (res == RES_OK && !is_done) {
        turn(p);
        res = flush_slice(flush, &is_done, &p->f->why);
    }
    return res;
}

static void check_described(const struct flush *flush, const char *expected)
{
    struct buf text = BUF_EMPTY;
    flush_describe(flush, &text);
    buf_append_char(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_fini(&text);
}

static void check_progress(const struct flush *flush, const char *expected)
{
    struct progress progress = {0};
    struct buf text = BUF_EMPTY;
    flush_progress(flush, &progress);
    progress_append_figures(&text, &progress);
    buf_append_char(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_fini(&text);
}

static void both_kinds_are_counted_and_later_rows_are_not(void **state)
{
    struct fixture *f = *state;
    struct parts *p = parts_new(f, "objects");
    bool is_done = true;
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    some_spool_add_rejects(f->scratch->spool, 3, 10, SOME_TIME);
    struct flush *flush = flush_all(p);
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    must(f, flush_slice(flush, &is_done, &f->why));
    assert_false(is_done);
    check_described(flush, "8 to ship");
    check_progress(flush, "0 of 8 events and rejects shipped");
    must(f, finish(p, flush));
    check_described(flush, "all shipped");
    check_progress(flush, "8 of 8 events and rejects shipped");
    flush_free(flush);
    parts_free(p);
}

static void an_outage_ends_a_flush_with_its_remedy(void **state)
{
    struct fixture *f = *state;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/file", f->scratch->dir);
    scratch_write(path, "x", 1);
    struct parts *p = parts_new(f, "file");
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    struct flush *flush = flush_all(p);
    assert_int_equal(finish(p, flush), RES_REFUSE);
    assert_memory_equal(f->why.text, "not all is shipped: ", 20);
    assert_non_null(strstr(f->why.remedy, "DESTINATION_DIR"));
    check_described(flush, "5 to ship");
    check_progress(flush, "0 of 5 events shipped");
    flush_free(flush);
    parts_free(p);
}

/* Nobody knows whether the batch is stored elsewhere, so only a person can help. */
static void block(struct parts *p, struct fixture *f, int64_t batch_id)
{
    query_do(f->scratch->spool, "UPDATE _batch SET unknown_since = 1 WHERE id = %" PRId64, batch_id);
    while (!shipper_is_stuck(p->shipper, BATCH_EVENTS, 0)) turn(p);
    assert_null(shipper_outage(p->shipper, BATCH_EVENTS, 0));
}

static void a_failing_batch_ends_the_flush_that_contains_it(void **state)
{
    struct fixture *f = *state;
    struct parts *p = parts_new(f, "objects");
    some_spool_add_events(f->scratch->spool, 5, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    block(p, f, batch.id);
    struct flush *flush = flush_all(p);
    assert_int_equal(finish(p, flush), RES_REFUSE);
    assert_non_null(strstr(f->why.text, "which is not the destination now"));
    flush_free(flush);
    parts_free(p);
}

static void a_copy_in_trouble_does_not_end_a_flush(void **state)
{
    struct fixture *f = *state;
    struct parts *p = parts_new(f, "objects");
    int64_t copy_id = 0;
    bool is_new = false;
    some_spool_add_events(f->scratch->spool, 2, 10, SOME_TIME);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 2);
    ship(f, &batch);
    must(f, spool_reship_copy(f->out, &batch, &copy_id, &is_new, &f->why));
    block(p, f, copy_id);
    some_spool_add_events(f->scratch->spool, 3, 10, SOME_TIME);
    struct flush *flush = flush_all(p);
    must(f, finish(p, flush));
    check_described(flush, "all shipped");
    flush_free(flush);
    parts_free(p);
}

static void a_process_that_does_not_ship_refuses(void **state)
{
    struct fixture *f = *state;
    struct flush *flush = NULL;
    assert_int_equal(flush_new(&flush, f->out, NULL, "1 2", &f->why), RES_REFUSE);
    assert_null(flush);
    assert_non_null(strstr(f->why.remedy, "run flush again"));
}

static void text_other_than_two_ids_is_refused(void **state)
{
    static const char *const wrong[] = {"", "1", "1 ", "1 2 3", "a b", "1 2x", " "};
    struct fixture *f = *state;
    struct flush *flush = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(flush_new(&flush, f->out, NULL, wrong[i], &f->why), RES_REFUSE);
        assert_non_null(strstr(f->why.text, "does not understand"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(both_kinds_are_counted_and_later_rows_are_not),
        IN_SPOOL(an_outage_ends_a_flush_with_its_remedy),
        IN_SPOOL(a_failing_batch_ends_the_flush_that_contains_it),
        IN_SPOOL(a_copy_in_trouble_does_not_end_a_flush),
        IN_SPOOL(a_process_that_does_not_ship_refuses),
        IN_SPOOL(text_other_than_two_ids_is_refused),
    };
    log_open("eventspool");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
