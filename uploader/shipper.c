/*
 * shipper -- see shipper.h.
 *
 * Why each event is in exactly one object, whatever is killed and whenever:
 * 1. Sealing fixes range, key and everything that shapes the bytes, in one durable transaction, before anything is sent.
 * 2. Before a PUT begins, "its outcome is unknown" is durable with the hash of its bytes. So whoever comes next looks
 *    before putting again, and the same batch can only ever become the same object.
 * 3. A batch is marked shipped only when the store has said that these bytes are there.
 */
#include "uploader/shipper.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/backoff.h"
#include "uploader/due.h"
#include "uploader/hash.h"
#include "uploader/object_key.h"

#define POLL_MS             500   /* how often new events are looked for */
#define SAY_MS              60000 /* how often the spool hears that we live */
#define PURGE_MS            50    /* at most this long at a time */
#define PURGE_PAUSE_MS      2000  /* looking for nothing takes the write lock, too */
#define BATCH_RETENTION_MS  (400LL * 86400000)
#define REJECT_RETENTION_MS (30LL * 86400000)
#define BATCH_PURGE_MS      3600000

static const struct backoff when_busy = {500, 30000}; /* the store is away */
static const struct backoff when_refused = {5000,
                                            60000}; /* a person must act, and does so without restarting us */

struct lane {
    enum batch_kind kind;
    bool is_on; /* REJECTS_PREFIX=none turns a lane off */
    struct due_watch watch;
    int64_t from_id;       /* batches before this one wait for a person: pass them by */
    int64_t look_again_at; /* monotonic: when to look at those again */
    int failures;          /* in a row */
    int64_t next_try_at;   /* monotonic */
    int64_t failing_since;
    struct why trouble;
    enum store_answer answer; /* of the last failure */
};

struct shipper {
    const struct settings *settings;
    struct spool_out *spool;
    struct store *store;
    struct lane lanes[BATCH_KIND_COUNT];
    struct flush flush;
    struct buf body;
    int64_t say_at, purge_at, purge_batches_at; /* monotonic */
};

struct shipper *shipper_new(const struct settings *settings, struct spool_out *spool, struct store *store)
{
    struct shipper *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->settings = settings;
    s->spool = spool;
    s->store = store;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) s->lanes[kind].kind = (enum batch_kind)kind;
    s->lanes[BATCH_EVENTS].is_on = true;
    s->lanes[BATCH_REJECTS].is_on = settings->rejects_prefix != NULL;
    return s;
}

void shipper_free(struct shipper *s)
{
    if (!s) return;
    buf_fini(&s->body);
    free(s);
}

const struct why *shipper_trouble(const struct shipper *s, enum batch_kind kind)
{
    return *s->lanes[kind].trouble.text ? &s->lanes[kind].trouble : NULL;
}

enum result shipper_say(struct shipper *s, struct why *why)
{
    s->say_at = clock_monotonic_ms() + SAY_MS;
    const struct why *trouble = shipper_trouble(s, BATCH_EVENTS);
    if (!trouble) trouble = shipper_trouble(s, BATCH_REJECTS);
    return spool_out_say(s->spool, store_is_trial(s->store), s->lanes[BATCH_REJECTS].is_on, trouble, why);
}

/* ---- sealing ---- */

static void describe(const struct shipper *s, const struct lane *lane, const struct waiting *waiting,
                     struct batch *batch)
{
    bool is_events = lane->kind == BATCH_EVENTS;
    batch->kind = lane->kind;
    batch->first_id = waiting->first_id;
    batch->format = is_events ? (enum batch_format)s->settings->output_format : BATCH_NDJSON;
    batch->has_metadata = !is_events || settings_has_metadata(s->settings);
    batch->sealed_at = clock_now_ms();
    memcpy(batch->destination, store_destination(s->store), sizeof batch->destination);
}

/* Seals the lane's next batch if it is due. */
static enum result seal_due(struct shipper *s, struct lane *lane, bool *is_sealed, struct why *why)
{
    struct waiting waiting;
    struct batch batch = {.id = 0};
    struct due_rules rules = {s->settings->rotation_ms, s->settings->max_file_bytes,
                              s->flush.ids[lane->kind]};
    *is_sealed = false;
    enum result res = spool_out_waiting(s->spool, lane->kind, &waiting, why);
    if (res != RES_OK || !due_now(&waiting, &rules, &lane->watch, clock_now_ms(), clock_monotonic_ms()))
        return res;
    describe(s, lane, &waiting, &batch);
    res = spool_out_cut(s->spool, lane->kind, &waiting, rules.max_file_bytes, &batch.last_id, &batch.bytes,
                        why);
    if (res == RES_OK) res = spool_out_identity(s->spool, &batch.identity, why);
    if (res != RES_OK) return res;
    object_key_make(&batch, lane->kind == BATCH_EVENTS ? s->settings->prefix : s->settings->rejects_prefix);
    res = spool_out_seal(s->spool, &batch, why);
    *is_sealed = res == RES_OK;
    return res;
}

