/*
 * outcomes -- see outcomes.h. The happy path is ship(): the batch is marked as shipped, troubles end. An incident, where
 * other bytes are under a batch's key, replaces the batch. Everything else is a failure, of the batch or of more.
 */
#include "uploader/ship/outcomes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/ship/publication.h"
#include "uploader/spool/replace.h"

#define REPORT_MS 60000 /* the longest time between two reports */
#define WHAT_SIZE (BATCH_KEY_MAX * 2 + 100)

/*
 * A request that has been signed is refused 15 minutes later (AWS, Signature Version 4): what an earlier process has
 * sent, and is not there so long after this one began, will not come any more.
 */
#define LATE_MS (15LL * 60000)

enum result outcomes_report(struct outcomes *o, struct why *why)
{
    o->report_due = clock_monotonic_ms() + REPORT_MS;
    const struct trouble *trouble = troubles_worst(&o->troubles);
    struct uploader_report report = o->report;
    report.trouble = trouble ? &trouble->why : NULL;
    return spool_out_report(o->spool, &report, why);
}

/* ---- the scheduler, and what people are told ---- */

static bool needs_person(enum store_answer answer)
{
    return answer == STORE_REFUSED || answer == STORE_CONFLICT || answer == STORE_OCCUPIED;
}

static void describe(const struct job *job, char what[WHAT_SIZE])
{
    if (job->purpose == JOB_PROVE)
        (void)snprintf(what, WHAT_SIZE, "kind=%s key=%s", batch_kind_name(job->batch.kind),
                       LOG_QUOTE(job->batch.object_key));
    else
        (void)snprintf(what, WHAT_SIZE, "kind=%s batch=%" PRId64 " key=%s", batch_kind_name(job->batch.kind),
                       job->batch.id, LOG_QUOTE(job->batch.object_key));
}

/* What has failed. A failure that the scheduler has not counted, as something else succeeded meanwhile, is no trouble. */
static bool note_failure(struct outcomes *o, const struct job *job, enum scope scope, int64_t now)
{
    char what[WHAT_SIZE];
    struct trouble *trouble = troubles_at(&o->troubles, scope, job->batch.kind);
    struct trouble latest = {.needs_person = needs_person(job->answer),
                             .since = job->began,
                             .since_at = clock_now_ms() - (now - job->began),
                             .at = now,
                             .why = job->why};
    int64_t blocked_since = o->blocked_since[job->batch.kind];
    if (latest.needs_person && blocked_since > 0 && blocked_since < latest.since_at) {
        latest.since_at = blocked_since;
        latest.since = troubles_since(blocked_since);
    }
    describe(job, what);
    if (scheduler_failing_since(o->scheduler, scope, job->batch.kind) >= 0)
        return trouble_note(trouble, scope, &latest, what);
    log_info("a request has failed while others succeeded; it is tried again", "%s why=%s", what,
             LOG_QUOTE(job->why.text));
    return false;
}

/* Whatever works now has no trouble any more. */
static bool end_troubles(struct outcomes *o, int64_t now)
{
    bool is_news = false;
    for (int scope = SCOPE_ENDPOINT; scope <= SCOPE_BATCH; scope++)
        for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
            if (scheduler_failing_since(o->scheduler, (enum scope)scope, (enum batch_kind)kind) < 0)
                is_news |= trouble_end(troubles_at(&o->troubles, (enum scope)scope, (enum batch_kind)kind),
                                       (enum scope)scope, (enum batch_kind)kind, now);
    return is_news;
}

static void publish(struct outcomes *o)
{
    bool is_proven = true;
    int64_t refused[BATCH_KIND_COUNT];
    if (!o->problems) return;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        is_proven &= !o->is_on[kind] || scheduler_is_proven(o->scheduler, (enum batch_kind)kind);
        refused[kind] = scheduler_refused_count(o->scheduler, (enum batch_kind)kind);
    }
    if (is_proven) problems_end(o->problems, PROBLEM_DESTINATION_UNPROVEN);
    publication_update(o->problems, &o->troubles, refused, o->has_asked);
}

static enum result restore(struct outcomes *o, enum batch_kind kind, struct why *why)
{
    struct blocked blocked;
    char what[WHAT_SIZE];
    enum result res = spool_out_load_blocked(o->spool, kind, &blocked, why);
    if (res != RES_OK) return res;
    o->blocked_since[kind] = blocked.others_since;
    if (blocked.count == 0) return RES_OK;
    struct trouble left = {.needs_person = *blocked.why.remedy != '\0',
                           .since = troubles_since(blocked.since),
                           .since_at = blocked.since,
                           .at = clock_monotonic_ms(),
                           .tries = blocked.tries,
                           .why = blocked.why};
    (void)snprintf(what, sizeof what, "kind=%s batches=%" PRId64, batch_kind_name(kind), blocked.count);
    trouble_restore(troubles_at(&o->troubles, SCOPE_BATCH, kind), &left, what);
    return RES_OK;
}

