/*
 * shipper -- see shipper.h.
 *
 * Why each event is in exactly one object, whatever is killed and whenever:
 * 1. Sealing fixes range, key and everything that shapes the bytes, in one durable transaction, before anything is sent.
 * 2. Before a PUT begins, "its outcome is unknown" is durable with the hash of its bytes. So whoever comes next looks
 *    before putting again, and the same batch can only ever become the same object.
 * 3. A batch is marked shipped only when the store has said that these bytes are there.
 * 4. Where other bytes are proven to be under its key, the batch is given up and its rows are sealed once more, under
 *    another key, in one transaction. What is there is never replaced.
 */
#include "uploader/ship/shipper.h"

#include <inttypes.h>
#include <libxml/parser.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/batch/object_key.h"
#include "uploader/ship/outage.h"
#include "uploader/ship/queue.h"
#include "uploader/ship/throttle.h"
#include "uploader/ship/workers.h"

#define POLL_MS   500   /* how often new events are looked for */
#define REPORT_MS 60000 /* how often the spool hears that we live */
#define WHAT_SIZE (BATCH_KEY_MAX * 2 + 100)

struct shipper {
    struct shipper_options options; /* its texts are borrowed */
    struct spool_out *spool;
    struct store *store;
    struct signals *signals;
    struct workers *workers;
    struct sealer sealer;
    struct purger purger;
    struct queue queues[BATCH_KIND_COUNT];
    int next_kind;         /* queues take turns */
    struct outage outage;  /* of the store */
    struct outage refusal; /* of rejects alone */
    struct control_row control_row;
    struct throttle throttle;
    bool is_reviewed; /* what was sealed before the start fits the settings of now */
    bool is_ending;
    int64_t report_due; /* monotonic */
};

enum result shipper_open(struct shipper **out, const struct shipper_options *options, struct spool_out *spool,
                         struct store *store, struct signals *signals, struct why *why)
{
    struct shipper *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->options = *options;
    s->spool = spool;
    s->store = store;
    s->signals = signals;
    s->sealer = (struct sealer){options->sealer, spool, store_destination(store)};
    s->throttle.signals = signals;
    s->purger = (struct purger){.options = options->purger, .spool = spool};
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) s->queues[kind].kind = (enum batch_kind)kind;
    s->queues[BATCH_EVENTS].is_on = true;
    s->queues[BATCH_REJECTS].is_on = options->sealer.rejects_prefix != NULL;
    xmlInitParser(); /* while there is one thread */
    enum result res = workers_open(&s->workers, store, options->upload_concurrency, &s->throttle, why);
    if (res != RES_OK) {
        free(s);
        s = NULL;
    }
    *out = s;
    return res;
}

const struct why *shipper_outage(const struct shipper *s, enum batch_kind kind)
{
    if (s->outage.failures > 0) return &s->outage.why;
    return kind == BATCH_REJECTS && s->refusal.failures > 0 ? &s->refusal.why : NULL;
}

const struct why *shipper_trouble(const struct shipper *s, enum batch_kind kind)
{
    const struct why *outage = shipper_outage(s, kind);
    if (outage) return outage;
    return *s->queues[kind].trouble.text ? &s->queues[kind].trouble : NULL;
}

enum result shipper_report(struct shipper *s, struct why *why)
{
    s->report_due = clock_monotonic_ms() + REPORT_MS;
    const struct why *trouble = shipper_trouble(s, BATCH_EVENTS);
    if (!trouble) trouble = shipper_trouble(s, BATCH_REJECTS);
    return spool_out_report(s->spool, store_is_trial(s->store), s->queues[BATCH_REJECTS].is_on, trouble, why);
}

/* A refusal of rejects is theirs; all else that goes wrong may be the whole store's. */
static struct outage *outage_of(struct shipper *s, enum batch_kind kind, enum store_answer answer)
{
    return kind == BATCH_REJECTS && answer == STORE_REFUSED ? &s->refusal : &s->outage;
}

/* ---- how a try ended ---- */

static enum result note_success(struct shipper *s, const struct batch *batch, struct why *why)
{
    bool is_news = outage_end(&s->outage);
    if (batch->kind == BATCH_REJECTS) is_news |= outage_end(&s->refusal);
    if (queue_forget(&s->queues[batch->kind], batch->id)) {
        log_info("uploads work again", "batch=%" PRId64, batch->id);
        is_news = true;
    }
    queue_note_shipped(&s->queues[batch->kind]);
    return is_news ? shipper_report(s, why) : RES_OK;
}

