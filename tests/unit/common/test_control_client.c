/* test_request -- asking a running program through the spool. */
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
    struct db *db, *other; /* the asker's and the answerer's */
    struct answerer *answerer;
    struct lockfile lock; /* as a running program holds it */
    struct signals signals;
    struct why why;
    int parts;                /* of the work done */
    bool has_failed, is_gone; /* what the work does at its end: fails; its row is deleted */
};

static void must(struct fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

/* Two slices with progress, and a third that answers. */
static enum result paint(void *context, const struct request *request, struct answer *answer, struct why *why)
{
    struct fixture *f = context;
    (void)why;
    assert_string_equal(request->what, "paint");
    assert_string_equal(request->argument, "it blue");
    answer->is_done = ++f->parts == 3;
    answer->has_failed = answer->is_done && f->has_failed;
    buf_append_text(&answer->text, answer->is_done ? "it is blue" : f->parts == 1 ? "half" : "nearly");
    if (f->is_gone && answer->is_done) query_do(f->scratch->spool, "DELETE FROM _request");
    return RES_OK;
}

static void leave(void *context)
{
    (void)context;
}

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
    f->answerer = answerer_new(f->other, &(struct answerer_work){"collector", 0, 0, paint, leave, f});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    answerer_free(f->answerer);
    lockfile_release(&f->lock);
    db_close(f->db);
    db_close(f->other);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static int do_a_part(void *context)
{
    struct fixture *f = context;
    return answerer_tend(f->answerer);
}

static enum result ask(struct fixture *f, int (*work)(void *context))
{
    struct request_call call = {f->scratch->spool, "collector", "paint", "it blue", &f->signals, work, f};
    return request_ask(f->db, &call, &f->why);
}

static int64_t count_requests(const struct fixture *f, const char *where)
{
    return query_int(f->scratch->spool, "SELECT count(*) FROM _request WHERE %s", where);
}

/* Asks, with the standard output in a file: what was shown. Owned by the caller. */
static char *ask_and_show(struct fixture *f, size_t *len)
{
    char path[sizeof f->scratch->dir + 8];
    (void)snprintf(path, sizeof path, "%s/out", f->scratch->dir);
    (void)fflush(stdout);
    int before = dup(STDOUT_FILENO);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(before >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    enum result res = ask(f, do_a_part);
    (void)fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    close(file);
    must(f, res);
    return scratch_read(path, len);
}

static void its_progress_and_what_came_of_it_are_shown(void **state)
{
    static const char first[] = "half\n";
    static const char last[] = "\nit is blue\n";
    struct fixture *f = *state;
    size_t len = 0;
    char *shown = ask_and_show(f, &len);
    assert_int_equal(f->parts, 3);
    assert_true(len >= sizeof last - 1);
    assert_memory_equal(shown, first, sizeof first - 1);
    assert_memory_equal(shown + len - (sizeof last - 1), last, sizeof last - 1);
    free(shown);
    assert_int_equal(count_requests(f, "done_at IS NOT NULL AND result = 'it is blue' AND failed = 0"), 1);
}

static void a_failure_is_told_with_what_the_program_says(void **state)
{
    struct fixture *f = *state;
    f->has_failed = true;
    assert_int_equal(ask(f, do_a_part), RES_BROKEN);
    assert_string_equal(f->why.text, "it is blue");
    assert_int_equal(count_requests(f, "failed = 1"), 1);
}

static void a_program_that_goes_away_is_noticed_and_the_request_withdrawn(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, NULL), RES_RETRY); /* nobody holds the lock */
    assert_non_null(strstr(f->why.text, "the running collector has gone away"));
    assert_int_equal(count_requests(f, "1"), 0);
}

static void one_that_was_restarted_has_forgotten_the_request(void **state)
{
    struct fixture *f = *state;
    f->is_gone = true;
    assert_int_equal(ask(f, do_a_part), RES_RETRY);
    assert_non_null(strstr(f->why.text, "restarted"));
}

static void an_asker_that_is_told_to_stop_withdraws_its_request(void **state)
{
    struct fixture *f = *state;
    must(f, lockfile_take(&f->lock, f->scratch->spool, "collector", &f->why));
    f->signals.stop_pending = true;
    assert_int_equal(ask(f, NULL), RES_RETRY);
    assert_non_null(strstr(f->why.text, "told to stop"));
    assert_int_equal(count_requests(f, "1"), 0);
}

static void a_spool_without_requests_asks_for_a_newer_collector(void **state)
{
    struct fixture *f = *state;
    query_do(f->scratch->spool, "DROP TABLE _request; PRAGMA user_version = 100");
    assert_int_equal(ask(f, do_a_part), RES_RETRY);
    assert_non_null(strstr(f->why.text, "older version"));
    assert_non_null(strstr(f->why.remedy, "restart the collector"));
}

static void answers_are_kept_for_a_day(void **state)
{
    struct fixture *f = *state;
    int64_t now = clock_now_ms();
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, what, asked_at, done_at) VALUES"
             " ('uploader', 'old', 1, %" PRId64 "), ('uploader', 'today', 1, %" PRId64 "),"
             " ('uploader', 'open', 1, NULL)",
             now - DAY_MS - 1, now - DAY_MS + 60000);
    must(f, ask(f, do_a_part));
    char *left = query_text(f->scratch->spool, "SELECT what FROM _request ORDER BY id");
    assert_string_equal(left, "today\nopen\npaint");
    free(left);
}

int main(void)
{
#define IN_SPOOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SPOOL(its_progress_and_what_came_of_it_are_shown),
        IN_SPOOL(a_failure_is_told_with_what_the_program_says),
        IN_SPOOL(a_program_that_goes_away_is_noticed_and_the_request_withdrawn),
        IN_SPOOL(one_that_was_restarted_has_forgotten_the_request),
        IN_SPOOL(an_asker_that_is_told_to_stop_withdraws_its_request),
        IN_SPOOL(a_spool_without_requests_asks_for_a_newer_collector),
        IN_SPOOL(answers_are_kept_for_a_day),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