enum result outcomes_restore(struct outcomes *o, struct why *why)
{
    enum result res = RES_OK;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        if (o->is_on[kind]) res = restore(o, (enum batch_kind)kind, why);
    if (res == RES_OK) publish(o);
    return res;
}

/* The try is over. Returns whether people should hear of it. */
static bool end_try(struct outcomes *o, const struct job *job, const struct scheduler_answer *answer)
{
    int64_t now = clock_monotonic_ms();
    bool is_news = false;
    enum scope scope = scheduler_end(o->scheduler, job->number, answer, now);
    if (answer->outcome == SCHEDULER_FAILED || answer->outcome == SCHEDULER_UNFIT)
        is_news = note_failure(o, job, scope, now);
    if (answer->outcome == SCHEDULER_TAKEN) o->blocked_since[job->batch.kind] = 0;
    o->has_asked |= answer->outcome != SCHEDULER_LEFT && answer->outcome != SCHEDULER_UNFIT;
    is_news |= end_troubles(o, now);
    publish(o);
    return is_news;
}

static enum result conclude(struct outcomes *o, const struct job *job, const struct scheduler_answer *answer,
                            struct why *why)
{
    return end_try(o, job, answer) ? outcomes_report(o, why) : RES_OK;
}

void outcomes_leave(struct outcomes *o, const struct job *job, bool is_settled)
{
    struct scheduler_answer answer = {.outcome = SCHEDULER_LEFT,
                                      .is_settled = is_settled,
                                      .may_be_stored = batch_may_be_stored(&job->batch)};
    (void)end_try(o, job, &answer);
}

void outcomes_forget(struct outcomes *o, int64_t batch_id)
{
    int64_t now = clock_monotonic_ms();
    scheduler_remove(o->scheduler, batch_id, now);
    if (end_troubles(o, now)) o->report_due = now;
    publish(o);
}

/* ---- success ---- */

static void warn_unverified(struct outcomes *o, const struct batch *batch)
{
    if (!o->has_warned_unverified)
        log_warn("objects are there, and their bytes cannot be compared: s3:GetObject is not allowed",
                 "batch=%" PRId64
                 " remedy=\"allow these keys s3:GetObject (and kms:Decrypt for a key of KMS) in %s\"",
                 batch->id, batch->destination);
    o->has_warned_unverified = true;
}

static enum result ship(struct outcomes *o, const struct job *job, bool is_verified, struct why *why)
{
    struct batch batch = job->batch;
    const struct rendition *rendition = job->stored.rendition ? job->stored.rendition : &job->rendition;
    struct scheduler_answer answer = {
        .outcome = job->phase == JOB_PUTTING ? SCHEDULER_TAKEN : SCHEDULER_FOUND, .is_settled = true};
    int64_t upload_ms = job->phase == JOB_PUTTING ? clock_monotonic_ms() - job->phase_began : -1;
    if (!is_verified) warn_unverified(o, &batch);
    enum result res =
        spool_out_mark_shipped(o->spool, &batch, rendition, job->stored.etag, is_verified, upload_ms, why);
    if (res != RES_OK) return res;
    log_info("batch shipped",
             "batch=%" PRId64 " kind=%s events=%" PRId64 " bytes=%" PRId64 " key=%s took_ms=%" PRId64,
             batch.id, batch_kind_name(batch.kind), batch_count(&batch), rendition->bytes,
             LOG_QUOTE(batch.object_key), clock_monotonic_ms() - job->began);
    return conclude(o, job, &answer, why);
}

/* ---- failure ---- */

static enum result fail(struct outcomes *o, struct job *job, struct scheduler_answer *answer,
                        bool is_definite, struct why *why)
{
    enum scope scope = scheduler_scope_of(o->scheduler, job->number, answer);
    struct batch batch = job->batch;
    struct batch_failure failure = {
        .why = &job->why,
        .cause = scope == SCOPE_BATCH ? &answer->cause : NULL,
        .is_definite = is_definite,
        .is_blocked = needs_person(job->answer),
        .is_occupied = job->stored.is_occupied || job->answer == STORE_CONFLICT,
        .problem = problem_kind(troubles_code(scope, needs_person(job->answer)))->code,
    };
    enum result res = spool_out_record_failure(o->spool, &batch, &failure, why);
    if (res != RES_OK) return res;
    answer->may_be_stored = batch_may_be_stored(&batch);
    return conclude(o, job, answer, why);
}

/* What the look before a put has shown of the server and the keys holds, unless the put itself has failed for them. */
static struct scheduler_answer failed_answer(const struct job *job)
{
    const struct stored *stored = &job->stored;
    enum scope scope = stored->cause.scope;
    return (struct scheduler_answer){
        .outcome = SCHEDULER_FAILED,
        .cause = stored->cause,
        .is_from_store = stored->is_from_store || (job->has_answered && scope != SCOPE_ENDPOINT),
        .is_authentic = stored->is_authentic || (job->was_authentic && scope != SCOPE_IDENTITY),
        .asked_ms = stored->wait_ms};
}

