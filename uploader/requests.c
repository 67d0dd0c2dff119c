/*
 * requests -- see requests.h. Work that meets a locked or full disk is tried again, and nobody is answered before the
 * answer is in the spool.
 */
#include "uploader/requests.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/request.h"
#include "uploader/dismiss.h"

#define LOOK_MS    500  /* between two looks for requests */
#define SAY_MS     1000 /* between two words on the progress */
#define TROUBLE_MS 1000 /* before the next try */

struct requests {
    struct reship_parts parts;
    struct db *db;
    int64_t born_at; /* wall clock: what was asked before was asked of an earlier process */
    bool has_forgotten;
    struct request request; /* the one in work: `dismiss` or `reship` has begun with it */
    struct dismiss *dismiss;
    struct reship *reship;
    struct buf answer; /* what came of it; terminated */
    bool is_answered, has_failed;
    bool is_in_trouble;      /* said in the log */
    int64_t next_at, say_at; /* monotonic */
};

struct requests *requests_new(const struct reship_parts *parts)
{
    struct requests *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->parts = *parts;
    r->db = spool_out_db(parts->spool);
    r->born_at = clock_now_ms();
    return r;
}

/* The request in work is over, one way or another. */
static void put_away(struct requests *r)
{
    dismiss_free(r->dismiss);
    reship_free(r->reship);
    r->dismiss = NULL;
    r->reship = NULL;
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

static void tell(const struct requests *r, struct buf *out)
{
    if (r->dismiss) dismiss_tell(r->dismiss, out);
    if (r->reship) reship_tell(r->reship, out);
}

/* For the one who waits, once in a while; where nobody does, the rest is left. */
static enum result say_progress(struct requests *r, struct why *why)
{
    struct buf text = BUF_EMPTY;
    bool is_wanted = true;
    if (clock_monotonic_ms() < r->say_at) return RES_OK;
    r->say_at = clock_monotonic_ms() + SAY_MS;
    tell(r, &text);
    buf_append_char(&text, '\0');
    enum result res = request_say(r->db, r->request.id, text.data, &is_wanted, why);
    buf_fini(&text);
    if (!is_wanted) {
        log_info("nobody waits for the request any more: it is left", "what=%s", r->request.what);
        put_away(r);
    }
    return res;
}

static enum result unknown(const struct requests *r, struct why *why)
{
    return why_set(why, RES_REFUSE, "this uploader does not know how to do '%.40s'", r->request.what);
}

static enum result begin(struct requests *r, struct why *why)
{
    struct reship_order order;
    const struct request *request = &r->request;
    if (strcmp(request->what, REQUESTS_DISMISS) == 0)
        return dismiss_new(&r->dismiss, r->parts.spool, request->argument, why);
    if (strcmp(request->what, REQUESTS_RESHIP) == 0 && reship_order_read(request->argument, &order))
        return reship_new(&r->reship, &r->parts, &order, why);
    return unknown(r, why);
}

static enum result work(struct requests *r, int *wait_ms, struct why *why)
{
    bool is_done = false;
    enum result res = r->dismiss || r->reship ? RES_OK : begin(r, why);
    if (res == RES_OK && r->dismiss) res = dismiss_slice(r->dismiss, &is_done, why);
    if (res == RES_OK && r->reship) res = reship_slice(r->reship, &is_done, wait_ms, why);
    if (res != RES_OK || !is_done) return res == RES_OK ? say_progress(r, why) : res;
    tell(r, &r->answer);
    answer(r, r->reship && !reship_is_complete(r->reship));
    log_info("what a command asked for is answered", "what=%s result=%s", r->request.what,
             LOG_QUOTE(r->answer.data));
    return RES_OK;
}

/* ---- a turn ---- */

static enum result look_for_one(struct requests *r, struct why *why)
{
    enum result res = RES_OK;
    if (!r->has_forgotten) res = request_forget(r->db, "uploader", r->born_at, why);
    r->has_forgotten = res == RES_OK;
    return res == RES_OK ? request_next(r->db, "uploader", &r->request, why) : res;
}

static enum result take_turn(struct requests *r, int *wait_ms, struct why *why)
{
    enum result res = RES_OK;
    if (r->request.id == 0) res = look_for_one(r, why);
    if (res != RES_OK || r->request.id == 0) return res;
    if (!r->is_answered) res = work(r, wait_ms, why);
    if (res != RES_OK && res != RES_RETRY) { /* to try again would not help */
        buf_clear(&r->answer);
        buf_append_text(&r->answer, why->text);
        answer(r, true);
        res = RES_OK;
    }
    if (res != RES_OK || !r->is_answered) return res;
    res = request_finish(r->db, r->request.id, r->answer.data, r->has_failed, why);
    if (res == RES_OK) put_away(r);
    return res;
}

int requests_tend(struct requests *r)
{
    struct why why = {0};
    int64_t now = clock_monotonic_ms();
    int wait_ms = 0;
    if (now < r->next_at) return (int)(r->next_at - now);
    enum result res = take_turn(r, &wait_ms, &why);
    if (res != RES_OK && !r->is_in_trouble)
        log_warn("what a command asked for has to wait", "why=%s", LOG_QUOTE(why.text));
    r->is_in_trouble = res != RES_OK;
    if (res != RES_OK) wait_ms = TROUBLE_MS;
    if (res == RES_OK && r->request.id == 0) wait_ms = LOOK_MS;
    r->next_at = clock_monotonic_ms() + wait_ms;
    return wait_ms;
}
