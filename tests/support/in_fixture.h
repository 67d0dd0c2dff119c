/*
 * in_fixture -- a spool in a directory of its own, opened as the collector opens it: for tests of the collector.
 * Include it after cmocka.h.
 */
#ifndef TESTS_SUPPORT_IN_FIXTURE_H
#define TESTS_SUPPORT_IN_FIXTURE_H

#include <stdlib.h>

#include "collector/spool/append.h"
#include "collector/spool/schema.h"
#include "tests/support/scratch.h"
#include "tests/support/some_group.h"

#define IN_SPOOL(test)   cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, make_scratch, free_scratch)

struct fixture {
    struct scratch *scratch;
    struct spool_in *in;
    struct why why;
};

static inline void must(struct fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

static inline void open_spool(struct fixture *f)
{
    must(f, spool_in_open(&f->in, f->scratch->spool, "node", SPOOL_SYNC_FULL, &f->why));
}

static inline struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->scratch = scratch_new();
    open_spool(f);
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    spool_in_close(f->in);
    scratch_free(f->scratch);
    free(f);
}

static inline int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static inline int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

/* Without a spool in it. */
static inline int make_scratch(void **state)
{
    *state = scratch_new();
    return 0;
}

static inline int free_scratch(void **state)
{
    scratch_free(*state);
    return 0;
}

static inline void reopen(struct fixture *f)
{
    spool_in_close(f->in);
    open_spool(f);
}

/* Appends a group that is used once. */
static inline void append(struct fixture *f, int first, int events, int rejects)
{
    struct group *group = some_group(first, events, rejects);
    must(f, append_once(f->in, group, &f->why));
    group_free(group);
}

/* Opens a spool at any place, as the collector does, closes it again, and returns how that went. */
static inline enum result visit(const char *path, const char *node, struct why *why)
{
    struct db *db;
    *why = (struct why){.text = ""};
    enum result res = spool_create_or_open(&db, path, node, why);
    assert_true((db != NULL) == (res == RES_OK));
    db_close(db);
    return res;
}

static inline void must_visit(const char *path, const char *node)
{
    struct why why;
    if (visit(path, node, &why) != RES_OK) fail_msg("%s", why.text);
}

/* The same, and appends one event and one reject. */
static inline void visit_and_append(const char *path, int number)
{
    struct spool_in *in;
    struct why why = {0};
    struct group *group = some_group(number, 1, 1);
    assert_int_equal(spool_in_open(&in, path, NULL, SPOOL_SYNC_FULL, &why), RES_OK);
    assert_int_equal(append_once(in, group, &why), RES_OK);
    group_free(group);
    spool_in_close(in);
}

/* The rows of a query, as query_text() has them. */
static inline void check_text(const char *path, const char *sql, const char *expected)
{
    char *text = query_text(path, "%s", sql);
    assert_string_equal(text, expected);
    free(text);
}

/* What holds after any group: ids without gaps from 1, running totals, and counters that agree with the rows. */
static inline void check_books(const char *path)
{
    check_text(path,
               "SELECT count(*) = coalesce(max(id), 0), coalesce(min(id), 1),"
               "       coalesce(sum(total_bytes <> running), 0)"
               " FROM (SELECT id, total_bytes, sum(bytes) OVER (ORDER BY id) AS running FROM _event)",
               "1|1|0");
    check_text(path,
               "SELECT count(*) = coalesce(max(id), 0), coalesce(min(id), 1),"
               "       coalesce(sum(total_bytes <> running), 0)"
               " FROM (SELECT id, total_bytes, sum(row_bytes) OVER (ORDER BY id) AS running FROM _reject)",
               "1|1|0");
    check_text(path,
               "SELECT last_event_id = (SELECT count(*) FROM _event),"
               "       event_bytes = (SELECT coalesce(sum(bytes), 0) FROM _event),"
               "       last_reject_id = (SELECT count(*) FROM _reject),"
               "       reject_bytes = (SELECT coalesce(sum(row_bytes), 0) FROM _reject),"
               "       last_event_at IS (SELECT received_at FROM _event ORDER BY id DESC LIMIT 1),"
               "       (SELECT count(*) FROM _event) = (SELECT coalesce(sum(events_of_day), 0) FROM _sender)"
               " FROM _intake",
               "1|1|1|1|1|1");
    check_text(path, "PRAGMA integrity_check", "ok");
}

#endif
