/* shipper -- see shipper.h. */
#include "uploader/ship/shipper.h"

#include <libxml/parser.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/log.h"
#include "uploader/ship/steps.h"
#include "uploader/ship/throttle.h"
#include "uploader/store/check_document.h"

#define POLL_MS      500     /* between two searches for new events, */
#define POLL_BUSY_MS 50      /* and while much comes in: a batch may be full at any moment */
#define BUSY_BYTES   1000000 /* received in a second; what appliances send is far less */
#define BUSY_MS      2000    /* from then on */
#define RATE_MS      250     /* the shortest time over which that is measured */
#define NEW_KEYS_MS  1000
#define TURN_MS      200 /* then others have their turn, however much there is to send */
/* So many batches are sealed ahead at least: a batch that always fails is not the only one. */
#define AHEAD_LEAST 2

struct shipper {
    struct shipper_options options; /* its texts are borrowed */
    struct spool_out *spool;
    struct store *store;
    struct signals *signals;
    struct workers *workers;
    struct scheduler *scheduler;
    struct sealer sealer;
    struct due_watch watches[BATCH_KIND_COUNT];
    struct purger purger;
    struct outcomes outcomes;
    struct errands errands;
    struct steps steps;
    struct control_row control_row;
    struct throttle throttle;
    int64_t rate_at,
        rate_bytes;        /* monotonic: when it was measured how much comes in, and what had come in then */
    int64_t busy_until;    /* monotonic: much came in up to then */
    struct turn turn;      /* of the owner */
    int64_t last_batch_id; /* the newest one that the scheduler knows */
    int64_t new_keys_due;  /* monotonic */
    bool is_reviewed;      /* batches sealed before this start fit the current settings */
    bool is_restored;      /* troubles from before this start are known */
};

/* ---- life ---- */

static void make_scheduler(struct shipper *s)
{
    uint32_t seed = 0;
    int workers = s->options.upload_concurrency;
    bool ships = !s->options.has_only_errands;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0) seed = (uint32_t)clock_monotonic_ms();
    struct scheduler_options options = {
        .workers = workers,
        .ahead = workers < AHEAD_LEAST ? AHEAD_LEAST : workers,
        .is_on = {[BATCH_EVENTS] = ships, [BATCH_REJECTS] = ships && s->options.sealer.rejects_prefix},
        .proves = s->options.is_service,
        .seed = seed,
    };
    s->scheduler = scheduler_new(&options, clock_monotonic_ms());
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) s->outcomes.is_on[kind] = options.is_on[kind];
}

/* The parts that know each other. */
static void connect(struct shipper *s, struct problems *problems)
{
    throttle_init(&s->throttle, s->signals);
    s->sealer = (struct sealer){s->options.sealer, s->spool, store_destination(s->store), &s->turn};
    s->purger = (struct purger){.options = s->options.purger, .spool = s->spool};
    s->outcomes = (struct outcomes){.spool = s->spool,
                                    .problems = problems,
                                    .report = {.version = EVENTSPOOL_VERSION,
                                               .destination = store_destination(s->store),
                                               .started_at = clock_now_ms(),
                                               .rotation_ms = s->options.sealer.rotation_ms,
                                               .max_file_bytes = s->options.sealer.max_file_bytes,
                                               .is_trial = store_is_trial(s->store),
                                               .ships_rejects = s->options.sealer.rejects_prefix != NULL},
                                    .opened_at = clock_monotonic_ms()};
    make_scheduler(s);
    s->outcomes.scheduler = s->scheduler;
    s->steps = (struct steps){.spool = s->spool,
                              .store = s->store,
                              .workers = s->workers,
                              .outcomes = &s->outcomes,
                              .errands = &s->errands,
                              .sealer = &s->sealer,
                              .throttle = &s->throttle,
                              .turn = &s->turn};
    if (problems && s->options.is_service)
        problems_raise(problems, PROBLEM_DESTINATION_UNPROVEN, "it has taken nothing yet",
                       "wait: it is being tried");
}

