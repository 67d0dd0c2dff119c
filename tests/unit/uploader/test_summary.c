/*
 * test_summary -- the figures of `summary` and `backlog` against plain counting, in random situations.
 * The random tests print their seed; TEST_SEED=number in the environment sets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/spool/spool.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/out_fixture.h"

#define SPOOLS 12
#define STEPS  60
#define HOUR   ((int64_t)3600000)

/* An event is shipped when a shipped batch holds it: here without the help of index, total or frontier. */
#define UNSHIPPED                                                                                            \
    " FROM _event e WHERE NOT EXISTS (SELECT 1 FROM _batch b WHERE b.kind = 'events'"                        \
    " AND e.id BETWEEN b.first_id AND b.last_id AND b.shipped_at IS NOT NULL)"

static uint64_t chance;

static int64_t below(int64_t limit)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (int64_t)(chance % (uint64_t)limit);
}

static void print_seed(void)
{
    const char *given = getenv("TEST_SEED");
    chance = given ? strtoull(given, NULL, 10) : 20140610;
    print_message("TEST_SEED=%llu\n", (unsigned long long)chance);
    chance = chance * 2 + 1; /* xorshift never leaves 0 */
}

/* ---- steps ---- */

static void seal_some(struct fixture *f, enum batch_kind kind)
{
    struct waiting waiting = waiting_now(f, kind);
    if (!waiting.is_some) return;
    struct batch batch = some_batch(kind, waiting.first_id, 0);
    must(f, spool_out_cut(f->out, kind, &waiting, 1 + below(2000), &batch.last_id, &batch.bytes, &f->why));
    must(f, spool_out_seal(f->out, &batch, NULL, &f->why));
}

/* Any open batch, not only the oldest: a blocked batch holds up no other. */
static void ship_some(struct fixture *f, enum batch_kind kind)
{
    struct batch batch;
    bool is_some;
    int64_t from_id = below(4) > 0 ? 0 : below(200);
    must(f, spool_out_open_batch(f->out, kind, from_id, &batch, &is_some, &f->why));
    if (is_some) ship(f, &batch);
}

/* One of the things that happen to a spool, three quarters of an hour after the last. */
static void step(struct fixture *f, int64_t *time)
{
    int64_t purged;
    const char *path = f->scratch->spool;
    enum batch_kind kind = below(4) > 0 ? BATCH_EVENTS : BATCH_REJECTS;
    *time += HOUR * 3 / 4;
    switch (below(8)) {
    case 0:
    case 1: some_spool_add_events(path, 1 + below(9), 8 + below(400), *time); break;
    case 2: some_spool_add_rejects(path, 1 + below(4), 8 + below(400), *time); break;
    case 3:
    case 4: seal_some(f, kind); break;
    case 5:
    case 6: ship_some(f, kind); break;
    default: must(f, spool_out_purge(f->out, kind, INT64_MAX, &purged, &f->why)); break;
    }
}

/* ---- the two ways to count ---- */

static void check_figures(struct fixture *f, int64_t now)
{
    const char *path = f->scratch->spool;
    char *shown = query_text(path, "%s", "SELECT events, bytes, rejects_24h, events, 0, 0 FROM summary");
    char *counted = query_text(
        f->scratch->spool,
        "SELECT (SELECT count(*)" UNSHIPPED "), (SELECT coalesce(sum(e.bytes), 0)" UNSHIPPED "),"
        " (SELECT count(*) FROM _reject WHERE received_at > %" PRId64 "), (SELECT count(*) FROM backlog),"
        " (SELECT count(*) FROM backlog WHERE id NOT IN (SELECT e.id" UNSHIPPED ")),"
        " (SELECT count(*) FROM events v WHERE (v.state <> 'shipped') <> (v.id IN (SELECT e.id" UNSHIPPED
        ")))",
        now - 24 * HOUR);
    assert_string_equal(shown, counted);
    free(shown);
    free(counted);
    if (query_int(path, "SELECT events FROM summary") == 0) return;
    int64_t oldest_at = query_int(path, "SELECT e.received_at" UNSHIPPED " ORDER BY e.id");
    int64_t age_seconds = query_int(path, "SELECT oldest_age_seconds FROM summary");
    assert_true(age_seconds >= (now - oldest_at) / 1000 - 1);
    assert_true(age_seconds <= (clock_now_ms() - oldest_at) / 1000 + 1);
}

