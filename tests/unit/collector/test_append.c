/* test_append -- the writing side: ids, totals, senders, groups that are there once, the file they go to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/db.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- ids and totals ---- */

static void ids_have_no_gaps_over_groups_and_kinds(void **state)
{
    static const struct {
        int events, rejects;
    } groups[] = {{1, 0}, {0, 1}, {5, 3}, {0, 0}, {200, 0}, {0, 70}, {1, 1}};
    struct fixture *f = *state;
    int events = 0;
    int rejects = 0;
    check_books(f->scratch->spool);
    for (size_t i = 0; i < COUNT(groups); i++) {
        append(f, events + 1, groups[i].events, groups[i].rejects);
        events += groups[i].events;
        rejects += groups[i].rejects;
        check_books(f->scratch->spool);
        assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), events);
        assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _reject"), rejects);
    }
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM events WHERE id = uid"), events);
}

static void every_field_arrives_in_its_column(void **state)
{
    struct fixture *f = *state;
    struct group *group = group_new();
    static const char payload[] = "<E>\xC3\xA9</E>";
    struct event event = {
        .received_at = 1753805700123,
        .source = some_slice("2001:db8::1"),
        .bytes = 40, /* more than the payload: a declaration was taken off */
        .payload = some_slice(payload),
    };
    event.fields[EVENT_UID] = some_slice("cn");
    event.fields[EVENT_NAME] = some_slice("name");
    event.fields[EVENT_TIME] = some_slice("20250729");
    event.fields[EVENT_SOURCE_NAME] = some_slice("");
    struct reject reject = {
        .received_at = 1753805700124,
        .source = some_slice("192.0.2.9"),
        .reason = REJECT_OVERSIZE,
        .detail = some_slice("too long"),
        .bytes = 5000000000,
        .encoding = some_slice("ISO-8859-1"),
        .namespaces = some_slice(" xmlns:a=\"u\""),
        .payload = {"\0\xFF<", 3},
    };
    group_add_event(group, &event);
    group_add_reject(group, &reject);
    assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
    group_free(group);
    check_text(
        f->scratch->spool,
        "SELECT id, received_at, quote(sender), source, uid, name, time, quote(source_name), bytes, payload,"
        " state FROM events",
        "1|2025-07-29T16:15:00.123Z|NULL|2001:db8::1|cn|name|20250729|''|40|<E>\xC3\xA9</E>|pending");
    check_text(
        f->scratch->spool,
        "SELECT id, received_at, source, reason, detail, bytes, truncated, state, hex(payload) FROM rejects",
        "1|2025-07-29T16:15:00.124Z|192.0.2.9|oversize|too long|5000000000|1|pending|00FF3C");
    check_text(f->scratch->spool, "SELECT encoding, namespaces FROM _reject", "ISO-8859-1| xmlns:a=\"u\"");
    check_text(f->scratch->spool, "SELECT sender, source, last_received_at FROM senders",
               "|2001:db8::1|2025-07-29T16:15:00.123Z");
}

static void rejects_with_equal_texts_share_them(void **state)
{
    static const struct {
        const char *encoding, *namespaces; /* NULL: absent */
    } rows[] = {{NULL, NULL}, {"", ""},     {"a", ""},    {"a", " b"},
                {"a", " b"},  {"ab", " b"}, {"ac", " b"}, {"", " b"}};
    struct fixture *f = *state;
    struct group *group = group_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reject reject = {
            .source = some_slice("192.0.2.9"), .detail = some_slice(""), .payload = some_slice("x")};
        if (rows[i].encoding) reject.encoding = some_slice(rows[i].encoding);
        if (rows[i].namespaces) reject.namespaces = some_slice(rows[i].namespaces);
        group_add_reject(group, &reject);
    }
    assert_ptr_equal(group->items[4].origin->encoding.data, group->items[2].origin->encoding.data);
    assert_ptr_equal(group->items[7].origin->namespaces.data, group->items[3].origin->namespaces.data);
    must(f, append_once(f->in, group, &f->why));
    group_free(group);
    check_text(f->scratch->spool, "SELECT encoding, namespaces FROM _reject",
               "|\n|\na|\na| b\na| b\nab| b\nac| b\n| b");
}

