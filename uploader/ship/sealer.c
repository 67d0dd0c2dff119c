/* sealer -- see sealer.h. */
#include "uploader/ship/sealer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/log.h"
#include "uploader/store/place.h"

#define REVIEW_MS 50 /* one transaction of a review: the collector waits meanwhile */

/* Everything that the options decide, except the key. */
static void describe(const struct sealer *sealer, struct batch *batch)
{
    const struct sealer_options *options = &sealer->options;
    bool is_events = batch->kind == BATCH_EVENTS;
    batch->format = is_events ? options->format : BATCH_NDJSON;
    batch->has_metadata = !is_events || options->has_metadata;
    batch->is_gzip = options->is_gzip;
    batch->is_pretty = is_events && options->is_pretty;
    batch->omits_payload = !is_events && options->omits_payload;
    batch->dropped[0] = '\0';
    if (is_events && options->drop_fields)
        (void)snprintf(batch->dropped, sizeof batch->dropped, "%s", options->drop_fields);
    (void)snprintf(batch->destination, sizeof batch->destination, "%s", sealer->destination);
}

static struct key_rules keys_of(const struct sealer *sealer, enum batch_kind kind)
{
    const struct sealer_options *options = &sealer->options;
    return (struct key_rules){kind == BATCH_EVENTS ? options->prefix : options->rejects_prefix,
                              options->date_folders};
}

enum result sealer_seal_due(const struct sealer *sealer, enum batch_kind kind, int64_t flush_id,
                            struct due_watch *watch, struct seal_outcome *outcome, struct why *why)
{
    struct waiting waiting;
    struct batch batch = {.kind = kind, .sealed_at = clock_now_ms()};
    struct due_rules rules = {sealer->options.rotation_ms, sealer->options.max_file_bytes, flush_id};
    *outcome = (struct seal_outcome){0};
    enum result res = spool_out_waiting(sealer->spool, kind, &waiting, why);
    if (res != RES_OK || !due_now(&waiting, &rules, watch, batch.sealed_at, clock_monotonic_ms())) return res;
    batch.first_id = waiting.first_id;
    describe(sealer, &batch);
    res =
        spool_out_cut(sealer->spool, kind, &waiting, rules.max_file_bytes, &batch.last_id, &batch.bytes, why);
    if (res == RES_REFUSE)
        return RES_BROKEN; /* a gap among the rows that wait: nothing can go on behind it */
    if (res == RES_OK) res = spool_out_identity(sealer->spool, &batch.identity, why);
    if (res != RES_OK) return res;
    struct key_rules keys = keys_of(sealer, kind);
    res = spool_out_seal(sealer->spool, &batch, &keys, why);
    if (res == RES_OK)
        *outcome = (struct seal_outcome){true, batch.bytes, waiting.bytes - batch.bytes, waiting.oldest_at};
    return res;
}

/* ---- what was sealed before the settings changed ---- */

static bool is_here(const struct sealer *sealer, const struct batch *batch)
{
    return place_is_same(sealer->destination, batch->destination);
}

/* Would it be sealed differently now? */
static bool is_outdated(const struct sealer *sealer, const struct batch *batch)
{
    struct batch now = *batch;
    struct key_rules keys = keys_of(sealer, batch->kind);
    describe(sealer, &now);
    object_key_make(&now, &keys);
    return now.format != batch->format || now.has_metadata != batch->has_metadata ||
           now.is_gzip != batch->is_gzip || now.is_pretty != batch->is_pretty ||
           now.omits_payload != batch->omits_payload || strcmp(now.dropped, batch->dropped) != 0 ||
           !is_here(sealer, batch) || strcmp(now.object_key, batch->object_key) != 0;
}

static bool is_too_large(const struct sealer *sealer, const struct batch *batch)
{
    return batch->bytes > sealer->options.max_file_bytes && batch_count(batch) > 1;
}

/* How rows of a kind are sealed now. To be used where it is: its parts point at each other. */
struct current {
    struct batch like;
    struct key_rules keys;
    struct new_shape shape;
};

static enum result load_current(const struct sealer *sealer, enum batch_kind kind, struct current *current,
                                struct why *why)
{
    current->like = (struct batch){.kind = kind, .sealed_at = clock_now_ms()};
    current->keys = keys_of(sealer, kind);
    current->shape = (struct new_shape){&current->like, &current->keys, sealer->options.max_file_bytes};
    describe(sealer, &current->like);
    return spool_out_identity(sealer->spool, &current->like.identity, why);
}

enum result sealer_cut_again(const struct sealer *sealer, struct batch *batch, struct cut_parts *parts,
                             struct why *why)
{
    struct current current;
    *parts = (struct cut_parts){0};
    enum result res = load_current(sealer, batch->kind, &current, why);
    if (res == RES_OK) res = spool_out_cut_again(sealer->spool, batch, &current.shape, parts, why);
    if (res == RES_OK && parts->count > 0)
        log_info("a batch that was not stored is sealed anew under the current settings",
                 "batch=%" PRId64 " key=%s parts=%" PRId64 " first_part=%" PRId64, batch->id,
                 LOG_QUOTE(batch->object_key), parts->count, parts->first_batch_id);
    return res;
}

