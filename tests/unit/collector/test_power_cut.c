/*
 * test_power_cut -- what a power cut leaves of the spool, at every moment of a run that appends, fails, checkpoints and
 * restarts. Whatever chance keeps of the unsynced writes: each group that was acknowledged is there, groups are whole.
 * The random tests print their seed; TEST_SEED=number in the environment sets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/spool/wal.h"
#include "common/spool.h"
#include "tests/support/disk_log.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

#define GROUPS 36
#define CUTS   100

/* What the run did: after each group, the moment and how many events were there. */
struct run {
    struct scratch *scratch;
    struct spool_in *in;
    struct why why;
    size_t moments[GROUPS];
    int64_t events[GROUPS];
    size_t created_at; /* the moment when the schema was there */
};

static uint64_t chance;

static uint64_t next_chance(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance;
}

static void print_seed(void)
{
    const char *given = getenv("TEST_SEED");
    chance = given ? strtoull(given, NULL, 10) : 20140610;
    print_message("TEST_SEED=%llu\n", (unsigned long long)chance);
    chance = chance * 2 + 1; /* xorshift never leaves 0 */
}

/* ---- a run ---- */

static void run_must(struct run *run, enum result res)
{
    if (res != RES_OK) fail_msg("%s", run->why.text);
}

static void run_open(struct run *run, enum spool_sync sync)
{
    run_must(run, spool_in_open(&run->in, run->scratch->spool, "node", sync, &run->why));
    run_must(run, wal_settle(spool_in_wal(run->in), &run->why));
}

/* Appends the group until it is there; the disk fails at the nth call of the first try. */
static void run_append(struct run *run, int number, int fail_at)
{
    int events = 1 + (int)(next_chance() % 60);
    int64_t before = number > 0 ? run->events[number - 1] : 0;
    struct group *group = some_group((int)before + 1, events, events % 3);
    if (fail_at > 0) fault_disk_at(fail_at, FAULT_EIO);
    enum result res = append_once(run->in, group, &run->why);
    if (fault_fired()) {
        assert_int_equal(res, RES_RETRY);
        res = append_once(run->in, group, &run->why);
    }
    run_must(run, res);
    group_free(group);
    run->moments[number] = disk_log_moment();
    run->events[number] = before + events;
}

static void checkpoint(struct spool_in *in)
{
    assert_true(wal_finish(spool_in_wal(in)));
}

static struct run *run_new(enum spool_sync sync)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run) abort();
    run->scratch = scratch_new();
    disk_log_begin();
    run_open(run, sync);
    run->created_at = disk_log_moment();
    for (int i = 0; i < GROUPS; i++) {
        run_append(run, i, i % 4 == 3 ? 1 + (int)(next_chance() % 14) : 0); /* the last call is the sync */
        if (i % 6 == 5) checkpoint(run->in);
        if (i % 15 == 14) {
            spool_in_close(run->in);
            run_open(run, sync);
        }
    }
    disk_log_end();
    return run;
}

static void run_free(struct run *run)
{
    spool_in_close(run->in);
    scratch_free(run->scratch);
    disk_log_forget();
    free(run);
}

/* ---- what a cut leaves ---- */

static bool is_whole(const struct run *run, int64_t events)
{
    for (int i = 0; i < GROUPS; i++)
        if (run->events[i] == events) return true;
    return events == 0;
}

static int64_t acknowledged(const struct run *run, size_t moment)
{
    int64_t events = 0;
    for (int i = 0; i < GROUPS && run->moments[i] <= moment; i++) events = run->events[i];
    return events;
}

/*
 * The power goes at this moment and comes back: a collector starts on what is left. Returns the events that it finds.
 */