/* Events with the uids `first`.., E, and rejects with their place as the detail, R, in the order of `kinds`. */
static struct group *mixed_group(const char *kinds, int first)
{
    struct group *group = group_new();
    for (int i = 0; kinds[i]; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", first + i);
        struct event event = {.received_at = 1000 + first + i,
                              .source = some_slice("192.0.2.1"),
                              .bytes = (size_t)(first + i),
                              .payload = some_slice("<E/>")};
        struct reject reject = {.received_at = 1000 + first + i,
                                .source = some_slice("192.0.2.2"),
                                .reason = REJECT_MALFORMED,
                                .detail = some_slice(number),
                                .payload = some_slice("x")};
        event.fields[EVENT_UID] = some_slice(number);
        if (kinds[i] == 'E')
            group_add_event(group, &event);
        else
            group_add_reject(group, &reject);
    }
    return group;
}

static void ids_follow_the_order_of_adding_in_each_kind_over_a_chain(void **state)
{
    static const char *const kinds[] = {"EREERRE", "", "RR", "RE", "R", "EEE"};
    struct fixture *f = *state;
    struct group *groups[COUNT(kinds)];
    for (size_t i = 0; i < COUNT(kinds); i++) {
        groups[i] = mixed_group(kinds[i], 10 * (int)i + 1);
        if (i > 0) groups[i - 1]->next = groups[i];
    }
    append(f, 0, 0, 1);
    groups[3]->retry_of = 1;
    for (int i = 0; i < 2; i++)
        must(f, append_once(f->in, groups[0], &f->why)); /* the second time it is found */
    for (size_t i = 0; i < COUNT(kinds); i++) group_free(groups[i]);
    check_text(f->scratch->spool, "SELECT group_concat(id || ':' || uid), max(total_bytes) FROM _event",
               "1:1,2:3,3:4,4:7,5:32,6:51,7:52,8:53|203");
    check_text(f->scratch->spool, "SELECT group_concat(id || ':' || detail) FROM _reject WHERE id > 1",
               "2:2,3:5,4:6,5:21,6:22,7:31,8:41");
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _reject WHERE retried_at IS NOT NULL", "1");
    check_text(f->scratch->spool, "SELECT last_event_at FROM _intake", "1053");
    check_text(f->scratch->spool, "SELECT value FROM _counter WHERE name = 'rejects'",
               "7"); /* no remainder */
    check_books(f->scratch->spool);
}

/* Its own statement is refused in the middle: by a row that should not be there. */
static void an_event_that_is_refused_takes_its_chain_back(void **state)
{
    struct fixture *f = *state;
    struct group *groups[] = {mixed_group("REE", 1), mixed_group("REEE", 11)};
    struct append_outcome outcome;
    groups[0]->next = groups[1];
    query_do(f->scratch->spool, "INSERT INTO _event VALUES (4, 0, 0, 0, '', '', '', '', '', '', '')");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(spool_append(f->in, groups[0], &outcome, &f->why), RES_BROKEN);
        assert_int_equal(outcome.cause, APPEND_FAILED);
        assert_non_null(strstr(f->why.text, "UNIQUE constraint failed: _event.id"));
        check_text(f->scratch->spool, "SELECT group_concat(id) FROM _event", "4");
        check_text(f->scratch->spool, "SELECT count(*) FROM _reject", "0");
        check_text(f->scratch->spool, "SELECT count(*) FROM _sender", "0");
    }
    query_do(f->scratch->spool, "DELETE FROM _event");
    must(f, spool_append(f->in, groups[0], &outcome, &f->why));
    for (size_t i = 0; i < COUNT(groups); i++) group_free(groups[i]);
    check_text(f->scratch->spool, "SELECT group_concat(id || ':' || uid) FROM _event",
               "1:2,2:3,3:12,4:13,5:14");
    check_books(f->scratch->spool);
}