static void the_summarys_figures_match_plain_counting(void **state)
{
    (void)state;
    print_seed();
    for (int i = 0; i < SPOOLS; i++) {
        struct fixture *f = fixture_new();
        int64_t now = clock_now_ms();
        /* Begins two days ago; no step is within minutes of a day ago, so the test's own time does not matter. */
        int64_t time = now - 48 * HOUR - HOUR / 8;
        check_figures(f, now);
        for (int k = 0; k < STEPS; k++) {
            step(f, &time);
            check_figures(f, now);
        }
        fixture_free(f);
    }
}

/* ---- the rest of the row ---- */

static void an_empty_spool_has_an_empty_summary(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(query_int(f->scratch->spool, "SELECT spool_bytes FROM summary"),
                     query_int(f->scratch->spool, "PRAGMA page_count") * 16384);
    check_text(f,
               "SELECT events, bytes, oldest_age_seconds, last_event_at, last_shipped_at, uploader_seen_at,"
               " last_error, remedy, rejects_24h, abandoned_events, trial_mode FROM summary",
               "0|0|||||||0|0|0");
}

static void report(struct fixture *f, bool is_trial, const struct why *trouble)
{
    struct uploader_report report = {.version = "9.8.7",
                                     .destination = "s3://bucket",
                                     .started_at = 1700000000000,
                                     .rotation_ms = 3600000,
                                     .max_file_bytes = 10485760,
                                     .is_trial = is_trial,
                                     .ships_rejects = true,
                                     .trouble = trouble};
    must(f, spool_out_report(f->out, &report, &f->why));
}

static void an_uploaders_report_says_what_it_is_and_how_it_works(void **state)
{
    struct fixture *f = *state;
    report(f, true, NULL);
    check_text(
        f,
        "SELECT version, started_at, destination, rotation_ms, max_file_bytes, trial_mode, ships_rejects "
        "FROM _uploader",
        "9.8.7|1700000000000|s3://bucket|3600000|10485760|1|1");
}

static void an_uploaders_report_stays_in_the_summary_until_the_next(void **state)
{
    struct fixture *f = *state;
    struct why trouble = {.text = "put object: HTTP 403", .remedy = "allow s3:PutObject"};
    int64_t before = clock_now_ms();
    report(f, true, &trouble);
    check_text(f, "SELECT last_error, remedy, trial_mode FROM summary",
               "put object: HTTP 403|allow s3:PutObject|1");
    char iso[CLOCK_ISO_SIZE];
    char *seen_at = query_text(f->scratch->spool, "%s", "SELECT uploader_seen_at FROM summary");
    assert_true(strcmp(seen_at, clock_iso(before, iso)) >= 0);
    free(seen_at);
    report(f, false, NULL);
    check_text(f, "SELECT last_error, remedy, trial_mode FROM summary", "||0");
}

static void a_dead_uploaders_advice_leaves_the_summary(void **state)
{
    struct fixture *f = *state;
    struct why trouble = {.text = "put object: HTTP 403", .remedy = "allow s3:PutObject"};
    report(f, false, &trouble);
    query_do(f->scratch->spool, "UPDATE _uploader SET seen_at = seen_at - 170000");
    check_text(f, "SELECT last_error, remedy FROM summary", "put object: HTTP 403|allow s3:PutObject");
    query_do(f->scratch->spool, "UPDATE _uploader SET seen_at = seen_at - 15000");
    check_text(f, "SELECT last_error, remedy, uploader_seen_at IS NOT NULL FROM summary", "||1");
}

static void the_newest_event_and_the_newest_shipment_are_named(void **state)
{
    struct fixture *f = *state;
    some_spool_add_events(f->scratch->spool, 2, 10, SOME_TIME);
    some_spool_add_events(f->scratch->spool, 2, 10, SOME_TIME + 1500);
    struct batch batch = seal(f, BATCH_EVENTS, 1, 4);
    ship(f, &batch);
    query_do(f->scratch->spool, "UPDATE _batch SET shipped_at = %" PRId64, SOME_TIME + 2005);
    check_text(f, "SELECT last_event_at, last_shipped_at, oldest_age_seconds FROM summary",
               "2023-11-14T22:13:21.500Z|2023-11-14T22:13:22.005Z|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_summarys_figures_match_plain_counting),
        IN_SPOOL(an_empty_spool_has_an_empty_summary),
        IN_SPOOL(an_uploaders_report_says_what_it_is_and_how_it_works),
        IN_SPOOL(an_uploaders_report_stays_in_the_summary_until_the_next),
        IN_SPOOL(a_dead_uploaders_advice_leaves_the_summary),
        IN_SPOOL(the_newest_event_and_the_newest_shipment_are_named),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
