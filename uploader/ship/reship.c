/*
 * reship -- see reship.h. Each look at an object, and each put, is an errand (errands.h), so other batches are shipped
 * meanwhile. If the store is away, it tries a few times, then leaves the rest. A repeated request continues where this
 * one ended, as objects that are there are only checked.
 */
#include "uploader/ship/reship.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/utf8.h"
#include "uploader/ship/backoff.h"
#include "uploader/ship/reship_report.h"
#include "uploader/spool/reship.h"

#define SLICE_MS  20
#define POLL_MS   200 /* between two checks whether the copies have been shipped */
#define TRIES     5
#define TEXT_SIZE 150
#define SOON_MS   2 /* between two looks at an errand, for the first */
#define QUICK_MS  100
#define LATER_MS  50 /* and between those that follow */

static const struct backoff when_away = {500, 8000};

struct reship {
    struct reship_parts parts;
    struct reship_order order;
    int64_t next_id; /* the first batch that has not been checked */

    bool is_counted;           /* how many batches are requested; a single one is not counted */
    int64_t count_id, counted; /* the first that was not looked at for that */

    bool is_waiting; /* for the errand, which is about `past` */
    struct past_batch past;
    struct errand errand;
    int64_t asked_at; /* monotonic */

    int64_t *chosen; /* with new keys: the batches to copy */
    size_t chosen_count;
    int64_t first_copy_id; /* once they are sealed */

    int tries; /* of one object */
    int64_t next_try_at;

    struct reship_report report;
};

/* ---- life ---- */

void reship_new(struct reship **out, const struct reship_parts *parts, const struct reship_order *order)
{
    struct reship *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->parts = *parts;
    r->order = *order;
    r->next_id = order->batch_id > 0 ? order->batch_id : 1;
    r->is_counted = order->batch_id > 0;
    r->count_id = 1;
    shipper_hurry(parts->shipper);
    *out = r;
}

void reship_free(struct reship *r)
{
    if (!r) return;
    if (r->is_waiting) shipper_give_up(r->parts.shipper, &r->errand);
    reship_report_fini(&r->report);
    free(r->chosen);
    free(r);
}

/* ---- failures ---- */

static void give_up(struct reship *r, const struct why *trouble)
{
    r->report.trouble = *trouble;
    r->report.has_ended = true;
}

/* The try has failed: it is repeated after a pause, unless only a person can help. */
static void note_failure(struct reship *r, enum store_answer answer)
{
    const struct errand *errand = &r->errand;
    if (answer == STORE_STOPPED) return; /* this process ends now */
    if (answer == STORE_REFUSED || ++r->tries == TRIES) {
        give_up(r, &errand->why);
        return;
    }
    int64_t pause_ms = backoff_ms(&when_away, r->tries, (uint32_t)clock_monotonic_ms());
    if (pause_ms < errand->stored.wait_ms) pause_ms = errand->stored.wait_ms; /* as the store asks for it */
    r->next_try_at = clock_monotonic_ms() + pause_ms;
}

/* This batch is done, whether it succeeded or not. */
static void move_on(struct reship *r)
{
    r->report.checked++;
    r->next_id++;
    r->tries = 0;
}

/* ---- under the same key ---- */

/* Has the object looked for, and put again if it is missing and its rows are there. */
static void ask(struct reship *r, const struct past_batch *past)
{
    r->past = *past;
    r->errand = (struct errand){.batch = past->batch, .may_put = past->has_rows && !r->order.is_dry_run};
    r->is_waiting = shipper_want(r->parts.shipper, &r->errand);
    r->asked_at = clock_monotonic_ms();
}

/* The object was put again. */
static enum result note_put(struct reship *r, struct why *why)
{
    const struct errand *errand = &r->errand;
    const struct batch *batch = &errand->batch;
    if (errand->put == STORE_OCCUPIED) { /* it was shipped, and something is there */
        r->report.present++;
    } else if (errand->put == STORE_CONFLICT) {
        reship_report_problem(&r->report, batch->id, "other bytes are under its key");
    } else if (errand->put == STORE_DONE) {
        enum result res = spool_reship_mark(r->parts.spool, batch->id, errand->stored.etag,
                                            errand->stored.is_verified, why);
        if (res != RES_OK) return res;
        r->report.sent++;
        r->report.events += batch_count(batch);
        log_info("batch sent again", "batch=%" PRId64 " key=%s", batch->id, LOG_QUOTE(batch->object_key));
    } else {
        note_failure(r, errand->put);
        r->is_waiting = false;
        return RES_OK;
    }
    r->report.changed += errand->is_changed;
    r->is_waiting = false;
    move_on(r);
    return RES_OK;
}