static void ids_continue_after_a_full_purge_and_a_restart(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 4, 2);
    query_do(f->scratch->spool, "DELETE FROM _event; DELETE FROM _reject");
    reopen(f);
    append(f, 5, 1, 1);
    check_text(f->scratch->spool, "SELECT id, total_bytes FROM _event", "5|535"); /* 107 bytes each */
    check_text(f->scratch->spool, "SELECT id, total_bytes = 3 * row_bytes FROM _reject", "3|1");
}

/* ---- senders ---- */

struct sent {
    int64_t received_at;
    const char *sender, *source;
};

static struct group *group_of(const struct sent *events, size_t count)
{
    struct group *group = group_new();
    for (size_t i = 0; i < count; i++) {
        struct event event = {
            .received_at = events[i].received_at,
            .source = some_slice(events[i].source),
            .payload = some_slice("<E/>"),
        };
        event.fields[EVENT_SENDER] = some_slice(events[i].sender);
        group_add_event(group, &event);
    }
    return group;
}

static void senders_are_counted_by_name_and_address_and_day(void **state)
{
    static const struct sent events[] = {
        {86400000 - 1, "a", "1"}, {86400000 - 1, "a", "1"}, {86400000, "a", "1"}, {86400001, "a", "2"},
        {86400002, "b", "2"},     {86400003, "a", "1"},     {86400004, "a", "1"},
    };
    struct fixture *f = *state;
    struct group *group = group_of(events, COUNT(events));
    assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
    group_free(group);
    check_text(f->scratch->spool, "SELECT sender, source, last_received_at, day, events_of_day FROM _sender",
               "a|1|86400004|1|3\na|2|86400001|1|1\nb|2|86400002|1|1");
    check_text(f->scratch->spool, "SELECT events, days FROM _sender", "5|2\n1|1\n1|1");
}

