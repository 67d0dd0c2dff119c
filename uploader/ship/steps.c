/*
 * steps -- see steps.h.
 *
 * Why each event is in exactly one object, whatever is killed and whenever:
 * 1. Sealing fixes range, key and everything that shapes the bytes, in one durable transaction, before anything is
 *    sent.
 * 2. Before a PUT begins, "its outcome is unknown" is durable with the hash of its bytes. So the next try, by whatever
 *    process, looks before it puts again, and the same batch can only ever become the same object.
 * 3. A batch is marked shipped only after the store has said that these bytes are there.
 * 4. Where other bytes are proven to be under its key, the batch is superseded and its rows are sealed once more, under
 *    another key, in one transaction. An object that is there is never replaced.
 */
#include "uploader/ship/steps.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/utf8.h"
#include "uploader/spool/reship.h"

static void submit(struct steps *s, struct job *job, enum job_phase phase)
{
    job->has_answered |= job->stored.is_from_store;
    job->was_authentic |= job->stored.is_authentic;
    job_move(job, phase);
    job->phase_began = clock_monotonic_ms();
    workers_submit(s->workers, job);
}

static enum result render(struct steps *s, struct job *job, struct why *why)
{
    struct throttle_work work = throttle_begin(s->throttle, s->turn);
    struct pause pause = throttle_pause(&work);
    turn_begin(s->turn, "rendering a batch");
    return spool_out_render(s->spool, &job->batch, &job->body, &job->rendition, &pause, why);
}

static bool is_other(const struct job *job)
{
    const struct rendition *recorded = &job->batch.recorded;
    return *recorded->sha256 && strcmp(recorded->sha256, job->rendition.sha256) != 0;
}

static void warn_changed(const struct job *job)
{
    log_warn("the batch renders to other bytes than before: a library was upgraded", "batch=%" PRId64,
             job->batch.id);
}

static enum result finish(struct steps *s, struct job *job, struct why *why)
{
    enum result res = outcomes_record(s->outcomes, job, why);
    if (res == RES_OK) workers_put_back(s->workers, job);
    return res;
}

/* ---- a batch ---- */

/*
 * The rendition, and that the outcome is unknown, are durable before the first byte is sent. An outcome that an
 * earlier try has left unknown stays so until the object is found or stored: that it cannot be seen now proves
 * nothing.
 */
static enum result begin_put(struct steps *s, struct job *job, struct why *why)
{
    enum result res = spool_out_record_attempt(s->spool, &job->batch, &job->rendition, why);
    if (res == RES_OK) submit(s, job, JOB_PUTTING);
    return res;
}

/* The batch cannot be rendered: others are shipped before it, and a person must act. `why` says why, and what to do. */
static enum result set_aside(struct steps *s, struct job *job, struct why *why)
{
    struct why trouble = *why;
    if (!*trouble.remedy)
        (void)why_remedy(&trouble, RES_RETRY,
                         "please report this event, without what is personal in it: it stays in the spool");
    why_clear(why);
    return outcomes_set_aside(s->outcomes, job, "CannotRender", &trouble, why);
}

/*
 * The batch was sealed for another destination. It is cut again if nothing of it can have been stored, else a person
 * decides.
 */
static enum result redirect(struct steps *s, struct job *job, struct why *why)
{
    struct why trouble = {0};
    struct cut_parts parts;
    enum result res = sealer_cut_again(s->sealer, &job->batch, &parts, why);
    if (res == RES_REFUSE) return set_aside(s, job, why);
    if (res != RES_OK) return res;
    if (parts.count > 0) {
        outcomes_leave(s->outcomes, job, true);
        return RES_OK;
    }
    (void)why_set(&trouble, RES_RETRY, "batch %" PRId64 " may be in %.*s, which is not the destination now",
                  job->batch.id, utf8_cut(job->batch.destination, 300), job->batch.destination);
    (void)why_remedy(
        &trouble, RES_RETRY,
        "set BUCKET_NAME, AWS_ENDPOINT_URL or DESTINATION_DIR back to %.*s until it is shipped, or say "
        "what is to become of it: `eventspool resolve --batch %" PRId64 "`",
        utf8_cut(job->batch.destination, 300), job->batch.destination, job->batch.id);
    return outcomes_set_aside(s->outcomes, job, "OtherDestination", &trouble, why);
}

static enum result begin_batch(struct steps *s, struct job *job, struct why *why)
{
    job->was_unknown = job->batch.is_unknown;
    if (!store_is_here(s->store, job->batch.destination)) return redirect(s, job, why);
    if (job->purpose == JOB_SETTLE && *job->batch.recorded.sha256) {
        job->rendition = job->batch.recorded;
        submit(s, job, JOB_LOOKING);
        return RES_OK;
    }
    enum result res = render(s, job, why);
    if (res == RES_REFUSE) return set_aside(s, job, why);
    if (res == RES_OK) submit(s, job, JOB_HASHING);
    return res;
}

