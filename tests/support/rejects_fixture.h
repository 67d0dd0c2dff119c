/*
 * rejects_fixture -- rejects in a spool, appended in transactions of a test's own. Include it after cmocka.h.
 */
#ifndef TESTS_SUPPORT_REJECTS_FIXTURE_H
#define TESTS_SUPPORT_REJECTS_FIXTURE_H

#include "collector/spool/reject_rows.h"
#include "common/db.h"
#include "tests/support/in_fixture.h"

#define TIME 1700000000000

struct rejects_fixture {
    struct fixture *spool;
    struct reject_rows *rows;
    struct why why;
};

static inline void must_do(struct rejects_fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

/* What was known of rows is gone, and the next question counts anew. */
static inline void open_rows(struct rejects_fixture *f, int64_t max_bytes)
{
    int64_t page_bytes = 0;
    struct db *db = spool_in_db(f->spool->in);
    reject_rows_close(f->rows);
    must_do(f, db_get_int(db, "PRAGMA page_size", &page_bytes, &f->why));
    must_do(f, reject_rows_open(&f->rows, db, page_bytes, &f->why));
    reject_rows_set_max(f->rows, max_bytes);
}

static inline void reopen_all(struct rejects_fixture *f, int64_t max_bytes)
{
    reject_rows_close(f->rows);
    f->rows = NULL;
    reopen(f->spool);
    open_rows(f, max_bytes);
}

static inline struct rejects_fixture *rejects_fixture_new(int64_t max_bytes)
{
    struct rejects_fixture *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->spool = fixture_new();
    open_rows(f, max_bytes);
    return f;
}

static inline void rejects_fixture_free(struct rejects_fixture *f)
{
    reject_rows_close(f->rows);
    fixture_free(f->spool);
    free(f);
}

static inline const char *path_of(const struct rejects_fixture *f)
{
    return f->spool->scratch->spool;
}

/* A reject of `len` times the same byte. `payload` is the test's, for as long as the reject. */
static inline struct reject some_reject_of(const char *source, enum reject_reason reason, char *payload,
                                           size_t len)
{
    memset(payload, 'x', len);
    return (struct reject){.received_at = TIME,
                           .source = some_slice(source),
                           .reason = reason,
                           .detail = some_slice("not an event"),
                           .bytes = len,
                           .payload = {payload, len}};
}

static inline enum result append_in_transaction(struct rejects_fixture *f, const struct reject *rejects,
                                                size_t count, bool are_remainders)
{
    struct db *db = spool_in_db(f->spool->in);
    struct reject_counters counters = {0};
    char sql[200];
    enum result res = db_get_int(db, "SELECT last_reject_id FROM _intake", &counters.last_id, &f->why);
    if (res == RES_OK)
        res = db_get_int(db, "SELECT reject_bytes FROM _intake", &counters.total_bytes, &f->why);
    for (size_t i = 0; i < count && res == RES_OK; i++)
        res = reject_rows_add(f->rows, &rejects[i], are_remainders, &counters, &f->why);
    if (res == RES_OK) res = reject_rows_finish(f->rows, &f->why);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE _intake SET last_reject_id = %" PRId64 ", reject_bytes = %" PRId64,
                   counters.last_id, counters.total_bytes);
    return res == RES_OK ? db_exec(db, sql, &f->why) : res;
}

/* One transaction; returns whether something was capped. With `fails` it is rolled back. */
static inline bool append_rejects(struct rejects_fixture *f, const struct reject *rejects, size_t count,
                                  bool fails)
{
    struct db *db = spool_in_db(f->spool->in);
    must_do(f, db_begin(db, &f->why));
    reject_rows_begin(f->rows);
    must_do(f, append_in_transaction(f, rejects, count, false));
    enum result res = db_end(db, fails ? RES_RETRY : RES_OK, &f->why);
    assert_int_equal(res, fails ? RES_RETRY : RES_OK);
    reject_rows_end(f->rows, res);
    return reject_rows_has_capped(f->rows);
}

static inline bool append_one(struct rejects_fixture *f, struct reject reject)
{
    return append_rejects(f, &reject, 1, false);
}

/* The uploader's part: a batch of the rejects from one id to another; `more` sets further columns. */
static inline void seal_rejects(struct rejects_fixture *f, int64_t first_id, int64_t last_id,
                                const char *columns, const char *values)
{
    query_do(path_of(f),
             "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format,"
             " metadata, compression, pretty, dropped, omits_payload, spool, node, sealed_at%s)"
             " SELECT 'rejects', %" PRId64 ", %" PRId64 ", %" PRId64 ", sum(row_bytes), 'd',"
             " 'key ' || (SELECT count(*) FROM _batch), 'ndjson', 1, 'none', 0, '', 0, 's', 'n', 1%s"
             " FROM _reject WHERE id BETWEEN %" PRId64 " AND %" PRId64,
             columns, first_id, last_id, last_id - first_id + 1, values, first_id, last_id);
}

#endif
