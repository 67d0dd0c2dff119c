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

#include "tests/support/fault_vfs.h"
#include "tests/support/retry_fixture.h"

static struct handlers *some_handlers(struct fixture *f)
{
    return handlers_new(f->in, &(struct handlers_options){f->scratch->spool, options, 0});
}

static void add_events_as_rejects(struct fixture *f, int count)
{
    char text[64];
    for (int n = 1; n <= count; n++) add_reject(f, some_event(n, text), 0);
}

/* ---- which pass ---- */

static void every_event_in_a_reject_becomes_an_event(void **state)
{
    static const struct {
        const char *payload;
        size_t bytes;
        int events;       /* that it gives */
        const char *left; /* payload of its remainder; NULL: none */
    } rows[] = {
        {"<EVENT/>", 0, 1, NULL},
        {"<LIST>\n<EVENT/><!-- --><EVENT><a/></EVENT></LIST>", 0, 2, NULL},
        {"<EVENT/>stray", 0, 1, "stray"},
        {"stray<EVENT/>", 0, 1, "stray"},
        {"<EVENT/><EVENT>", 0, 1, "<EVENT>"},
        {"<EVENT/><EVENT><a></EVENT>\n<EVENT>x</EVENT> y", 0, 2, "<EVENT><a></EVENT>y"},
        {"<EVENT><a></EVENT>stray", 0, 0, NULL},
        {"<EVENT>\xff</EVENT>", 0, 0, NULL},
        {"<LIST></LIST>", 0, 0, NULL},
        {"", 0, 0, NULL},
        {"<EVENT/>", 9, 0, NULL},
    };
    struct fixture *f = *state;
    const size_t count = sizeof rows / sizeof *rows;
    struct buf left = BUF_EMPTY;
    int events = 0;
    for (size_t i = 0; i < count; i++) {
        add_reject(f, rows[i].payload, rows[i].bytes);
        events += rows[i].events;
        if (rows[i].left) buf_append_format(&left, "%s%s", left.len > 0 ? "\n" : "", rows[i].left);
    }
    buf_append_char(&left, '\0');
    check_retry(
        f, "",
        "rejects validated again: 10; passed: 7; events made of them: 8; still failing: 3"
        " (malformed 1, encoding 1, unknown_element 1); passed, as they hold nothing but separators and "
        "ignored elements: 1; passed in part, and the rest is a new reject: 4"
        "; skipped, only a part is kept: 1");
    assert_int_equal(query_int(f->scratch->spool, "SELECT last_event_id FROM _intake"), events);
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _reject WHERE retried_at IS NOT NULL",
               "1,2,3,4,5,6,10");
    check_text(f->scratch->spool, "SELECT CAST(payload AS TEXT) FROM _reject WHERE id > 11", left.data);
    check_text(f->scratch->spool, "SELECT DISTINCT received_at, source FROM _event",
               "1700000000000|192.0.2.7");
    buf_fini(&left);
}

static void a_reject_of_elements_that_are_ignored_now_is_settled(void **state)
{
    struct fixture *f = *state;
    struct xml_names ignored;
    struct retry *retry = NULL;
    struct retry_options changed = options;
    int failures = 0;
    must(f, xml_names_parse("IGNORE_ELEMENTS", "heartbeat", &ignored, &f->why));
    changed.framing.ignored = &ignored;
    add_reject(f, "<heartbeat/>", 0);
    add_reject(f, "<heartbeat/><other/>", 0);
    must(f, retry_new(&retry, f->in, &changed, "", &f->why));
    finish(f, retry, &failures);
    check_report(retry,
                 "rejects validated again: 2; passed: 1; events made of them: 0; still failing: 1 "
                 "(unknown_element 1); passed, as they hold nothing but separators and ignored elements: 1");
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _reject WHERE retried_at IS NOT NULL", "1");
    retry_free(retry);
}

static void no_event_is_taken_out_of_http_or_tls(void **state)
{
    static const enum reject_reason reasons[] = {REJECT_LOOKS_LIKE_HTTP, REJECT_LOOKS_LIKE_TLS};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct reject reject = some_reject("POST / HTTP/1.1\r\n\r\n<EVENT/>");
        reject.reason = reasons[i];
        add(f, &reject);
    }
    check_retry(f, "",
                "rejects validated again: 0; passed: 0; events made of them: 0; still failing: 0"
                "; skipped, HTTP or TLS holds no events: 2");
    check_text(f->scratch->spool, "SELECT count(*), count(retried_at) FROM _reject", "2|0");
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

static void check_progress(const struct retry *retry, int64_t done, int64_t total)
{
    struct progress progress = {0};
    retry_progress(retry, &progress);
    assert_int_equal(progress.done, done);
    assert_int_equal(progress.total, total);
    assert_string_equal(progress.unit, "rejects looked at");
}

static void the_progress_counts_from_the_first_reject_that_is_there(void **state)
{
    static const struct {
        const char *ids;
        int64_t total;
    } rows[] = {{"", 3}, {"4 9", 2}};
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) add_reject(f, "<EVENT></broken>", 0);
    query_do(f->scratch->spool, "DELETE FROM _reject WHERE id < 3");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retry *retry = NULL;
        int failures = 0;
        must(f, retry_new(&retry, f->in, &options, rows[i].ids, &f->why));
        check_progress(retry, 0, rows[i].total);
        finish(f, retry, &failures);
        check_progress(retry, rows[i].total, rows[i].total);
        retry_free(retry);
    }
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
    struct group *group = group_new();
    struct event event = {
        .received_at = 1700000000000 + 5 * 86400000LL,
        .source = some_slice("192.0.2.7"),
        .fields[EVENT_SENDER] = some_slice(""),
        .bytes = 4,
        .payload = some_slice("<E/>"),
    };
    group_add_event(group, &event);
    must(f, append_once(f->in, group, &f->why));
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
        IN_SPOOL(every_event_in_a_reject_becomes_an_event),
        IN_SPOOL(a_reject_of_elements_that_are_ignored_now_is_settled),
        IN_SPOOL(only_the_named_rejects_are_validated_again),
        IN_SPOOL(the_progress_counts_from_the_first_reject_that_is_there),
        IN_SPOOL(an_invalid_reject_id_is_refused),
        IN_SPOOL(a_retried_old_event_leaves_its_senders_counters_unchanged),
        IN_SPOOL(no_event_is_taken_out_of_http_or_tls),
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
