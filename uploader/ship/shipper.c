/*
 * shipper -- see shipper.h.
 *
 * Why each event is in exactly one object, whatever is killed and whenever:
 * 1. Sealing fixes range, key and everything that shapes the bytes, in one durable transaction, before anything is
 *    sent.
 * 2. Before a PUT begins, "its outcome is unknown" is durable with the hash of its bytes. So the next try, by whatever
 *    process, checks the store before it puts again, and the same batch can only ever become the same object.
 * 3. A batch is marked shipped only after the store has said that these bytes are there.
 * 4. Where other bytes are proven to be under its key, the batch is given up and its rows are sealed once more, under
 *    another key, in one transaction. An object that is there is never replaced.
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
#include "uploader/ship/outcomes.h"
#include "uploader/ship/queue.h"
#include "uploader/ship/throttle.h"
#include "uploader/ship/workers.h"

#define POLL_MS 500 /* between two searches for new events */

struct shipper {
    struct shipper_options options; /* its texts are borrowed */
    struct spool_out *spool;
    struct store *store;
    struct signals *signals;
    struct workers *workers;
    struct sealer sealer;
    struct purger purger;
    struct outcomes outcomes; /* with the queues */
    int next_kind;            /* queues take turns */
    struct control_row control_row;
    struct throttle throttle;
    bool is_reviewed; /* batches sealed before this start fit the current settings */
    bool is_ending;
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
    s->outcomes = (struct outcomes){
        .spool = spool,
        .is_trial = store_is_trial(store),
        .queues = {[BATCH_EVENTS] = {.kind = BATCH_EVENTS, .is_on = true},
                   [BATCH_REJECTS] = {.kind = BATCH_REJECTS,
                                      .is_on = options->sealer.rejects_prefix != NULL}},
    };
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
    return outcomes_outage(&s->outcomes, kind);
}

const struct why *shipper_trouble(const struct shipper *s, enum batch_kind kind)
{
    return outcomes_trouble(&s->outcomes, kind);
}

enum result shipper_report(struct shipper *s, struct why *why)
{
    return outcomes_report(&s->outcomes, why);
}

/* ---- the steps of a batch ---- */

/*
 * The rendition, and that the outcome is unknown, are durable before the first byte is sent. An outcome that an
 * earlier try has left unknown stays so until the object is found or stored: that it cannot be seen now proves
 * nothing.
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
 * Puts the object. After a try of unknown outcome it is searched for first, and so it is where a library's upgrade has
 * changed the bytes since they were recorded: an object that is there is compared with the recorded hash, too
 * (store_recognise()).
 */
static enum result begin(struct shipper *s, struct job *job, struct why *why)
{
    if (!job->batch.is_unknown && !is_other(job)) return begin_put(s, job, why);
    job->task = TASK_FIND;
    workers_submit(s->workers, job);
    return RES_OK;
}

