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
#include <unistd.h>

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

static void a_problem_from_before_the_start_keeps_its_true_beginning(void **state)
{
    struct fixture *f = *state;
    struct problem all[PROBLEM_COUNT];
    int64_t since = clock_now_ms() - 7200000;
    problems_raise_since(f->problems, PROBLEM_BATCH_BLOCKED, since, 3, "m", "r");
    problems_raise_since(f->problems, PROBLEM_BATCH_BLOCKED, since + 1000, 4, "m", "r");
    problems_raise_since(f->problems, PROBLEM_CREDENTIALS, clock_now_ms() + 7200000, 1, "m", "r");
    assert_int_equal(problems_copy(f->problems, all), 2);
    assert_true(all[0].since <= clock_now_ms());
    assert_int_equal(all[1].since, since);
    assert_int_equal(all[1].tries, 4);
}

/* As the uploader's are, while it waits for the spool. */
static void what_was_raised_before_the_lock_is_published_once_it_is_taken(void **state)
{
    struct fixture *f = *state;
    struct problem problem;
    struct why why = {0};
    struct lockfile lock = LOCKFILE_NONE;
    struct problems *problems = problems_open(&lock, "uploader");
    char buffer[LOCKFILE_TEXT_SIZE];
    problems_raise(problems, PROBLEM_CREDENTIALS, "no keys", "set them");
    problems_refresh(problems);
    assert_int_equal(lockfile_take(&lock, f->scratch->spool, "uploader", &why), RES_OK);
    problems_refresh(problems);
    const char *text = lockfile_read(f->scratch->spool, "uploader", buffer);
    assert_true(problems_parse(&text, "uploader", &problem));
    assert_string_equal(problem.code, "credentials");
    problems_close(problems);
    lockfile_release(&lock);
}

static int count(const char *log, const char *words)
{
    int found = 0;
    for (const char *at = log; (at = strstr(at, words)); at++) found++;
    return found;
}

/* What is logged while refresh is called as often as it can be, for `for_ms`. */
static void refresh_and_read_log(struct fixture *f, int64_t for_ms, char log[4096])
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    for (int64_t due = clock_monotonic_ms() + for_ms; clock_monotonic_ms() < due;)
        problems_refresh(f->problems);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    ssize_t len = pread(fileno(file), log, 4095, 0);
    assert_true(len >= 0);
    log[len] = '\0';
    (void)fclose(file);
}

static void a_reminder_is_logged_once_of_what_is_no_info(void **state)
{
    struct fixture *f = *state;
    char log[4096];
    int64_t soon = clock_now_ms() - 3600000 + 100; /* an hour will have passed in a moment */
    problems_raise_since(f->problems, PROBLEM_S3_REFUSED, soon, 9, "AccessDenied", "allow it");
    problems_raise_since(f->problems, PROBLEM_DISK_LOW, soon, 0, "little", "make room");
    problems_raise_since(f->problems, PROBLEM_STARTING, soon, 0, "waits", "wait");
    problems_raise_since(f->problems, PROBLEM_BATCH_BLOCKED, clock_now_ms() - 18000000, 2, "of old", "act");
    refresh_and_read_log(f, 300, log);
    assert_int_equal(count(log, "\n"), 2);
    assert_int_equal(count(log, "error \"upload still fails\" problem=s3_refused since="), 1);
    assert_int_equal(count(log, " tries=9 why=\"AccessDenied\" remedy=\"allow it\""), 1);
    assert_int_equal(count(log, "warn \"a problem lasts\" problem=disk_low"), 1);
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
        HERE(a_problem_from_before_the_start_keeps_its_true_beginning),
        HERE(what_was_raised_before_the_lock_is_published_once_it_is_taken),
        HERE(a_reminder_is_logged_once_of_what_is_no_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