/* How a failed try ended. */
struct failure {
    enum store_answer answer; /* STORE_CONFLICT: the trouble is the batch's own */
    int64_t wait_ms;          /* the store asks for it */
    int64_t began;            /* monotonic */
    bool is_surely_absent;    /* nothing of the batch is in the store, by this try or an earlier one */
    struct why why;
};

static enum result note_failure(struct shipper *s, struct batch *batch, const struct failure *failure,
                                struct why *why)
{
    char what[WHAT_SIZE];
    struct queue *queue = &s->queues[batch->kind];
    bool needs_person = outage_needs_person(failure->answer);
    const struct failed_batch *failed_batch =
        queue_note_failure(queue, batch->id, failure->answer, &failure->why);
    bool is_news = failed_batch->own_failures == 1;
    (void)snprintf(what, sizeof what, "kind=%s batch=%" PRId64 " key=%s", batch_kind_name(batch->kind),
                   batch->id, LOG_QUOTE(batch->object_key));
    if (failed_batch->own_failures == 0)
        is_news = outage_add(outage_of(s, batch->kind, failure->answer), failure->answer, failure->wait_ms,
                             &failure->why, failure->began, what);
    else if (is_news)
        outage_log(what, &failure->why);
    enum result res = spool_out_record_failure(s->spool, batch, &failure->why, failure->is_surely_absent,
                                               needs_person, why);
    return res == RES_OK && is_news ? shipper_report(s, why) : res;
}

/* Other bytes are under the batch's key: an incident, once; where it happens to the one that stands in, a person decides. */
static enum result supersede(struct shipper *s, struct batch *batch, const struct failure *failure,
                             struct why *why)
{
    char key[BATCH_KEY_MAX + 1];
    struct why incident = failure->why;
    bool is_done = false;
    enum result res = RES_OK;
    if (object_key_again(key, batch->object_key, 2)) {
        (void)why_remedy(
            &incident, RES_OK,
            "nothing is lost: its rows are shipped as %.500s; find out who wrote the other object, "
            "and whether it was loaded",
            key);
        res = spool_out_supersede(s->spool, batch, key, &incident, &is_done, why);
    }
    if (res != RES_OK) return res;
    if (!is_done) return note_failure(s, batch, failure, why);
    log_error("incident: another object is under a batch's key; its rows are shipped under another one",
              "batch=%" PRId64 " key=%s new_key=%s", batch->id, LOG_QUOTE(batch->object_key), LOG_QUOTE(key));
    (void)queue_forget(&s->queues[batch->kind], batch->id);
    (void)outage_end(&s->outage); /* the store answers: what stands in need not wait */
    return shipper_report(s, why);
}

static enum result mark_shipped(struct shipper *s, const struct job *job, struct why *why)
{
    const struct batch *batch = &job->batch;
    enum result res = spool_out_mark_shipped(s->spool, batch, job->stored.rendition, job->stored.etag,
                                             job->stored.is_verified, why);
    if (res != RES_OK) return res;
    log_info("batch shipped",
             "batch=%" PRId64 " kind=%s events=%" PRId64 " bytes=%" PRId64 " key=%s took_ms=%" PRId64,
             batch->id, batch_kind_name(batch->kind), batch_count(batch), job->stored.rendition->bytes,
             LOG_QUOTE(batch->object_key), clock_monotonic_ms() - job->since);
    return note_success(s, batch, why);
}

/* What came of a job, into the spool. */
static enum result conclude(struct shipper *s, struct job *job, struct why *why)
{
    bool is_definite = job->answer == STORE_NOT_NOW || job->answer == STORE_REFUSED;
    struct failure failure = {
        .answer = job->answer,
        .wait_ms = job->stored.wait_ms,
        .began = job->since,
        .is_surely_absent = job->task == TASK_PUT && !job->was_unknown && is_definite,
        .why = job->why,
    };
    switch (job->answer) {
    case STORE_DONE: return mark_shipped(s, job, why);
    case STORE_STOPPED: return RES_OK; /* noted as unknown: the next start looks */
    case STORE_CONFLICT:
        (void)outage_end(&s->outage); /* it was the store that said so */
        return supersede(s, &job->batch, &failure, why);
    default: return note_failure(s, &job->batch, &failure, why);
    }
}

/* ---- a batch on its way ---- */

/*
 * The rendition, and that nobody knows how this ends, are durable before the first byte leaves. What an earlier try left
 * unknown stays so until the object is found or stored: not seeing it now proves nothing.
 */