/* It was only looked for. */
static void note_look(struct reship *r)
{
    const struct errand *errand = &r->errand;
    const struct batch *batch = &errand->batch;
    bool can_be_missing = errand->found == STORE_ABSENT || errand->found == STORE_CANNOT_CHECK;
    r->is_waiting = false;
    if (errand->found == STORE_DONE) {
        r->report.present++;
    } else if (errand->found == STORE_CONFLICT) {
        reship_report_problem(&r->report, batch->id, "other bytes are under its key");
    } else if (errand->is_unrenderable) {
        reship_report_problem(&r->report, batch->id, errand->why.text);
    } else if (can_be_missing && !r->past.has_rows) {
        reship_report_problem(&r->report, batch->id,
                              "its object is missing, and its rows are no longer in the spool (RETENTION)");
    } else if (errand->found == STORE_CANNOT_CHECK) {
        reship_report_problem(&r->report, batch->id,
                              "the keys are not allowed to check whether it is there: s3:GetObject");
    } else if (errand->found == STORE_ABSENT) { /* a dry run */
        r->report.sent++;
        r->report.events += batch_count(batch);
    } else {
        note_failure(r, errand->found);
        return;
    }
    move_on(r);
}

/* Takes the answer of the errand, or says how long to wait for it. */
static enum result await(struct reship *r, int *wait_ms, struct why *why)
{
    if (r->errand.state != ERRAND_ENDED) {
        *wait_ms = clock_monotonic_ms() - r->asked_at < QUICK_MS ? SOON_MS : LATER_MS;
        return RES_OK;
    }
    if (r->errand.has_put) return note_put(r, why);
    note_look(r);
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
    } else if (batch->kind == BATCH_REJECTS && !r->parts.ships_rejects) {
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
    r->report.on_their_way = r->report.sent;
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

/* Why a batch that is not shipped cannot be sent again. */
static const char *explain_state(enum batch_state state)
{
    if (state == BATCH_SUPERSEDED) return "its rows are in another batch";
    return state == BATCH_ABANDONED ? "it was given up" : "it is not shipped yet";
}

/* Does what was requested with this batch. */
static void treat(struct reship *r, const struct past_batch *past)
{
    char text[TEXT_SIZE];
    bool is_shipped = past->batch.state == BATCH_SHIPPED;
    bool is_here = store_is_here(shipper_store(r->parts.shipper), past->batch.destination);
    r->report.is_found = true;
    if (is_shipped && is_here && r->order.has_new_keys) {
        choose(r, past);
        return;
    }
    if (is_shipped && is_here) {
        ask(r, past);
        return;
    }
    if (is_shipped) {
        (void)snprintf(text, sizeof text, "it is in %.*s, which is not the destination now",
                       utf8_cut(past->batch.destination, 100), past->batch.destination);
        reship_report_problem(&r->report, past->batch.id, text);
    } else if (r->order.batch_id > 0) {
        reship_report_problem(&r->report, past->batch.id, explain_state(past->batch.state));
    } else {
        r->report.unshipped++;
    }
    move_on(r);
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
            treat(r, &past);
            return RES_OK;
        }
        r->next_id++;
    } while (clock_monotonic_ms() < due);
    return RES_OK;
}

/* Goes through the batches a first time: how many are requested, and which of them is the first. */
static enum result count_some(struct reship *r, struct why *why)
{
    int64_t due = clock_monotonic_ms() + SLICE_MS;
    struct past_batch past;
    do {
        enum result res = spool_reship_next(r->parts.spool, r->count_id, &past, why);
        if (res != RES_OK) return res;
        r->is_counted = past.batch.id == 0;
        if (r->is_counted) return RES_OK;
        if (is_requested(r, &past) && r->counted++ == 0) r->next_id = past.batch.id;
        r->count_id = past.batch.id + 1;
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
    if (!r->is_counted) return count_some(r, why);
    if (r->is_waiting) return await(r, wait_ms, why);
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

void reship_progress(const struct reship *r, struct progress *progress)
{
    const struct reship_report *report = &r->report;
    if (r->first_copy_id != 0)
        progress_set(progress, report->sent - report->on_their_way, report->sent, "batches shipped");
    else if (r->is_counted && r->counted > 0)
        progress_set(progress, report->checked, r->counted, "batches checked");
}
