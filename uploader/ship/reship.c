/*
 * reship -- see reship.h. It has a store of its own, as the shipper's may be in use. If the store is away, it tries a
 * few times, then leaves the rest. A repeated request continues where this one ended, as objects that are there are
 * only checked.
 */
#include "uploader/ship/reship.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/ship/backoff.h"
#include "uploader/ship/reship_report.h"
#include "uploader/spool/reship.h"

#define SLICE_MS  20
#define POLL_MS   200 /* between two checks whether the copies have been shipped */
#define TRIES     5
#define TEXT_SIZE 150

static const struct backoff when_away = {500, 8000};

struct reship {
    struct reship_parts parts;
    struct reship_order order;
    struct store *store;
    struct buf body;
    int64_t next_id; /* the first batch that has not been checked */

    int64_t *chosen; /* with new keys: the batches to copy */
    size_t chosen_count;
    int64_t first_copy_id; /* once they are sealed */

    int tries; /* of one object */
    int64_t next_try_at;

    struct reship_report report;
};

/* ---- life ---- */

enum result reship_new(struct reship **out, const struct reship_parts *parts,
                       const struct reship_order *order, struct why *why)
{
    struct reship *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->parts = *parts;
    r->order = *order;
    r->next_id = order->batch_id > 0 ? order->batch_id : 1;
    enum result res = store_open(&r->store, &r->parts.options.store, parts->signals, parts->lock, why);
    if (res != RES_OK) {
        reship_free(r);
        r = NULL;
    }
    *out = r;
    return res;
}

void reship_free(struct reship *r)
{
    if (!r) return;
    store_close(r->store);
    buf_fini(&r->body);
    reship_report_fini(&r->report);
    free(r->chosen);
    free(r);
}

/* ---- failures ---- */

/* What the store has answered for one batch. */
struct
try {
    enum store_answer answer;
    struct stored stored;
    struct why failure;
};

static void give_up(struct reship *r, const struct why *trouble)
{
    r->report.trouble = *trouble;
    r->report.has_ended = true;
}

/* The try has failed: it is repeated after a pause, unless only a person can help. */
static void note_failure(struct reship *r, const struct try *t)
{
    if (t->answer == STORE_STOPPED) return; /* this process ends now */
    if (t->answer == STORE_REFUSED || ++r->tries == TRIES) {
        give_up(r, &t->failure);
        return;
    }
    int64_t pause_ms = backoff_ms(&when_away, r->tries, (uint32_t)clock_monotonic_ms());
    if (pause_ms < t->stored.wait_ms) pause_ms = t->stored.wait_ms; /* as the store asks for it */
    r->next_try_at = clock_monotonic_ms() + pause_ms;
}

/* This batch is done, whether it succeeded or not. */
static void move_on(struct reship *r)
{
    r->next_id++;
    r->tries = 0;
}

/* ---- under the same key ---- */

/* Renders the batch again. `*is_ready` is false if the result must not be put, which is reported as a problem. */
static enum result render(struct reship *r, struct batch *batch, bool may_differ, struct rendition *rendition,
                          bool *is_ready, struct why *why)
{
    struct why failure = {0};
    *is_ready = false;
    enum result res = spool_out_render(r->parts.spool, batch, &r->body, rendition, NULL, &failure);
    if (res == RES_REFUSE) {
        reship_report_problem(&r->report, batch->id, failure.text);
        return RES_OK;
    }
    if (res != RES_OK) *why = failure;
    if (res != RES_OK) return res;
    render_hash(&r->body, rendition, NULL);
    bool is_same = strcmp(rendition->sha256, batch->recorded.sha256) == 0;
    if (!is_same && !may_differ) {
        reship_report_problem(&r->report, batch->id,
                              "it renders to other bytes than before, and the keys are not allowed to check "
                              "whether the first are there: s3:GetObject");
        return RES_OK;
    }
    *is_ready = true;
    if (is_same) return RES_OK;
    r->report.changed++;
    log_warn("the batch renders to other bytes than before: a library was upgraded", "batch=%" PRId64,
             batch->id);
    return spool_reship_record(r->parts.spool, batch, rendition, why);
}

