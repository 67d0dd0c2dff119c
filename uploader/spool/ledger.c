/* ledger -- records attempts, failures and successes of a batch. See spool.h. */
#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "uploader/spool/counters.h"
#include "uploader/spool/statements.h"

static enum result check_changed(int64_t changed, const struct batch *batch, struct why *why)
{
    if (changed == 1) return RES_OK;
    return why_set(why, RES_BROKEN,
                   "batch %" PRId64 " is no longer to be shipped: is another uploader at work?", batch->id);
}

/* What is counted with the change of a batch's row. */
struct counted {
    bool is_shipped;
    int64_t upload_ms;   /* with is_shipped; below 0: it was not uploaded now */
    const char *problem; /* without; NULL: nothing is counted */
    int64_t now;
};

/* Counts, and runs a statement that must change exactly the one row of a batch, in one transaction that is not synced. */
static enum result record(struct spool_out *out, const struct counted *counted, struct stmt *stmt,
                          const struct batch *batch, struct why *why)
{
    int64_t changed = 0;
    enum result res = spool_out_relax(out, why);
    if (res == RES_OK) res = db_begin(out->db, why);
    if (res != RES_OK) return spool_out_relax_no_more(out, res, why);
    if (counted->is_shipped) res = counters_add_shipped(out, batch, counted->upload_ms, counted->now, why);
    if (counted->problem) res = counters_add_failure(out, batch, counted->problem, counted->now, why);
    if (res == RES_OK) res = stmt_run(stmt, &changed, why);
    if (res == RES_OK) res = check_changed(changed, batch, why);
    res = spool_out_end(out, res, why);
    return spool_out_relax_no_more(out, res, why);
}

enum result spool_out_record_attempt(struct spool_out *out, struct batch *batch,
                                     const struct rendition *rendition, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, RECORD_ATTEMPT, &stmt, why);
    if (res != RES_OK) return res;
    spool_out_set_rendition(stmt, rendition);
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":id", batch->id);
    int64_t changed = 0;
    res = spool_out_run(out, stmt, &changed, why);
    if (res == RES_OK) res = check_changed(changed, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "record an attempt");
    bool is_other = strcmp(batch->recorded.sha256, rendition->sha256) != 0;
    if (batch->is_unknown && is_other && *batch->recorded.sha256) batch->earlier = batch->recorded;
    batch->recorded = *rendition;
    batch->attempts++;
    batch->is_unknown = true;
    return RES_OK;
}

/* The refusal, if it is of this batch alone. */
static void bind_refusal(struct stmt *stmt, const struct cause *cause)
{
    bool is_own = cause && cause->scope == SCOPE_BATCH;
    stmt_set_text(stmt, ":refused_code", is_own ? cause->code : NULL);
    if (is_own)
        stmt_set_int(stmt, ":refused_status", cause->status);
    else
        stmt_set_text(stmt, ":refused_status", NULL);
}

enum result spool_out_record_failure(struct spool_out *out, struct batch *batch,
                                     const struct batch_failure *failure, struct why *why)
{
    struct stmt *stmt = NULL;
    enum batch_state next = failure->is_blocked ? BATCH_BLOCKED : BATCH_SEALED;
    const struct why *told = failure->why;
    struct counted counted = {.problem = failure->problem, .now = clock_now_ms()};
    enum result res = spool_out_use(out, RECORD_FAILURE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":error", told->text);
    stmt_set_text(stmt, ":remedy", *told->remedy ? told->remedy : NULL);
    stmt_set_int(stmt, ":is_blocked", failure->is_blocked);
    stmt_set_int(stmt, ":is_definite", failure->is_definite);
    stmt_set_int(stmt, ":is_occupied", failure->is_occupied);
    bind_refusal(stmt, failure->cause);
    stmt_set_int(stmt, ":now", counted.now);
    stmt_set_int(stmt, ":id", batch->id);
    res = record(out, &counted, stmt, batch, why);
    if (res != RES_OK) return res;
    if (failure->is_definite) batch->is_unknown = false;
    if (failure->is_occupied) batch->is_occupied = true;
    if (batch->state != next) batch_move(batch, next);
    return RES_OK;
}

enum result spool_out_mark_shipped(struct spool_out *out, struct batch *batch,
                                   const struct rendition *rendition, const char *etag, bool is_verified,
                                   int64_t upload_ms, struct why *why)
{
    struct stmt *stmt = NULL;
    struct counted counted = {.is_shipped = true, .upload_ms = upload_ms, .now = clock_now_ms()};
    enum result res = spool_out_use(out, MARK_SHIPPED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", counted.now);
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_text(stmt, ":etag", *etag ? etag : NULL);
    stmt_set_int(stmt, ":verified", is_verified);
    spool_out_set_rendition(stmt, rendition);
    stmt_set_int(stmt, ":id", batch->id);
    res = record(out, &counted, stmt, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "mark a batch shipped");
    batch->is_unknown = batch->is_occupied = false;
    if (batch->state != BATCH_SHIPPED) batch_move(batch, BATCH_SHIPPED);
    return RES_OK;
}
