/* counters -- see counters.h. */
#include "uploader/spool/counters.h"

#include <stdlib.h>

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

const char *counters_upload_label(int64_t upload_ms)
{
    static const char *const bounds[] = {"100",  "250",   "500",   "1000", "2500",
                                         "5000", "10000", "30000", "60000"};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (upload_ms <= strtoll(bounds[i], NULL, 10)) return bounds[i];
    return "inf";
}

static enum result add_upload(struct spool_out *out, const struct batch *batch, int64_t upload_ms,
                              int64_t now, struct why *why)
{
    enum result res = add(out, batch, "upload_le_ms", counters_upload_label(upload_ms), 1, now, why);
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
