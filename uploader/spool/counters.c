/* counters -- see counters.h. */
#include "uploader/spool/counters.h"

#include "common/upload_buckets.h"

static enum result add(struct spool_out *out, const struct batch *batch, const char *name, const char *label,
                       int64_t by, int64_t now, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, COUNT, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":name", name);
    stmt_set_text(stmt, ":label", label);
    stmt_set_int(stmt, ":by", by);
    stmt_set_int(stmt, ":now", now);
    stmt_set_int(stmt, ":batch_id", batch->id);
    return stmt_run(stmt, NULL, why);
}

static enum result add_upload(struct spool_out *out, const struct batch *batch, int64_t upload_ms,
                              int64_t now, struct why *why)
{
    enum result res = add(out, batch, "upload_le_ms", upload_bucket_of(upload_ms)->label, 1, now, why);
    return res == RES_OK ? add(out, batch, "upload_sum_ms", "", upload_ms, now, why) : res;
}

enum result counters_add_shipped(struct spool_out *out, const struct batch *batch, int64_t upload_ms,
                                 int64_t now, struct why *why)
{
    enum result res = upload_ms >= 0 ? add_upload(out, batch, upload_ms, now, why) : RES_OK;
    if (res != RES_OK || batch->kind != BATCH_EVENTS || batch->is_copy) return res;
    res = add(out, batch, "shipped_events", "", batch_count(batch), now, why);
    if (res == RES_OK) res = add(out, batch, "shipped_batches", "", 1, now, why);
    return res == RES_OK ? add(out, batch, "shipped_bytes", "", batch->bytes, now, why) : res;
}

enum result counters_add_failure(struct spool_out *out, const struct batch *batch, const char *problem,
                                 int64_t now, struct why *why)
{
    return add(out, batch, "upload_failures", problem, 1, now, why);
}
