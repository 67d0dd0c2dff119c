/* seal -- rows that are in no batch yet, their sealing, and loading sealed batches. See spool.h. */
#include "uploader/spool/spool.h"

#include <inttypes.h>

#include "uploader/spool/statements.h"

enum result spool_out_waiting(struct spool_out *out, enum batch_kind kind, struct waiting *waiting,
                              struct why *why)
{
    struct stmt *stmt = NULL;
    *waiting = (struct waiting){.is_some = false};
    enum result res = spool_out_use(out, kind == BATCH_EVENTS ? WAITING_EVENTS : WAITING_REJECTS, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &waiting->is_some, why);
    if (res != RES_OK || !waiting->is_some) return res;
    waiting->first_id = stmt_int(stmt, 0);
    waiting->last_id = stmt_int(stmt, 1);
    waiting->oldest_at = stmt_int(stmt, 2);
    waiting->bytes_before = stmt_int(stmt, 3);
    waiting->bytes = stmt_int(stmt, 4) - waiting->bytes_before;
    stmt_reset(stmt);
    return RES_OK;
}

static enum result total_at(struct spool_out *out, enum batch_kind kind, int64_t id, int64_t *total,
                            struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, kind == BATCH_EVENTS ? EVENT_TOTAL : REJECT_TOTAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", id);
    res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row)
        return why_set(why, RES_BROKEN, "%s %" PRId64 " is missing in the spool", batch_kind_name(kind), id);
    *total = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return RES_OK;
}

enum result spool_out_cut(struct spool_out *out, enum batch_kind kind, const struct waiting *waiting,
                          int64_t max_bytes, int64_t *last_id, int64_t *bytes, struct why *why)
{
    int64_t low = waiting->first_id; /* fits */
    int64_t most = waiting->first_id + BATCH_COUNT_MAX - 1;
    int64_t high = waiting->last_id < most ? waiting->last_id : most;
    int64_t total = 0;
    enum result res = RES_OK;
    while (low < high && res == RES_OK) {
        int64_t middle = low + (high - low + 1) / 2;
        res = total_at(out, kind, middle, &total, why);
        if (total - waiting->bytes_before <= max_bytes)
            low = middle;
        else
            high = middle - 1;
    }
    if (res == RES_OK) res = total_at(out, kind, low, &total, why);
    *last_id = low;
    *bytes = total - waiting->bytes_before;
    return res;
}

enum result spool_out_seal(struct spool_out *out, struct batch *batch, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, SEAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(batch->kind));
    stmt_set_int(stmt, ":first_id", batch->first_id);
    stmt_set_int(stmt, ":last_id", batch->last_id);
    stmt_set_int(stmt, ":bytes", batch->bytes);
    stmt_set_text(stmt, ":destination", batch->destination);
    stmt_set_text(stmt, ":object_key", batch->object_key);
    stmt_set_text(stmt, ":format", batch_format_name(batch->format));
    stmt_set_int(stmt, ":metadata", batch->has_metadata);
    stmt_set_text(stmt, ":compression", batch->is_gzip ? "gzip" : "none");
    stmt_set_int(stmt, ":pretty", batch->is_pretty);
    stmt_set_text(stmt, ":dropped", batch->dropped);
    stmt_set_int(stmt, ":omits_payload", batch->omits_payload);
    stmt_set_text(stmt, ":spool", batch->identity.spool);
    stmt_set_text(stmt, ":node", batch->identity.node);
    stmt_set_int(stmt, ":sealed_at", batch->sealed_at);
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        batch->id = stmt_int(stmt, 0);
        res = spool_out_run(out, stmt, NULL, why); /* runs it to its end: only then is the row committed */
    }
    return res == RES_OK ? res : why_wrap(why, res, "seal a batch");
}

enum result spool_out_unseal(struct spool_out *out, const struct batch *batch, bool *is_done, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    enum result res = spool_out_use(out, UNSEAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", batch->id);
    stmt_set_text(stmt, ":kind", batch_kind_name(batch->kind));
    res = spool_out_run(out, stmt, &changed, why);
    *is_done = changed == 1;
    return res;
}

/* ---- sealed batches ---- */

/* Reads three columns from `column` on; they are NULL if there is no rendition. */
static void read_rendition(struct stmt *stmt, int column, struct rendition *rendition)
{
    *rendition = (struct rendition){.bytes = stmt_int(stmt, column + 2)};
    spool_out_copy_text(rendition->sha256, sizeof rendition->sha256, stmt, column);
    spool_out_copy_text(rendition->md5, sizeof rendition->md5, stmt, column + 1);
}

enum result spool_out_read_batch(struct stmt *stmt, enum batch_kind kind, struct batch *batch,
                                 struct why *why)
{
    *batch = (struct batch){
        .id = stmt_int(stmt, 0),
        .kind = kind,
        .first_id = stmt_int(stmt, 1),
        .last_id = stmt_int(stmt, 2),
        .bytes = stmt_int(stmt, 3),
        .has_metadata = stmt_int(stmt, 7) != 0,
        .sealed_at = stmt_int(stmt, 10),
        .attempts = stmt_int(stmt, 11),
        .is_unknown = stmt_int(stmt, 12) != 0,
        .is_gzip = stmt_int(stmt, 13) != 0,
        .is_pretty = stmt_int(stmt, 14) != 0,
        .omits_payload = stmt_int(stmt, 16) != 0,
    };
    spool_out_copy_text(batch->destination, sizeof batch->destination, stmt, 4);
    spool_out_copy_text(batch->object_key, sizeof batch->object_key, stmt, 5);
    spool_out_copy_text(batch->dropped, sizeof batch->dropped, stmt, 15);
    bool is_known = batch_format_of(stmt_text(stmt, 6), &batch->format);
    spool_out_copy_text(batch->identity.spool, sizeof batch->identity.spool, stmt, 8);
    spool_out_copy_text(batch->identity.node, sizeof batch->identity.node, stmt, 9);
    read_rendition(stmt, 17, &batch->recorded);
    read_rendition(stmt, 20, &batch->earlier);
    return is_known ? RES_OK : why_set(why, RES_BROKEN, "batch %" PRId64 " has an unknown format", batch->id);
}

/* Reads the batch that the statement finds, if any. */
static enum result read_found(struct stmt *stmt, enum batch_kind kind, struct batch *batch, bool *is_some,
                              struct why *why)
{
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    enum result res = stmt_step(stmt, is_some, why);
    if (res != RES_OK || !*is_some) return res;
    res = spool_out_read_batch(stmt, kind, batch, why);
    stmt_reset(stmt);
    return res;
}

enum result spool_out_open_batch(struct spool_out *out, enum batch_kind kind, int64_t from_id,
                                 struct batch *batch, bool *is_some, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_some = false;
    enum result res = spool_out_use(out, OPEN_BATCH, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":from_id", from_id);
    return read_found(stmt, kind, batch, is_some, why);
}

enum result spool_out_newest_batch(struct spool_out *out, enum batch_kind kind, struct batch *batch,
                                   bool *is_some, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_some = false;
    enum result res = spool_out_use(out, NEWEST_BATCH, &stmt, why);
    return res == RES_OK ? read_found(stmt, kind, batch, is_some, why) : res;
}