static enum result begin_put(struct shipper *s, struct job *job, struct why *why)
{
    bool was_unknown = job->batch.is_unknown;
    enum result res = spool_out_record_attempt(s->spool, &job->batch, &job->rendition, why);
    if (res != RES_OK) return res;
    job->was_unknown = was_unknown;
    job->task = TASK_PUT;
    workers_submit(s->workers, job);
    return RES_OK;
}

static bool is_other(const struct job *job)
{
    const struct rendition *recorded = &job->batch.recorded;
    return *recorded->sha256 && strcmp(recorded->sha256, job->rendition.sha256) != 0;
}

/*
 * Puts; after a try of unknown outcome looks first, and so where a library's upgrade has changed the bytes since they
 * were recorded: what is there already is judged by the recorded hash, too (store_recognise).
 */
static enum result begin(struct shipper *s, struct job *job, struct why *why)
{
    if (!job->batch.is_unknown && !is_other(job)) return begin_put(s, job, why);
    job->task = TASK_FIND;
    workers_submit(s->workers, job);
    return RES_OK;
}

/* A worker is ready with a job: the next step of it, or its end. */
static enum result go_on(struct shipper *s, struct job *job, struct why *why)
{
    if (job->task == TASK_HASH && !s->is_ending) return begin(s, job, why);
    bool is_check = job->task == TASK_FIND;
    bool is_absent = is_check && (job->answer == STORE_ABSENT || job->answer == STORE_CANNOT_CHECK);
    if (is_check && is_other(job) && (is_absent || job->answer == STORE_DONE))
        log_warn("the batch renders to other bytes than before: a library was upgraded", "batch=%" PRId64,
                 job->batch.id);
    if (is_absent && !s->is_ending) return begin_put(s, job, why);
    bool is_left = is_absent || job->task == TASK_HASH; /* to the next start */
    enum result res = is_left ? RES_OK : conclude(s, job, why);
    if (res == RES_OK) workers_put_back(s->workers, job);
    return res == RES_OK ? res : why_wrap(why, res, "ship batch %" PRId64, job->batch.id);
}

static enum result collect(struct shipper *s, struct why *why)
{
    struct job *job = NULL;
    enum result res = RES_OK;
    while (res == RES_OK && (job = workers_next_ended(s->workers))) res = go_on(s, job, why);
    return res;
}

/* ---- the next batch ---- */

/* A batch sealed for another destination: sealed anew where nothing can have been stored, else a person decides. */
static enum result redirect(struct shipper *s, struct batch *batch, struct why *why)
{
    struct failure failure = {.answer = STORE_CONFLICT};
    bool is_done = false;
    enum result res = spool_out_unseal(s->spool, batch, &is_done, why);
    if (res != RES_OK || is_done) return res;
    (void)why_set(&failure.why, RES_RETRY,
                  "batch %" PRId64 " may be in %.300s, which is not the destination now", batch->id,
                  batch->destination);
    (void)why_remedy(&failure.why, RES_RETRY,
                     "set the destination back to %.300s until this batch is shipped", batch->destination);
    return note_failure(s, batch, &failure, why);
}

/* A batch that cannot be rendered: it is passed by, and a person is told. `why` says why, and what to do. */
static enum result set_aside(struct shipper *s, struct batch *batch, struct why *why)
{
    struct failure failure = {.answer = STORE_CONFLICT, .why = *why};
    if (!*failure.why.remedy)
        (void)why_remedy(&failure.why, RES_RETRY,
                         "please report this event, without what is personal in it: it stays in the spool");
    why_clear(why);
    return note_failure(s, batch, &failure, why);
}

static enum result render(struct shipper *s, struct job *job, struct why *why)
{
    struct throttle_work work = throttle_begin(&s->throttle);
    struct pause pause = throttle_pause(&work);
    return spool_out_render(s->spool, &job->batch, &job->body, &job->rendition, &pause, why);
}

static enum result ship(struct shipper *s, struct batch *batch, struct why *why)
{
    struct job *job = workers_next_idle(s->workers);
    if (strcmp(batch->destination, store_destination(s->store)) != 0) return redirect(s, batch, why);
    job->since = clock_monotonic_ms();
    job->batch = *batch;
    enum result res = render(s, job, why);
    if (res == RES_REFUSE) return set_aside(s, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "ship batch %" PRId64, batch->id);
    job->task = TASK_HASH;
    workers_submit(s->workers, job);
    outage_probe(&s->outage);
    if (batch->kind == BATCH_REJECTS) outage_probe(&s->refusal);
    return RES_OK;
}

