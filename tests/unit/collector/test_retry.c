/*
 * test_retry -- rejects validated again, by themselves and as commands ask for it: which pass, and that each becomes
 * events once on a disk that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/handlers.h"
#include "collector/spool/retry.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

static const struct retry_options options = {
    .event_element = "EVENT",
    .max_message_bytes = 4096,
    .index_fields = {{[EVENT_UID] = "cn"}},
};

static struct handlers *some_handlers(struct fixture *f)
{
    return handlers_new(f->in, &(struct handlers_options){f->scratch->spool, options});
}

/* A reject whose payload is whole unless `bytes` says otherwise. */
static void add_reject(struct fixture *f, const char *payload, size_t bytes)
{
    struct group *group = group_new();
    struct reject reject = {
        .received_at = 1700000000000,
        .source = some_slice("192.0.2.7"),
        .reason = REJECT_MALFORMED,
        .detail = some_slice("of an earlier version"),
        .bytes = bytes ? bytes : strlen(payload),
        .payload = some_slice(payload),
    };
    group_add_reject(group, &reject);
    must(f, spool_append(f->in, group, &f->why));
    group_free(group);
}

/* Event n; its uid is n in 16 digits. */
static const char *some_event(int n, char out[64])
{
    (void)snprintf(out, 64, "<EVENT><cn>%016d</cn></EVENT>", n);
    return out;
}

static void add_events_as_rejects(struct fixture *f, int count)
{
    char text[64];
    for (int n = 1; n <= count; n++) add_reject(f, some_event(n, text), 0);
}

/* Slices until the end; those that fail are tried again. */
static void finish(struct fixture *f, struct retry *retry, int *failures)
{
    bool is_done = false;
    while (!is_done) {
        enum result res = retry_slice(retry, &is_done, &f->why);
        assert_true(res == RES_OK || res == RES_RETRY);
        *failures += res == RES_RETRY;
        assert_in_range(*failures, 0, 1);
    }
}

static void check_report(const struct retry *retry, const char *expected)
{
    struct buf text = BUF_EMPTY;
    retry_describe(retry, &text);
    buf_append_char(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_fini(&text);
}

/* Runs it to its end, and compares what it tells. */
static void check_retry(struct fixture *f, const char *ids, const char *expected)
{
    struct retry *retry;
    int failures = 0;
    must(f, retry_new(&retry, f->in, &options, ids, &f->why));
    finish(f, retry, &failures);
    check_report(retry, expected);
    retry_free(retry);
}

/* `count` events with the uids 1.., each once, and counters that agree with them. */
static void check_each_once(struct fixture *f, int count)
{
    const char *path = f->scratch->spool;
    assert_int_equal(query_int(path, "SELECT count(*) FROM _event"), count);
    assert_int_equal(query_int(path, "SELECT count(DISTINCT uid) FROM _event"), count);
    check_text(path,
               "SELECT last_event_id = (SELECT max(id) FROM _event),"
               "       event_bytes = (SELECT sum(bytes) FROM _event),"
               "       last_event_id = (SELECT sum(events_of_day) FROM _sender), last_event_at IS NULL"
               " FROM _intake",
               "1|1|1|1");
    assert_int_equal(query_int(path, "SELECT count(*) FROM _reject WHERE retried_at IS NOT NULL"), count);
}

/* ---- which pass ---- */

static void only_rejects_that_hold_nothing_but_events_pass(void **state)
{
    static const struct {
        const char *payload;
        size_t bytes;
        int events; /* that it gives */
    } rows[] = {
        {"<EVENT/>", 0, 1},
        {"<LIST>\n<EVENT/><!-- --><EVENT><a/></EVENT></LIST>", 0, 2},
        {"<EVENT/>stray", 0, 0},
        {"stray<EVENT/>", 0, 0},
        {"<EVENT/><EVENT>", 0, 0},
        {"<EVENT/><EVENT><a></EVENT>", 0, 0},
        {"<EVENT>\xff</EVENT>", 0, 0},
        {"<LIST></LIST>", 0, 0},
        {"", 0, 0},
        {"<EVENT/>", 9, 0},
    };
    struct fixture *f = *state;
    int events = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        add_reject(f, rows[i].payload, rows[i].bytes);
        events += rows[i].events;
    }
    check_retry(f, "",
                "rejects validated again: 9; passed: 2; events made of them: 3; still failing: 7"
                " (malformed 1, encoding 1, cut_off 1, stray_bytes 2, no event in it 2)"
                "; skipped, only a part is kept: 1");
    assert_int_equal(query_int(f->scratch->spool, "SELECT last_event_id FROM _intake"), events);
    check_text(f->scratch->spool, "SELECT id FROM _reject WHERE retried_at IS NOT NULL", "1\n2");
    check_text(f->scratch->spool, "SELECT DISTINCT received_at, source FROM _event",
               "1700000000000|192.0.2.7");
}