/* ---- shipping one batch ---- */

static enum result note_success(struct shipper *s, struct lane *lane, struct why *why)
{
    lane->failures = 0;
    lane->next_try_at = 0;
    if (!*lane->trouble.text || lane->from_id > 0)
        return RES_OK; /* a batch that was passed by is still in trouble */
    log_info("uploads work again", "kind=%s after_ms=%" PRId64, batch_kind_name(lane->kind),
             clock_monotonic_ms() - lane->failing_since);
    why_clear(&lane->trouble);
    return shipper_say(s, why);
}

/* How a try at shipping a batch ended. */
struct outcome {
    enum store_answer answer;
    struct stored stored;  /* with STORE_DONE */
    struct why failure;    /* with all others */
    bool is_surely_absent; /* nothing of the batch is in the store, by this try or an earlier one */
};

static enum result note_failure(struct shipper *s, struct lane *lane, struct batch *batch,
                                const struct outcome *outcome, struct why *why)
{
    const struct why *failure = &outcome->failure;
    enum store_answer answer = outcome->answer;
    bool needs_person = answer == STORE_REFUSED || answer == STORE_CONFLICT;
    /* Texts hold changing figures: what is new is another kind of answer, or another remedy. */
    bool is_news =
        !*lane->trouble.text || lane->answer != answer || strcmp(lane->trouble.remedy, failure->remedy) != 0;
    uint32_t random = 0;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0) random = (uint32_t)clock_monotonic_ms();
    if (!*lane->trouble.text) lane->failing_since = clock_monotonic_ms();
    int64_t pause_ms = backoff_ms(needs_person ? &when_refused : &when_busy, ++lane->failures, random);
    lane->next_try_at = clock_monotonic_ms() + pause_ms;
    if (is_news)
        log_warn("upload failed; it will be tried until it works",
                 "kind=%s batch=%" PRId64 " key=%s why=%s remedy=%s", batch_kind_name(lane->kind), batch->id,
                 LOG_QUOTE(batch->object_key), LOG_QUOTE(failure->text),
                 LOG_QUOTE(*failure->remedy ? failure->remedy : "none needed: waiting"));
    lane->trouble = *failure;
    lane->answer = answer;
    if (answer == STORE_CONFLICT) { /* this batch alone: the next ones have keys of their own */
        lane->from_id = batch->last_id + 1;
        lane->look_again_at = lane->next_try_at;
        lane->next_try_at = 0;
    }
    enum result res =
        spool_out_record_failure(s->spool, batch, failure, outcome->is_surely_absent, needs_person, why);
    if (res == RES_OK && is_news) res = shipper_say(s, why);
    return res;
}

/*
 * Puts; after a try of unknown outcome looks first. The rendition is durable before the first byte leaves. What an
 * earlier try left unknown stays so until the object is found or stored: not seeing it now proves nothing.
 */
static enum result put_batch(struct shipper *s, struct batch *batch, const struct object *object,
                             struct outcome *outcome, struct why *why)
{
    bool was_unknown = batch->is_unknown;
    if (was_unknown) {
        outcome->answer = store_find(s->store, object, &outcome->stored, &outcome->failure);
        if (outcome->answer != STORE_ABSENT && outcome->answer != STORE_CANNOT_LOOK) return RES_OK;
    }
    enum result res = spool_out_record_attempt(s->spool, batch, object->rendition, why);
    if (res != RES_OK) return res;
    why_clear(&outcome->failure);
    outcome->answer = store_put(s->store, object, &outcome->stored, &outcome->failure);
    outcome->is_surely_absent =
        !was_unknown && (outcome->answer == STORE_NOT_NOW || outcome->answer == STORE_REFUSED);
    return RES_OK;
}

/* A batch sealed for another destination: sealed anew where nothing can have been stored, else a person decides. */
static enum result redirect_batch(struct shipper *s, struct lane *lane, struct batch *batch, struct why *why)
{
    struct outcome outcome = {.answer = STORE_CONFLICT};
    bool is_done = false;
    enum result res = spool_out_unseal(s->spool, batch, &is_done, why);
    if (res != RES_OK || is_done) return res;
    (void)why_set(&outcome.failure, RES_RETRY,
                  "batch %" PRId64 " may be in %.300s, which is not the destination now", batch->id,
                  batch->destination);
    (void)why_remedy(&outcome.failure, RES_RETRY,
                     "set the destination back to %.300s until this batch is shipped", batch->destination);
    return note_failure(s, lane, batch, &outcome, why);
}