enum result sealer_resolve(const struct sealer *sealer, const struct resolve_order *order,
                           struct resolve_decision *decision, struct cut_parts *parts, struct why *why)
{
    struct batch batch;
    struct current current;
    struct resolve_order known = *order;
    bool is_open = false;
    known.ships_rejects = sealer->options.rejects_prefix != NULL;
    *parts = (struct cut_parts){0};
    enum result res = spool_out_load_batch(sealer->spool, order->batch_id, &batch, &is_open, why);
    if (res == RES_OK) res = load_current(sealer, batch.kind, &current, why);
    return res == RES_OK ? spool_resolve(sealer->spool, &known, &current.shape, decision, parts, why) : res;
}

/* ---- the review at the start ---- */

/* Batches of one kind that are to be shipped and surely not stored; later those of them that are to be cut again. */
struct candidates {
    enum batch_kind kind;
    int64_t *ids;
    size_t count;
};

static void note_candidate(void *context, const struct open_batch *open)
{
    struct candidates *c = context;
    if (open->kind != c->kind || open->is_unknown || open->is_occupied) return;
    c->ids = reallocarray(c->ids, c->count + 1, sizeof *c->ids);
    if (!c->ids) abort();
    c->ids[c->count++] = open->id;
}

/*
 * Keeps those that would be sealed differently now. A batch that bears another spool's name stays as it is: the spool that
 * this one is a copy of may have shipped it.
 */
static enum result keep_outdated(const struct sealer *sealer, struct candidates *c, struct why *why)
{
    struct spool_identity identity;
    size_t kept = 0;
    enum result res = spool_out_identity(sealer->spool, &identity, why);
    for (size_t i = 0; i < c->count && res == RES_OK; i++) {
        struct batch batch;
        bool is_open = false;
        if (sealer->turn) turn_renew(sealer->turn);
        res = spool_out_load_batch(sealer->spool, c->ids[i], &batch, &is_open, why);
        bool is_own = is_open && strcmp(identity.spool, batch.identity.spool) == 0;
        if (is_own && (is_outdated(sealer, &batch) || is_too_large(sealer, &batch)))
            c->ids[kept++] = c->ids[i];
    }
    c->count = kept;
    return res;
}

/* Cuts the candidates from `*next` on within one transaction of some milliseconds; `*next` is then the first that is left. */
static enum result cut_some(const struct sealer *sealer, const struct candidates *c, size_t *next,
                            struct why *why)
{
    struct current current;
    struct cut_parts parts;
    struct db *db = spool_out_db(sealer->spool);
    int64_t due = clock_monotonic_ms() + REVIEW_MS;
    enum result res = load_current(sealer, c->kind, &current, why);
    if (res == RES_OK) res = db_begin(db, why);
    if (res != RES_OK) return res;
    do {
        struct batch batch;
        bool is_open = false;
        res = spool_out_load_batch(sealer->spool, c->ids[*next], &batch, &is_open, why);
        if (res == RES_OK && is_open)
            res = spool_out_replace(sealer->spool, &batch, &current.shape, false, &parts, why);
        *next += res == RES_OK;
    } while (res == RES_OK && *next < c->count && clock_monotonic_ms() < due);
    return db_end(db, res, why);
}

/* The candidate `at` has no rows any more: it stays as it is, and the transaction that met it is begun anew without it. */
static void leave_out(struct candidates *c, size_t at, struct why *why)
{
    log_warn("a batch cannot be sealed anew", "batch=%" PRId64 " why=%s", c->ids[at], LOG_QUOTE(why->text));
    why_clear(why);
    c->count--;
    memmove(c->ids + at, c->ids + at + 1, (c->count - at) * sizeof *c->ids);
}

static enum result cut_all(const struct sealer *sealer, struct candidates *c, struct why *why)
{
    enum result res = RES_OK;
    for (size_t next = 0; next < c->count && res == RES_OK;) {
        size_t first = next;
        if (sealer->turn) turn_renew(sealer->turn);
        res = cut_some(sealer, c, &next, why);
        if (res != RES_REFUSE) continue;
        leave_out(c, next, why);
        next = first;
        res = RES_OK;
    }
    if (res == RES_OK && c->count > 0)
        log_info("batches that were not stored are sealed anew under the current settings",
                 "kind=%s batches=%zu", batch_kind_name(c->kind), c->count);
    return res;
}

enum result sealer_review(const struct sealer *sealer, enum batch_kind kind, bool is_on, struct why *why)
{
    struct candidates found = {.kind = kind};
    if (!is_on) return RES_OK;
    enum result res = spool_out_list_open(sealer->spool, 0, note_candidate, &found, why);
    if (res == RES_OK) res = keep_outdated(sealer, &found, why);
    if (res == RES_OK) res = cut_all(sealer, &found, why);
    free(found.ids);
    return res;
}
