/* seal -- rows that are in no batch yet, where they are cut, and their sealing. See spool.h. */
#include "uploader/spool/spool.h"

#include "uploader/spool/insert.h"
#include "uploader/spool/resolve.h"
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

/* The running byte totals up to and with a row, and before it. */
struct totals {
    int64_t with, before;
};

static enum result totals_at(struct spool_out *out, enum batch_kind kind, int64_t id, struct totals *totals,
                             struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, kind == BATCH_EVENTS ? EVENT_TOTAL : REJECT_TOTAL, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", id);
    res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row) return spool_out_missing(kind, id, why);
    *totals = (struct totals){.with = stmt_int(stmt, 0), .before = stmt_int(stmt, 1)};
    stmt_reset(stmt);
    return RES_OK;
}

enum result spool_out_cut(struct spool_out *out, enum batch_kind kind, const struct waiting *waiting,
                          int64_t max_bytes, int64_t *last_id, int64_t *bytes, struct why *why)
{
    int64_t low = waiting->first_id; /* fits */
    int64_t most = waiting->first_id + BATCH_COUNT_MAX - 1;
    int64_t high = waiting->last_id < most ? waiting->last_id : most;
    struct totals totals = {0};
    enum result res = RES_OK;
    while (low < high && res == RES_OK) {
        int64_t middle = low + (high - low + 1) / 2;
        res = totals_at(out, kind, middle, &totals, why);
        if (totals.with - waiting->bytes_before <= max_bytes)
            low = middle;
        else
            high = middle - 1;
    }
    if (res == RES_OK) res = totals_at(out, kind, low, &totals, why);
    *last_id = low;
    *bytes = totals.with - waiting->bytes_before;
    return res;
}

enum result spool_out_bytes_before(struct spool_out *out, enum batch_kind kind, int64_t id, int64_t *bytes,
                                   struct why *why)
{
    struct totals totals = {0};
    enum result res = totals_at(out, kind, id, &totals, why);
    *bytes = totals.before;
    return res;
}

static enum result load_sealed(struct spool_out *out, enum batch_kind kind, int64_t *last_id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *last_id = 0;
    enum result res = spool_out_use(out, LOAD_SEALED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":kind", batch_kind_name(kind));
    res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *last_id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return res;
}

/*
 * Rejects that were purged without having been shipped have left a gap before this batch: another one over these ids,
 * without rows and given up, keeps the order of ids whole.
 */
static enum result cover_gap(struct spool_out *out, const struct batch *batch, const struct key_rules *keys,
                             struct why *why)
{
    struct batch gap = batch_once_more(batch);
    struct stmt *stmt = NULL;
    int64_t sealed_id = 0;
    enum result res = load_sealed(out, batch->kind, &sealed_id, why);
    gap.first_id = sealed_id + 1;
    gap.last_id = batch->first_id - 1;
    gap.bytes = 0;
    gap.reship_of = 0;
    if (res != RES_OK || gap.first_id > gap.last_id) return res;
    res = spool_out_insert(out, &gap, keys, why);
    if (res == RES_OK)
        res = spool_resolve_abandon(out, &gap, spool_out_kept_ms(out), SPOOL_NOT_SHIPPED_NOTE, why);
    if (res == RES_OK) res = spool_out_use(out, MARK_PURGED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":id", gap.id);
    return stmt_run(stmt, NULL, why);
}

enum result spool_out_seal(struct spool_out *out, struct batch *batch, const struct key_rules *keys,
                           struct why *why)
{
    enum result res = db_begin(out->db, why);
    if (res != RES_OK) return res;
    if (batch->kind == BATCH_REJECTS) res = cover_gap(out, batch, keys, why);
    if (res == RES_OK) res = spool_out_insert(out, batch, keys, why);
    res = spool_out_end(out, res, why);
    return res == RES_OK ? res : why_wrap(why, res, "seal a batch");
}
