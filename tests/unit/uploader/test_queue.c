/* test_queue -- which batch is next: workers, a queue, and a spool with some sealed batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"
#include "uploader/store/dir.h"

static const struct why trouble = {.text = "it failed"};

struct parts {
    struct fixture *f;
    struct store *store;
    struct workers *workers;
    struct queue queue;
    struct batch batches[5];
};

static int parts_new(void **state)
{
    struct parts *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->f = fixture_new();
    p->store = dir_open(p->f->scratch->dir);
    must(p->f, workers_open(&p->workers, p->store, 2, NULL, &p->f->why));
    some_spool_add_events(p->f->scratch->spool, 20, 10, SOME_TIME);
    for (int i = 0; i < 5; i++) p->batches[i] = seal(p->f, BATCH_EVENTS, 1 + 2 * i, 2 + 2 * i);
    p->queue = (struct queue){.kind = BATCH_EVENTS, .is_on = true};
    *state = p;
    return 0;
}

static int parts_free(void **state)
{
    struct parts *p = *state;
    workers_close(p->workers);
    store_close(p->store);
    fixture_free(p->f);
    free(p);
    return 0;
}

static struct choice choose(struct parts *p)
{
    struct choice choice;
    must(p->f, queue_next(&p->queue, p->f->out, p->workers, &choice, &p->f->why));
    return choice;
}

/* The next one's place among the batches; -1: none. */
static int next(struct parts *p)
{
    struct choice choice = choose(p);
    for (int i = 0; i < 5; i++)
        if (choice.is_some && choice.batch.id == p->batches[i].id) return i;
    return -1;
}

static void fail_batch(struct parts *p, int i, enum store_answer answer)
{
    (void)queue_note_failure(&p->queue, p->batches[i].id, answer, &trouble);
}

static void the_oldest_batch_that_no_worker_has_comes_first(void **state)
{
    struct parts *p = *state;
    assert_int_equal(next(p), 0);
    struct job *job = workers_next_idle(p->workers);
    job->batch = p->batches[0];
    job->task = TASK_FIND;
    workers_submit(p->workers, job);
    assert_int_equal(next(p), 1);
    while (!workers_next_ended(p->workers)) {
    }
    assert_int_equal(next(p), 1); /* its outcome is not noted yet */
    workers_put_back(p->workers, job);
    assert_int_equal(next(p), 0);
}

static void an_outage_retries_the_batch_with_fewest_failures_first(void **state)
{
    struct parts *p = *state;
    static const int order[] = {0, 1, 2, 3, 4, 0, 1, 2};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_int_equal(next(p), order[i]);
        assert_int_equal(choose(p).has_failed, i >= 5);
        if (i >= 5) assert_int_equal(choose(p).open, 5);
        fail_batch(p, order[i], STORE_NOT_NOW);
    }
    assert_string_equal(p->queue.trouble.text, ""); /* it is the store's */
}

static void a_batch_that_fails_while_others_ship_is_skipped(void **state)
{
    struct parts *p = *state;
    fail_batch(p, 0, STORE_UNKNOWN);
    queue_note_shipped(&p->queue);
    assert_int_equal(next(p), 0); /* perhaps the outage was all */
    assert_false(choose(p).has_failed);
    fail_batch(p, 0, STORE_UNKNOWN);
    assert_int_equal(next(p), 1);
    assert_string_equal(p->queue.trouble.text, "it failed");
    p->queue.failed[0].again_at = 0;
    assert_int_equal(next(p), 0); /* looked at again */
    assert_true(queue_forget(&p->queue, p->batches[0].id));
    assert_string_equal(p->queue.trouble.text, "");
}

static void a_batch_with_a_conflicting_object_is_skipped_at_once(void **state)
{
    struct parts *p = *state;
    fail_batch(p, 0, STORE_CONFLICT);
    fail_batch(p, 1, STORE_CONFLICT);
    assert_int_equal(next(p), 2);
    assert_false(queue_forget(&p->queue, p->batches[0].id)); /* the other's trouble is left */
    assert_true(queue_forget(&p->queue, p->batches[1].id));
    assert_false(queue_forget(&p->queue, p->batches[1].id));
}

static void the_list_of_failed_batches_is_bounded(void **state)
{
    struct parts *p = *state;
    for (int i = 0; i < 10 * QUEUE_FAILED_MAX; i++)
        (void)queue_note_failure(&p->queue, 1000 + i, STORE_CONFLICT, &trouble);
    assert_int_equal(p->queue.count, QUEUE_FAILED_MAX);
    assert_int_equal(next(p), 0);
}

int main(void)
{
#define WITH_PARTS(test) cmocka_unit_test_setup_teardown(test, parts_new, parts_free)
    const struct CMUnitTest tests[] = {
        WITH_PARTS(the_oldest_batch_that_no_worker_has_comes_first),
        WITH_PARTS(an_outage_retries_the_batch_with_fewest_failures_first),
        WITH_PARTS(a_batch_that_fails_while_others_ship_is_skipped),
        WITH_PARTS(a_batch_with_a_conflicting_object_is_skipped_at_once),
        WITH_PARTS(the_list_of_failed_batches_is_bounded),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