/* At most so many batches are sealed ahead: one more than is on its way, so that one that always fails is not alone. */
static int sealed_most(const struct shipper *s)
{
    return s->options.upload_concurrency < 2 ? 2 : s->options.upload_concurrency;
}

/* One step of a queue: its next batch, or the sealing of one. `*has_worked`: there may be more to do. */
static enum result queue_turn(struct shipper *s, struct queue *queue, bool *has_worked, struct why *why)
{
    struct choice choice;
    bool is_sealed = false;
    *has_worked = false;
    if (!queue->is_on || outage_is_waiting(&s->outage)) return RES_OK;
    if (queue->kind == BATCH_REJECTS && outage_is_waiting(&s->refusal)) return RES_OK;
    enum result res = queue_next(queue, s->spool, s->workers, &choice, why);
    if (res == RES_OK && (!choice.is_some || choice.has_failed) && choice.open < sealed_most(s))
        res = sealer_seal_due(&s->sealer, queue->kind, s->control_row.flush.ids[queue->kind], &queue->watch,
                              &is_sealed, why);
    *has_worked = is_sealed || choice.is_some;
    return res == RES_OK && choice.is_some && !is_sealed ? ship(s, &choice.batch, why) : res;
}

/* As long as a worker is idle, the queues in turn. */
static enum result dispatch(struct shipper *s, struct why *why)
{
    int idle_queues = 0;
    enum result res = RES_OK;
    while (res == RES_OK && idle_queues < BATCH_KIND_COUNT && workers_next_idle(s->workers)) {
        bool has_worked = false;
        res = queue_turn(s, &s->queues[s->next_kind], &has_worked, why);
        s->next_kind = (s->next_kind + 1) % BATCH_KIND_COUNT;
        idle_queues = has_worked ? 0 : idle_queues + 1;
        if (res == RES_OK) res = collect(s, why);
    }
    return res;
}

/* Once: what was sealed before this start, and is surely not stored, gets the settings of now. */
static enum result review(struct shipper *s, struct why *why)
{
    enum result res = RES_OK;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK && !s->is_reviewed; kind++)
        res = sealer_review(&s->sealer, (enum batch_kind)kind, s->queues[kind].is_on, why);
    s->is_reviewed |= res == RES_OK;
    return res;
}

/* What the collector and people have left in the spool. */
static enum result load_control_row(struct shipper *s, struct why *why)
{
    enum result res = spool_out_load_control_row(s->spool, &s->control_row, why);
    if (res == RES_OK) throttle_update(&s->throttle, s->control_row.bytes, s->control_row.is_space_low);
    return res;
}

enum result shipper_turn(struct shipper *s, int *wait_ms, struct why *why)
{
    bool has_more = false;
    enum result res = collect(s, why);
    if (res == RES_OK) res = review(s, why);
    if (res == RES_OK) res = load_control_row(s, why);
    if (res == RES_OK && clock_monotonic_ms() >= s->report_due) res = shipper_report(s, why);
    if (res == RES_OK) res = dispatch(s, why);
    if (res == RES_OK) res = purger_turn(&s->purger, s->control_row.is_space_low, &has_more, why);
    *wait_ms = has_more ? 0 : POLL_MS;
    return res;
}

bool shipper_wait(struct shipper *s, int timeout_ms)
{
    struct pollfd wait[] = {{s->signals->fd, POLLIN, 0}, {workers_fd(s->workers), POLLIN, 0}};
    if (!signals_stop_requested(s->signals) && timeout_ms > 0) (void)poll(wait, 2, timeout_ms);
    return signals_stop_requested(s->signals);
}

void shipper_close(struct shipper *s)
{
    struct why why = {0};
    struct pollfd ended = {.events = POLLIN};
    enum result res = RES_OK;
    if (!s) return;
    s->is_ending = true;
    ended.fd = workers_fd(s->workers);
    signals_request_stop(s->signals);
    while (res == RES_OK && workers_busy_count(s->workers) > 0) {
        res = collect(s, &why);
        if (res == RES_OK && workers_busy_count(s->workers) > 0) (void)poll(&ended, 1, POLL_MS);
    }
    if (res != RES_OK)
        log_warn("how the last uploads ended could not be noted: the next start looks", "why=%s",
                 LOG_QUOTE(why.text));
    workers_close(s->workers);
    free(s);
}
