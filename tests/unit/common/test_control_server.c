/* test_answerer -- a running program does what it is asked for: what is answered, when, and what is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/control_server.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/spool.h"
#include "tests/support/scratch.h"
#include "tests/support/some_spool.h"

#define POLL_MS 200
#define IDLE_MS 2000
#define PART_MS 300 /* what the work asks for between two slices */

struct fixture {
    struct scratch *scratch;
    struct db *db, *other; /* the answerer's and another program's */
    struct answerer *answerer;
    struct why why;
    int slices, left;           /* how often called */
    enum result res;            /* the next slice's */
    bool is_done;               /* with it */
    bool withdraws, locks;      /* meanwhile the asker goes, the spool is locked */
    char what[32], argument[8]; /* as the last slice has seen it */
};

static void must(struct fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

static enum result do_slice(void *context, const struct request *request, struct answer *answer,
                            struct why *why)
{
    struct fixture *f = context;
    f->slices++;
    (void)snprintf(f->what, sizeof f->what, "%s", request->what);
    (void)snprintf(f->argument, sizeof f->argument, "%s", request->argument);
    if (f->withdraws) query_do(f->scratch->spool, "DELETE FROM _request");
    if (f->locks) must(f, db_begin(f->other, &f->why));
    if (f->res != RES_OK) return why_set(why, f->res, "no blue paint");
    assert_int_equal(answer->text.len, 0);
    buf_append_format(&answer->text, "coat %d", f->slices);
    answer->is_done = f->is_done;
    answer->wait_ms = PART_MS;
    return RES_OK;
}

static void leave(void *context)
{
    struct fixture *f = context;
    f->left++;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->scratch = scratch_new();
    f->is_done = true;
    some_spool_make(f->scratch->spool);
    must(f, spool_open(&f->db, f->scratch->spool, &f->why));
    must(f, spool_open(&f->other, f->scratch->spool, &f->why));
    db_set_busy(f->db, 0);
    f->answerer =
        answerer_new(f->db, &(struct answerer_work){"collector", POLL_MS, IDLE_MS, do_slice, leave, f});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    answerer_free(f->answerer);
    db_close(f->db);
    db_close(f->other);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static void ask(struct fixture *f)
{
    query_do(f->scratch->spool, "INSERT INTO _request (program, what, argument, asked_at)"
                                " VALUES ('collector', 'paint', 'it blue', 4102444800000)");
}

static void check_row(struct fixture *f, const char *expected)
{
    char *row =
        query_text(f->scratch->spool, "SELECT progress, done_at IS NOT NULL, result, failed FROM _request");
    assert_string_equal(row, expected);
    free(row);
}

static void the_oldest_open_request_of_the_program_comes_first(void **state)
{
    struct fixture *f = *state;
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, what, argument, asked_at, done_at) VALUES"
             " ('collector', 'a', '', 4102444800000, 2), ('uploader', 'b', '', 4102444800000, NULL),"
             " ('collector', 'c', 'x', 4102444800000, NULL), ('collector', 'd', '', 4102444800000, NULL)");
    (void)answerer_tend(f->answerer);
    assert_int_equal(f->slices, 1);
    assert_string_equal(f->what, "c");
    assert_string_equal(f->argument, "x");
    assert_int_equal(f->left, 1);
}

static void what_an_earlier_process_was_asked_for_is_forgotten(void **state)
{
    struct fixture *f = *state;
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, what, asked_at, done_at) VALUES ('collector', 'old', 1, NULL),"
             " ('collector', 'done', 1, 2), ('uploader', 'other', 1, NULL),"
             " ('collector', 'new', 4102444800000, NULL)");
    (void)answerer_tend(f->answerer);
    assert_string_equal(f->what, "new");
    char *left = query_text(f->scratch->spool, "SELECT what FROM _request ORDER BY id");
    assert_string_equal(left, "done\nother\nnew");
    free(left);
}

static void progress_is_said_and_the_work_has_its_pauses(void **state)
{
    struct fixture *f = *state;
    ask(f);
    f->is_done = false;
    assert_int_equal(answerer_tend(f->answerer), PART_MS);
    check_row(f, "coat 1|0||");
    assert_in_range(answerer_tend(f->answerer), 1, PART_MS);
    assert_int_equal(f->slices, 1);
    assert_int_equal(f->left, 0);
}

static void what_nobody_waits_for_any_more_is_left(void **state)
{
    struct fixture *f = *state;
    ask(f);
    f->is_done = false;
    f->withdraws = true;
    assert_int_equal(answerer_tend(f->answerer), IDLE_MS);
    assert_int_equal(f->left, 1);
}

static void a_failure_that_a_repeat_would_not_help_is_the_answer(void **state)
{
    static const enum result rows[] = {RES_REFUSE, RES_BROKEN};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)tear_down(state);
        (void)set_up(state);
        struct fixture *f = *state;
        ask(f);
        f->res = rows[i];
        assert_int_equal(answerer_tend(f->answerer), IDLE_MS);
        check_row(f, "|1|no blue paint|1");
        assert_int_equal(f->left, 1);
    }
}

/* Tends until it is idle. */
static void finish(struct fixture *f)
{
    int wait_ms = 0;
    while ((wait_ms = answerer_tend(f->answerer)) != IDLE_MS) (void)poll(NULL, 0, wait_ms);
}

static void what_may_get_better_is_tried_again(void **state)
{
    struct fixture *f = *state;
    ask(f);
    f->res = RES_RETRY;
    assert_in_range(answerer_tend(f->answerer), 1, IDLE_MS - 1);
    check_row(f, "|0||");
    assert_int_equal(f->left, 0);
    f->res = RES_OK;
    finish(f);
    check_row(f, "|1|coat 2|0");
    assert_int_equal(f->left, 1);
}

static void an_answer_that_cannot_be_written_now_follows_and_the_work_is_not_done_again(void **state)
{
    struct fixture *f = *state;
    ask(f);
    f->locks = true;
    assert_in_range(answerer_tend(f->answerer), 1, IDLE_MS - 1);
    assert_int_equal(f->left, 0);
    must(f, db_end(f->other, RES_OK, &f->why));
    f->locks = false;
    check_row(f, "|0||");
    finish(f);
    check_row(f, "|1|coat 1|0");
    assert_int_equal(f->slices, 1);
    assert_int_equal(f->left, 1);
}

static void one_that_is_kept_awake_looks_more_often(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(answerer_tend(f->answerer), IDLE_MS);
    assert_in_range(answerer_tend(f->answerer), 1, POLL_MS);
}

int main(void)
{
#define IN_SPOOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SPOOL(the_oldest_open_request_of_the_program_comes_first),
        IN_SPOOL(what_an_earlier_process_was_asked_for_is_forgotten),
        IN_SPOOL(progress_is_said_and_the_work_has_its_pauses),
        IN_SPOOL(what_nobody_waits_for_any_more_is_left),
        IN_SPOOL(a_failure_that_a_repeat_would_not_help_is_the_answer),
        IN_SPOOL(what_may_get_better_is_tried_again),
        IN_SPOOL(an_answer_that_cannot_be_written_now_follows_and_the_work_is_not_done_again),
        IN_SPOOL(one_that_is_kept_awake_looks_more_often),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