/* A worker has finished a step of a job: begins the next one, or records the outcome. */
static enum result go_on(struct shipper *s, struct job *job, struct why *why)
{
    if (job->task == TASK_HASH && !s->is_ending) return begin(s, job, why);
    bool is_check = job->task == TASK_FIND;
    bool is_absent = is_check && (job->answer == STORE_ABSENT || job->answer == STORE_CANNOT_CHECK);
    if (is_check && is_other(job) && (is_absent || job->answer == STORE_DONE))
        log_warn("the batch renders to other bytes than before: a library was upgraded", "batch=%" PRId64,
                 job->batch.id);
    if (is_absent && !s->is_ending) return begin_put(s, job, why);
    bool is_left = is_absent || job->task == TASK_HASH; /* the next start begins it anew */
    enum result res = is_left ? RES_OK : outcomes_record_job(&s->outcomes, job, why);
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

/*
 * The batch was sealed for another destination. It is sealed anew if nothing can have been stored, else a person
 * decides.
 */
static enum result redirect(struct shipper *s, struct batch *batch, struct why *why)
{
    struct failure failure = {.answer = STORE_CONFLICT};
    struct cut_parts parts;
    enum result res = sealer_cut_again(&s->sealer, batch, &parts, why);
    if (res != RES_OK || parts.count > 0) return res;
    (void)why_set(&failure.why, RES_RETRY,
                  "batch %" PRId64 " may be in %.300s, which is not the destination now", batch->id,
                  batch->destination);
    (void)why_remedy(&failure.why, RES_RETRY,
                     "set the destination back to %.300s until this batch is shipped", batch->destination);
    return outcomes_record_failure(&s->outcomes, batch, &failure, why);
}

/* The batch cannot be rendered: others are shipped before it, and a person must act. `why` says why, and what to do. */
static enum result set_aside(struct shipper *s, struct batch *batch, struct why *why)
{
    struct failure failure = {.answer = STORE_CONFLICT, .why = *why};
    if (!*failure.why.remedy)
        (void)why_remedy(&failure.why, RES_RETRY,
                         "please report this event, without what is personal in it: it stays in the spool");
    why_clear(why);
    return outcomes_record_failure(&s->outcomes, batch, &failure, why);
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
    if (!store_is_here(s->store, batch->destination)) return redirect(s, batch, why);
    job->since = clock_monotonic_ms();
    job->batch = *batch;
    enum result res = render(s, job, why);
    if (res == RES_REFUSE) return set_aside(s, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "ship batch %" PRId64, batch->id);
    job->task = TASK_HASH;
    workers_submit(s->workers, job);
    outcomes_begin(&s->outcomes, batch->kind);
    return RES_OK;
}

/*
 * This many batches may be sealed and not shipped: at least two, so that a batch that always fails is not the only
 * one.
 */
static int sealed_most(const struct shipper *s)
{
    return s->options.upload_concurrency < 2 ? 2 : s->options.upload_concurrency;
}

/* One step of a queue: ships its next batch, or seals one. `*has_worked`: there may be more to do. */
static enum result queue_turn(struct shipper *s, struct queue *queue, bool *has_worked, struct why *why)
{
    struct choice choice;
    bool is_sealed = false;
    *has_worked = false;
    if (!queue->is_on || outcomes_must_wait(&s->outcomes, queue->kind)) return RES_OK;
    enum result res = queue_next(queue, s->spool, s->workers, &choice, why);
    if (res == RES_OK && (!choice.is_some || choice.has_failed) && choice.open < sealed_most(s))
        res = sealer_seal_due(&s->sealer, queue->kind, s->control_row.flush.ids[queue->kind], &queue->watch,
                              &is_sealed, why);
    *has_worked = is_sealed || choice.is_some;
    return res == RES_OK && choice.is_some && !is_sealed ? ship(s, &choice.batch, why) : res;
}

/* Lets the queues take turns, as long as a worker is idle. */
static enum result dispatch(struct shipper *s, struct why *why)
{
    int idle_queues = 0;
    enum result res = RES_OK;
    while (res == RES_OK && idle_queues < BATCH_KIND_COUNT && workers_next_idle(s->workers)) {
        bool has_worked = false;
        res = queue_turn(s, &s->outcomes.queues[s->next_kind], &has_worked, why);
        s->next_kind = (s->next_kind + 1) % BATCH_KIND_COUNT;
        idle_queues = has_worked ? 0 : idle_queues + 1;
        if (res == RES_OK) res = collect(s, why);
    }
    return res;
}

/* Once: batches that were sealed before this start, and are surely not stored, get the current settings. */
static enum result review(struct shipper *s, struct why *why)
{
    enum result res = RES_OK;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK && !s->is_reviewed; kind++)
        res = sealer_review(&s->sealer, (enum batch_kind)kind, s->outcomes.queues[kind].is_on, why);
    s->is_reviewed |= res == RES_OK;
    return res;
}

/* Loads what the collector and people have written for the uploader. */
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
    if (res == RES_OK && clock_monotonic_ms() >= s->outcomes.report_due) res = shipper_report(s, why);
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
        log_warn(
            "the outcome of the last uploads could not be recorded: it will be verified at the next start",
            "why=%s", LOG_QUOTE(why.text));
    workers_close(s->workers);
    free(s);
}
