/* sealer -- see sealer.h. */
#include "uploader/ship/sealer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/store/place.h"

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
                            struct due_watch *watch, bool *is_sealed, struct why *why)
{
    struct waiting waiting;
    struct batch batch = {.kind = kind, .sealed_at = clock_now_ms()};
    struct due_rules rules = {sealer->options.rotation_ms, sealer->options.max_file_bytes, flush_id};
    *is_sealed = false;
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
    *is_sealed = res == RES_OK;
    return res;
}

/* ---- what was sealed before the settings changed ---- */

bool sealer_is_here(const struct sealer *sealer, const struct batch *batch)
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
           !sealer_is_here(sealer, batch) || strcmp(now.object_key, batch->object_key) != 0;
}

static bool is_too_large(const struct sealer *sealer, const struct batch *batch)
{
    return batch->bytes > sealer->options.max_file_bytes && batch_count(batch) > 1;
}

enum result sealer_cut_again(const struct sealer *sealer, struct batch *batch, struct cut_parts *parts,
                             struct why *why)
{
    struct batch like = {.kind = batch->kind, .sealed_at = clock_now_ms()};
    struct key_rules keys = keys_of(sealer, batch->kind);
    struct new_shape shape = {&like, &keys, sealer->options.max_file_bytes};
    *parts = (struct cut_parts){0};
    describe(sealer, &like);
    enum result res = spool_out_identity(sealer->spool, &like.identity, why);
    if (res == RES_OK) res = spool_out_cut_again(sealer->spool, batch, &shape, parts, why);
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
    struct batch like = {.sealed_at = clock_now_ms()};
    struct resolve_order known = *order;
    bool is_open = false;
    known.ships_rejects = sealer->options.rejects_prefix != NULL;
    *parts = (struct cut_parts){0};
    enum result res = spool_out_load_batch(sealer->spool, order->batch_id, &batch, &is_open, why);
    if (res == RES_OK) res = spool_out_identity(sealer->spool, &like.identity, why);
    if (res != RES_OK) return res;
    like.kind = batch.kind;
    describe(sealer, &like);
    struct key_rules keys = keys_of(sealer, batch.kind);
    struct new_shape shape = {&like, &keys, sealer->options.max_file_bytes};
    return spool_resolve(sealer->spool, &known, &shape, decision, parts, why);
}

/* A batch that bears another spool's name stays as it is: the spool that this one is a copy of may have shipped it. */
static enum result review(const struct sealer *sealer, int64_t id, const struct spool_identity *identity,
                          struct why *why)
{
    struct batch batch;
    struct cut_parts parts;
    bool is_open = false;
    enum result res = spool_out_load_batch(sealer->spool, id, &batch, &is_open, why);
    if (res != RES_OK || !is_open || strcmp(identity->spool, batch.identity.spool) != 0) return res;
    if (!is_outdated(sealer, &batch) && !is_too_large(sealer, &batch)) return RES_OK;
    res = sealer_cut_again(sealer, &batch, &parts, why);
    if (res != RES_REFUSE) return res;
    log_warn("a batch cannot be sealed anew", "batch=%" PRId64 " why=%s", id, LOG_QUOTE(why->text));
    why_clear(why);
    return RES_OK;
}

/* The batches of one kind that are to be shipped and surely not stored. */
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

enum result sealer_review(const struct sealer *sealer, enum batch_kind kind, bool is_on, struct why *why)
{
    struct candidates found = {.kind = kind};
    struct spool_identity identity;
    if (!is_on) return RES_OK;
    enum result res = spool_out_identity(sealer->spool, &identity, why);
    if (res == RES_OK) res = spool_out_list_open(sealer->spool, 0, note_candidate, &found, why);
    for (size_t i = 0; i < found.count && res == RES_OK; i++)
        res = review(sealer, found.ids[i], &identity, why);
    free(found.ids);
    return res;
}