/* The day and the time of each event, whether it came out of a reject, and then the row: see count_sender.sql. */
static void late_events_count_in_all_and_leave_later_days_alone(void **state)
{
    static const struct {
        int64_t received_at;
        bool is_late;
        const char *row; /* last_received_at, day, events_of_day, events, days */
    } rows[] = {
        {5 * 86400000LL + 1, true, "432000001|5|1|1|1"},  {5 * 86400000LL + 9, false, "432000009|5|2|2|1"},
        {5 * 86400000LL + 3, true, "432000009|5|3|3|1"},  {6 * 86400000LL + 1, false, "518400001|6|1|4|2"},
        {5 * 86400000LL + 2, true, "518400001|6|1|5|2"},  {7 * 86400000LL + 2, true, "604800002|7|1|6|3"},
        {7 * 86400000LL + 1, false, "604800001|7|2|7|3"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct group *group = group_of(&(struct sent){rows[i].received_at, "a", "1"}, 1);
        if (rows[i].is_late) {
            append(f, 0, 0, 1);
            group->retry_of = query_int(f->scratch->spool, "SELECT max(id) FROM _reject");
        }
        must(f, append_once(f->in, group, &f->why));
        group_free(group);
        check_text(f->scratch->spool,
                   "SELECT last_received_at, day, events_of_day, events, days FROM _sender", rows[i].row);
    }
}

static void the_sender_of_tests_is_not_tracked(void **state)
{
    static const struct sent events[] = {
        {1, "a", "1"}, {2, "cn=eventspool-test", "1"}, {3, "a", "1"}, {4, "cn=eventspool-test,ou=x", "1"}};
    struct fixture *f = *state;
    struct group *group = group_of(events, COUNT(events));
    must(f, append_once(f->in, group, &f->why));
    group_free(group);
    check_text(f->scratch->spool, "SELECT sender, events FROM _sender", "a|2\ncn=eventspool-test,ou=x|1");
}

static void the_senders_silent_longest_are_trimmed_from_a_full_table(void **state)
{
    struct fixture *f = *state;
    query_do(f->scratch->spool,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
             "INSERT INTO _sender SELECT 'old', i, i, 0, 1, 1, 1 FROM n");
    append(f, 0, 1000, 0); /* three senders in turn: a thousand runs, after which the table is trimmed */
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _sender"), 1000);
    check_text(f->scratch->spool, "SELECT min(last_received_at), sum(sender LIKE 'acm-_') FROM _sender",
               "4|3");
}

/* ---- once ---- */

static void a_group_appended_twice_is_stored_once(void **state)
{
    struct fixture *f = *state;
    struct group *group = some_group(1, 3, 2);
    append(f, 0, 0, 1);
    for (int i = 0; i < 3; i++) assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _event", "1,2,3");
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _reject", "1,2,3");
    group_clear(group); /* the same memory, another group */
    group_free(group);
    append(f, 4, 1, 0);
    reopen(f); /* another writer: its first group is not our first */
    append(f, 5, 1, 0);
    check_books(f->scratch->spool);
    check_text(f->scratch->spool, "SELECT group_concat(uid) FROM _event", "1,2,3,4,5");
}

/* A group that was made of a reject: its event, and what is left of it. */
static struct group *some_retry(int64_t id)
{
    struct group *group = some_group(1, 1, 1);
    group->retry_of = id;
    return group;
}

static void a_remainder_is_appended_with_the_events_of_its_reject(void **state)
{
    struct fixture *f = *state;
    append(f, 0, 0, 2);
    struct group *group = some_retry(2);
    for (int i = 0; i < 2; i++) must(f, append_once(f->in, group, &f->why));
    assert_false(group->is_void);
    group_free(group);
    check_text(f->scratch->spool, "SELECT id, retried_at IS NOT NULL FROM _reject", "1|0\n2|1\n3|0");
    check_text(f->scratch->spool,
               "SELECT last_event_id, last_reject_id, reject_bytes = (SELECT sum(row_bytes) FROM _reject),"
               " reject_bytes = (SELECT max(total_bytes) FROM _reject), last_event_at IS NULL FROM _intake",
               "1|3|1|1|1");
}

static void nothing_of_a_void_group_is_appended(void **state)
{
    struct fixture *f = *state;
    append(f, 0, 0, 3);
    query_do(f->scratch->spool, "UPDATE _reject SET dismissed_at = 1 WHERE id = 1;"
                                "UPDATE _reject SET retried_at = 1 WHERE id = 2");
    struct group *groups[] = {some_retry(1), some_retry(2), some_retry(3),
                              some_retry(9)}; /* 9: it is not there */
    for (size_t i = 1; i < COUNT(groups); i++) groups[i - 1]->next = groups[i];
    must(f, append_once(f->in, groups[0], &f->why));
    for (size_t i = 0; i < COUNT(groups); i++) {
        assert_int_equal(groups[i]->is_void, i != 2);
        group_free(groups[i]);
    }
    check_text(f->scratch->spool,
               "SELECT last_event_id, last_reject_id, reject_bytes = (SELECT sum(row_bytes) FROM _reject)"
               " FROM _intake",
               "1|4|1");
    check_text(f->scratch->spool, "SELECT count(*) FROM _event", "1");
    check_text(f->scratch->spool, "SELECT group_concat(id) FROM _reject WHERE coalesce(retried_at, 0) > 1",
               "3");
}

/* ---- what is counted for monitoring ---- */

static const char *const counted_rejects =
    "SELECT label, value, last_at FROM _counter WHERE name = 'rejects'";

static void rejects_are_counted_by_reason_as_they_arrive(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 3, 0);
    check_text(f->scratch->spool, "SELECT count(*) FROM _counter", "0");
    struct group *group = some_group(4, 1, 2);
    struct reject other = {.received_at = 7, .source = some_slice("1"), .reason = REJECT_TOO_DEEP};
    group_add_reject(group, &other);
    struct group *second = some_group(9, 0, 1);
    group->next = second;
    for (int i = 0; i < 2; i++) must(f, append_once(f->in, group, &f->why)); /* the second time it is found */
    check_text(f->scratch->spool, counted_rejects, "malformed|3|1700000000009\ntoo_deep|1|7");
    group_free(group);
    group_free(second);
    reopen(f);
    append(f, 20, 0, 1);
    check_text(f->scratch->spool, counted_rejects, "malformed|4|1700000000020\ntoo_deep|1|7");
}

