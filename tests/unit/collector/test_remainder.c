/*
 * test_remainder -- what is left of a reject when a retry has taken events out of it: one new reject, that holds no
 * event, and that is there once on a disk that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/remainder.h"

#include "tests/support/fault_vfs.h"
#include "tests/support/retry_fixture.h"

/* Event n, and bytes that are none. */
static void add_event_and_rest(struct fixture *f, int n)
{
    char event[64];
    char text[80];
    (void)snprintf(text, sizeof text, "%sstray", some_event(n, event));
    add_reject(f, text, 0);
}

/* ---- what is left ---- */

static void a_remainder_names_its_origin_and_keeps_what_a_retry_needs(void **state)
{
    struct fixture *f = *state;
    struct reject reject = some_reject("<EVENT><cn>caf\xE9</cn></EVENT> \xE9<EVENT/><EVENT><a></EVENT>");
    reject.encoding = some_slice("ISO-8859-1");
    reject.namespaces = some_slice(" xmlns:a='u'");
    add(f, &reject);
    check_retry(f, "",
                "rejects validated again: 1; passed: 1; events made of them: 2; still failing: 0"
                "; passed in part, and the rest is a new reject: 1");
    check_text(f->scratch->spool, "SELECT quote(uid), bytes FROM _event", "'caf\xC3\xA9'|28\nNULL|8");
    check_text(f->scratch->spool,
               "SELECT received_at, source, reason, bytes, encoding, namespaces, hex(payload) FROM _reject"
               " WHERE id = 2",
               "1700000000000|192.0.2.7|stray_bytes|19|ISO-8859-1| xmlns:a='u'"
               "|E93C4556454E543E3C613E3C2F4556454E543E");
    check_text(
        f->scratch->spool, "SELECT detail FROM _reject WHERE id = 2",
        "what is left of reject 1, from which 2 events were taken: these bytes stand between events and"
        " belong to none");
    check_text(f->scratch->spool,
               "SELECT last_reject_id, reject_bytes = (SELECT sum(row_bytes) FROM _reject),"
               " reject_bytes = (SELECT max(total_bytes) FROM _reject) FROM _intake",
               "2|1|1");
}

static void a_second_retry_finds_nothing_in_a_remainder(void **state)
{
    struct fixture *f = *state;
    add_reject(f, "<EVENT/>stray", 0);
    add_reject(f, "<EVENT/><EVENT><a></EVENT>", 0);
    check_retry(f, "1",
                "rejects validated again: 1; passed: 1; events made of them: 1; still failing: 0"
                "; passed in part, and the rest is a new reject: 1");
    check_text(f->scratch->spool, "SELECT substr(detail, 1, 60) FROM _reject WHERE id = 3",
               "what is left of reject 1, from which 1 event was taken: thes");
    check_retry(
        f, "", /* all, up to the remainder of the first; not the one that it makes itself */
        "rejects validated again: 2; passed: 1; events made of them: 1; still failing: 1 (stray_bytes 1)"
        "; passed in part, and the rest is a new reject: 1");
    check_retry(f, "",
                "rejects validated again: 2; passed: 0; events made of them: 0; still failing: 2"
                " (malformed 1, stray_bytes 1)");
    check_text(f->scratch->spool, "SELECT last_event_id, last_reject_id FROM _intake", "2|4");
}

static void parts_that_would_join_to_an_event_stay_apart(void **state)
{
    struct fixture *f = *state;
    add_reject(f, "<EVENT a=\"<EVENT/>\"/>", 0);
    check_retry(f, "",
                "rejects validated again: 1; passed: 1; events made of them: 1; still failing: 0"
                "; passed in part, and the rest is a new reject: 1");
    check_text(f->scratch->spool,
               "SELECT id, reason, substr(detail, 1, 55), CAST(payload AS TEXT) FROM _reject WHERE id > 1",
               "2|cut_off|what is left of reject 1, from which 1 event was taken:|<EVENT a=\"\n"
               "3|stray_bytes|what is left of reject 1, from which 1 event was taken:|\"/>");
    check_retry(f, "",
                "rejects validated again: 2; passed: 0; events made of them: 0; still failing: 2"
                " (cut_off 1, stray_bytes 1)");
}

static void a_remainder_is_capped_like_every_reject(void **state)
{
    struct fixture *f = *state;
    char payload[9000];
    memset(payload, 'x', sizeof payload);
    memcpy(payload, "<EVENT/>", strlen("<EVENT/>"));
    payload[sizeof payload - 1] = '\0';
    add_reject(f, payload, 0);
    spool_in_cap_rejects(f->in, 10000);
    check_retry(f, "",
                "rejects validated again: 1; passed: 1; events made of them: 1; still failing: 0"
                "; passed in part, and the rest is a new reject: 1");
    check_text(
        f->scratch->spool,
        "SELECT bytes, length(payload), detail LIKE 'what is left of reject 1, %; only the first 4096 bytes"
        " are kept, SHA-256 %' FROM _reject WHERE id = 2",
        "8991|4096|1");
}