static void log_shipped(const struct batch *batch, const struct rendition *rendition, int64_t since)
{
    log_info("batch shipped",
             "batch=%" PRId64 " kind=%s events=%" PRId64 " bytes=%" PRId64 " key=%s took_ms=%" PRId64,
             batch->id, batch_kind_name(batch->kind), batch_count(batch), rendition->bytes,
             LOG_QUOTE(batch->object_key), clock_monotonic_ms() - since);
}

static enum result ship_batch(struct shipper *s, struct lane *lane, struct batch *batch, struct why *why)
{
    struct rendition rendition;
    struct outcome outcome = {.answer = STORE_NOT_NOW};
    struct object object = {batch, &s->body, &rendition};
    int64_t since = clock_monotonic_ms();

    if (strcmp(batch->destination, store_destination(s->store)) != 0)
        return redirect_batch(s, lane, batch, why);
    enum result res = spool_out_render(s->spool, batch, &s->body, why);
    if (res == RES_OK) {
        hash_rendition(&s->body, &rendition);
        res = put_batch(s, batch, &object, &outcome, why);
    }
    if (res == RES_OK && outcome.answer == STORE_STOPPED)
        return RES_OK; /* noted as unknown: the next start looks */
    if (res == RES_OK && outcome.answer != STORE_DONE) return note_failure(s, lane, batch, &outcome, why);
    if (res == RES_OK)
        res = spool_out_mark_shipped(s->spool, batch, outcome.stored.etag, outcome.stored.is_verified, why);
    if (res != RES_OK) return why_wrap(why, res, "ship batch %" PRId64, batch->id);
    log_shipped(batch, &rendition, since);
    return note_success(s, lane, why);
}

/* One step of a lane: its oldest open batch, or the sealing of the next one. `*has_worked`: there may be more. */
static enum result lane_turn(struct shipper *s, struct lane *lane, bool *has_worked, struct why *why)
{
    struct batch batch;
    bool is_some = false;
    bool is_sealed = false;

    if (!lane->is_on || clock_monotonic_ms() < lane->next_try_at) return RES_OK;
    if (lane->from_id > 0 && clock_monotonic_ms() >= lane->look_again_at) lane->from_id = 0;
    enum result res = spool_out_open_batch(s->spool, lane->kind, lane->from_id, &batch, &is_some, why);
    if (res == RES_OK && is_some)
        res = ship_batch(s, lane, &batch, why);
    else if (res == RES_OK)
        res = seal_due(s, lane, &is_sealed, why);
    *has_worked |= is_some || is_sealed;
    return res;
}

/* ---- purging ---- */

static enum result purge_kind(struct shipper *s, enum batch_kind kind, int64_t keep_ms, int64_t due,
                              bool *has_more, struct why *why)
{
    int64_t purged = 1;
    enum result res = RES_OK;
    while (res == RES_OK && purged > 0 && clock_monotonic_ms() < due)
        res = spool_out_purge(s->spool, kind, clock_now_ms() - keep_ms, &purged, why);
    *has_more |= purged > 0;
    return res;
}

static enum result purge(struct shipper *s, bool *has_more, struct why *why)
{
    bool has_pages = false;
    bool wants_room = false; /* then what is shipped goes at once */
    int64_t due = clock_monotonic_ms() + PURGE_MS;
    enum result res = spool_out_wants_room(s->spool, &wants_room, why);
    int64_t events_ms = wants_room ? 0 : s->settings->retention_ms;
    int64_t rejects_ms = wants_room ? 0 : REJECT_RETENTION_MS;
    if (res == RES_OK) res = purge_kind(s, BATCH_EVENTS, events_ms, due, has_more, why);
    if (res == RES_OK) res = purge_kind(s, BATCH_REJECTS, rejects_ms, due, has_more, why);
    if (res == RES_OK) res = spool_out_vacuum(s->spool, &has_pages, why);
    *has_more |= has_pages;
    if (res != RES_OK || clock_monotonic_ms() < s->purge_batches_at) return res;
    s->purge_batches_at = clock_monotonic_ms() + BATCH_PURGE_MS;
    return spool_out_purge_batches(s->spool, clock_now_ms() - BATCH_RETENTION_MS, why);
}

enum result shipper_turn(struct shipper *s, int *wait_ms, struct why *why)
{
    bool has_more = false;
    enum result res = spool_out_load_flush(s->spool, &s->flush, why);
    if (res == RES_OK && clock_monotonic_ms() >= s->say_at) res = shipper_say(s, why);
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        res = lane_turn(s, &s->lanes[kind], &has_more, why);
    if (res == RES_OK && clock_monotonic_ms() >= s->purge_at) {
        bool has_rows = false;
        res = purge(s, &has_rows, why);
        has_more |= has_rows;
        s->purge_at = clock_monotonic_ms() + (has_rows ? 0 : PURGE_PAUSE_MS);
    }
    *wait_ms = has_more ? 0 : POLL_MS;
    return res;
}