/* Puts an object that is not there, or that the keys do not allow us to check. */
static enum result put_again(struct reship *r, struct batch *batch, struct try *t, struct why *why)
{
    struct rendition rendition;
    struct object object = {batch, &r->body, &rendition};
    bool is_ready = false;
    enum result res = render(r, batch, t->answer == STORE_ABSENT, &rendition, &is_ready, why);
    if (res != RES_OK || !is_ready) {
        if (res == RES_OK) move_on(r);
        return res;
    }
    why_clear(&t->failure);
    t->answer = store_put(r->store, &object, &t->stored, &t->failure);
    if (t->answer == STORE_OCCUPIED) { /* it was shipped, and something is there */
        r->report.present++;
        move_on(r);
        return RES_OK;
    }
    if (t->answer == STORE_CONFLICT)
        reship_report_problem(&r->report, batch->id, "other bytes are under its key");
    if (t->answer != STORE_DONE && t->answer != STORE_CONFLICT) note_failure(r, t);
    if (t->answer == STORE_DONE)
        res = spool_reship_mark(r->parts.spool, batch->id, t->stored.etag, t->stored.is_verified, why);
    if (res != RES_OK || (t->answer != STORE_DONE && t->answer != STORE_CONFLICT)) return res;
    if (t->answer == STORE_DONE) {
        r->report.sent++;
        r->report.events += batch_count(batch);
        log_info("batch sent again", "batch=%" PRId64 " key=%s", batch->id, LOG_QUOTE(batch->object_key));
    }
    move_on(r);
    return RES_OK;
}

static enum result put_back(struct reship *r, struct past_batch *past, struct why *why)
{
    struct batch *batch = &past->batch;
    struct object object = {batch, &r->body, &batch->recorded};
    struct try t = {0};
    t.answer = store_find(r->store, &object, &t.stored, &t.failure);
    bool can_be_missing = t.answer == STORE_ABSENT || t.answer == STORE_CANNOT_CHECK;
    if (can_be_missing && past->has_rows && !r->order.is_dry_run) return put_again(r, batch, &t, why);
    if (t.answer == STORE_DONE)
        r->report.present++;
    else if (t.answer == STORE_CONFLICT)
        reship_report_problem(&r->report, batch->id, "other bytes are under its key");
    else if (can_be_missing && !past->has_rows)
        reship_report_problem(&r->report, batch->id,
                              "its object is missing, and its rows are no longer in the spool (RETENTION)");
    else if (t.answer == STORE_CANNOT_CHECK)
        reship_report_problem(&r->report, batch->id,
                              "the keys are not allowed to check whether it is there: s3:GetObject");
    else if (t.answer == STORE_ABSENT)
        r->report.sent++, r->report.events += batch_count(batch); /* a dry run */
    else {
        note_failure(r, &t);
        return RES_OK;
    }
    move_on(r);
    return RES_OK;
}

/* ---- under a new key ---- */

/* Notes the batch as one to copy, if that is possible. */
static void choose(struct reship *r, const struct past_batch *past)
{
    const struct batch *batch = &past->batch;
    move_on(r);
    if (!past->has_rows) {
        reship_report_problem(&r->report, batch->id, "its rows are no longer in the spool (RETENTION)");
    } else if (batch->kind == BATCH_REJECTS && !r->parts.options.ships_rejects) {
        reship_report_problem(&r->report, batch->id,
                              "it holds rejects, which are not shipped: REJECTS_PREFIX=none");
    } else {
        r->chosen = reallocarray(r->chosen, r->chosen_count + 1, sizeof *r->chosen);
        if (!r->chosen) abort();
        r->chosen[r->chosen_count++] = batch->id;
        r->report.sent++;
        r->report.events += batch_count(batch);
    }
}

/* Seals all copies in one transaction: if a process is killed later, each is still shipped, and none is made twice. */
static enum result seal_copies(struct reship *r, struct why *why)
{
    struct db *db = spool_out_db(r->parts.spool);
    int64_t first = INT64_MAX;
    enum result res = db_begin(db, why);
    if (res != RES_OK) return res;
    for (size_t i = 0; i < r->chosen_count && res == RES_OK; i++) {
        struct past_batch past;
        int64_t copy_id = 0;
        bool is_new = false;
        res = spool_reship_next(r->parts.spool, r->chosen[i], &past, why);
        if (res == RES_OK && (past.batch.id != r->chosen[i] || !past.has_rows))
            res = why_set(why, RES_REFUSE,
                          "nothing was done: rows of batch %" PRId64 " were purged meanwhile", r->chosen[i]);
        if (res == RES_OK) res = spool_reship_copy(r->parts.spool, &past.batch, &copy_id, &is_new, why);
        if (copy_id < first) first = copy_id;
    }
    res = db_end(db, res, why);
    if (res != RES_OK) return res;
    r->first_copy_id = first;
    log_info("batches will be sent again under new keys, as requested", "batches=%" PRId64 " events=%" PRId64,
             r->report.sent, r->report.events);
    return RES_OK;
}