enum result outcomes_set_aside(struct outcomes *o, struct job *job, const char *code,
                               const struct why *trouble, struct why *why)
{
    struct scheduler_answer answer = {.outcome = SCHEDULER_UNFIT, .cause = {.scope = SCOPE_BATCH}};
    (void)snprintf(answer.cause.code, sizeof answer.cause.code, "%s", code);
    job->stored = (struct stored){.is_verified = false};
    job->answer = STORE_REFUSED;
    job->why = *trouble;
    return fail(o, job, &answer, false, why);
}

/* An incident: other bytes are under the batch's key. Its rows are shipped once more, under another one. */
static enum result supersede(struct outcomes *o, struct job *job, struct why *why)
{
    struct batch batch = job->batch;
    struct batch replacement;
    struct scheduler_answer answer = {.outcome = SCHEDULER_FOUND, .is_settled = true};
    bool is_done = false;
    enum result res = spool_out_supersede(o->spool, &batch, &job->why, &replacement, &is_done, why);
    if (res != RES_OK) return res;
    if (!is_done) {
        answer = failed_answer(job);
        answer.cause.scope = SCOPE_BATCH;
        return fail(o, job, &answer, false, why);
    }
    log_error("incident: another object is under a batch's key; its rows are shipped under another one",
              "batch=%" PRId64 " key=%s new_key=%s", batch.id, LOG_QUOTE(batch.object_key),
              LOG_QUOTE(replacement.object_key));
    (void)end_try(o, job, &answer);
    return outcomes_report(o, why);
}

/* ---- all ---- */

/*
 * Something is under the key, and we may not see what. After a try of ours whose outcome is unknown it is taken for
 * ours; at a first try, or where something was there before, it is not.
 */
static enum result record_occupied(struct outcomes *o, struct job *job, struct why *why)
{
    struct scheduler_answer answer = failed_answer(job);
    if (job->was_unknown && !job->batch.is_occupied) return ship(o, job, false, why);
    return fail(o, job, &answer, !job->was_unknown, why);
}

/* A batch that is no longer to be sent was looked for, and not found, or cannot be looked for. */
static enum result record_unsettled(struct outcomes *o, struct job *job, struct why *why)
{
    struct scheduler_answer answer = failed_answer(job);
    bool is_late = clock_monotonic_ms() - o->opened_at >= LATE_MS;
    bool is_absent = job->answer == STORE_ABSENT;
    answer.cause.scope = SCOPE_BATCH;
    if (is_absent) {
        answer.cause = (struct cause){SCOPE_BATCH, 404, "Absent"};
        (void)why_set(&job->why, RES_RETRY, "%s is not in the store yet, and rejects are no longer shipped",
                      job->batch.object_key);
        (void)why_remedy(&job->why, RES_RETRY,
                         "wait a quarter of an hour until it is certain, or set REJECTS_PREFIX again");
    } else {
        (void)why_remedy(
            &job->why, RES_RETRY,
            "allow these keys s3:GetObject, or say what is to become of it: `eventspool resolve --batch "
            "%" PRId64 "`",
            job->batch.id);
    }
    return fail(o, job, &answer, is_absent && is_late, why);
}

static enum result record_batch(struct outcomes *o, struct job *job, struct why *why)
{
    bool has_put = job->phase == JOB_PUTTING;
    bool is_refused = job->answer == STORE_NOT_NOW || job->answer == STORE_REFUSED || job->stored.is_occupied;
    struct scheduler_answer answer = failed_answer(job);
    switch (job->answer) {
    case STORE_DONE: return ship(o, job, job->stored.is_verified, why);
    case STORE_STOPPED: outcomes_leave(o, job, false); return RES_OK; /* the next start verifies it */
    case STORE_CONFLICT: return supersede(o, job, why);
    case STORE_OCCUPIED: return record_occupied(o, job, why);
    case STORE_ABSENT:
    case STORE_CANNOT_CHECK: return record_unsettled(o, job, why);
    default: return fail(o, job, &answer, has_put && !job->was_unknown && is_refused, why);
    }
}

/* Nothing of an errand or a proof is recorded: the handler takes the answer, and the scheduler learns from it. */
static enum result record_request(struct outcomes *o, struct job *job, struct why *why)
{
    struct scheduler_answer answer = failed_answer(job);
    bool is_proof = job->purpose == JOB_PROVE;
    switch (job->answer) {
    case STORE_DONE:
    case STORE_CANNOT_CHECK: answer.outcome = is_proof ? SCHEDULER_TAKEN : SCHEDULER_FOUND; break;
    case STORE_ABSENT:
    case STORE_CONFLICT:
    case STORE_OCCUPIED: answer.outcome = SCHEDULER_FOUND; break;
    case STORE_STOPPED: answer.outcome = SCHEDULER_LEFT; break;
    default: break;
    }
    return conclude(o, job, &answer, why);
}

enum result outcomes_record(struct outcomes *o, struct job *job, struct why *why)
{
    if (job->purpose == JOB_ERRAND || job->purpose == JOB_PROVE) return record_request(o, job, why);
    enum result res = record_batch(o, job, why);
    return res == RES_OK ? res : why_wrap(why, res, "ship batch %" PRId64, job->batch.id);
}