enum result shipper_open(struct shipper **out, const struct shipper_options *options, struct spool_out *spool,
                         struct store *store, struct signals *signals, struct problems *problems,
                         struct why *why)
{
    struct shipper *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->options = *options;
    s->spool = spool;
    s->store = store;
    s->signals = signals;
    xmlInitParser(); /* while there is one thread */
    enum result res = workers_open(&s->workers, store, options->upload_concurrency + 1, &s->throttle, why);
    if (res == RES_OK) {
        connect(s, problems);
    } else {
        free(s);
        s = NULL;
    }
    *out = s;
    return res;
}

/* ---- jobs ---- */

static enum result collect(struct shipper *s, struct why *why)
{
    struct job *job = NULL;
    enum result res = RES_OK;
    while (res == RES_OK && (job = workers_next_ended(s->workers))) res = steps_go_on(&s->steps, job, why);
    return res;
}

/* The try begins; if it cannot, nothing was learnt. */
static enum result begin(struct shipper *s, struct job *job, const struct scheduler_step *step,
                         struct why *why)
{
    job->began = clock_monotonic_ms();
    job->number = scheduler_begin(s->scheduler, step, job->began);
    enum result res = steps_begin(&s->steps, job, why);
    if (res != RES_OK) outcomes_leave(&s->outcomes, job, false);
    return res;
}

static enum result begin_batch(struct shipper *s, const struct scheduler_step *step, struct why *why)
{
    struct job *job = workers_next_idle(s->workers);
    bool is_open = false;
    enum result res = spool_out_load_batch(s->spool, step->batch_id, &job->batch, &is_open, why);
    if (res != RES_OK) return res;
    if (!is_open) {
        scheduler_remove(s->scheduler, step->batch_id, clock_monotonic_ms());
        return RES_OK;
    }
    job->errand = NULL;
    job->purpose = s->outcomes.is_on[step->kind] ? JOB_SHIP : JOB_SETTLE;
    return begin(s, job, step, why);
}

static enum result begin_errand(struct shipper *s, const struct scheduler_step *step, struct why *why)
{
    struct job *job = workers_next_idle(s->workers);
    job->purpose = JOB_ERRAND;
    job->errand = errands_next(&s->errands);
    return begin(s, job, step, why);
}

static enum result begin_proof(struct shipper *s, const struct scheduler_step *step, struct why *why)
{
    struct job *job = workers_next_idle(s->workers);
    struct spool_identity identity;
    struct check_document document;
    bool is_events = step->kind == BATCH_EVENTS;
    enum result res = spool_out_identity(s->spool, &identity, why);
    if (res != RES_OK) return res;
    check_document_init(&document, is_events ? s->options.sealer.prefix : s->options.sealer.rejects_prefix,
                        step->kind, is_events ? s->options.sealer.format : BATCH_NDJSON, &identity);
    job->purpose = JOB_PROVE;
    job->errand = NULL;
    job->batch = document.batch;
    job->rendition = document.rendition;
    buf_clear(&job->body);
    buf_append(&job->body, document.body.data, document.body.len);
    check_document_fini(&document);
    return begin(s, job, step, why);
}

/* ---- what is open ---- */

static void add_batch(void *context, const struct open_batch *open)
{
    struct shipper *s = context;
    struct scheduler_batch batch = {.id = open->id,
                                    .kind = open->kind,
                                    .first_id = open->first_id,
                                    .may_be_stored = open->is_unknown || open->is_occupied,
                                    .is_refused = open->is_refused,
                                    .cause = open->cause};
    scheduler_add(s->scheduler, &batch, clock_monotonic_ms());
    s->last_batch_id = open->id;
}

/* Tells the scheduler of batches that were sealed since the last call, whoever has done that. */
static enum result load_open(struct shipper *s, struct why *why)
{
    if (s->options.has_only_errands) return RES_OK;
    return spool_out_list_open(s->spool, s->last_batch_id, add_batch, s, why);
}

static void report_backlog(struct shipper *s, const struct seal_outcome *outcome)
{
    struct throttle_backlog backlog = {outcome->sealed_bytes, outcome->left_bytes,
                                       clock_now_ms() - outcome->oldest_at};
    throttle_backlog(&s->throttle, &backlog);
}

