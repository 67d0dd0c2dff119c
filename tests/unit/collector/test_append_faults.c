/* test_append_faults -- the writing side on a disk that fails: each of its calls in turn, or many in a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/append.h"
#include "collector/spool/wal.h"

#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

static void append_is_all_or_nothing_whichever_disk_call_fails(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
            struct fixture *f = fixture_new();
            struct group *group = some_group(3, 300, 2);
            append(f, 1, 2, 0);
            fault_disk_at(nth, fault);
            enum result res = append_once(f->in, group, &f->why);
            fired = fault_fired();
            assert_int_equal(res, fired ? RES_RETRY : RES_OK);
            assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), fired ? 2 : 302);
            check_books(f->scratch->spool);
            assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
            group_free(group);
            reopen(f);
            assert_int_equal(query_int(f->scratch->spool, "SELECT count(DISTINCT uid) FROM _event"), 302);
            check_books(f->scratch->spool);
            fixture_free(f);
        }
    }
}

/* More than the cache holds: some of its pages are written to the log while rows are still being inserted. */
static struct group *large_group(void)
{
    enum { EVENTS = 400, BYTES = 10000 };
    static char payload[BYTES];
    struct group *group = group_new();
    memset(payload, 'x', sizeof payload);
    for (int i = 0; i < EVENTS; i++) {
        struct event event = {.received_at = 1700000000000 + i,
                              .source = some_slice("192.0.2.1"),
                              .bytes = sizeof payload,
                              .payload = {payload, sizeof payload}};
        group_add_event(group, &event);
    }
    return group;
}

static void a_group_larger_than_the_cache_is_stored_whole_or_not_at_all(void **state)
{
    enum { STEP = 37 }; /* of some three hundred calls */
    struct group *group = large_group();
    (void)state;
    for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
        bool fired = true;
        int in_statement = 0;
        for (int nth = 1; fired; nth += STEP) {
            struct fixture *f = fixture_new();
            struct append_outcome outcome;
            append(f, 1, 2, 0);
            group->number = 0;
            fault_disk_at(nth, fault);
            enum result res = spool_append(f->in, group, &outcome, &f->why);
            fired = fault_fired();
            assert_int_equal(res, fired ? RES_RETRY : RES_OK);
            in_statement += fired && strstr(f->why.text, "step: ") != NULL;
            if (fired) assert_int_equal(outcome.cause, fault == FAULT_EIO ? APPEND_FAILED : APPEND_FULL);
            assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), fired ? 2 : 402);
            check_books(f->scratch->spool);
            must(f, spool_append(f->in, group, &outcome, &f->why));
            assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), 402);
            check_books(f->scratch->spool);
            fixture_free(f);
        }
        assert_true(in_statement > 1);
    }
    group_free(group);
}

static void append_fails_on_a_full_disk_until_space_is_free(void **state)
{
    struct fixture *f = *state;
    struct group *group = some_group(1, 3, 2);
    for (int i = 0; i < 20; i++) {
        fault_disk_at(1 + i % 3, FAULT_FULL);
        assert_int_equal(append_once(f->in, group, &f->why), RES_RETRY);
        assert_true(fault_fired());
        assert_false(spool_in_is_in_doubt(f->in));
    }
    assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
    group_free(group);
    check_books(f->scratch->spool);
}

static void a_failed_sync_leaves_the_log_in_doubt_until_a_commit_succeeds(void **state)
{
    struct fixture *f = *state;
    struct group *group = some_group(1, 3, 2);
    bool was_in_doubt = false;
    bool fired = true;
    for (int nth = 1; fired && !was_in_doubt; nth++) {
        fault_disk_at(nth, FAULT_EIO);
        enum result res = append_once(f->in, group, &f->why);
        fired = fault_fired();
        assert_int_equal(res, fired ? RES_RETRY : RES_OK);
        was_in_doubt = spool_in_is_in_doubt(f->in);
    }
    assert_true(was_in_doubt);
    assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
    assert_false(spool_in_is_in_doubt(f->in));
    group_free(group);
}

static void settling_fails_whichever_disk_call_fails_and_loses_nothing(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        struct fixture *f = fixture_new();
        append(f, 1, 100, 0);
        fault_disk_at(nth, FAULT_EIO);
        enum result res = wal_settle(spool_in_wal(f->in), &f->why);
        fired = fault_fired();
        assert_int_equal(res, fired ? RES_RETRY : RES_OK);
        assert_int_equal(wal_settle(spool_in_wal(f->in), &f->why), RES_OK);
        append(f, 101, 1, 0);
        check_books(f->scratch->spool);
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_is_all_or_nothing_whichever_disk_call_fails),
        cmocka_unit_test(a_group_larger_than_the_cache_is_stored_whole_or_not_at_all),
        IN_SPOOL(append_fails_on_a_full_disk_until_space_is_free),
        IN_SPOOL(a_failed_sync_leaves_the_log_in_doubt_until_a_commit_succeeds),
        cmocka_unit_test(settling_fails_whichever_disk_call_fails_and_loses_nothing),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
