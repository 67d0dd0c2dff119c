/* test_hands -- threads that put objects into a directory: every job's outcome comes back, to the right job. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/hands.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scratch.h"
#include "uploader/batch/hash.h"

#define HANDS 4
#define JOBS  200

struct parts {
    struct scratch *scratch;
    struct signals signals;
    struct lockfile lock;
    struct store *store;
    struct hands *hands;
    struct why why;
};

static int parts_new(void **state)
{
    struct parts *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->scratch = scratch_new();
    struct settings settings = {.destination_dir = p->scratch->dir};
    p->signals.fd = -1;
    p->lock = LOCKFILE_NONE;
    if (store_open(&p->store, &settings, &p->signals, &p->lock, &p->why) != RES_OK) return -1;
    *state = p;
    return hands_open(&p->hands, p->store, HANDS, NULL, &p->why) == RES_OK ? 0 : -1;
}

static int parts_free(void **state)
{
    struct parts *p = *state;
    hands_close(p->hands);
    hands_close(NULL);
    store_close(p->store);
    scratch_free(p->scratch);
    free(p);
    return 0;
}

static void fill(struct job *job, int64_t id, enum task task)
{
    job->task = task;
    job->batch = (struct batch){.id = id};
    (void)snprintf(job->batch.object_key, sizeof job->batch.object_key, "objects/%d", (int)id);
    buf_clear(&job->body);
    buf_append_format(&job->body, "the body of job %d", (int)id);
    hash_bytes(&job->body, &job->rendition, NULL);
}

static struct job *wait_for_one(struct parts *p)
{
    struct job *job;
    struct pollfd ended = {.fd = hands_fd(p->hands), .events = POLLIN};
    while (!(job = hands_ended(p->hands))) assert_int_equal(poll(&ended, 1, 30000), 1);
    return job;
}

static void check_all(struct parts *p, enum task task, enum store_answer expected)
{
    bool is_seen[JOBS] = {false};
    int given = 0;
    for (int done = 0; done < JOBS; done++) {
        struct job *job;
        while (given < JOBS && (job = hands_idle(p->hands))) {
            fill(job, given++, task);
            hands_give(p->hands, job);
            assert_true(hands_hold(p->hands, given - 1));
        }
        job = wait_for_one(p);
        assert_int_equal(job->answer, expected);
        assert_false(is_seen[job->batch.id]);
        is_seen[job->batch.id] = true;
        hands_put_back(p->hands, job);
    }
    assert_int_equal(hands_busy(p->hands), 0);
    assert_null(hands_ended(p->hands));
}

static void each_job_is_done_once_and_comes_back(void **state)
{
    check_all(*state, TASK_FIND, STORE_ABSENT);
    check_all(*state, TASK_PUT, STORE_DONE);
    check_all(*state, TASK_FIND, STORE_DONE);
}

static void no_more_jobs_than_hands_and_one_that_ended_waits_for_its_owner(void **state)
{
    struct parts *p = *state;
    for (int i = 0; i < HANDS; i++) {
        struct job *job = hands_idle(p->hands);
        assert_non_null(job);
        fill(job, i, TASK_PUT);
        hands_give(p->hands, job);
    }
    assert_null(hands_idle(p->hands));
    assert_int_equal(hands_busy(p->hands), HANDS);
    struct job *job = wait_for_one(p);
    assert_ptr_equal(hands_ended(p->hands), job);
    assert_true(hands_hold(p->hands, job->batch.id));
    job->task = TASK_FIND; /* the next step of the same job */
    hands_give(p->hands, job);
    while (hands_busy(p->hands) > 0) hands_put_back(p->hands, wait_for_one(p));
}

static void closing_waits_for_what_is_given(void **state)
{
    struct parts *p = *state;
    struct job *job = hands_idle(p->hands);
    fill(job, 7, TASK_PUT);
    hands_give(p->hands, job);
    hands_close(p->hands);
    p->hands = NULL;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/objects/7", p->scratch->dir);
    assert_true(scratch_exists(path));
}

int main(void)
{
#define WITH_PARTS(test) cmocka_unit_test_setup_teardown(test, parts_new, parts_free)
    const struct CMUnitTest tests[] = {
        WITH_PARTS(each_job_is_done_once_and_comes_back),
        WITH_PARTS(no_more_jobs_than_hands_and_one_that_ended_waits_for_its_owner),
        WITH_PARTS(closing_waits_for_what_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
