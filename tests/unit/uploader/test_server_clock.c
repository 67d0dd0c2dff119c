/* test_server_clock -- whether our clock is wrong, by what answers say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/server_clock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MINUTE       INT64_C(60000)
#define NOW          INT64_C(1900000000000)

/* One thing that happens: an answer whose clock is so far ahead of the true time, or our clock is set to be so far ahead. */
struct step {
    enum { END, ANSWER, SET } what;
    int64_t by_ms;
    bool is_wrong; /* after it */
};

static void the_clock_is_wrong_by_what_the_answers_agree_on(void **state)
{
    static const struct {
        const char *name;
        struct step steps[8];
    } rows[] = {
        {"right", {{ANSWER, 0, false}, {ANSWER, 4 * MINUTE, false}}},
        {"wrong at once", {{SET, 20 * MINUTE, false}, {ANSWER, 0, true}, {ANSWER, 0, true}}},
        {"behind", {{SET, -6 * MINUTE, false}, {ANSWER, 0, true}}},
        {"below the limit", {{SET, 5 * MINUTE - 1, false}, {ANSWER, 0, false}}},
        {"no flapping at the limit",
         {{SET, 5 * MINUTE, false},
          {ANSWER, 0, true},
          {SET, 4 * MINUTE + 10, true},
          {ANSWER, 0, true},
          {SET, 4 * MINUTE - 10, false},
          {ANSWER, 0, false}}},
        {"set right between answers",
         {{SET, 20 * MINUTE, false}, {ANSWER, 0, true}, {SET, 0, false}, {ANSWER, 0, false}}},
        {"set wrong between answers", {{ANSWER, 0, false}, {SET, 20 * MINUTE, false}, {ANSWER, 0, true}}},
        {"one lie",
         {{ANSWER, 0, false}, {ANSWER, 90 * MINUTE, false}, {ANSWER, 0, false}, {ANSWER, 0, false}}},
        {"lies and truth in turn",
         {{ANSWER, 0, false},
          {ANSWER, 90 * MINUTE, false},
          {ANSWER, 0, false},
          {ANSWER, 90 * MINUTE, false},
          {ANSWER, 0, false},
          {ANSWER, -90 * MINUTE, false}}},
        {"a lie at the very first", {{ANSWER, 90 * MINUTE, true}, {ANSWER, 0, true}, {ANSWER, 0, false}}},
        {"a server that keeps to its lie",
         {{ANSWER, 0, false}, {ANSWER, 90 * MINUTE, false}, {ANSWER, 90 * MINUTE, true}}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_clock clock = {.has_last = false};
        int64_t offset_ms = 0;
        int64_t passed_ms = 0;
        for (const struct step *step = rows[i].steps; step->what != END; step++) {
            int64_t ahead_ms = 0;
            passed_ms += 3600 * 1000;
            if (step->what == SET) offset_ms = step->by_ms;
            int64_t now = NOW + passed_ms + offset_ms;
            if (step->what == ANSWER)
                server_clock_read(&clock, NOW + passed_ms + step->by_ms, now, passed_ms);
            bool is_wrong = server_clock_is_wrong(&clock, now, passed_ms, &ahead_ms);
            if (is_wrong != step->is_wrong)
                fail_msg("%s: step %d", rows[i].name, (int)(step - rows[i].steps) + 1);
            if (is_wrong && step->what == ANSWER && rows[i].steps[1].what != ANSWER)
                assert_int_equal(ahead_ms, -offset_ms);
        }
    }
}

static void nothing_is_wrong_before_the_first_answer(void **state)
{
    struct server_clock clock = {.has_last = false};
    int64_t ahead_ms = 0;
    (void)state;
    assert_false(server_clock_is_wrong(&clock, NOW, 5, &ahead_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_is_wrong_by_what_the_answers_agree_on),
        cmocka_unit_test(nothing_is_wrong_before_the_first_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
