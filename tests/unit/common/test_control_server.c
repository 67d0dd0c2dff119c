/* test_control_server -- a running program serves requests: which ones, when, and what stays in their rows. */
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
#define NEXT_MS 100 /* the work's wish for a pause between two slices */

struct fixture {
    struct scratch *scratch;
    struct db *db, *other; /* the server's, and another program's */
    struct control_server *server;
    struct why why;
    int slices, ends, other_slices; /* how often called */
    enum result res;                /* of the next slice */
    bool is_done;                   /* with it */
    int64_t total;                  /* of the figures that it has; 0: it has none */
    bool withdraws, locks;          /* during a slice: the request is withdrawn, the spool is locked */
    char argument[8];               /* of the last request */
};

static void must(struct fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

static enum result begin(void *context, const char *argument, void **work, struct why *why)
{
    struct fixture *f = context;
    (void)why;
    (void)snprintf(f->argument, sizeof f->argument, "%s", argument);
    *work = f;
    return RES_OK;
}

static enum result paint(void *context, void *work, struct control_response *response, struct why *why)
{
    struct fixture *f = work;
    assert_ptr_equal(context, work);
    f->slices++;
    if (f->withdraws) query_do(f->scratch->spool, "DELETE FROM _request");
    if (f->locks) must(f, db_begin(f->other, &f->why));
    if (f->res != RES_OK) return why_set(why, f->res, "no blue paint");
    assert_int_equal(response->text.len, 0);
    buf_append_format(&response->text, "coat %d", f->slices);
    if (f->total > 0) progress_set(&response->progress, f->slices, f->total, "coats dry");
    response->is_done = f->is_done;
    response->wait_ms = NEXT_MS;
    return RES_OK;
}

static enum result sand(void *context, void *work, struct control_response *response, struct why *why)
{
    struct fixture *f = context;
    (void)why;
    f->other_slices += work == f;
    buf_append_text(&response->text, "smooth");
    response->is_done = true;
    return RES_OK;
}

static void end(void *work)
{
    struct fixture *f = work;
    f->ends++;
}

static const struct control_handler table[] = {
    {"paint", begin, paint, end},
    {"sand", begin, sand, end},
    {NULL, NULL, NULL, NULL},
};

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
    f->server = control_server_new(
        f->db, &(struct control_server_options){"collector", POLL_MS, IDLE_MS, table, f, 0});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    control_server_free(f->server);
    db_close(f->db);
    db_close(f->other);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static void leave(struct fixture *f, const char *action, const char *argument)
{
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, action, argument, requested_at)"
             " VALUES ('collector', '%s', '%s', 4102444800000)",
             action, argument);
}

static void check_rows(struct fixture *f, const char *expected)
{
    char *rows = query_text(f->scratch->spool, "SELECT progress, done_at IS NOT NULL, result, failed"
                                               " FROM _request ORDER BY id");
    assert_string_equal(rows, expected);
    free(rows);
}

/* Polls until nothing is in work. */
static void finish(struct fixture *f)
{
    int wait_ms = 0;
    while ((wait_ms = control_server_poll(f->server)) != IDLE_MS) (void)poll(NULL, 0, wait_ms);
}

static void the_oldest_open_request_of_the_program_comes_first(void **state)
{
    struct fixture *f = *state;
    query_do(
        f->scratch->spool,
        "INSERT INTO _request (program, action, argument, requested_at, done_at) VALUES"
        " ('collector', 'paint', 'a', 4102444800000, 2), ('uploader', 'paint', 'b', 4102444800000, NULL),"
        " ('collector', 'paint', 'c', 4102444800000, NULL), ('collector', 'paint', 'd', 4102444800000, "
        "NULL)");
    (void)control_server_poll(f->server);
    assert_int_equal(f->slices, 1);
    assert_string_equal(f->argument, "c");
    assert_int_equal(f->ends, 1);
    finish(f);
    assert_int_equal(f->slices, 2);
    assert_string_equal(f->argument, "d");
}

static void requests_of_different_actions_are_served_side_by_side(void **state)
{
    struct fixture *f = *state;
    f->is_done = false;
    leave(f, "paint", "long");
    (void)control_server_poll(f->server);
    leave(f, "paint", "next");
    leave(f, "sand", "");
    (void)poll(NULL, 0, POLL_MS + 10);
    int wait_ms = control_server_poll(f->server);
    assert_in_range(wait_ms, 0, POLL_MS);
    assert_int_equal(f->other_slices, 1);
    assert_int_equal(f->ends, 1);
    check_rows(f, "coat 1|0||\n|0||\n|1|smooth|0");
}

static void an_unknown_request_fails_and_delays_no_other(void **state)
{
    struct fixture *f = *state;
    leave(f, "sing", "");
    leave(f, "paint", "");
    assert_int_equal(control_server_poll(f->server), IDLE_MS);
    check_rows(f, "|1|this collector does not know how to do 'sing'|1\n|1|coat 1|0");
}

