/*
 * requests -- see requests.h. Work that meets a locked or full disk is tried again, and nobody is answered before the
 * answer is in the spool.
 */
#include "collector/requests.h"

#include <stdlib.h>
#include <string.h>

#include "collector/retry.h"
#include "collector/spool_schema.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/request.h"

#define LOOK_MS    200  /* between two looks for requests while events come */
#define IDLE_MS    2000 /* while none do */
#define SAY_MS     1000 /* between two words on the progress */
#define TROUBLE_MS 1000 /* before the next try */

struct requests {
    struct spool_in *spool;
    const struct settings *settings;
    int64_t born_at; /* wall clock: what was asked before was asked of an earlier process */
    bool has_forgotten;
    struct request request; /* the one in work */
    struct retry *retry;
    struct buf answer; /* what came of it; terminated */
    bool is_answered, has_failed;
    bool is_in_trouble;      /* said in the log */
    int64_t next_at, say_at; /* monotonic */
};

struct requests *requests_new(struct spool_in *spool, const struct settings *settings)
{
    struct requests *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->spool = spool;
    r->settings = settings;
    r->born_at = clock_now_ms();
    return r;
}

/* The request in work is over, one way or another. */
static void put_away(struct requests *r)
{
    retry_free(r->retry);
    r->retry = NULL;
    request_fini(&r->request);
    buf_clear(&r->answer);
    r->is_answered = r->has_failed = false;
}

void requests_free(struct requests *r)
{
    if (!r) return;
    put_away(r);
    buf_fini(&r->answer);
    free(r);
}

static void answer(struct requests *r, bool has_failed)
{
    buf_append_char(&r->answer, '\0');
    r->is_answered = true;
    r->has_failed = has_failed;
}

/* ---- the work ---- */

static enum result new_identity(struct requests *r, struct why *why)
{
    struct spool_identity before;
    struct spool_identity after;
    enum result res =
        spool_new_identity(spool_in_db(r->spool), r->settings->spool_path, &before, &after, why);
    if (res != RES_OK) return res;
    log_info("a new identity was drawn, as asked", "before=%s after=%s", before.spool, after.spool);
    buf_append_format(&r->answer, "the spool was %s and is %s from now on", before.spool, after.spool);
    answer(r, false);
    return RES_OK;
}

/* For the one who waits, once in a while; where nobody does, the rest is left. */
static enum result say_progress(struct requests *r, struct why *why)
{
    struct buf text = BUF_EMPTY;
    bool is_wanted = true;
    if (clock_monotonic_ms() < r->say_at) return RES_OK;
    r->say_at = clock_monotonic_ms() + SAY_MS;
    retry_tell(r->retry, &text);
    buf_append_char(&text, '\0');
    enum result res = request_say(spool_in_db(r->spool), r->request.id, text.data, &is_wanted, why);
    buf_fini(&text);
    if (!is_wanted) {
        log_info("nobody waits for the rejects any more: the rest stays", NULL);
        put_away(r);
    }
    return res;
}

static enum result retry_rejects(struct requests *r, struct why *why)
{
    struct db_wal wal;
    bool is_done = false;
    enum result res = RES_OK;
    if (!r->retry) res = retry_new(&r->retry, r->spool, r->settings, r->request.argument, why);
    if (res == RES_OK) res = retry_slice(r->retry, &is_done, why);
    if (spool_in_wal_bytes(r->spool) > SPOOL_WAL_PASSIVE_BYTES)
        (void)spool_in_finish_checkpoint(r->spool, &wal);
    if (res != RES_OK || !is_done) return res == RES_OK ? say_progress(r, why) : res;
    retry_tell(r->retry, &r->answer);
    answer(r, false);
    log_info("rejects were validated again, as asked", "result=%s", LOG_QUOTE(r->answer.data));
    return RES_OK;
}

static enum result work(struct requests *r, struct why *why)
{
    if (strcmp(r->request.what, REQUESTS_RETRY) == 0) return retry_rejects(r, why);
    if (strcmp(r->request.what, REQUESTS_NEW_IDENTITY) == 0) return new_identity(r, why);
    return why_set(why, RES_REFUSE, "this collector does not know how to do '%.40s'", r->request.what);
}

/* ---- a turn ---- */

static enum result look_for_one(struct requests *r, struct why *why)
{
    struct db *db = spool_in_db(r->spool);
    enum result res = RES_OK;
    if (!r->has_forgotten) res = request_forget(db, "collector", r->born_at, why);
    r->has_forgotten = res == RES_OK;
    return res == RES_OK ? request_next(db, "collector", &r->request, why) : res;
}

static enum result take_turn(struct requests *r, struct why *why)
{
    enum result res = RES_OK;
    if (r->request.id == 0) res = look_for_one(r, why);
    if (res != RES_OK || r->request.id == 0) return res;
    if (!r->is_answered) res = work(r, why);
    if (res != RES_OK && res != RES_RETRY) { /* to try again would not help */
        buf_clear(&r->answer);
        buf_append_text(&r->answer, why->text);
        answer(r, true);
        res = RES_OK;
    }
    if (res != RES_OK || !r->is_answered) return res;
    res = request_finish(spool_in_db(r->spool), r->request.id, r->answer.data, r->has_failed, why);
    if (res == RES_OK) put_away(r);
    return res;
}

int requests_tend(struct requests *r)
{
    struct why why = {0};
    int64_t now = clock_monotonic_ms();
    if (now < r->next_at) return (int)(r->next_at - now);
    enum result res = take_turn(r, &why);
    if (res != RES_OK && !r->is_in_trouble)
        log_warn("what a command asked for has to wait", "why=%s", LOG_QUOTE(why.text));
    r->is_in_trouble = res != RES_OK;
    if (r->request.id != 0 && res == RES_OK) return 0;
    r->next_at = now + (res == RES_OK ? LOOK_MS : TROUBLE_MS);
    return res == RES_OK ? IDLE_MS : TROUBLE_MS;
}