static void only_the_named_rejects_are_validated_again(void **state)
{
    struct fixture *f = *state;
    add_events_as_rejects(f, 5);
    query_do(f->scratch->spool, "UPDATE _reject SET dismissed_at = 1 WHERE id = 4");
    check_retry(f, "2 4  9",
                "rejects validated again: 1; passed: 1; events made of them: 1; still failing: 0"
                "; skipped, retried or dismissed before, or not there: 2");
    check_each_once(f, 1);
    check_retry(f, "", "rejects validated again: 3; passed: 3; events made of them: 3; still failing: 0");
    check_each_once(f, 4);
    check_retry(f, "", "rejects validated again: 0; passed: 0; events made of them: 0; still failing: 0");
}

static void an_invalid_reject_id_is_refused(void **state)
{
    static const char *const wrong[] = {"x", "0", "-1", "1,2", "1 x", "99999999999999999999"};
    struct fixture *f = *state;
    struct retry *retry;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(retry_new(&retry, f->in, &options, wrong[i], &f->why), RES_REFUSE);
        assert_null(retry);
    }
}

static void a_retried_old_event_leaves_its_senders_counters_unchanged(void **state)
{
    struct fixture *f = *state;
    struct group *group = some_group(1, 1, 0);
    group->events[0].received_at = 1700000000000 + 5 * 86400000LL;
    group->events[0].source = some_slice("192.0.2.7");
    group->events[0].fields[EVENT_SENDER] = some_slice("");
    must(f, spool_append(f->in, group, &f->why));
    group_free(group);
    add_reject(f, "<EVENT/>", 0);
    check_retry(f, "", "rejects validated again: 1; passed: 1; events made of them: 1; still failing: 0");
    check_text(f->scratch->spool, "SELECT last_received_at - 1700000000000, events_of_day FROM _sender",
               "432000000|1");
    check_text(f->scratch->spool, "SELECT last_event_at - 1700000000000 FROM _intake", "432000000");
}

/* ---- once ---- */

static void each_reject_becomes_events_once_whichever_disk_call_fails(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
            struct fixture *f = fixture_new();
            struct retry *retry;
            int failures = 0;
            add_events_as_rejects(f, 150); /* more than one transaction takes */
            must(f, retry_new(&retry, f->in, &options, "", &f->why));
            fault_disk_at(nth, fault);
            finish(f, retry, &failures);
            fired = fault_fired();
            assert_int_equal(failures, fired);
            check_report(
                retry,
                "rejects validated again: 150; passed: 150; events made of them: 150; still failing: 0");
            retry_free(retry);
            check_each_once(f, 150);
            reopen(f);
            check_each_once(f, 150);
            fixture_free(f);
        }
    }
}

static void an_abandoned_retry_leaves_the_rejects_unchanged(void **state)
{
    struct fixture *f = *state;
    struct retry *retry;
    bool is_done = false;
    add_events_as_rejects(f, 3);
    must(f, retry_new(&retry, f->in, &options, "", &f->why));
    fault_disk_at(1, FAULT_FULL);
    assert_int_equal(retry_slice(retry, &is_done, &f->why), RES_RETRY);
    assert_true(fault_fired() && !is_done);
    retry_free(retry);
    check_retry(f, "", "rejects validated again: 3; passed: 3; events made of them: 3; still failing: 0");
    check_each_once(f, 3);
}

