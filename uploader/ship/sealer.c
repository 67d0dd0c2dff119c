/* sealer -- see sealer.h. */
#include "uploader/ship/sealer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

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

static void make_key(const struct sealer *sealer, struct batch *batch)
{
    const struct sealer_options *options = &sealer->options;
    object_key_make(batch, batch->kind == BATCH_EVENTS ? options->prefix : options->rejects_prefix,
                    options->date_folders);
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
    if (res == RES_OK) res = spool_out_identity(sealer->spool, &batch.identity, why);
    if (res != RES_OK) return res;
    make_key(sealer, &batch);
    res = spool_out_seal(sealer->spool, &batch, why);
    *is_sealed = res == RES_OK;
    return res;
}

/* Would it be sealed differently now? */
static bool is_outdated(const struct sealer *sealer, const struct batch *batch)
{
    struct batch now = *batch;
    describe(sealer, &now);
    make_key(sealer, &now);
    return now.format != batch->format || now.has_metadata != batch->has_metadata ||
           now.is_gzip != batch->is_gzip || now.is_pretty != batch->is_pretty ||
           now.omits_payload != batch->omits_payload || strcmp(now.dropped, batch->dropped) != 0 ||
           strcmp(now.destination, batch->destination) != 0 || strcmp(now.object_key, batch->object_key) != 0;
}

/* A batch that bears another spool's name stays as it is: the spool that this one is a copy of may have shipped it. */
static enum result unseal_newest(const struct sealer *sealer, enum batch_kind kind, bool is_on, bool *is_done,
                                 struct why *why)
{
    struct batch batch;
    struct spool_identity identity;
    bool is_some = false;
    *is_done = false;
    enum result res = spool_out_newest_batch(sealer->spool, kind, &batch, &is_some, why);
    if (res == RES_OK && is_some) res = spool_out_identity(sealer->spool, &identity, why);
    if (res != RES_OK || !is_some || strcmp(identity.spool, batch.identity.spool) != 0) return res;
    if (is_on && !is_outdated(sealer, &batch)) return RES_OK;
    res = spool_out_unseal(sealer->spool, &batch, is_done, why);
    if (res == RES_OK && *is_done)
        log_info("a batch that was not stored is sealed anew, as the settings have changed",
                 "batch=%" PRId64 " key=%s", batch.id, LOG_QUOTE(batch.object_key));
    return res;
}

enum result sealer_review(const struct sealer *sealer, enum batch_kind kind, bool is_on, struct why *why)
{
    bool is_done = true;
    enum result res = RES_OK;
    while (res == RES_OK && is_done) res = unseal_newest(sealer, kind, is_on, &is_done, why);
    return res;
}
