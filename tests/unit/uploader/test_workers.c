/* test_workers -- threads that put objects into a directory: every job's outcome comes back, to the right job. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/workers.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/same_rendition.h"
#include "tests/support/scratch.h"
#include "uploader/batch/hash.h"
#include "uploader/store/dir.h"

#define WORKERS 4
#define JOBS    200

struct parts {
    struct scratch *scratch;
    struct store *store;
    struct workers *workers;
    struct why why;
};

static int parts_new(void **state)
{
    struct parts *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->scratch = scratch_new();
    p->store = dir_open(p->scratch->dir);
    *state = p;
    return workers_open(&p->workers, p->store, WORKERS, NULL, &p->why) == RES_OK ? 0 : -1;
}

static int parts_free(void **state)
{
    struct parts *p = *state;
    workers_close(p->workers);
    workers_close(NULL);
    store_close(p->store);
    scratch_free(p->scratch);
    free(p);
    return 0;
}

static void fill(struct job *job, int64_t id, enum job_phase phase)
{
    if (phase == JOB_PUTTING) job_move(job, JOB_HASHING); /* as if that had been done */
    job_move(job, phase);
    job->batch = (struct batch){.id = id};
    (void)snprintf(job->batch.object_key, sizeof job->batch.object_key, "objects/%d", (int)id);
    buf_clear(&job->body);
    buf_append_format(&job->body, "the body of job %d", (int)id);
    hash_bytes(&job->body, HASH_SHA256, &job->rendition, NULL);
}

static struct job *wait_for_one(struct parts *p)
{
    struct job *job;
    struct pollfd ended = {.fd = workers_fd(p->workers), .events = POLLIN};
    while (!(job = workers_next_ended(p->workers))) assert_int_equal(poll(&ended, 1, 30000), 1);
    return job;
}

static void check_all(struct parts *p, enum job_phase phase, enum store_answer expected)
{
    bool is_seen[JOBS] = {false};
    int given = 0;
    for (int done = 0; done < JOBS; done++) {
        struct job *job;
        while (given < JOBS && (job = workers_next_idle(p->workers))) {
            fill(job, given++, phase);
            workers_submit(p->workers, job);
        }
        job = wait_for_one(p);
        assert_int_equal(job->answer, expected);
        assert_false(is_seen[job->batch.id]);
        is_seen[job->batch.id] = true;
        workers_put_back(p->workers, job);
    }
    assert_int_equal(workers_busy_count(p->workers), 0);
    assert_null(workers_next_ended(p->workers));
}

static void each_job_is_done_once_and_comes_back(void **state)
{
    check_all(*state, JOB_LOOKING, STORE_ABSENT);
    check_all(*state, JOB_PUTTING, STORE_DONE);
    check_all(*state, JOB_LOOKING, STORE_DONE);
}

static void an_object_for_a_directory_is_hashed_without_md5(void **state)
{
    struct parts *p = *state;
    struct job *job = workers_next_idle(p->workers);
    fill(job, 7, JOB_HASHING);
    struct rendition expected = job->rendition;
    (void)snprintf(expected.content_sha256, sizeof expected.content_sha256, "%s", expected.sha256);
    job->rendition = (struct rendition){.md5 = "what was there before"};
    workers_submit(p->workers, job);
    check_same_rendition(&wait_for_one(p)->rendition, &expected);
    workers_put_back(p->workers, job);
}

static void there_are_no_more_jobs_than_workers(void **state)
{
    struct parts *p = *state;
    for (int i = 0; i < WORKERS; i++) {
        struct job *job = workers_next_idle(p->workers);
        assert_non_null(job);
        fill(job, i, JOB_LOOKING);
        workers_submit(p->workers, job);
    }
    assert_null(workers_next_idle(p->workers));
    assert_int_equal(workers_busy_count(p->workers), WORKERS);
    struct job *job = wait_for_one(p);
    assert_ptr_equal(workers_next_ended(p->workers), job);
    job_move(job, JOB_PUTTING); /* the next step of the same job */
    workers_submit(p->workers, job);
    while (workers_busy_count(p->workers) > 0) workers_put_back(p->workers, wait_for_one(p));
}

static void closing_waits_for_submitted_jobs(void **state)
{
    struct parts *p = *state;
    struct job *job = workers_next_idle(p->workers);
    fill(job, 7, JOB_PUTTING);
    workers_submit(p->workers, job);
    workers_close(p->workers);
    p->workers = NULL;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/objects/7", p->scratch->dir);
    assert_true(scratch_exists(path));
}

int main(void)
{
#define WITH_PARTS(test) cmocka_unit_test_setup_teardown(test, parts_new, parts_free)
    const struct CMUnitTest tests[] = {
        WITH_PARTS(each_job_is_done_once_and_comes_back),
        WITH_PARTS(an_object_for_a_directory_is_hashed_without_md5),
        WITH_PARTS(there_are_no_more_jobs_than_workers),
        WITH_PARTS(closing_waits_for_submitted_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
