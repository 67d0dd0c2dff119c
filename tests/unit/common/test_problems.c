/* test_problems -- what is wrong now: begun once, ended once, and published where others read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/problems.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "tests/support/scratch.h"

struct fixture {
    struct scratch *scratch;
    struct lockfile lock;
    struct problems *problems;
    char text[LOCKFILE_TEXT_SIZE];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct why why = {0};
    if (!f) return -1;
    f->scratch = scratch_new();
    f->lock = LOCKFILE_NONE;
    if (lockfile_take(&f->lock, f->scratch->spool, "collector", &why) != RES_OK) return -1;
    f->problems = problems_open(&f->lock, "collector");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    problems_close(f->problems);
    lockfile_release(&f->lock);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static const char *published(struct fixture *f)
{
    return lockfile_read(f->scratch->spool, "collector", f->text);
}

static void a_problem_is_published_while_it_lasts(void **state)
{
    struct fixture *f = *state;
    struct problem problem;
    int64_t before = clock_now_ms();

    const char *text = published(f);
    assert_false(problems_parse(&text, "collector", &problem));
    problems_raise(f->problems, PROBLEM_PAUSED_DISK, "too little", "make room");
    text = published(f);
    assert_true(problems_parse(&text, "collector", &problem));
    assert_string_equal(problem.code, "paused_disk");
    assert_string_equal(problem.message, "too little");
    assert_string_equal(problem.remedy, "make room");
    assert_true(problem.since >= before && problem.since <= clock_now_ms());
    assert_false(problems_parse(&text, "collector", &problem));

    problems_end(f->problems, PROBLEM_PAUSED_DISK);
    text = published(f);
    assert_false(problems_parse(&text, "collector", &problem));
}

static void a_problem_raised_again_keeps_its_start_and_changes_text(void **state)
{
    struct fixture *f = *state;
    struct problem first;
    struct problem second;
    problems_raise(f->problems, PROBLEM_FOREIGN_READER, "16 MiB", "close it");
    const char *text = published(f);
    assert_true(problems_parse(&text, "collector", &first));
    while (clock_now_ms() <= first.since) { /* until the clock would show another time */
    }
    problems_raise(f->problems, PROBLEM_FOREIGN_READER, "32 MiB", "close it");
    text = published(f);
    assert_true(problems_parse(&text, "collector", &second));
    assert_int_equal(second.since, first.since);
    assert_string_equal(second.message, "32 MiB");
}

static void all_problems_fit_at_once_with_long_texts(void **state)
{
    struct fixture *f = *state;
    char words[1000];
    struct problem problem;
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    for (int code = 0; code < PROBLEM_COUNT; code++)
        problems_raise(f->problems, (enum problem_code)code, words, words);
    const char *text = published(f);
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        assert_true(problems_parse(&text, "collector", &problem));
        assert_int_equal(strlen(problem.message), PROBLEM_TEXT_SIZE - 1);
        assert_int_equal(strlen(problem.remedy), PROBLEM_TEXT_SIZE - 1);
    }
    assert_false(problems_parse(&text, "collector", &problem));
}

static void a_text_with_tabs_and_newlines_stays_on_one_line(void **state)
{
    struct fixture *f = *state;
    struct problem problem;
    problems_raise(f->problems, PROBLEM_COMMIT_FAILING, "a\tb\nc", "d\n");
    const char *text = published(f);
    assert_true(problems_parse(&text, "collector", &problem));
    assert_string_equal(problem.message, "a b c");
    assert_string_equal(problem.remedy, "d ");
    assert_false(problems_parse(&text, "collector", &problem));
}

static void a_problem_is_present_from_raise_to_end(void **state)
{
    struct fixture *f = *state;
    assert_false(problems_is_present(f->problems, PROBLEM_DISK_LOW));
    problems_raise(f->problems, PROBLEM_DISK_LOW, "m", "r");
    assert_true(problems_is_present(f->problems, PROBLEM_DISK_LOW));
    problems_end(f->problems, PROBLEM_DISK_LOW);
    problems_end(f->problems, PROBLEM_DISK_LOW);
    assert_false(problems_is_present(f->problems, PROBLEM_DISK_LOW));
}

/* As on a full disk: no write succeeds. */
static void what_had_no_room_is_published_by_the_next_refresh(void **state)
{
    struct fixture *f = *state;
    struct problem problem;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, limit.rlim_max}), 0);
    problems_raise(f->problems, PROBLEM_PAUSED_DISK, "too little", "make room");
    problems_refresh(f->problems);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const char *text = published(f);
    assert_false(problems_parse(&text, "collector", &problem));
    problems_refresh(f->problems);
    text = published(f);
    assert_true(problems_parse(&text, "collector", &problem));
    assert_string_equal(problem.code, "paused_disk");
}

static void a_truncated_text_yields_no_problem(void **state)
{
    struct fixture *f = *state;
    struct problem problem;
    problems_raise(f->problems, PROBLEM_DISK_LOW, "message", "remedy");
    char *text = strdup(published(f));
    assert_non_null(text);
    for (size_t len = strcspn(text, "\n"); len > 0; len--) {
        text[len] = '\0';
        const char *at = text;
        assert_false(problems_parse(&at, "collector", &problem));
    }
    free(text);
}

int main(void)
{
#define HERE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(a_problem_is_published_while_it_lasts),
        HERE(a_problem_raised_again_keeps_its_start_and_changes_text),
        HERE(all_problems_fit_at_once_with_long_texts),
        HERE(a_text_with_tabs_and_newlines_stays_on_one_line),
        HERE(a_problem_is_present_from_raise_to_end),
        HERE(what_had_no_room_is_published_by_the_next_refresh),
        HERE(a_truncated_text_yields_no_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