static enum result wait_for_copies(struct reship *r, int *wait_ms, struct why *why)
{
    struct open_copies open;
    enum result res = spool_reship_count_open(r->parts.spool, r->first_copy_id, &open, why);
    if (res != RES_OK) return res;
    r->report.on_their_way = open.count;
    if (*open.trouble.text) give_up(r, &open.trouble);
    if (open.count == 0) r->report.has_ended = true;
    *wait_ms = POLL_MS;
    return RES_OK;
}

/* All batches have been checked. */
static enum result finish(struct reship *r, int *wait_ms, struct why *why)
{
    r->report.has_ended = !r->order.has_new_keys || r->order.is_dry_run || r->chosen_count == 0;
    if (r->report.has_ended) return RES_OK;
    return r->first_copy_id == 0 ? seal_copies(r, why) : wait_for_copies(r, wait_ms, why);
}

/* ---- which batches ---- */

static bool is_requested(const struct reship *r, const struct past_batch *past)
{
    if (r->order.batch_id > 0) return past->batch.id == r->order.batch_id;
    return !past->batch.is_copy && past->batch.state != BATCH_SUPERSEDED &&
           past->batch.state != BATCH_ABANDONED && past->batch.sealed_at >= r->order.since_at &&
           past->batch.sealed_at < r->order.until_at;
}

/* Does what was requested with this batch. */
static enum result treat(struct reship *r, struct past_batch *past, struct why *why)
{
    char text[TEXT_SIZE];
    r->report.is_found = true;
    bool is_here = store_is_here(r->store, past->batch.destination);
    bool is_shipped = past->batch.state == BATCH_SHIPPED;
    if (is_shipped && is_here && r->order.has_new_keys) {
        choose(r, past);
        return RES_OK;
    }
    if (is_shipped && is_here) return put_back(r, past, why);
    if (is_shipped) {
        (void)snprintf(text, sizeof text, "it is in %.100s, which is not the destination now",
                       past->batch.destination);
        reship_report_problem(&r->report, past->batch.id, text);
    } else if (r->order.batch_id > 0) {
        reship_report_problem(&r->report, past->batch.id,
                              past->batch.state == BATCH_SUPERSEDED  ? "its rows are in another batch"
                              : past->batch.state == BATCH_ABANDONED ? "it was given up"
                                                                     : "it is not shipped yet");
    } else {
        r->report.unshipped++;
    }
    move_on(r);
    return RES_OK;
}

/* Goes through the batches until it has treated a requested one; `*is_end`: there are no more. */
static enum result check_next(struct reship *r, bool *is_end, struct why *why)
{
    int64_t due = clock_monotonic_ms() + SLICE_MS;
    struct past_batch past;
    enum result res = RES_OK;
    do {
        res = spool_reship_next(r->parts.spool, r->next_id, &past, why);
        if (res != RES_OK) return res;
        *is_end = past.batch.id == 0 || (r->order.batch_id > 0 && past.batch.id != r->order.batch_id);
        if (*is_end) return RES_OK;
        r->next_id = past.batch.id;
        if (is_requested(r, &past)) {
            res = treat(r, &past, why);
            r->report.checked += r->next_id != past.batch.id;
            return res;
        }
        move_on(r);
    } while (clock_monotonic_ms() < due);
    return RES_OK;
}

enum result reship_slice(struct reship *r, bool *is_done, int *wait_ms, struct why *why)
{
    bool is_end = false;
    *wait_ms = 0;
    *is_done = r->report.has_ended;
    int64_t now = clock_monotonic_ms();
    if (r->report.has_ended) return RES_OK;
    if (now < r->next_try_at) {
        *wait_ms = (int)(r->next_try_at - now);
        return RES_OK;
    }
    enum result res = check_next(r, &is_end, why);
    if (res == RES_OK && is_end) res = finish(r, wait_ms, why);
    *is_done = res == RES_OK && r->report.has_ended;
    return res;
}

bool reship_is_complete(const struct reship *r)
{
    return reship_report_is_complete(&r->report, &r->order);
}

void reship_describe(const struct reship *r, struct buf *out)
{
    reship_report_describe(&r->report, &r->order, out);
}
