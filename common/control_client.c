/* request -- see request.h. Each call is one short statement, so neither side is ever in the other's way. */
#include "common/control_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/lockfile.h"
#include "common/log.h"
#include "common/spool.h"
#include "common/sql.h"

#define POLL_MS         200
#define KEEP_MS         86400000 /* an answered request, for a person who looks */
#define REQUESTS_SCHEMA 101      /* the first with requests in it */

static char *copy(const char *text)
{
    char *copied = strdup(text ? text : "");
    if (!copied) abort();
    return copied;
}

static enum result check_schema(struct db *db, const char *program, struct why *why)
{
    int64_t schema = 0;
    enum result res = db_get_int(db, "PRAGMA user_version", &schema, why);
    if (res != RES_OK || schema >= REQUESTS_SCHEMA) return res;
    (void)why_remedy(why, RES_RETRY, "restart the collector with this version");
    return why_set(why, RES_RETRY, "the running %s is of an older version", program);
}

static enum result trim(struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, db, sql_trim_requests, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":before", clock_now_ms() - KEEP_MS);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

static enum result leave(struct db *db, const struct request_call *call, int64_t *id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_leave_request, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":program", call->program);
        stmt_set_text(stmt, ":what", call->what);
        stmt_set_text(stmt, ":argument", call->argument);
        stmt_set_int(stmt, ":now", clock_now_ms());
        res = stmt_step(stmt, &has_row, why);
        *id = has_row ? stmt_int(stmt, 0) : 0;
        if (has_row) res = stmt_step(stmt, &has_row, why); /* to its end: there it commits */
    }
    stmt_free(stmt);
    return res;
}

static void withdraw(struct db *db, int64_t id)
{
    struct stmt *stmt = NULL;
    struct why why = {0};
    enum result res = stmt_prepare(&stmt, db, sql_withdraw_request, &why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":id", id);
        res = stmt_run(stmt, NULL, &why);
    }
    stmt_free(stmt);
    if (res != RES_OK) log_debug("cannot withdraw the request", "why=%s", LOG_QUOTE(why.text));
}

/* What the row says now. */
struct state {
    bool is_there, is_done, has_failed;
    char *progress, *result; /* owned */
};

static void state_fini(struct state *state)
{
    free(state->progress);
    free(state->result);
}

static enum result load_state(struct db *db, int64_t id, struct state *state, struct why *why)
{
    struct stmt *stmt = NULL;
    *state = (struct state){0};
    enum result res = stmt_prepare(&stmt, db, sql_load_request, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":id", id);
        res = stmt_step(stmt, &state->is_there, why);
    }
    if (res == RES_OK && state->is_there) {
        state->progress = copy(stmt_text(stmt, 0));
        state->is_done = stmt_int(stmt, 1) != 0;
        state->result = copy(stmt_text(stmt, 2));
        state->has_failed = stmt_int(stmt, 3) != 0;
    }
    stmt_free(stmt);
    return res;
}

/* Sleeps for a look's time, or does a part of the work. */
static enum result pass_time(const struct request_call *call, struct why *why)
{
    struct why away = {0};
    int wait_ms = call->work ? call->work(call->context) : POLL_MS;
    if (signals_wait(call->signals, wait_ms < POLL_MS ? wait_ms : POLL_MS))
        return why_set(why, RES_RETRY, "told to stop before it was done");
    if (call->work || lockfile_check(call->spool_path, call->program, &away) == RES_OK) return RES_OK;
    return why_set(why, RES_RETRY, "the running %s has gone away: %s", call->program, away.text);
}

static enum result wait_for_answer(struct db *db, const struct request_call *call, int64_t id,
                                   struct why *why)
{
    char *shown = copy("");
    bool is_answered = false;
    enum result res = RES_OK;
    while (res == RES_OK && !is_answered) {
        struct state state;
        res = load_state(db, id, &state, why);
        if (res == RES_OK && !state.is_there)
            res = why_set(why, RES_RETRY, "the %s was restarted meanwhile", call->program);
        if (res == RES_OK && !state.is_done && strcmp(state.progress, shown) != 0) {
            (void)printf("%s\n", state.progress);
            (void)fflush(stdout);
            free(shown);
            shown = copy(state.progress);
        }
        is_answered = res == RES_OK && state.is_done;
        if (is_answered && state.has_failed)
            res = why_set(why, RES_BROKEN, "%s", state.result);
        else if (is_answered)
            (void)printf("%s\n", state.result);
        state_fini(&state);
        if (res == RES_OK && !is_answered) res = pass_time(call, why);
    }
    free(shown);
    return res;
}

enum result request_ask(struct db *db, const struct request_call *call, struct why *why)
{
    int64_t id = 0;
    enum result res = check_schema(db, call->program, why);
    if (res == RES_OK) res = trim(db, why);
    if (res == RES_OK) res = leave(db, call, &id, why);
    if (res == RES_OK) res = wait_for_answer(db, call, id, why);
    if (res != RES_OK && id != 0) withdraw(db, id); /* one that was answered stays */
    return res;
}
