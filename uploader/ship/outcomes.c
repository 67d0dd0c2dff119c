/*
 * outcomes -- see outcomes.h. The happy path is record_success(): the batch is marked as shipped, outages end. What
 * fails is recorded as a failure; an incident, where other bytes are under a batch's key, replaces the batch.
 */
#include "uploader/ship/outcomes.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/spool/replace.h"

#define REPORT_MS 60000 /* the longest time between two reports */
#define WHAT_SIZE (BATCH_KEY_MAX * 2 + 100)

bool outcomes_must_wait(const struct outcomes *o, enum batch_kind kind)
{
    return outage_is_waiting(&o->outage) || (kind == BATCH_REJECTS && outage_is_waiting(&o->refusal));
}

void outcomes_begin(struct outcomes *o, enum batch_kind kind)
{
    outage_probe(&o->outage);
    if (kind == BATCH_REJECTS) outage_probe(&o->refusal);
}

const struct why *outcomes_outage(const struct outcomes *o, enum batch_kind kind)
{
    if (o->outage.failures > 0) return &o->outage.why;
    return kind == BATCH_REJECTS && o->refusal.failures > 0 ? &o->refusal.why : NULL;
}

const struct why *outcomes_trouble(const struct outcomes *o, enum batch_kind kind)
{
    const struct why *outage = outcomes_outage(o, kind);
    if (outage) return outage;
    return *o->queues[kind].trouble.text ? &o->queues[kind].trouble : NULL;
}

enum result outcomes_report(struct outcomes *o, struct why *why)
{
    o->report_due = clock_monotonic_ms() + REPORT_MS;
    const struct why *trouble = outcomes_trouble(o, BATCH_EVENTS);
    if (!trouble) trouble = outcomes_trouble(o, BATCH_REJECTS);
    return spool_out_report(o->spool, o->is_trial, o->queues[BATCH_REJECTS].is_on, trouble, why);
}

/* ---- success ---- */

static enum result note_success(struct outcomes *o, const struct batch *batch, struct why *why)
{
    bool is_news = outage_end(&o->outage);
    if (batch->kind == BATCH_REJECTS) is_news |= outage_end(&o->refusal);
    if (queue_forget(&o->queues[batch->kind], batch->id)) {
        log_info("upload succeeded; no batch fails by itself any more", "batch=%" PRId64, batch->id);
        is_news = true;
    }
    queue_note_shipped(&o->queues[batch->kind]);
    return is_news ? outcomes_report(o, why) : RES_OK;
}

static void warn_unverified(struct outcomes *o, const struct batch *batch)
{
    if (!o->has_warned_unverified)
        log_warn("objects are there, and their bytes cannot be compared: s3:GetObject is not allowed",
                 "batch=%" PRId64
                 " remedy=\"allow these keys s3:GetObject (and kms:Decrypt for a key of KMS) in %s\"",
                 batch->id, batch->destination);
    o->has_warned_unverified = true;
}

static enum result record_success(struct outcomes *o, struct job *job, struct why *why)
{
    struct batch *batch = &job->batch;
    if (!job->stored.is_verified) warn_unverified(o, batch);
    enum result res = spool_out_mark_shipped(o->spool, batch, job->stored.rendition, job->stored.etag,
                                             job->stored.is_verified, why);
    if (res != RES_OK) return res;
    log_info("batch shipped",
             "batch=%" PRId64 " kind=%s events=%" PRId64 " bytes=%" PRId64 " key=%s took_ms=%" PRId64,
             batch->id, batch_kind_name(batch->kind), batch_count(batch), job->stored.rendition->bytes,
             LOG_QUOTE(batch->object_key), clock_monotonic_ms() - job->since);
    return note_success(o, batch, why);
}

/* ---- failure ---- */

/* Only a refusal of rejects concerns rejects alone: any other failure may concern the whole store. */
static struct outage *outage_of(struct outcomes *o, enum batch_kind kind, enum store_answer answer)
{
    return kind == BATCH_REJECTS && answer == STORE_REFUSED ? &o->refusal : &o->outage;
}

enum result outcomes_record_failure(struct outcomes *o, struct batch *batch, const struct failure *failure,
                                    struct why *why)
{
    char what[WHAT_SIZE];
    const struct failed_batch *failed_batch =
        queue_note_failure(&o->queues[batch->kind], batch->id, failure->answer, &failure->why);
    bool is_news = failed_batch->own_failures == 1;
    (void)snprintf(what, sizeof what, "kind=%s batch=%" PRId64 " key=%s", batch_kind_name(batch->kind),
                   batch->id, LOG_QUOTE(batch->object_key));
    if (failed_batch->own_failures == 0)
        is_news = outage_add(outage_of(o, batch->kind, failure->answer), failure->answer, failure->wait_ms,
                             &failure->why, failure->began, what);
    else if (is_news)
        outage_log(what, &failure->why);
    struct batch_failure recorded = {
        .why = &failure->why,
        .is_definite = failure->is_surely_absent,
        .is_blocked = outage_needs_person(failure->answer),
    };
    enum result res = spool_out_record_failure(o->spool, batch, &recorded, why);
    return res == RES_OK && is_news ? outcomes_report(o, why) : res;
}

/*
 * An incident: other bytes are under the batch's key, so its rows are shipped once more, under another key. If that
 * happens to the replacement, too, a person must decide.
 */
static enum result supersede(struct outcomes *o, struct batch *batch, const struct failure *failure,
                             struct why *why)
{
    struct batch replacement;
    bool is_done = false;
    enum result res = spool_out_supersede(o->spool, batch, &failure->why, &replacement, &is_done, why);
    if (res != RES_OK) return res;
    if (!is_done) return outcomes_record_failure(o, batch, failure, why);
    log_error("incident: another object is under a batch's key; its rows are shipped under another one",
              "batch=%" PRId64 " key=%s new_key=%s", batch->id, LOG_QUOTE(batch->object_key),
              LOG_QUOTE(replacement.object_key));
    (void)queue_forget(&o->queues[batch->kind], batch->id);
    (void)outage_end(&o->outage); /* the store answers: the replacement need not wait */
    return outcomes_report(o, why);
}

enum result outcomes_record_job(struct outcomes *o, struct job *job, struct why *why)
{
    bool is_definite = job->answer == STORE_NOT_NOW || job->answer == STORE_REFUSED;
    struct failure failure = {
        .answer = job->answer,
        .wait_ms = job->stored.wait_ms,
        .began = job->since,
        .is_surely_absent = job->task == TASK_PUT && !job->was_unknown && is_definite,
        .why = job->why,
    };
    if (job->answer == STORE_OCCUPIED && job->was_unknown) {
        job->stored.is_verified = false;
        job->stored.rendition = &job->rendition;
        return record_success(o, job, why);
    }
    if (job->answer == STORE_OCCUPIED) {
        failure.answer = STORE_CONFLICT; /* the trouble is the batch's own */
        failure.is_surely_absent = true; /* this was its first PUT */
        return outcomes_record_failure(o, &job->batch, &failure, why);
    }
    switch (job->answer) {
    case STORE_DONE: return record_success(o, job, why);
    case STORE_STOPPED: return RES_OK; /* recorded as unknown: the next start verifies it */
    case STORE_CONFLICT:
        (void)outage_end(&o->outage); /* the store has answered */
        return supersede(o, &job->batch, &failure, why);
    default: return outcomes_record_failure(o, &job->batch, &failure, why);
    }
}
