/* test_silence_alert -- who is silent: a table of cases, the message, and a random world of restarts and pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/status/silence_alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define HOUR         INT64_C(3600000)
#define DAY          (24 * HOUR)
#define NOW          (20000 * DAY + 7 * HOUR)

static void begin(struct silence_alert *alert, int64_t silence_ms, int64_t since)
{
    silence_alert_begin(alert, &(struct silence_rule){silence_ms, {.since = since, .at = NOW}, NOW});
}

static struct silence_row row_of(const char *sender, const char *source, int64_t age_ms)
{
    int64_t at = NOW - age_ms;
    return (struct silence_row){sender, source, at, at / DAY, 2, 100};
}

/* ---- one row ---- */

static void a_known_sender_is_silent_after_the_time(void **state)
{
    static const struct {
        const char *sender;
        int64_t events, days, age_ms, silence_ms, since, at; /* since, at: before NOW */
        bool is_silent;
    } rows[] = {
        {"a", 100, 2, 24 * HOUR, 24 * HOUR, NOW, 0, true},
        {"a", 100, 2, 24 * HOUR - 1, 24 * HOUR, NOW, 0, false},
        {"a", 99, 2, 48 * HOUR, 24 * HOUR, NOW, 0, false},
        {"a", 100000, 1, 48 * HOUR, 24 * HOUR, NOW, 0, false},
        {"a", 100, 2, 48 * HOUR, 72 * HOUR, NOW, 0, false},
        {"a", 100, 2, 30 * DAY - 1, 24 * HOUR, NOW, 0, true},
        {"a", 100, 2, 30 * DAY, 24 * HOUR, NOW, 0, false},
        {"cn=eventspool-test", 100, 2, 48 * HOUR, 24 * HOUR, NOW, 0, false},
        {"", 100, 2, 48 * HOUR, 24 * HOUR, NOW, 0, true},
        /* the collector was away until so long ago */
        {"a", 100, 2, 72 * HOUR, 24 * HOUR, HOUR, 0, false},
        {"a", 100, 2, 72 * HOUR, 24 * HOUR, 24 * HOUR, 0, true},
        /* it has not listened for so long */
        {"a", 100, 2, 30 * HOUR, 24 * HOUR, NOW, 7 * HOUR, false},
        {"a", 100, 2, 30 * HOUR, 24 * HOUR, NOW, 6 * HOUR, true},
        {"a", 100, 2, 72 * HOUR, 24 * HOUR, NOW, NOW, false}, /* it has never listened */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct silence_alert alert;
        struct silence_row row = row_of(rows[i].sender, "192.0.2.1", rows[i].age_ms);
        row.events = rows[i].events;
        row.days = rows[i].days;
        silence_alert_begin(
            &alert, &(struct silence_rule){
                        rows[i].silence_ms, {.since = NOW - rows[i].since, .at = NOW - rows[i].at}, NOW});
        silence_alert_add(&alert, &row);
        silence_alert_end(&alert);
        if (alert.count != rows[i].is_silent) fail_msg("row %zu", i);
    }
}

/* ---- several rows ---- */

static void the_addresses_of_a_name_are_one_sender(void **state)
{
    struct silence_alert alert;
    struct silence_row rows[] = {row_of("a", "1", 90 * HOUR), row_of("a", "2", HOUR),
                                 row_of("b", "1", 90 * HOUR), row_of("b", "3", 60 * HOUR)};
    (void)state;
    begin(&alert, 24 * HOUR, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        rows[i].events = 50; /* only together enough, as are the days */
        rows[i].days = 1;
        silence_alert_add(&alert, &rows[i]);
    }
    silence_alert_end(&alert);
    assert_int_equal(alert.count, 1); /* a has sent from its other address */
    assert_string_equal(alert.longest[0].name, "b");
    assert_int_equal(alert.longest[0].last_at, NOW - 60 * HOUR);
}

static void without_a_name_each_address_is_a_sender(void **state)
{
    struct silence_alert alert;
    struct silence_row rows[] = {row_of("", "192.0.2.1", 90 * HOUR), row_of("", "192.0.2.2", HOUR),
                                 row_of("", "192.0.2.3", 80 * HOUR), row_of("x", "192.0.2.1", HOUR)};
    char message[PROBLEM_TEXT_SIZE];
    (void)state;
    begin(&alert, 24 * HOUR, 0);
    for (size_t i = 0; i < COUNT(rows); i++) silence_alert_add(&alert, &rows[i]);
    silence_alert_end(&alert);
    silence_alert_write(&alert, message);
    assert_string_equal(message,
                        "silent for longer than SILENCE_ALERT: 192.0.2.1 (since 2024-09-30T13:00Z) and "
                        "192.0.2.3 (since 2024-09-30T23:00Z)");
}

static void the_longest_silent_are_named_first_and_the_others_counted(void **state)
{
    static const int hours[] = {30, 90, 40, 25, 80, 70};
    (void)state;
    for (size_t count = 1; count <= COUNT(hours); count++) {
        struct silence_alert alert;
        char message[PROBLEM_TEXT_SIZE];
        begin(&alert, 24 * HOUR, 0);
        for (size_t i = 0; i < count; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "s%d", hours[i]);
            struct silence_row row = row_of(name, "1", hours[i] * HOUR);
            silence_alert_add(&alert, &row);
        }
        silence_alert_end(&alert);
        assert_int_equal(alert.count, count);
        silence_alert_write(&alert, message);
        if (count == 1) assert_non_null(strstr(message, ": s30 (since 2024-10-03T01:00Z)"));
        if (count == 6)
            assert_string_equal(message,
                                "silent for longer than SILENCE_ALERT: s90 (since 2024-09-30T13:00Z), "
                                "s80 (since 2024-09-30T23:00Z), s70 (since 2024-10-01T09:00Z) and 3 more");
        for (size_t i = 1; i < count && i < SILENCE_ALERT_NAMED; i++)
            assert_true(alert.longest[i - 1].last_at <= alert.longest[i].last_at);
    }
}

