/* ledger -- records attempts, failures and successes of a batch. See spool.h. */
#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "uploader/spool/statements.h"

typedef enum result run_function(struct spool_out *, struct stmt *, int64_t *, struct why *);

/* Runs a statement that must change exactly the one row of a batch. */
static enum result run_on_batch(struct spool_out *out, run_function *run_it, struct stmt *stmt,
                                const struct batch *batch, struct why *why)
{
    int64_t changed = 0;
    enum result res = run_it(out, stmt, &changed, why);
    if (res == RES_OK && changed != 1)
        res = why_set(why, RES_BROKEN,
                      "batch %" PRId64 " is no longer in the spool: is another uploader at work?", batch->id);
    return res;
}

enum result spool_out_record_attempt(struct spool_out *out, struct batch *batch,
                                     const struct rendition *rendition, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, RECORD_ATTEMPT, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":sha256", rendition->sha256);
    stmt_set_text(stmt, ":md5", rendition->md5);
    stmt_set_int(stmt, ":stored_bytes", rendition->bytes);
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, spool_out_run, stmt, batch, why);
    if (res != RES_OK) return why_wrap(why, res, "record an attempt");
    bool is_other = strcmp(batch->recorded.sha256, rendition->sha256) != 0;
    if (batch->is_unknown && is_other && *batch->recorded.sha256) batch->earlier = batch->recorded;
    batch->recorded = *rendition;
    batch->attempts++;
    batch->is_unknown = true;
    return RES_OK;
}

enum result spool_out_record_failure(struct spool_out *out, struct batch *batch, const struct why *failure,
                                     bool is_definite, bool is_blocked, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, RECORD_FAILURE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":error", failure->text);
    stmt_set_text(stmt, ":remedy", *failure->remedy ? failure->remedy : NULL);
    stmt_set_int(stmt, ":is_blocked", is_blocked);
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":is_definite", is_definite);
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, spool_out_run_relaxed, stmt, batch, why);
    if (res == RES_OK && is_definite) batch->is_unknown = false;
    return res;
}

enum result spool_out_mark_shipped(struct spool_out *out, const struct batch *batch,
                                   const struct rendition *rendition, const char *etag, bool is_verified,
                                   struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, MARK_SHIPPED, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", clock_now_ms());
    stmt_set_int(stmt, ":kept_ms", spool_out_kept_ms(out));
    stmt_set_text(stmt, ":etag", *etag ? etag : NULL);
    stmt_set_int(stmt, ":verified", is_verified);
    stmt_set_text(stmt, ":sha256", rendition ? rendition->sha256 : NULL);
    stmt_set_text(stmt, ":md5", rendition ? rendition->md5 : NULL);
    stmt_set_int(stmt, ":stored_bytes", rendition ? rendition->bytes : 0);
    stmt_set_int(stmt, ":id", batch->id);
    res = run_on_batch(out, spool_out_run_relaxed, stmt, batch, why);
    return res == RES_OK ? res : why_wrap(why, res, "mark a batch shipped");
}

static enum result abandon(struct spool_out *out, const struct batch *batch, const struct why *incident,
                           int64_t now, bool *is_done, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    enum result res = spool_out_use(out, ABANDON, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_int(stmt, ":now", now);
    stmt_set_text(stmt, ":error", incident->text);
    stmt_set_text(stmt, ":remedy", incident->remedy);
    stmt_set_int(stmt, ":id", batch->id);
    res = stmt_run(stmt, &changed, why);
    *is_done = changed == 1;
    return res;
}

static enum result seal_again(struct spool_out *out, const struct batch *batch, const char *object_key,
                              int64_t now, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = spool_out_use(out, SUPERSEDE, &stmt, why);
    if (res != RES_OK) return res;
    stmt_set_text(stmt, ":object_key", object_key);
    stmt_set_int(stmt, ":now", now);
    stmt_set_int(stmt, ":id", batch->id);
    return stmt_run(stmt, NULL, why);
}

enum result spool_out_supersede(struct spool_out *out, const struct batch *batch, const char *object_key,
                                const struct why *incident, bool *is_done, struct why *why)
{
    int64_t now = clock_now_ms();
    *is_done = false;
    enum result res = db_begin(out->db, why);
    if (res != RES_OK) return res;
    res = abandon(out, batch, incident, now, is_done, why);
    if (res == RES_OK && *is_done) res = seal_again(out, batch, object_key, now, why);
    res = db_end(out->db, res, why);
    return res == RES_OK ? res : why_wrap(why, res, "supersede batch %" PRId64, batch->id);
}