static int poll_ms(const struct shipper *s)
{
    return clock_monotonic_ms() < s->busy_until ? POLL_BUSY_MS : POLL_MS;
}

static enum result seal(struct shipper *s, enum batch_kind kind, struct why *why)
{
    struct seal_outcome outcome;
    enum result res =
        sealer_seal_due(&s->sealer, kind, s->control_row.flush.ids[kind], &s->watches[kind], &outcome, why);
    if (res != RES_OK) return res;
    if (kind == BATCH_EVENTS) report_backlog(s, &outcome);
    if (outcome.is_sealed) return load_open(s, why);
    scheduler_not_due(s->scheduler, kind, clock_monotonic_ms() + poll_ms(s));
    return RES_OK;
}

/* ---- a turn ---- */

static enum result take_step(struct shipper *s, const struct scheduler_step *step, struct why *why)
{
    switch (step->action) {
    case SCHEDULER_SEAL: return seal(s, step->kind, why);
    case SCHEDULER_SHIP: return begin_batch(s, step, why);
    case SCHEDULER_ERRAND: return begin_errand(s, step, why);
    case SCHEDULER_PROVE: return begin_proof(s, step, why);
    case SCHEDULER_WAIT: break;
    }
    return RES_OK;
}

/* Is much coming in? */
static void note_arrivals(struct shipper *s, int64_t bytes)
{
    int64_t now = clock_monotonic_ms();
    int64_t ms = now - s->rate_at;
    bool is_first = s->rate_at == 0;
    spool_out_leave_log(s->spool, now < s->busy_until);
    if (!is_first && ms < RATE_MS) return;
    if (!is_first && (bytes - s->rate_bytes) * 1000 / ms >= BUSY_BYTES) s->busy_until = now + BUSY_MS;
    s->rate_at = now;
    s->rate_bytes = bytes;
}

/* Loads what the collector and people have written for the uploader. */
static enum result load_control_row(struct shipper *s, struct why *why)
{
    struct control_row *row = &s->control_row;
    enum result res = spool_out_load_control_row(s->spool, row, why);
    if (res != RES_OK) return res;
    struct throttle_look look = {row->bytes, row->last_event_id, clock_now_ms() - row->last_event_at,
                                 row->is_space_low};
    throttle_look(&s->throttle, &look);
    note_arrivals(s, row->bytes);
    return RES_OK;
}

/* Does whatever the scheduler says, until there is nothing more to do now, or for a while. */
static enum result dispatch(struct shipper *s, struct scheduler_step *step, struct why *why)
{
    int64_t due = clock_monotonic_ms() + TURN_MS;
    enum result res = RES_OK;
    do {
        turn_begin(&s->turn, "using the spool");
        scheduler_set_errands(s->scheduler, errands_wanted(&s->errands));
        scheduler_next(s->scheduler, clock_monotonic_ms(), step);
        res = load_control_row(s, why);
        if (res == RES_OK) res = take_step(s, step, why);
        if (res == RES_OK) res = collect(s, why);
        if (res == RES_OK) res = load_open(s, why); /* a batch may have been replaced */
    } while (res == RES_OK && step->action != SCHEDULER_WAIT && clock_monotonic_ms() < due &&
             !signals_stop_requested(s->signals));
    return res;
}

/* Once: batches that were sealed before this start, and are surely not stored, get the current settings. */
static enum result review(struct shipper *s, struct why *why)
{
    enum result res = RES_OK;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK && !s->is_reviewed; kind++)
        res = sealer_review(&s->sealer, (enum batch_kind)kind, s->outcomes.is_on[kind], why);
    s->is_reviewed |= res == RES_OK;
    return res;
}

/* Once: what was wrong before this start, of the batches that are open. */
static enum result restore(struct shipper *s, struct why *why)
{
    if (s->is_restored || s->options.has_only_errands) return RES_OK;
    enum result res = outcomes_restore(&s->outcomes, why);
    s->is_restored = res == RES_OK;
    return res;
}