/*
 * After a try of unknown outcome the object is looked for first, and so it is where a library's upgrade has changed the
 * bytes since they were recorded: an object that is there is compared with the recorded hash, too (store_recognise()).
 */
static enum result batch_go_on(struct steps *s, struct job *job, struct why *why)
{
    bool is_absent = job->answer == STORE_ABSENT || job->answer == STORE_CANNOT_CHECK;
    bool is_found = job->answer == STORE_DONE;
    if (job->phase == JOB_HASHING && !job->was_unknown && !is_other(job)) return begin_put(s, job, why);
    if (job->phase == JOB_HASHING) {
        submit(s, job, JOB_LOOKING);
        return RES_OK;
    }
    if (job->phase != JOB_LOOKING || job->purpose == JOB_SETTLE) return finish(s, job, why);
    if (is_other(job) && (is_absent || is_found)) warn_changed(job);
    return is_absent ? begin_put(s, job, why) : finish(s, job, why);
}

/* ---- an errand ---- */

static void end_errand(struct steps *s, struct job *job)
{
    struct errand *errand = job->errand;
    if (!errand) return;
    errand->stored = job->stored;
    if (!errand->is_unrenderable) errand->why = job->why;
    errands_forget(s->errands, errand);
    errand_move(errand, ERRAND_ENDED);
    job->errand = NULL;
}

static enum result finish_errand(struct steps *s, struct job *job, struct why *why)
{
    enum result res = finish(s, job, why);
    if (res == RES_OK) end_errand(s, job);
    return res;
}

/* The object is not there, or the store does not say: it is rendered to be put again. */
static enum result render_again(struct steps *s, struct job *job, struct why *why)
{
    struct why failure = {0};
    enum result res = render(s, job, &failure);
    if (res == RES_REFUSE) {
        job->errand->is_unrenderable = true;
        job->errand->why = failure;
        return finish_errand(s, job, why);
    }
    if (res != RES_OK) *why = failure;
    if (res == RES_OK) submit(s, job, JOB_HASHING);
    return res;
}

/* Other bytes than before are put only where the first ones are surely not there, and are recorded first. */
static enum result put_again(struct steps *s, struct job *job, struct why *why)
{
    struct errand *errand = job->errand;
    enum result res = RES_OK;
    errand->is_changed = is_other(job);
    if (errand->is_changed && errand->found != STORE_ABSENT) {
        errand->is_unrenderable = true;
        (void)why_set(
            &errand->why, RES_REFUSE,
            "it renders to other bytes than before, and the keys are not allowed to check whether the first "
            "are there: s3:GetObject");
        return finish_errand(s, job, why);
    }
    if (errand->is_changed) {
        warn_changed(job);
        res = spool_reship_record(s->spool, &job->batch, &job->rendition, why);
    }
    if (res == RES_OK) submit(s, job, JOB_PUTTING);
    return res;
}

static enum result errand_go_on(struct steps *s, struct job *job, struct why *why)
{
    struct errand *errand = job->errand;
    if (!errand) return finish(s, job, why); /* its handler has given it up */
    if (job->phase == JOB_HASHING) return put_again(s, job, why);
    if (job->phase == JOB_PUTTING) {
        errand->has_put = true;
        errand->put = job->answer;
        return finish_errand(s, job, why);
    }
    errand->found = job->answer;
    bool is_absent = job->answer == STORE_ABSENT || job->answer == STORE_CANNOT_CHECK;
    return is_absent && errand->may_put ? render_again(s, job, why) : finish_errand(s, job, why);
}

/* ---- all ---- */

enum result steps_begin(struct steps *s, struct job *job, struct why *why)
{
    why_clear(&job->why);
    job->stored = (struct stored){.is_verified = false};
    job->has_answered = job->was_authentic = false;
    if (job->purpose == JOB_SHIP || job->purpose == JOB_SETTLE) return begin_batch(s, job, why);
    if (job->purpose == JOB_PROVE) {
        submit(s, job, JOB_PROVING);
        return RES_OK;
    }
    job->batch = job->errand->batch;
    job->rendition = job->batch.recorded;
    errand_move(job->errand, ERRAND_RUNNING);
    submit(s, job, JOB_LOOKING);
    return RES_OK;
}

/* The program ends: what was put is recorded; whatever would need a further phase is left to the next start. */
static enum result end_early(struct steps *s, struct job *job, struct why *why)
{
    bool is_answer =
        job->phase != JOB_HASHING && job->answer != STORE_ABSENT && job->answer != STORE_CANNOT_CHECK;
    if (is_answer && !job->errand) return finish(s, job, why);
    outcomes_leave(s->outcomes, job, false);
    workers_put_back(s->workers, job);
    return RES_OK;
}

enum result steps_go_on(struct steps *s, struct job *job, struct why *why)
{
    if (s->is_ending) return end_early(s, job, why);
    switch (job->purpose) {
    case JOB_SHIP:
    case JOB_SETTLE: return batch_go_on(s, job, why);
    case JOB_ERRAND: return errand_go_on(s, job, why);
    case JOB_PROVE: break;
    }
    return finish(s, job, why);
}