static int64_t events_after_cut(size_t moment, uint64_t seed)
{
    struct scratch *after = scratch_new();
    struct spool_in *in;
    struct why why = {0};

    disk_log_cut(moment, seed, after->dir);
    if (spool_in_open(&in, after->spool, "node", SPOOL_SYNC_FULL, &why) != RES_OK ||
        wal_settle(spool_in_wal(in), &why) != RES_OK)
        fail_msg("moment %zu, seed %llu: %s", moment, (unsigned long long)seed, why.text);
    int64_t events = query_int(after->spool, "SELECT count(*) FROM _event");
    struct group *group = some_group((int)events + 1, 5, 1);
    assert_int_equal(append_once(in, group, &why), RES_OK);
    group_free(group);
    spool_in_close(in);
    check_books(after->spool);
    assert_int_equal(query_int(after->spool, "SELECT count(*) FROM _event WHERE id <> uid"), 0);
    scratch_free(after);
    return events;
}

static void an_acknowledged_group_survives_a_power_cut_at_any_moment(void **state)
{
    (void)state;
    print_seed();
    struct run *run = run_new(SPOOL_SYNC_FULL);
    for (size_t i = 0; i < 2 * GROUPS + CUTS; i++) {
        size_t moment = (size_t)(next_chance() % (disk_log_moment() + 1));
        if (i < 2 * GROUPS)
            moment = run->moments[i / 2] - i % 2; /* when a group is acknowledged, and just before */
        uint64_t seed = i % 3 == 0 ? 0 : next_chance();
        int64_t events = events_after_cut(moment, seed);
        if (events < acknowledged(run, moment) || !is_whole(run, events))
            fail_msg("moment %zu, seed %llu: %lld events of %lld", moment, (unsigned long long)seed,
                     (long long)events, (long long)acknowledged(run, moment));
    }
    run_free(run);
}

static void a_collector_starts_after_a_power_cut_during_creation(void **state)
{
    (void)state;
    print_seed();
    struct run *run = run_new(SPOOL_SYNC_FULL);
    for (size_t moment = 0; moment <= run->created_at; moment++)
        for (int i = 0; i < 2; i++) assert_int_equal(events_after_cut(moment, i == 0 ? 0 : next_chance()), 0);
    run_free(run);
}

static void a_failed_group_is_durable_once_appended_again(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        struct why why = {0};
        struct spool_in *in;
        struct scratch *before = scratch_new();
        struct group *group = some_group(1, 20, 0);
        disk_log_begin();
        assert_int_equal(spool_in_open(&in, before->spool, "node", SPOOL_SYNC_FULL, &why), RES_OK);
        fault_disk_at(nth, FAULT_EIO);
        enum result res = append_once(in, group, &why);
        fired = fault_fired();
        size_t moment = disk_log_moment();
        if (res != RES_OK) res = append_once(in, group, &why);
        assert_int_equal(res, RES_OK);
        disk_log_end();
        assert_int_equal(events_after_cut(moment, 0),
                         fired ? 0 : 20); /* what failed was never said to be kept */
        assert_int_equal(events_after_cut(disk_log_moment(), 0), 20);
        group_free(group);
        spool_in_close(in);
        scratch_free(before);
        disk_log_forget();
    }
}

/* ---- a process that ends after a failed sync ---- */

/* kill -9: what the process has written is in the system's cache, and nothing is tidied up. */
static void kill_collector(struct spool_in *in, const struct scratch *scratch)
{
    char wal[sizeof scratch->spool + 8];
    size_t spool_len = 0;
    size_t wal_len = 0;
    (void)snprintf(wal, sizeof wal, "%s-wal", scratch->spool);
    char *spool_bytes = scratch_read(scratch->spool, &spool_len);
    char *wal_bytes = scratch_read(wal, &wal_len);
    disk_log_pause();
    spool_in_close(in);
    scratch_write(scratch->spool, spool_bytes, spool_len);
    scratch_write(wal, wal_bytes, wal_len);
    disk_log_resume();
    free(spool_bytes);
    free(wal_bytes);
}

/*
 * A group of 20 is committed; the sync of one of 30 fails, and the process is killed. The next one finds those 30 in
 * the log, takes them over, and commits 5 more. Returns how many cuts from then on lose what was acknowledged.
 */
