/* test_listening -- since when senders are listened to without a long interruption, over restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/gate/listening.h"

#include "collector/spool/collector_row.h"
#include "tests/support/in_fixture.h"

#define GAP 1000

static void only_a_long_interruption_begins_anew(void **state)
{
    static const struct {
        struct listening_span before;
        int64_t now;
        int64_t since;
    } rows[] = {
        {{0, 0}, 5000, 0}, /* the first look of all */
        {{0, 5000}, 6000, 0},       {{0, 5000}, 6001, 6001},    {{3000, 5000}, 5500, 3000},
        {{3000, 5000}, 9000, 9000}, {{3000, 5000}, 4000, 3000}, /* the clock went back */
        {{3000, 5000}, 2000, 2000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct listening_span span = listening_go_on(rows[i].before, rows[i].now, GAP);
        assert_int_equal(span.since, rows[i].since);
        assert_int_equal(span.at, rows[i].now);
    }
}

static void what_counts_as_long_follows_the_setting(void **state)
{
    (void)state;
    assert_int_equal(listening_gap_ms(86400000), 3600000);
    assert_int_equal(listening_gap_ms(5000), 20000);
}

/* ---- in the spool ---- */

static void begin(struct fixture *f, struct collector_row *row, struct listening *listening)
{
    *row = (struct collector_row){.facts = {.version = "1.2.3",
                                            .started_at = 77,
                                            .min_free_bytes = 5,
                                            .max_bytes = 6,
                                            .silence_ms = 86400000},
                                  .listening = listening};
    must(f, collector_row_load(row, f->in, &f->why));
}

static const char *const all = "SELECT version, started_at, min_free_bytes, max_bytes, listening_since,"
                               " listened_at FROM _collector";

static void the_row_is_written_once_and_then_now_and_then(void **state)
{
    struct fixture *f = *state;
    struct collector_row row;
    struct listening listening;
    check_text(f->scratch->spool, "SELECT version IS NULL FROM _collector", "1");
    begin(f, &row, &listening);
    collector_row_update(&row, f->in);
    check_text(f->scratch->spool, all, "1.2.3|77|5|6|0|0");
    listening_note(&listening, 10000000);
    collector_row_update(&row, f->in);
    check_text(f->scratch->spool, all, "1.2.3|77|5|6|0|10000000");
    listening_note(&listening, 10000000 + 899999);
    collector_row_update(&row, f->in); /* it is not due */
    check_text(f->scratch->spool, all, "1.2.3|77|5|6|0|10000000");
    listening_note(&listening, 10000000 + 900000);
    collector_row_update(&row, f->in);
    check_text(f->scratch->spool, all, "1.2.3|77|5|6|0|10900000");
}

static void the_next_process_knows_how_long_nobody_listened(void **state)
{
    struct fixture *f = *state;
    struct collector_row row;
    struct listening listening;
    begin(f, &row, &listening);
    listening_note(&listening, 10000000);
    collector_row_update(&row, f->in);
    reopen(f);
    begin(f, &row, &listening); /* a short restart */
    listening_note(&listening, 10000000 + 3600000);
    collector_row_update(&row, f->in);
    assert_int_equal(listening_load(&listening).since, 0);
    reopen(f);
    begin(f, &row, &listening); /* a long one */
    listening_note(&listening, 90000000);
    collector_row_update(&row, f->in);
    check_text(f->scratch->spool, all, "1.2.3|77|5|6|90000000|90000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_long_interruption_begins_anew),
        cmocka_unit_test(what_counts_as_long_follows_the_setting),
        IN_SPOOL(the_row_is_written_once_and_then_now_and_then),
        IN_SPOOL(the_next_process_knows_how_long_nobody_listened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