static void joined_rejects_count_each_and_remainders_do_not(void **state)
{
    struct fixture *f = *state;
    spool_in_cap_rejects(f->in, 1);
    append(f, 1, 0, 3);
    append(f, 5, 0, 2);
    check_text(f->scratch->spool, "SELECT count(*) FROM _reject", "1");
    check_text(f->scratch->spool, counted_rejects, "malformed|5|1700000000006");
    spool_in_cap_rejects(f->in, 0);
    append(f, 6, 0, 1);
    struct group *retry = some_retry(2);
    must(f, append_once(f->in, retry, &f->why));
    group_free(retry);
    check_text(f->scratch->spool, "SELECT count(*) FROM _reject WHERE retried_at IS NOT NULL", "1");
    check_text(f->scratch->spool, counted_rejects, "malformed|6|1700000000006");
}

static void bytes_read_are_counted_once_with_their_groups(void **state)
{
    struct fixture *f = *state;
    struct group *groups[] = {some_group(1, 1, 0), some_group(2, 0, 0)};
    groups[0]->next = groups[1];
    groups[0]->read_bytes = 120;
    groups[1]->read_bytes = 5000000000;
    for (int i = 0; i < 2; i++) must(f, append_once(f->in, groups[0], &f->why));
    check_text(f->scratch->spool, "SELECT received_bytes FROM _intake", "5000000120");
    group_clear(groups[1]);
    groups[1]->read_bytes = 3; /* a group without items */
    must(f, append_once(f->in, groups[1], &f->why));
    check_text(f->scratch->spool, "SELECT received_bytes, last_event_id FROM _intake", "5000000123|1");
    group_free(groups[0]);
    group_free(groups[1]);
}

static void an_open_reader_does_not_block_an_append(void **state)
{
    struct fixture *f = *state;
    struct group *group = some_group(1, 3, 2);
    struct db *other;
    assert_int_equal(db_open(&other, f->scratch->spool, 0, &f->why), RES_OK);
    assert_int_equal(db_exec(other, "BEGIN; SELECT count(*) FROM _event", &f->why), RES_OK);
    assert_int_equal(append_once(f->in, group, &f->why), RES_OK);
    assert_int_equal(db_exec(other, "COMMIT", &f->why), RES_OK);
    group_free(group);
    db_close(other);
    check_books(f->scratch->spool);
}

/* ---- the file ---- */

static void append_reports_a_replaced_or_deleted_file_as_broken(void **state)
{
    (void)state;
    for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
        struct fixture *f = fixture_new();
        struct group *group = some_group(2, 1, 0);
        append(f, 1, 1, 0);
        assert_int_equal(unlink(f->scratch->spool), 0);
        if (is_replaced) scratch_write(f->scratch->spool, "", 0);
        for (int i = 0; i < 2; i++) { /* also when it is tried again */
            struct append_outcome outcome;
            assert_int_equal(spool_append(f->in, group, &outcome, &f->why), RES_BROKEN);
            assert_int_equal(outcome.cause, APPEND_REPLACED);
            assert_non_null(strstr(f->why.text, f->scratch->spool));
            assert_true(*f->why.remedy);
        }
        group_free(group);
        fixture_free(f);
    }
}

/* ---- what others do to the spool meanwhile ---- */