/* New keys may be what the store waits for. */
static void look_for_new_keys(struct shipper *s)
{
    int64_t now = clock_monotonic_ms();
    if (!s->outcomes.troubles.identity.is_present || now < s->new_keys_due) return;
    s->new_keys_due = now + NEW_KEYS_MS;
    if (store_has_new_keys(s->store)) scheduler_hurry(s->scheduler, now);
}

static enum result purge(struct shipper *s, bool *has_more, struct why *why)
{
    *has_more = false;
    if (s->options.has_only_errands) return RES_OK;
    return purger_turn(&s->purger, s->control_row.is_space_low, has_more, why);
}

static int wait_until(const struct shipper *s, int64_t due)
{
    int64_t wait_ms = due - clock_monotonic_ms();
    int most_ms = poll_ms(s);
    if (wait_ms < 0) return 0;
    return wait_ms < most_ms ? (int)wait_ms : most_ms;
}

enum result shipper_turn(struct shipper *s, int *wait_ms, struct why *why)
{
    struct scheduler_step step = {.due = INT64_MAX};
    bool has_more = false;
    turn_begin(&s->turn, "using the spool");
    enum result res = collect(s, why);
    if (res == RES_OK) res = review(s, why);
    if (res == RES_OK) res = load_open(s, why);
    if (res == RES_OK) res = restore(s, why);
    if (res == RES_OK && clock_monotonic_ms() >= s->outcomes.report_due) res = shipper_report(s, why);
    look_for_new_keys(s);
    if (res == RES_OK) res = dispatch(s, &step, why);
    turn_begin(&s->turn, "purging what is shipped");
    if (res == RES_OK) res = purge(s, &has_more, why);
    turn_end(&s->turn);
    *wait_ms = has_more ? 0 : wait_until(s, step.due);
    return res;
}

int64_t shipper_longest_call(struct shipper *s, const char **thread, const char **call)
{
    const char *owners = NULL;
    int64_t worker_ms = workers_longest_call(s->workers, call);
    int64_t owner_ms = turn_lasts(&s->turn, &owners);
    *thread = "worker";
    if (owner_ms <= worker_ms) return worker_ms;
    *thread = "owner";
    *call = owners;
    return owner_ms;
}

void shipper_begin_call(struct shipper *s, const char *call)
{
    turn_begin(&s->turn, call);
}

void shipper_end_call(struct shipper *s)
{
    turn_end(&s->turn);
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
    s->steps.is_ending = true;
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
    scheduler_free(s->scheduler);
    free(s);
}

/* ---- for handlers ---- */

enum result shipper_report(struct shipper *s, struct why *why)
{
    return s->options.has_only_errands ? RES_OK : outcomes_report(&s->outcomes, why);
}

void shipper_hurry(struct shipper *s)
{
    scheduler_hurry(s->scheduler, clock_monotonic_ms());
}

bool shipper_want(struct shipper *s, struct errand *errand)
{
    return errands_want(&s->errands, errand);
}

void shipper_give_up(struct shipper *s, struct errand *errand)
{
    errands_forget(&s->errands, errand);
    workers_forget(s->workers, errand);
}

bool shipper_is_trying(const struct shipper *s, int64_t batch_id)
{
    return scheduler_is_running(s->scheduler, batch_id);
}

void shipper_forget(struct shipper *s, int64_t batch_id)
{
    outcomes_forget(&s->outcomes, batch_id);
}

const struct why *shipper_outage(const struct shipper *s, enum batch_kind kind, int64_t since)
{
    const struct trouble *trouble = troubles_of(&s->outcomes.troubles, kind);
    return trouble && trouble->at >= since ? &trouble->why : NULL;
}

bool shipper_is_stuck(const struct shipper *s, enum batch_kind kind, int64_t since)
{
    return scheduler_is_stuck(s->scheduler, kind, since, clock_monotonic_ms());
}

const struct store *shipper_store(const struct shipper *s)
{
    return s->store;
}

const struct sealer *shipper_sealer(const struct shipper *s)
{
    return &s->sealer;
}
