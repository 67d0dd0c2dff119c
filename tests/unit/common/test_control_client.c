/* test_control_client -- a command has a running program do something, and waits for the result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/control_client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/control_server.h"
#include "common/lockfile.h"
#include "common/log.h"
#include "common/spool.h"
#include "tests/support/scratch.h"
#include "tests/support/some_spool.h"

#define DAY_MS 86400000

struct fixture {
    struct scratch *scratch;
    struct db *db, *other; /* the command's and the server's */
    struct control_server *server;
    struct lockfile lock; /* as a running program holds it */
    struct signals signals;
    struct why why;
    int slices;               /* of the work, done */
    bool has_figures;         /* the work tells them, too */
    bool has_failed, is_gone; /* what the work does at its end: fails; its row is deleted */
    enum result res;          /* of serving */
};

static void must(struct fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

static enum result begin(void *context, const char *argument, void **work, struct why *why)
{
    (void)why;
    assert_string_equal(argument, "it blue");
    *work = context;
    return RES_OK;
}

/* Two slices with progress, and a third with the result. */
static enum result paint(void *context, void *work, struct control_response *response, struct why *why)
{
    struct fixture *f = work;
    (void)context;
    response->is_done = ++f->slices == 3;
    if (f->is_gone && response->is_done) query_do(f->scratch->spool, "DELETE FROM _request");
    if (f->has_failed && response->is_done) {
        (void)why_remedy(why, RES_REFUSE, "buy some");
        return why_set(why, RES_REFUSE, "no paint");
    }
    if (f->has_figures) progress_set(&response->progress, f->slices, 3, "coats dry");
    buf_append_text(&response->text, response->is_done ? "it is blue" : f->slices == 1 ? "half" : "nearly");
    return RES_OK;
}

static void end(void *work)
{
    (void)work;
}

static const struct control_handler table[] = {
    {"paint", begin, paint, end},
    {NULL, NULL, NULL, NULL},
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->scratch = scratch_new();
    f->lock = LOCKFILE_NONE;
    f->signals.fd = -1;
    some_spool_make(f->scratch->spool);
    must(f, spool_open(&f->db, f->scratch->spool, &f->why));
    must(f, spool_open(&f->other, f->scratch->spool, &f->why));
    f->server =
        control_server_new(f->other, &(struct control_server_options){"collector", 0, 0, table, f, 0});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    control_server_free(f->server);
    lockfile_release(&f->lock);
    db_close(f->db);
    db_close(f->other);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static enum result serve(void *context, int *wait_ms, struct why *why)
{
    struct fixture *f = context;
    *wait_ms = control_server_poll(f->server);
    return f->res == RES_OK ? RES_OK : why_set(why, f->res, "no spool");
}

/* Where `serves`, no collector runs. */
static enum result run(struct fixture *f, bool serves)
{
    struct control_call call = {.spool_path = f->scratch->spool,
                                .program = "collector",
                                .action = "paint",
                                .argument = "it blue",
                                .signals = &f->signals,
                                .serve = serves ? serve : NULL,
                                .context = f};
    return control_client_run(f->db, &call, &f->why);
}

static int64_t count_requests(const struct fixture *f, const char *where)
{
    return query_int(f->scratch->spool, "SELECT count(*) FROM _request WHERE %s", where);
}

/* Runs with the standard output in a file: what was shown. Owned by the caller. */
static char *run_and_show(struct fixture *f, size_t *len)
{
    char path[sizeof f->scratch->dir + 8];
    (void)snprintf(path, sizeof path, "%s/out", f->scratch->dir);
    (void)fflush(stdout);
    int before = dup(STDOUT_FILENO);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(before >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    enum result res = run(f, true);
    (void)fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    close(file);
    must(f, res);
    return scratch_read(path, len);
}

static void progress_and_result_are_shown(void **state)
{
    static const char first[] = "half\n";
    static const char last[] = "\nit is blue\n";
    struct fixture *f = *state;
    size_t len = 0;
    char *shown = run_and_show(f, &len);
    assert_int_equal(f->slices, 3);
    assert_true(len >= sizeof last - 1);
    assert_memory_equal(shown, first, sizeof first - 1);
    assert_memory_equal(shown + len - (sizeof last - 1), last, sizeof last - 1);
    free(shown);
    assert_int_equal(count_requests(f, "done_at IS NOT NULL AND result = 'it is blue' AND failed = 0"), 1);
}

static void figures_do_not_change_what_is_on_standard_output(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    f->has_figures = true;
    char *shown = run_and_show(f, &len);
    assert_true(len >= 5 && memcmp(shown, "half\n", 5) == 0);
    assert_null(memmem(shown, len, "coats", 5));
    free(shown);
}

static void a_failure_is_explained_with_its_remedy(void **state)
{
    struct fixture *f = *state;
    f->has_failed = true;
    assert_int_equal(run(f, true), RES_BROKEN);
    assert_string_equal(f->why.text, "no paint");
    assert_string_equal(f->why.remedy, "buy some");
    assert_int_equal(count_requests(f, "failed = 1"), 1);
}

static void a_request_is_withdrawn_when_the_program_goes_away(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, false), RES_RETRY); /* nobody holds the lock */
    assert_non_null(strstr(f->why.text, "the running collector has gone away"));
    assert_int_equal(count_requests(f, "1"), 0);
}

static void a_restarted_program_has_forgotten_the_request(void **state)
{
    struct fixture *f = *state;
    f->is_gone = true;
    assert_int_equal(run(f, true), RES_RETRY);
    assert_non_null(strstr(f->why.text, "restarted"));
}

static void a_request_is_withdrawn_when_the_command_is_stopped(void **state)
{
    struct fixture *f = *state;
    must(f, lockfile_take(&f->lock, f->scratch->spool, "collector", &f->why));
    f->signals.stop_pending = true;
    assert_int_equal(run(f, false), RES_RETRY);
    assert_non_null(strstr(f->why.text, "stopped before"));
    assert_int_equal(count_requests(f, "1"), 0);
}

/* How `run` asks, for a program and not for a person. */
static enum result ask(struct fixture *f, bool serves, struct buf *answer)
{
    struct control_call call = {.spool_path = f->scratch->spool,
                                .program = "collector",
                                .action = "paint",
                                .argument = "it blue",
                                .signals = &f->signals,
                                .serve = serves ? serve : NULL,
                                .context = f,
                                .answer = answer,
                                .patience_ms = serves ? 60000 : 1};
    return control_client_run(f->db, &call, &f->why);
}

static void an_answer_for_a_program_is_returned(void **state)
{
    struct fixture *f = *state;
    struct buf answer = BUF_EMPTY;
    must(f, ask(f, true, &answer));
    assert_int_equal(answer.len, strlen("it is blue"));
    assert_memory_equal(answer.data, "it is blue", answer.len);
    buf_fini(&answer);
}

static void a_program_that_does_not_answer_in_time_is_named(void **state)
{
    struct fixture *f = *state;
    struct buf answer = BUF_EMPTY;
    must(f, lockfile_take(&f->lock, f->scratch->spool, "collector", &f->why));
    assert_int_equal(ask(f, false, &answer), RES_RETRY);
    assert_non_null(strstr(f->why.text, "the running collector has not answered"));
    assert_non_null(strstr(f->why.remedy, "try again"));
    assert_int_equal(answer.len, 0);
    assert_int_equal(count_requests(f, "1"), 0);
    buf_fini(&answer);
}

static void trouble_while_serving_ends_the_wait_unless_it_may_pass(void **state)
{
    struct fixture *f = *state;
    f->res = RES_RETRY;
    must(f, run(f, true));
    f->res = RES_BROKEN;
    assert_int_equal(run(f, true), RES_BROKEN);
    assert_string_equal(f->why.text, "no spool");
    assert_int_equal(count_requests(f, "done_at IS NULL"), 0);
}

static void finished_requests_are_kept_for_a_day(void **state)
{
    struct fixture *f = *state;
    int64_t now = clock_now_ms();
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, action, requested_at, done_at) VALUES"
             " ('uploader', 'old', 1, %" PRId64 "), ('uploader', 'today', 1, %" PRId64 "),"
             " ('uploader', 'open', 1, NULL)",
             now - DAY_MS - 1, now - DAY_MS + 60000);
    must(f, run(f, true));
    char *left = query_text(f->scratch->spool, "SELECT action FROM _request ORDER BY id");
    assert_string_equal(left, "today\nopen\npaint");
    free(left);
}

int main(void)
{
#define IN_SPOOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SPOOL(progress_and_result_are_shown),
        IN_SPOOL(figures_do_not_change_what_is_on_standard_output),
        IN_SPOOL(a_failure_is_explained_with_its_remedy),
        IN_SPOOL(a_request_is_withdrawn_when_the_program_goes_away),
        IN_SPOOL(a_restarted_program_has_forgotten_the_request),
        IN_SPOOL(a_request_is_withdrawn_when_the_command_is_stopped),
        IN_SPOOL(an_answer_for_a_program_is_returned),
        IN_SPOOL(a_program_that_does_not_answer_in_time_is_named),
        IN_SPOOL(trouble_while_serving_ends_the_wait_unless_it_may_pass),
        IN_SPOOL(finished_requests_are_kept_for_a_day),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
