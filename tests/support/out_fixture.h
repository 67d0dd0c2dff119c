/*
 * out_fixture -- a spool in a directory of its own, opened as the uploader opens it: for tests of the uploader. Include
 * it after cmocka.h.
 */
#ifndef TESTS_SUPPORT_OUT_FIXTURE_H
#define TESTS_SUPPORT_OUT_FIXTURE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/scratch.h"
#include "tests/support/some_spool.h"
#include "tests/support/tiling.h"
#include "uploader/spool/spool.h"

#define SOME_TIME      1700000000000 /* 2023-11-14T22:13:20.000Z */
#define IN_SPOOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

struct fixture {
    struct scratch *scratch;
    struct spool_out *out;
    struct why why;
};

static inline void must(struct fixture *f, enum result res)
{
    if (res != RES_OK) fail_msg("%s", f->why.text);
}

static inline struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->scratch = scratch_new();
    some_spool_make(f->scratch->spool);
    must(f, spool_out_open(&f->out, f->scratch->spool, &f->why));
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    spool_out_close(f->out);
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

/* The rows of a query, as query_text() has them. */
static inline void check_text(struct fixture *f, const char *sql, const char *expected)
{
    char *text = query_text(f->scratch->spool, "%s", sql);
    assert_string_equal(text, expected);
    free(text);
}

/* Each id is in exactly one place (tiling.h). */
static inline void check_tiling(struct fixture *f)
{
    char *problem = tiling_problem(f->scratch->spool, false);
    if (problem) fail_msg("%s", problem);
}

static inline struct waiting waiting_now(struct fixture *f, enum batch_kind kind)
{
    struct waiting waiting;
    must(f, spool_out_waiting(f->out, kind, &waiting, &f->why));
    return waiting;
}

/* Not sealed yet; ten bytes a row; the key is `events/<first id>`. */
static inline struct batch some_batch(enum batch_kind kind, int64_t first_id, int64_t last_id)
{
    struct batch batch = {
        .kind = kind,
        .first_id = first_id,
        .last_id = last_id,
        .bytes = 10 * (last_id - first_id + 1),
        .destination = "file:///d",
        .format = kind == BATCH_EVENTS ? BATCH_XML : BATCH_NDJSON,
        .has_metadata = kind != BATCH_EVENTS,
        .identity = {SOME_SPOOL_ID, "node"},
        .sealed_at = SOME_TIME,
    };
    (void)snprintf(batch.object_key, sizeof batch.object_key, "%s/%" PRId64, batch_kind_name(kind), first_id);
    return batch;
}

static inline struct batch seal(struct fixture *f, enum batch_kind kind, int64_t first_id, int64_t last_id)
{
    struct batch batch = some_batch(kind, first_id, last_id);
    must(f, spool_out_seal(f->out, &batch, NULL, &f->why));
    return batch;
}

static inline void ship(struct fixture *f, struct batch *batch)
{
    must(f, spool_out_mark_shipped(f->out, batch, NULL, "etag", true, -1, &f->why));
}

#endif