static void a_name_is_shown_printable_and_cut(void **state)
{
    struct silence_alert alert;
    char name[257] = "\x1b[2J\n\xC3\xA9";
    char message[PROBLEM_TEXT_SIZE];
    (void)state;
    memset(name + strlen(name), 'x', 200);
    begin(&alert, 24 * HOUR, 0);
    for (int i = 0; i < 9; i++) {
        name[200] = (char)('1' + i);
        struct silence_row row = row_of(name, "1", (90 - i) * HOUR);
        silence_alert_add(&alert, &row);
    }
    silence_alert_end(&alert);
    silence_alert_write(&alert, message);
    assert_null(strpbrk(message, "\x1b\n"));
    assert_non_null(strstr(message, ": \\x1b[2J\\x0a\xC3\xA9xxx"));
    assert_non_null(strstr(message, "xxx... (since "));
    assert_string_equal(message + strlen(message) - strlen(" and 6 more"), " and 6 more");
}

/* ---- a world ---- */

#define LOOK_MS    5000
#define SILENCE_MS HOUR
#define STEPS      (12 * HOUR / LOOK_MS)

struct world {
    struct chance chance;
    int64_t now, gap_ms;
    struct listening_span memory, stored; /* as the process and the spool have them */
    bool is_listening, loses_memory;
    int64_t began_at, ends_at; /* of an interruption */
    int64_t last_event_at;     /* of the sender */
    bool is_sending;
    int64_t must_begin, may_begin; /* silence before it does not, or need not, count */
};

static void interrupt(struct world *w)
{
    static const int percent[] = {5, 60, 90, 110, 200, 2000}; /* of the longest one that does not count */
    w->is_listening = false;
    w->loses_memory = chance_below(&w->chance, 2) == 0;
    w->began_at = w->now;
    w->ends_at = w->now + w->gap_ms * percent[chance_below(&w->chance, COUNT(percent))] / 100;
}

static void go_on(struct world *w)
{
    int64_t lasted_ms = w->now - w->began_at;
    w->is_listening = true;
    if (w->loses_memory) w->memory = w->stored;
    if (lasted_ms > w->gap_ms) w->must_begin = w->now;
    if (lasted_ms > w->gap_ms * 3 / 4 - 2 * LOOK_MS) w->may_begin = w->now;
}

/* As collector/spool/collector_row.c does it. */
static void note(struct world *w)
{
    w->memory = listening_go_on(w->memory, w->now, w->gap_ms);
    if (w->memory.since != w->stored.since || w->memory.at - w->stored.at >= w->gap_ms / 4)
        w->stored = w->memory;
}

static bool is_silent(const struct world *w)
{
    struct silence_alert alert;
    silence_alert_begin(&alert, &(struct silence_rule){SILENCE_MS, w->memory, w->now});
    silence_alert_add(&alert, &(struct silence_row){"a", "1", w->last_event_at, 1, 2, 100});
    silence_alert_end(&alert);
    return alert.count == 1;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void step(struct world *w)
{
    w->now += LOOK_MS;
    if (chance_below(&w->chance, 700) == 0) w->is_sending = !w->is_sending;
    if (w->is_listening && chance_below(&w->chance, 200) == 0) interrupt(w);
    if (!w->is_listening && w->now >= w->ends_at) go_on(w);
    if (!w->is_listening) return;
    if (w->is_sending && chance_below(&w->chance, 4) == 0) w->last_event_at = w->now;
    note(w);
    int64_t most_ms = w->now - later(w->last_event_at, w->must_begin);
    int64_t least_ms = w->now - later(w->last_event_at, w->may_begin);
    if (is_silent(w))
        assert_true(most_ms >= SILENCE_MS); /* nobody is blamed for what could not be heard */
    else
        assert_true(least_ms < SILENCE_MS); /* and no row of restarts hides a sender that is gone */
}

static void restarts_and_pauses_neither_blame_nor_hide_a_sender(void **state)
{
    const char *worlds = getenv("TEST_WORLDS");
    struct chance chance = chance_begin();
    (void)state;
    for (int i = worlds ? atoi(worlds) : 100; i > 0; i--) {
        struct world w = {
            .chance = chance, .now = NOW, .gap_ms = listening_gap_ms(SILENCE_MS), .is_listening = true};
        w.last_event_at = w.now;
        for (int n = 0; n < STEPS; n++) step(&w);
        chance = w.chance;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_sender_is_silent_after_the_time),
        cmocka_unit_test(the_addresses_of_a_name_are_one_sender),
        cmocka_unit_test(without_a_name_each_address_is_a_sender),
        cmocka_unit_test(the_longest_silent_are_named_first_and_the_others_counted),
        cmocka_unit_test(a_name_is_shown_printable_and_cut),
        cmocka_unit_test(restarts_and_pauses_neither_blame_nor_hide_a_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