static void requests_left_for_an_earlier_process_are_deleted(void **state)
{
    struct fixture *f = *state;
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, action, argument, requested_at, done_at) VALUES"
             " ('collector', 'paint', 'old', 1, NULL), ('collector', 'paint', 'done', 1, 2),"
             " ('uploader', 'paint', 'other', 1, NULL), ('collector', 'paint', 'new', 4102444800000, NULL)");
    (void)control_server_poll(f->server);
    assert_string_equal(f->argument, "new");
    char *left = query_text(f->scratch->spool, "SELECT argument FROM _request ORDER BY id");
    assert_string_equal(left, "done\nother\nnew");
    free(left);
}

static void progress_is_reported_and_the_work_has_its_pauses(void **state)
{
    struct fixture *f = *state;
    leave(f, "paint", "");
    f->is_done = false;
    assert_in_range(control_server_poll(f->server), 1, NEXT_MS);
    check_rows(f, "coat 1|0||");
    assert_in_range(control_server_poll(f->server), 1, NEXT_MS);
    assert_int_equal(f->slices, 1);
    assert_int_equal(f->ends, 0);
}

static void figures_stand_before_the_progress_and_not_before_the_result(void **state)
{
    struct fixture *f = *state;
    leave(f, "paint", "");
    f->is_done = false;
    f->total = 5;
    (void)control_server_poll(f->server);
    check_rows(f, "1 5 coats dry\ncoat 1|0||");
    f->res = RES_RETRY;
    (void)poll(NULL, 0, NEXT_MS);
    (void)control_server_poll(f->server);
    check_rows(f, "it has to wait: no blue paint|0||"); /* how far it is does not matter now */
    f->res = RES_OK;
    f->is_done = true;
    finish(f);
    char *result = query_text(f->scratch->spool, "SELECT result FROM _request");
    assert_string_equal(result, "coat 3");
    free(result);
}

static void work_on_a_withdrawn_request_is_given_up(void **state)
{
    struct fixture *f = *state;
    leave(f, "paint", "");
    f->is_done = false;
    f->withdraws = true;
    assert_int_equal(control_server_poll(f->server), IDLE_MS);
    assert_int_equal(f->ends, 1);
}

static void a_permanent_failure_is_the_result(void **state)
{
    static const enum result rows[] = {RES_REFUSE, RES_BROKEN};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)tear_down(state);
        (void)set_up(state);
        struct fixture *f = *state;
        leave(f, "paint", "");
        f->res = rows[i];
        assert_int_equal(control_server_poll(f->server), IDLE_MS);
        check_rows(f, "|1|no blue paint|1");
        assert_int_equal(f->ends, 1);
    }
}

static void a_temporary_failure_is_told_and_tried_again(void **state)
{
    struct fixture *f = *state;
    leave(f, "paint", "");
    f->res = RES_RETRY;
    assert_in_range(control_server_poll(f->server), 1, IDLE_MS - 1);
    check_rows(f, "it has to wait: no blue paint|0||"); /* the command that waits shows it */
    assert_int_equal(f->ends, 0);
    f->res = RES_OK;
    finish(f);
    check_rows(f, "it has to wait: no blue paint|1|coat 2|0");
    assert_int_equal(f->ends, 1);
}

static void an_unstored_result_is_stored_later_without_repeating_the_work(void **state)
{
    struct fixture *f = *state;
    leave(f, "paint", "");
    f->locks = true;
    assert_in_range(control_server_poll(f->server), 1, IDLE_MS - 1);
    assert_int_equal(f->ends, 0);
    must(f, db_end(f->other, RES_OK, &f->why));
    f->locks = false;
    check_rows(f, "|0||");
    finish(f);
    check_rows(f, "|1|coat 1|0");
    assert_int_equal(f->slices, 1);
    assert_int_equal(f->ends, 1);
}

static void a_program_that_is_kept_awake_queries_more_often(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(control_server_poll(f->server), IDLE_MS);
    assert_in_range(control_server_poll(f->server), 1, POLL_MS);
}

int main(void)
{
#define IN_SPOOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SPOOL(the_oldest_open_request_of_the_program_comes_first),
        IN_SPOOL(requests_of_different_actions_are_served_side_by_side),
        IN_SPOOL(an_unknown_request_fails_and_delays_no_other),
        IN_SPOOL(requests_left_for_an_earlier_process_are_deleted),
        IN_SPOOL(progress_is_reported_and_the_work_has_its_pauses),
        IN_SPOOL(figures_stand_before_the_progress_and_not_before_the_result),
        IN_SPOOL(work_on_a_withdrawn_request_is_given_up),
        IN_SPOOL(a_permanent_failure_is_the_result),
        IN_SPOOL(a_temporary_failure_is_told_and_tried_again),
        IN_SPOOL(an_unstored_result_is_stored_later_without_repeating_the_work),
        IN_SPOOL(a_program_that_is_kept_awake_queries_more_often),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