static void a_reject_dismissed_during_a_retry_stays_dismissed(void **state)
{
    struct fixture *f = *state;
    struct retry *retry;
    int failures = 0;
    bool is_done = false;
    add_events_as_rejects(f, 3);
    must(f, retry_new(&retry, f->in, &options, "", &f->why));
    fault_disk_at(1, FAULT_EIO);
    assert_int_equal(retry_slice(retry, &is_done, &f->why),
                     RES_RETRY); /* it has looked, and could not commit */
    assert_true(fault_fired());
    query_do(f->scratch->spool, "UPDATE _reject SET dismissed_at = 1 WHERE id = 2");
    finish(f, retry, &failures);
    check_report(retry, "rejects validated again: 3; passed: 2; events made of them: 2; still failing: 0");
    retry_free(retry);
    check_each_once(f, 2);
    check_text(f->scratch->spool, "SELECT id FROM _reject WHERE retried_at IS NULL", "2");
}

/* ---- the handlers ---- */

static void leave(struct fixture *f, const char *action, const char *argument)
{
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, action, argument, requested_at)"
             " VALUES ('collector', '%s', '%s', 4102444800000)",
             action, argument);
}

/* Polls until nothing is in work any more. */
static void poll_until_idle(struct handlers *handlers)
{
    while (handlers_poll(handlers) == 0) {
    }
}

static void check_result(struct fixture *f, const char *pattern, int failed)
{
    assert_int_equal(query_int(f->scratch->spool,
                               "SELECT count(*) FROM _request WHERE id = (SELECT max(id) FROM _request)"
                               " AND done_at IS NOT NULL AND result LIKE '%s' AND failed = %d",
                               pattern, failed),
                     1);
}

static void every_known_request_is_served_and_an_unknown_one_fails(void **state)
{
    static const struct {
        const char *action, *argument, *result;
        int failed;
    } rows[] = {
        {"retry", "2", "%passed: 1;%", 0},
        {"retry", "", "%passed: 2;%", 0},
        {"retry", "two", "%is not the id of%", 1},
        {"new-identity", "", "the spool was % and is %", 0},
        {"sing", "", "%does not know how to do %", 1},
    };
    struct fixture *f = *state;
    add_events_as_rejects(f, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct handlers *handlers = some_handlers(f);
        leave(f, rows[i].action, rows[i].argument);
        poll_until_idle(handlers);
        check_result(f, rows[i].result, rows[i].failed);
        handlers_free(handlers);
    }
    check_each_once(f, 3);
}

static void a_request_to_an_earlier_collector_is_not_served(void **state)
{
    struct fixture *f = *state;
    struct handlers *handlers = some_handlers(f);
    query_do(f->scratch->spool,
             "INSERT INTO _request (program, action, requested_at) VALUES ('collector', 'new-identity', 1)");
    poll_until_idle(handlers);
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _request"), 0);
    handlers_free(handlers);
}

static void a_new_identity_changes_the_spool_id_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct spool_identity before;
    struct spool_identity after;
    append(f, 1, 3, 1);
    must(f, spool_new_identity(spool_in_db(f->in), f->scratch->spool, &before, &after, &f->why));
    assert_string_not_equal(before.spool, after.spool);
    assert_string_equal(before.node, after.node);
    check_books(f->scratch->spool);
    spool_in_close(f->in); /* it is the same file: opening it draws none */
    open_spool(f);
    char *now = query_text(f->scratch->spool, "SELECT spool FROM _spool");
    assert_string_equal(now, after.spool);
    free(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(only_rejects_that_hold_nothing_but_events_pass),
        IN_SPOOL(only_the_named_rejects_are_validated_again),
        IN_SPOOL(an_invalid_reject_id_is_refused),
        IN_SPOOL(a_retried_old_event_leaves_its_senders_counters_unchanged),
        cmocka_unit_test(each_reject_becomes_events_once_whichever_disk_call_fails),
        IN_SPOOL(an_abandoned_retry_leaves_the_rejects_unchanged),
        IN_SPOOL(a_reject_dismissed_during_a_retry_stays_dismissed),
        IN_SPOOL(every_known_request_is_served_and_an_unknown_one_fails),
        IN_SPOOL(a_request_to_an_earlier_collector_is_not_served),
        IN_SPOOL(a_new_identity_changes_the_spool_id_and_nothing_else),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