static void only_a_newer_major_schema_stops_the_writing(void **state)
{
    struct fixture *f = *state;
    struct group *group = some_group(4, 2, 0);
    struct append_outcome outcome;
    append(f, 1, 3, 0);
    query_do(f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 100);
    for (int i = 0; i < 2; i++) {
        bool is_too_new = false;
        assert_int_equal(spool_append(f->in, group, &outcome, &f->why), RES_RETRY);
        assert_int_equal(outcome.cause, APPEND_TOO_NEW);
        assert_non_null(strstr(f->why.text, "newer than this program's"));
        assert_string_equal(f->why.remedy, "upgrade this program, and restart it");
        assert_int_equal(spool_in_check_schema(f->in, &is_too_new, &f->why), RES_RETRY);
        assert_true(is_too_new);
    }
    assert_int_equal(query_int(f->scratch->spool, "SELECT count(*) FROM _event"), 3);
    query_do(f->scratch->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 1);
    must(f, spool_append(f->in, group, &outcome, &f->why));
    assert_int_equal(outcome.cause, APPEND_KEPT);
    group_free(group);
    check_books(f->scratch->spool);
}

static void a_space_report_sets_low_space_flag_and_flush_ids(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 7, 3);
    must(f, spool_in_report_space(f->in, true, false, &f->why));
    check_text(f->scratch->spool, "SELECT low_space, flush_events, flush_rejects FROM _intake, _uploader",
               "1|0|0");
    must(f, spool_in_report_space(f->in, true, true, &f->why));
    check_text(f->scratch->spool, "SELECT low_space, flush_events, flush_rejects FROM _intake, _uploader",
               "1|7|3");
    must(f, spool_in_report_space(f->in, false, false, &f->why));
    check_text(f->scratch->spool, "SELECT low_space FROM _intake", "0");
}

static void the_reported_sizes_follow_the_spools_contents(void **state)
{
    struct fixture *f = *state;
    int64_t empty = 0;
    int64_t used = 0;
    int64_t unused = 0;
    must(f, spool_in_sizes(f->in, &empty, &unused, &f->why));
    append(f, 1, 2000, 0);
    must(f, spool_in_sizes(f->in, &used, &unused, &f->why));
    assert_true(used > empty && unused == 0);
    query_do(f->scratch->spool, "DELETE FROM _event");
    must(f, spool_in_sizes(f->in, &used, &unused, &f->why));
    assert_true(used < empty + (1 << 17) && unused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPOOL(ids_have_no_gaps_over_groups_and_kinds),
        IN_SPOOL(every_field_arrives_in_its_column),
        IN_SPOOL(rejects_with_equal_texts_share_them),
        IN_SPOOL(ids_follow_the_order_of_adding_in_each_kind_over_a_chain),
        IN_SPOOL(an_event_that_is_refused_takes_its_chain_back),
        IN_SPOOL(ids_continue_after_a_full_purge_and_a_restart),
        IN_SPOOL(senders_are_counted_by_name_and_address_and_day),
        IN_SPOOL(late_events_count_in_all_and_leave_later_days_alone),
        IN_SPOOL(the_sender_of_tests_is_not_tracked),
        IN_SPOOL(the_senders_silent_longest_are_trimmed_from_a_full_table),
        IN_SPOOL(a_group_appended_twice_is_stored_once),
        IN_SPOOL(a_remainder_is_appended_with_the_events_of_its_reject),
        IN_SPOOL(nothing_of_a_void_group_is_appended),
        IN_SPOOL(rejects_are_counted_by_reason_as_they_arrive),
        IN_SPOOL(joined_rejects_count_each_and_remainders_do_not),
        IN_SPOOL(bytes_read_are_counted_once_with_their_groups),
        IN_SPOOL(an_open_reader_does_not_block_an_append),
        cmocka_unit_test(append_reports_a_replaced_or_deleted_file_as_broken),
        IN_SPOOL(only_a_newer_major_schema_stops_the_writing),
        IN_SPOOL(a_space_report_sets_low_space_flag_and_flush_ids),
        IN_SPOOL(the_reported_sizes_follow_the_spools_contents),
    };
    fault_vfs_install(); /* no disk is waited for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
