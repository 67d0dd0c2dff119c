/* test_arrivals -- whether rejects arrive now: by given facts and times, and from the rows of a spool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/status/arrivals.h"

#include "collector/status/reject_watch.h"
#include "common/db.h"
#include "tests/support/in_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NOW          INT64_C(1700000000000)

static void each_reason_of_the_collector_is_explained(void **state)
{
    (void)state;
    assert_int_equal(REASONS_COUNT, REJECT_REASON_COUNT);
    for (int i = 0; i < REJECT_REASON_COUNT; i++) {
        size_t at = reasons_find(reject_reason_name((enum reject_reason)i));
        assert_in_range(at, 0, REASONS_COUNT - 1);
        assert_true(*reasons[at].meaning && *reasons[at].remedy);
    }
    assert_string_equal(reasons[REASONS_UNKNOWN_ELEMENT].name, reject_reason_name(REJECT_UNKNOWN_ELEMENT));
    assert_int_equal(reasons_find("of a newer program"), REASONS_COUNT);
}

/* ---- one look ---- */

static void a_reason_arrives_while_its_last_reject_is_young_and_unsettled(void **state)
{
    static const struct {
        int64_t age_ms, unsettled, newest_age_ms; /* newest_age_ms -1: there is no row */
        bool arrives;
    } rows[] = {
        {0, 1, 0, true},
        {ARRIVALS_MS - 1, 1, ARRIVALS_MS - 1, true},
        {ARRIVALS_MS, 1, 0, false}, /* what a retry has left of an older one */
        {1000, 0, 1000, false},     /* settled */
        {1000, 1, 1000, true},      /* another one of them is not */
        {1000, 0, 5000, true},      /* the last one has joined an older row */
        {1000, 0, -1, true},
        {-1000, 1, -1000, true}, /* the clock went back a little */
        {-ARRIVALS_MS, 1, -ARRIVALS_MS, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t reason = 0; reason < REASONS_COUNT; reason++) {
            struct arrivals arrivals = {.count = 0};
            struct arrivals_facts facts = {.now = NOW};
            struct arrivals_texts texts;
            facts.of[reason] = (struct arrivals_reason){
                .total = 7,
                .last_at = NOW - rows[i].age_ms,
                .rows = 1,
                .unsettled = rows[i].unsettled,
                .newest_at = rows[i].newest_age_ms == -1 ? 0 : NOW - rows[i].newest_age_ms,
            };
            arrivals_note(&arrivals, &facts);
            bool is_unknown = reason == REASONS_UNKNOWN_ELEMENT;
            bool rejects = arrivals_find_rejects(&arrivals, &facts, &texts);
            bool unknown = arrivals_find_unknown(&arrivals, &facts, &texts);
            if (rejects != (rows[i].arrives && !is_unknown) || unknown != (rows[i].arrives && is_unknown))
                fail_msg("row %zu, reason %s", i, reasons[reason].name);
        }
}

static void nothing_arrives_where_nothing_ever_came(void **state)
{
    struct arrivals arrivals = {.count = 0};
    struct arrivals_facts facts = {.now = 5}; /* also shortly after 1970 */
    struct arrivals_texts texts;
    (void)state;
    arrivals_note(&arrivals, &facts);
    assert_false(arrivals_find_rejects(&arrivals, &facts, &texts));
    assert_false(arrivals_find_unknown(&arrivals, &facts, &texts));
}

static void arrive(struct arrivals_facts *facts, const char *reason, int64_t count)
{
    struct arrivals_reason *r = &facts->of[reasons_find(reason)];
    r->total += count;
    r->last_at = facts->now;
}

static void the_message_counts_by_reason_and_explains_the_commonest(void **state)
{
    struct arrivals arrivals = {.count = 0};
    struct arrivals_facts facts = {.now = NOW};
    struct arrivals_texts texts;
    (void)state;
    arrivals_note(&arrivals, &facts);
    arrive(&facts, "cut_off", 3);
    arrive(&facts, "malformed", 12);
    arrive(&facts, "unknown_element", 100);
    assert_true(arrivals_find_rejects(&arrivals, &facts, &texts));
    assert_string_equal(texts.message,
                        "15 rejects in the last 5 minutes (malformed 12, cut_off 3), e.g. events "
                        "that are not well-formed XML");
    assert_string_equal(
        texts.remedy, "see `eventspool rejects list`; malformed: set what the detail names (XML_NAMESPACES, "
                      "INVALID_CHARACTERS), else have the sender corrected");
}

static void all_reasons_at_once_fit_the_message(void **state)
{
    struct arrivals arrivals = {.count = 0};
    struct arrivals_facts facts = {.now = NOW};
    struct arrivals_texts texts;
    (void)state;
    arrivals_note(&arrivals, &facts);
    for (size_t i = 0; i < REASONS_COUNT; i++) arrive(&facts, reasons[i].name, 1000000 + (int64_t)i);
    assert_true(arrivals_find_rejects(&arrivals, &facts, &texts));
    assert_non_null(strstr(texts.message, "), e.g. "));
    assert_in_range(strlen(texts.message), 200, PROBLEM_TEXT_SIZE - 1);
}

static void an_unknown_element_is_named_as_its_detail_has_it(void **state)
{
    static const struct {
        const char *detail, *name;
    } rows[] = {
        {"EVENT_ELEMENT does not name the element alarm: if it is an event, name it there; if",
         "1 reject of unknown elements in the last 5 minutes, the newest of the element alarm"},
        {"EVENT_ELEMENT does not name the element s:Body, which stands in s:Envelope: if it is an event",
         "1 reject of unknown elements in the last 5 minutes, the newest of the element s:Body"},
        {"EVENT_ELEMENT does not name the element \x1b[1m: if",
         "1 reject of unknown elements in the last 5 minutes, the newest of the element \\x1b[1m"},
        {"something else", "1 reject of unknown elements in the last 5 minutes"},
        {"", "1 reject of unknown elements in the last 5 minutes"},
        {"EVENT_ELEMENT does not name the element ", "1 reject of unknown elements in the last 5 minutes"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arrivals arrivals = {.count = 0};
        struct arrivals_facts facts = {.now = NOW};
        struct arrivals_texts texts;
        arrive(&facts, "unknown_element", 1);
        (void)snprintf(facts.detail, sizeof facts.detail, "%s", rows[i].detail);
        assert_true(arrivals_find_unknown(&arrivals, &facts, &texts));
        assert_string_equal(texts.message, rows[i].name);
        assert_non_null(strstr(texts.remedy, "EVENT_ELEMENT"));
        assert_non_null(strstr(texts.remedy, "IGNORE_ELEMENTS"));
    }
}

/* ---- many looks ---- */

/* `before` + 1 rejects arrive at each whole second; how many the message has at the end. */
static int64_t count_after(int seconds, int64_t rows_before, int64_t each)
{
    struct arrivals arrivals = {.count = 0};
    struct arrivals_facts facts = {.now = NOW};
    struct arrivals_texts texts;
    size_t malformed = reasons_find("malformed");
    arrive(&facts, "malformed", 1000);
    facts.of[malformed].rows = rows_before;
    for (int i = 0; i <= seconds; i++) {
        arrivals_note(&arrivals, &facts);
        if (i == seconds) break;
        facts.now += 1000;
        facts.of[malformed].rows = 0;
        arrive(&facts, "malformed", each);
    }
    assert_true(arrivals_find_rejects(&arrivals, &facts, &texts));
    return strtoll(texts.message, NULL, 10);
}

static void the_count_is_that_of_the_last_five_minutes(void **state)
{
    (void)state;
    assert_int_equal(count_after(0, 5, 1), 5);     /* after a restart: those of the rows */
    assert_int_equal(count_after(100, 5, 1), 105); /* and those since */
    assert_int_equal(count_after(100, 0, 3), 300);
    assert_in_range(count_after(3000, 5, 1), 300, 310);
    assert_in_range(count_after(3000, 0, 100), 30000, 31000);
}

static void a_clock_that_goes_back_begins_the_count_anew(void **state)
{
    struct arrivals arrivals = {.count = 0};
    struct arrivals_facts facts = {.now = NOW};
    struct arrivals_texts texts;
    (void)state;
    arrivals_note(&arrivals, &facts);
    arrive(&facts, "oversize", 50);
    facts.now -= 3600000;
    arrive(&facts, "oversize", 1);
    facts.of[reasons_find("oversize")].rows = 1;
    arrivals_note(&arrivals, &facts);
    assert_true(arrivals_find_rejects(&arrivals, &facts, &texts));
    assert_int_equal(strtoll(texts.message, NULL, 10), 1);
}

/* ---- in a spool ---- */

struct watched {
    struct fixture *f;
    struct lockfile lock;
    struct problems *problems;
    struct reject_watch watch;
    struct db *db;
};

static int open_watched(void **state)
{
    struct watched *w = calloc(1, sizeof *w);
    struct why why = {0};
    if (!w) return -1;
    w->f = fixture_new();
    w->lock = LOCKFILE_NONE;
    assert_int_equal(lockfile_take(&w->lock, w->f->scratch->spool, "collector", &why), RES_OK);
    w->watch.problems = w->problems = problems_open(&w->lock, "collector");
    assert_int_equal(db_open(&w->db, w->f->scratch->spool, 0, &why), RES_OK);
    *state = w;
    return 0;
}

static int close_watched(void **state)
{
    struct watched *w = *state;
    db_close(w->db);
    problems_close(w->problems);
    lockfile_release(&w->lock);
    fixture_free(w->f);
    free(w);
    return 0;
}

/* Which of the two problems are present: r, u, ru or nothing. */
static const char *look(struct watched *w, int64_t now)
{
    static const char *const shown[] = {"", "r", "u", "ru"};
    struct why why = {0};
    assert_int_equal(reject_watch_update(&w->watch, w->db, now, &why), RES_OK);
    return shown[problems_is_present(w->problems, PROBLEM_REJECTS_ARRIVING) +
                 2 * problems_is_present(w->problems, PROBLEM_UNKNOWN_ELEMENTS)];
}

static void append_reject(struct watched *w, enum reject_reason reason, int64_t at)
{
    struct group *group = group_new();
    struct reject reject = {
        .received_at = at,
        .source = some_slice("192.0.2.1"),
        .reason = reason,
        .detail = some_slice("EVENT_ELEMENT does not name the element thing: if it"),
        .bytes = 1,
        .payload = some_slice("x"),
    };
    group_add_reject(group, &reject);
    must(w->f, append_once(w->f->in, group, &w->f->why));
    group_free(group);
}

static void the_problems_last_five_minutes_and_outlive_a_restart(void **state)
{
    struct watched *w = *state;
    assert_string_equal(look(w, NOW), "");
    append_reject(w, REJECT_MALFORMED, NOW);
    assert_string_equal(look(w, NOW + 1), "r");
    append_reject(w, REJECT_UNKNOWN_ELEMENT, NOW + 1000);
    assert_string_equal(look(w, NOW + 1001), "ru");
    w->watch.arrivals.count = 0;
    assert_string_equal(look(w, NOW + ARRIVALS_MS - 1), "ru");
    assert_string_equal(look(w, NOW + ARRIVALS_MS), "u");
    assert_string_equal(look(w, NOW + ARRIVALS_MS + 1000), "");
    append_reject(w, REJECT_MALFORMED, NOW + 2 * ARRIVALS_MS);
    assert_string_equal(look(w, NOW + 2 * ARRIVALS_MS), "r");
}

static void settled_rejects_end_the_problems(void **state)
{
    struct watched *w = *state;
    append_reject(w, REJECT_MALFORMED, NOW);
    append_reject(w, REJECT_UNKNOWN_ELEMENT, NOW);
    append_reject(w, REJECT_MALFORMED, NOW + 1);
    query_do(w->f->scratch->spool, "UPDATE _reject SET retried_at = 1 WHERE id >= 2");
    assert_string_equal(look(w, NOW + 2), "r"); /* the first one is left */
    query_do(w->f->scratch->spool, "UPDATE _reject SET dismissed_at = 1 WHERE id = 1");
    assert_string_equal(look(w, NOW + 3), "");
}

static void remainders_of_old_rejects_do_not_arrive(void **state)
{
    struct watched *w = *state;
    append_reject(w, REJECT_MALFORMED, NOW);
    struct group *group = some_group(1, 0, 1);
    group->retry_of = 1;
    must(w->f, append_once(w->f->in, group, &w->f->why));
    group_free(group);
    assert_string_equal(look(w, NOW + ARRIVALS_MS), "");
}

static void rejects_that_join_an_old_row_arrive(void **state)
{
    struct watched *w = *state;
    spool_in_cap_rejects(w->f->in, 1);
    append_reject(w, REJECT_MALFORMED, NOW);
    append_reject(w, REJECT_MALFORMED, NOW + 2 * ARRIVALS_MS);
    assert_int_equal(query_int(w->f->scratch->spool, "SELECT count(*) FROM _reject"), 1);
    assert_string_equal(look(w, NOW + 2 * ARRIVALS_MS + 1), "r");
}

static void few_hide_behind_no_flood(void **state)
{
    struct watched *w = *state;
    struct problem all[PROBLEM_COUNT];
    append_reject(w, REJECT_UNKNOWN_ELEMENT, NOW);
    append(w->f, 1, 0, 2 * REJECT_WATCH_ROWS);
    assert_string_equal(look(w, NOW + 5000), "ru");
    assert_int_equal(problems_copy(w->problems, all), 2);
    assert_non_null(strstr(all[0].message, "(malformed 1000)")); /* at least: from its rows */
}

#define IN_WATCHED(test) cmocka_unit_test_setup_teardown(test, open_watched, close_watched)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_of_the_collector_is_explained),
        cmocka_unit_test(a_reason_arrives_while_its_last_reject_is_young_and_unsettled),
        cmocka_unit_test(nothing_arrives_where_nothing_ever_came),
        cmocka_unit_test(the_message_counts_by_reason_and_explains_the_commonest),
        cmocka_unit_test(all_reasons_at_once_fit_the_message),
        cmocka_unit_test(an_unknown_element_is_named_as_its_detail_has_it),
        cmocka_unit_test(the_count_is_that_of_the_last_five_minutes),
        cmocka_unit_test(a_clock_that_goes_back_begins_the_count_anew),
        IN_WATCHED(the_problems_last_five_minutes_and_outlive_a_restart),
        IN_WATCHED(settled_rejects_end_the_problems),
        IN_WATCHED(remainders_of_old_rejects_do_not_arrive),
        IN_WATCHED(rejects_that_join_an_old_row_arrive),
        IN_WATCHED(few_hide_behind_no_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