static size_t losses_after_a_failed_sync_and_a_kill(bool is_settled)
{
    struct why why = {0};
    struct spool_in *in;
    size_t losses = 0;
    struct scratch *before = scratch_new();
    struct group *groups[] = {some_group(1, 20, 0), some_group(21, 30, 0), some_group(51, 5, 0)};
    disk_log_begin();
    assert_int_equal(spool_in_open(&in, before->spool, "node", SPOOL_SYNC_FULL, &why), RES_OK);
    assert_int_equal(wal_settle(spool_in_wal(in), &why), RES_OK);
    assert_int_equal(append_once(in, groups[0], &why), RES_OK);
    fault_sync_at(1);
    assert_int_equal(append_once(in, groups[1], &why), RES_RETRY);
    assert_true(fault_fired());
    kill_collector(in, before);

    assert_int_equal(spool_in_open(&in, before->spool, "node", SPOOL_SYNC_FULL, &why), RES_OK);
    if (is_settled) assert_int_equal(wal_settle(spool_in_wal(in), &why), RES_OK);
    assert_int_equal(query_int(before->spool, "SELECT count(*) FROM _event"), 50);
    assert_int_equal(append_once(in, groups[2], &why), RES_OK);
    size_t moment = disk_log_moment();
    disk_log_end();
    for (uint64_t seed = 0; seed < 50; seed++) losses += events_after_cut(moment, seed * 7919) < 55;
    spool_in_close(in);
    for (size_t i = 0; i < 3; i++) group_free(groups[i]);
    scratch_free(before);
    disk_log_forget();
    return losses;
}

static void settling_after_a_failed_sync_and_a_kill_prevents_losses(void **state)
{
    (void)state;
    assert_int_equal(losses_after_a_failed_sync_and_a_kill(true), 0);
}

/* ---- is a loss seen at all? ---- */

static void skipping_the_settling_after_a_failed_sync_loses_events(void **state)
{
    (void)state;
    assert_true(losses_after_a_failed_sync_and_a_kill(false) > 0);
}

static void a_power_cut_with_normal_sync_loses_whole_groups_only(void **state)
{
    size_t lost = 0;
    (void)state;
    print_seed();
    struct run *run = run_new(SPOOL_SYNC_NORMAL);
    for (int i = 0; i < GROUPS; i++) {
        int64_t events = events_after_cut(run->moments[i], i % 2 == 0 ? 0 : next_chance());
        assert_true(is_whole(run, events));
        lost += events < run->events[i];
    }
    assert_true(lost > 0);
    run_free(run);
}

static void a_power_cut_loses_writes_that_were_never_synced(void **state)
{
    struct scratch *before = scratch_new();
    struct scratch *after = scratch_new();
    struct why why = {0};
    struct db *db;

    (void)state;
    scratch_write(before->spool, "", 0);
    disk_log_begin();
    assert_int_equal(db_open(&db, before->spool, 0, &why), RES_OK);
    assert_int_equal(spool_configure(db, &why), RES_OK);
    assert_int_equal(db_exec(db, "CREATE TABLE a (x); PRAGMA synchronous = OFF; CREATE TABLE b (x)", &why),
                     RES_OK);
    disk_log_end();
    disk_log_cut(disk_log_moment(), 0, after->dir);
    assert_int_equal(query_int(before->spool, "SELECT count(*) FROM sqlite_schema"), 2);
    assert_int_equal(query_int(after->spool, "SELECT count(*) FROM sqlite_schema"), 1);
    db_close(db);
    disk_log_forget();
    scratch_free(before);
    scratch_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_acknowledged_group_survives_a_power_cut_at_any_moment),
        cmocka_unit_test(a_collector_starts_after_a_power_cut_during_creation),
        cmocka_unit_test(a_failed_group_is_durable_once_appended_again),
        cmocka_unit_test(settling_after_a_failed_sync_and_a_kill_prevents_losses),
        cmocka_unit_test(skipping_the_settling_after_a_failed_sync_loses_events),
        cmocka_unit_test(a_power_cut_with_normal_sync_loses_whole_groups_only),
        cmocka_unit_test(a_power_cut_loses_writes_that_were_never_synced),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
