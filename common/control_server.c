/* answerer -- see answerer.h. Each step is one short statement: nothing is locked while the work goes on. */
#include "common/control_server.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sql.h"

#define REPORT_MS  1000 /* between two words on the progress */
#define TROUBLE_MS 1000 /* before the next try */

struct answerer {
    struct db *db;
    struct answerer_work work;
    int64_t born_at; /* wall clock: what was asked before was asked of an earlier process */
    bool has_forgotten;
    struct request request;      /* the one in work */
    struct answer answer;        /* what has come of it; the text is terminated */
    bool is_in_trouble;          /* said in the log */
    int64_t next_at, report_due; /* monotonic */
};

struct answerer *answerer_new(struct db *db, const struct answerer_work *work)
{
    struct answerer *a = calloc(1, sizeof *a);
    if (!a) abort();
    a->db = db;
    a->work = *work;
    a->born_at = clock_now_ms();
    return a;
}

/* The request in work is over, one way or another. */
static void put_away(struct answerer *a)
{
    a->work.leave(a->work.context);
    free(a->request.what);
    free(a->request.argument);
    a->request = (struct request){0};
    a->answer.is_done = a->answer.has_failed = false;
}

void answerer_free(struct answerer *a)
{
    if (!a) return;
    put_away(a);
    buf_fini(&a->answer.text);
    free(a);
}

/* ---- the rows ---- */

/* Drops what was asked of an earlier process and never answered. */
static enum result forget(struct answerer *a, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, a->db, sql_forget_requests, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":program", a->work.program);
        stmt_set_int(stmt, ":before", a->born_at);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    a->has_forgotten = res == RES_OK;
    return res;
}

/* The oldest open request; none where there is none. */
static enum result load_next(struct answerer *a, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, a->db, sql_load_next_request, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":program", a->work.program);
        res = stmt_step(stmt, &has_row, why);
    }
    if (res == RES_OK && has_row) {
        a->request =
            (struct request){stmt_int(stmt, 0), strdup(stmt_text(stmt, 1)), strdup(stmt_text(stmt, 2))};
        if (!a->request.what || !a->request.argument) abort();
    }
    stmt_free(stmt);
    return res;
}

/* For the one who waits, once in a while; where nobody does, the rest is left. */
static enum result report_progress(struct answerer *a, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 1;
    if (clock_monotonic_ms() < a->report_due) return RES_OK;
    a->report_due = clock_monotonic_ms() + REPORT_MS;
    enum result res = stmt_prepare(&stmt, a->db, sql_report_progress, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":progress", a->answer.text.data);
        stmt_set_int(stmt, ":id", a->request.id);
        res = stmt_run(stmt, &changed, why);
    }
    stmt_free(stmt);
    if (res != RES_OK || changed == 1) return res;
    log_info("nobody waits for the request any more: it is left", "what=%s", a->request.what);
    put_away(a);
    return RES_OK;
}

static enum result finish(struct answerer *a, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, a->db, sql_finish_request, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":now", clock_now_ms());
        stmt_set_text(stmt, ":result", a->answer.text.data);
        stmt_set_int(stmt, ":failed", a->answer.has_failed);
        stmt_set_int(stmt, ":id", a->request.id);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    if (res == RES_OK) put_away(a);
    return res;
}

/* ---- a turn ---- */

static enum result do_slice(struct answerer *a, struct why *why)
{
    struct answer *answer = &a->answer;
    buf_clear(&answer->text);
    answer->wait_ms = 0;
    enum result res = a->work.do_slice(a->work.context, &a->request, answer, why);
    if (res != RES_OK) return res;
    buf_append_char(&answer->text, '\0');
    if (!answer->is_done) return report_progress(a, why);
    log_info("what a command asked for is answered", "what=%s result=%s", a->request.what,
             LOG_QUOTE(answer->text.data));
    return RES_OK;
}

static void answer_failure(struct answerer *a, const struct why *why)
{
    buf_clear(&a->answer.text);
    buf_append(&a->answer.text, why->text, strlen(why->text) + 1);
    a->answer.is_done = a->answer.has_failed = true;
}

static enum result take_turn(struct answerer *a, struct why *why)
{
    enum result res = RES_OK;
    if (!a->has_forgotten) res = forget(a, why);
    if (res == RES_OK && a->request.id == 0) res = load_next(a, why);
    if (res != RES_OK || a->request.id == 0) return res;
    if (!a->answer.is_done) res = do_slice(a, why);
    if (res == RES_REFUSE || res == RES_BROKEN) answer_failure(a, why);
    return a->answer.is_done ? finish(a, why) : res;
}

int answerer_tend(struct answerer *a)
{
    struct why why = {0};
    int64_t now = clock_monotonic_ms();
    if (now < a->next_at) return (int)(a->next_at - now);
    enum result res = take_turn(a, &why);
    if (res != RES_OK && !a->is_in_trouble)
        log_warn("what a command asked for has to wait", "why=%s", LOG_QUOTE(why.text));
    a->is_in_trouble = res != RES_OK;
    bool is_idle = res == RES_OK && a->request.id == 0;
    int wait_ms = is_idle ? a->work.poll_ms : res == RES_OK ? a->answer.wait_ms : TROUBLE_MS;
    a->next_at = clock_monotonic_ms() + wait_ms;
    return is_idle ? a->work.idle_ms : wait_ms;
}
