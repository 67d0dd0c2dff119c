/*
 * retry_fixture -- rejects in a spool, and retries of them that must end in a certain way. Include it after cmocka.h.
 */
#ifndef TESTS_SUPPORT_RETRY_FIXTURE_H
#define TESTS_SUPPORT_RETRY_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "collector/spool/retry.h"
#include "tests/support/event_names.h"
#include "tests/support/in_fixture.h"

static const struct index_fields uid_is_cn = {{[EVENT_UID] = "cn"}};
static const struct retry_options options = {
    .framing = {.events = &event_names, .max_message = 16384},
    .validator = {.fields = &uid_is_cn},
};

/* A reject of an earlier version, with its whole payload. */
static inline struct reject some_reject(const char *payload)
{
    return (struct reject){
        .received_at = 1700000000000,
        .source = some_slice("192.0.2.7"),
        .reason = REJECT_MALFORMED,
        .detail = some_slice("of an earlier version"),
        .bytes = strlen(payload),
        .payload = some_slice(payload),
    };
}

static inline void add(struct fixture *f, const struct reject *reject)
{
    struct group *group = group_new();
    group_add_reject(group, reject);
    must(f, append_once(f->in, group, &f->why));
    group_free(group);
}

/* A reject whose payload is whole unless `bytes` says otherwise. */
static inline void add_reject(struct fixture *f, const char *payload, size_t bytes)
{
    struct reject reject = some_reject(payload);
    if (bytes > 0) reject.bytes = bytes;
    add(f, &reject);
}

/* Event n; its uid is n in 16 digits. */
static inline const char *some_event(int n, char out[64])
{
    (void)snprintf(out, 64, "<EVENT><cn>%016d</cn></EVENT>", n);
    return out;
}

/* Slices until the end; those that fail are tried again. */
static inline void finish(struct fixture *f, struct retry *retry, int *failures)
{
    bool is_done = false;
    while (!is_done) {
        enum result res = retry_slice(retry, &is_done, &f->why);
        assert_true(res == RES_OK || res == RES_RETRY);
        *failures += res == RES_RETRY;
        assert_in_range(*failures, 0, 1);
    }
}

static inline void check_report(const struct retry *retry, const char *expected)
{
    struct buf text = BUF_EMPTY;
    retry_describe(retry, &text);
    buf_append_char(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_fini(&text);
}

/* Runs it to its end, and compares what it tells. */
static inline void check_retry(struct fixture *f, const char *ids, const char *expected)
{
    struct retry *retry;
    int failures = 0;
    must(f, retry_new(&retry, f->in, &options, ids, &f->why));
    finish(f, retry, &failures);
    check_report(retry, expected);
    retry_free(retry);
}

/* `count` events with the uids 1.., each once, and counters that agree with them. */
static inline void check_each_once(struct fixture *f, int count)
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

#endif
