/* test_publication -- troubles as problems that others see: which code, since when, how often, in whose words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/publication.h"

#include <string.h>

#include "common/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct parts {
    struct lockfile lock; /* not held: nothing is published, and all is there to be copied */
    struct problems *problems;
    struct troubles troubles;
    int64_t refused[BATCH_KIND_COUNT];
};

static void begin(struct parts *p)
{
    *p = (struct parts){.lock = LOCKFILE_NONE};
    p->problems = problems_open(&p->lock, "uploader");
}

/* A try has failed, that began so long ago. */
static void note_failure(struct parts *p, enum scope scope, enum batch_kind kind, int64_t before_ms,
                         const char *text, const char *remedy)
{
    struct trouble latest = {.since = clock_monotonic_ms() - before_ms,
                             .since_at = clock_now_ms() - before_ms,
                             .at = clock_monotonic_ms(),
                             .needs_person = *remedy != '\0'};
    (void)why_set(&latest.why, RES_RETRY, "%s", text);
    (void)why_remedy(&latest.why, RES_RETRY, "%s", remedy);
    (void)trouble_note(troubles_at(&p->troubles, scope, kind), scope, &latest, "kind=events");
}

/* The only problem. */
static struct problem only(struct parts *p)
{
    struct problem all[PROBLEM_COUNT];
    publication_update(p->problems, &p->troubles, p->refused, true);
    assert_int_equal(problems_copy(p->problems, all), 1);
    return all[0];
}

static size_t count(struct parts *p, bool may_end)
{
    struct problem all[PROBLEM_COUNT];
    publication_update(p->problems, &p->troubles, p->refused, may_end);
    return problems_copy(p->problems, all);
}

static void each_scope_has_a_code_and_ends_with_its_trouble(void **state)
{
    static const struct {
        enum scope scope;
        enum batch_kind kind;
        const char *remedy, *code, *message, *shown_remedy;
    } rows[] = {
        {SCOPE_ENDPOINT, BATCH_EVENTS, "", "s3_unreachable", "why", "nothing: it is tried again and again"},
        {SCOPE_ENDPOINT, BATCH_EVENTS, "log in", "s3_unreachable", "why", "log in"},
        {SCOPE_ENDPOINT, BATCH_REJECTS, "", "s3_unreachable", "why", "nothing: it is tried again and again"},
        {SCOPE_IDENTITY, BATCH_EVENTS, "set keys", "credentials", "why", "set keys"},
        {SCOPE_KIND, BATCH_EVENTS, "allow", "s3_refused", "why", "allow"},
        {SCOPE_KIND, BATCH_REJECTS, "allow", "s3_refused", "why", "allow"},
        {SCOPE_BATCH, BATCH_REJECTS, "act", "batch_blocked", "1 batch fails by itself: why", "act"},
        {SCOPE_BATCH, BATCH_EVENTS, "", "s3_unreachable", "1 batch fails by itself: why",
         "nothing: it is tried again and again"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts p;
        begin(&p);
        p.refused[rows[i].kind] = rows[i].scope == SCOPE_BATCH;
        int64_t since = clock_now_ms() - 5000;
        note_failure(&p, rows[i].scope, rows[i].kind, 5000, "why", rows[i].remedy);
        struct problem problem = only(&p);
        assert_string_equal(problem.code, rows[i].code);
        assert_string_equal(problem.message, rows[i].message);
        assert_string_equal(problem.remedy, rows[i].shown_remedy);
        assert_int_equal(problem.tries, 1);
        assert_in_range(problem.since, since, since + 1000);
        note_failure(&p, rows[i].scope, rows[i].kind, 0, "why", rows[i].remedy);
        struct problem again = only(&p);
        assert_int_equal(again.tries, 2);
        assert_int_equal(again.since, problem.since);
        assert_true(trouble_end(troubles_at(&p.troubles, rows[i].scope, rows[i].kind), rows[i].scope,
                                rows[i].kind, clock_monotonic_ms()));
        assert_int_equal(count(&p, true), 0);
        problems_close(p.problems);
    }
}

static void events_speak_for_rejects_and_their_tries_add_up(void **state)
{
    struct parts p;
    (void)state;
    begin(&p);
    p.refused[BATCH_EVENTS] = 2;
    p.refused[BATCH_REJECTS] = 1;
    int64_t since = clock_now_ms() - 9000;
    note_failure(&p, SCOPE_BATCH, BATCH_REJECTS, 9000, "of rejects", "act on rejects");
    note_failure(&p, SCOPE_BATCH, BATCH_EVENTS, 3000, "of events", "act on events");
    struct problem problem = only(&p);
    assert_string_equal(problem.message, "3 batches fail by themselves: of events");
    assert_string_equal(problem.remedy, "act on events");
    assert_int_equal(problem.tries, 2);
    assert_in_range(problem.since, since, since + 1000);
    problems_close(p.problems);
}

/* As without keys at the start: the first try shows whether that is still so. */
static void what_was_raised_at_the_start_stays_until_something_was_asked(void **state)
{
    struct parts p;
    (void)state;
    begin(&p);
    problems_raise(p.problems, PROBLEM_CREDENTIALS, "no keys", "set them");
    problems_raise(p.problems, PROBLEM_STARTING, "waits", "wait");
    assert_int_equal(count(&p, false), 2);
    assert_int_equal(count(&p, true), 1); /* what is not of its four is not its business */
    assert_true(problems_is_present(p.problems, PROBLEM_STARTING));
    problems_close(p.problems);
}

static void a_restored_trouble_goes_on_with_the_next_failure(void **state)
{
    struct parts p;
    struct trouble left = {.needs_person = true,
                           .since_at = clock_now_ms() - 7200000,
                           .tries = 40,
                           .why = {.text = "HTTP 413", .remedy = "less"}};
    struct trouble *trouble = &p.troubles.batches[BATCH_EVENTS];
    (void)state;
    begin(&p);
    p.refused[BATCH_EVENTS] = 1;
    left.since = troubles_since(left.since_at);
    trouble_restore(trouble, &left, "kind=events");
    struct problem problem = only(&p);
    assert_int_equal(problem.since, left.since_at);
    assert_int_equal(problem.tries, 40);
    note_failure(&p, SCOPE_BATCH, BATCH_EVENTS, 10, "HTTP 413", "less");
    problem = only(&p);
    assert_int_equal(problem.since, left.since_at);
    assert_int_equal(problem.tries, 41);
    assert_true(clock_monotonic_ms() - trouble->since >= 7200000);
    problems_close(p.problems);
}

static void a_beginning_in_the_future_is_now(void **state)
{
    (void)state;
    assert_true(troubles_since(clock_now_ms() + 3600000) <= clock_monotonic_ms());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scope_has_a_code_and_ends_with_its_trouble),
        cmocka_unit_test(events_speak_for_rejects_and_their_tries_add_up),
        cmocka_unit_test(what_was_raised_at_the_start_stays_until_something_was_asked),
        cmocka_unit_test(a_restored_trouble_goes_on_with_the_next_failure),
        cmocka_unit_test(a_beginning_in_the_future_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