static void joined_parts_have_the_first_texts_and_all_bytes(void **state)
{
    static const struct {
        const char *encoding, *namespaces, *payload;
    } parts[] = {{"", "", "<"}, {"UTF-16LE", " xmlns:a='u'", "\xE9x"}, {"UTF-8", " xmlns:b='v'", "y"}};
    struct group *group = group_new();
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct reject part = some_reject(parts[i].payload);
        part.reason = (enum reject_reason)i;
        part.encoding = some_slice(parts[i].encoding);
        part.namespaces = some_slice(parts[i].namespaces);
        group_add_reject(group, &part);
    }
    struct reject joined = remainder_join(group);
    assert_int_equal(joined.reason, 0);
    assert_int_equal(joined.bytes, 4);
    assert_int_equal(joined.payload.len, 4);
    assert_memory_equal(joined.payload.data, "<\xE9xy", 4);
    assert_int_equal(joined.encoding.len, strlen("UTF-16LE"));
    assert_memory_equal(joined.encoding.data, "UTF-16LE", joined.encoding.len);
    assert_int_equal(joined.namespaces.len, strlen(" xmlns:a='u'"));
    assert_memory_equal(joined.namespaces.data, " xmlns:a='u'", joined.namespaces.len);
    group_free(group);
}

/* ---- once ---- */

/* `count` rejects with an event and a remainder each: of each there is one event and one remainder. */
static void check_each_remainder_once(struct fixture *f, int count)
{
    check_each_once(f, count);
    assert_int_equal(query_int(f->scratch->spool,
                               "SELECT count(DISTINCT substr(detail, 1, instr(detail, ','))) FROM _reject"
                               " WHERE detail LIKE 'what is left of reject %%' AND retried_at IS NULL"),
                     count);
    assert_int_equal(query_int(f->scratch->spool, "SELECT last_reject_id FROM _intake"), 2 * count);
}

static void each_remainder_is_kept_once_whichever_disk_call_fails(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
            struct fixture *f = fixture_new();
            struct retry *retry;
            int failures = 0;
            for (int n = 1; n <= 5; n++) add_event_and_rest(f, n);
            must(f, retry_new(&retry, f->in, &options, "", &f->why));
            fault_disk_at(nth, fault);
            finish(f, retry, &failures);
            fired = fault_fired();
            assert_int_equal(failures, fired);
            check_report(retry,
                         "rejects validated again: 5; passed: 5; events made of them: 5; still failing: 0"
                         "; passed in part, and the rest is a new reject: 5");
            retry_free(retry);
            check_each_remainder_once(f, 5);
            reopen(f);
            check_each_remainder_once(f, 5);
            fixture_free(f);
        }
    }
}

static void a_retry_that_ends_before_its_commit_leaves_no_remainder(void **state)
{
    struct fixture *f = *state;
    struct retry *retry;
    bool is_done = false;
    for (int n = 1; n <= 3; n++) add_event_and_rest(f, n);
    must(f, retry_new(&retry, f->in, &options, "", &f->why));
    fault_disk_at(1, FAULT_EIO);
    assert_int_equal(retry_slice(retry, &is_done, &f->why), RES_RETRY);
    assert_true(fault_fired());
    retry_free(retry);
    reopen(f);
    check_text(f->scratch->spool, "SELECT last_event_id, last_reject_id FROM _intake", "0|3");
    check_retry(f, "",
                "rejects validated again: 3; passed: 3; events made of them: 3; still failing: 0"
                "; passed in part, and the rest is a new reject: 3");
    check_each_remainder_once(f, 3);
}

static void a_reject_retried_during_a_retry_leaves_no_second_remainder(void **state)
{
    struct fixture *f = *state;
    struct retry *retry;
    int failures = 0;
    bool is_done = false;
    for (int n = 1; n <= 3; n++) add_event_and_rest(f, n);
    must(f, retry_new(&retry, f->in, &options, "", &f->why));
    fault_disk_at(1, FAULT_EIO);
    assert_int_equal(retry_slice(retry, &is_done, &f->why), RES_RETRY);
    assert_true(fault_fired());
    check_retry(f, "2",
                "rejects validated again: 1; passed: 1; events made of them: 1; still failing: 0"
                "; passed in part, and the rest is a new reject: 1");
    finish(f, retry, &failures);
    check_report(retry, "rejects validated again: 3; passed: 2; events made of them: 2; still failing: 0"
                        "; passed in part, and the rest is a new reject: 2");
    retry_free(retry);
    check_each_remainder_once(f, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(a_remainder_names_its_origin_and_keeps_what_a_retry_needs),
        IN_SPOOL(a_second_retry_finds_nothing_in_a_remainder),
        IN_SPOOL(parts_that_would_join_to_an_event_stay_apart),
        IN_SPOOL(a_remainder_is_capped_like_every_reject),
        cmocka_unit_test(joined_parts_have_the_first_texts_and_all_bytes),
        cmocka_unit_test(each_remainder_is_kept_once_whichever_disk_call_fails),
        IN_SPOOL(a_retry_that_ends_before_its_commit_leaves_no_remainder),
        IN_SPOOL(a_reject_retried_during_a_retry_leaves_no_second_remainder),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
