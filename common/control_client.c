/*
 * control_client -- see control_client.h. Each access to the row is a short statement: neither side waits for the
 * other.
 */
#include "common/control_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/lockfile.h"
#include "common/log.h"
#include "common/print.h"
#include "common/problems.h"
#include "common/progress_line.h"
#include "common/sql.h"

#define POLL_MS     200
#define PATIENCE_MS 2000     /* without a word from the program, what stands in its way is shown */
#define KEEP_MS     86400000 /* a finished request stays for a person who looks */

static char *copy(const char *text)
{
    char *copied = strdup(text ? text : "");
    if (!copied) abort();
    return copied;
}

/* ---- the row ---- */

static enum result trim_requests(struct db *db, struct why *why)
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

static enum result leave_request(struct db *db, const struct control_call *call, int64_t *id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_leave_request, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":program", call->program);
        stmt_set_text(stmt, ":action", call->action);
        stmt_set_text(stmt, ":argument", call->argument);
        stmt_set_int(stmt, ":now", clock_now_ms());
        res = stmt_step(stmt, &has_row, why);
        *id = has_row ? stmt_int(stmt, 0) : 0;
        if (has_row) res = stmt_step(stmt, &has_row, why); /* the statement commits when it ends */
    }
    stmt_free(stmt);
    return res;
}

static void withdraw_request(struct db *db, int64_t id)
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

/* The row as it is now. */
struct state {
    bool exists, is_done, has_failed;
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
    *state = (struct state){.exists = false};
    enum result res = stmt_prepare(&stmt, db, sql_load_request, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":id", id);
        res = stmt_step(stmt, &state->exists, why);
    }
    if (res == RES_OK && state->exists) {
        state->progress = copy(stmt_text(stmt, 0));
        state->is_done = stmt_int(stmt, 1) != 0;
        state->result = copy(stmt_text(stmt, 2));
        state->has_failed = stmt_int(stmt, 3) != 0;
    }
    stmt_free(stmt);
    return res;
}

/* ---- waiting ---- */

/* Sleeps until the row is due to be loaded again; or serves, if no program runs. */
static enum result pass_time(const struct control_call *call, struct why *why)
{
    struct why trouble = {0};
    int wait_ms = POLL_MS;
    enum result res = call->serve ? call->serve(call->context, &wait_ms, &trouble) : RES_OK;
    if (res != RES_OK && res != RES_RETRY) {
        *why = trouble;
        return res;
    }
    if (signals_wait(call->signals, wait_ms < POLL_MS ? wait_ms : POLL_MS))
        return why_set(why, RES_RETRY, "stopped before the request was done");
    why_clear(&trouble);
    if (call->serve || lockfile_check(call->spool_path, call->program, &trouble) == RES_OK) return RES_OK;
    return why_set(why, RES_RETRY, "the running %s has gone away: %s", call->program, trouble.text);
}

/* If the result has a second line, that is the remedy. */
static enum result explain_failure(const char *result, struct why *why)
{
    const char *remedy = strchr(result, '\n');
    int len = remedy ? (int)(remedy - result) : (int)strlen(result);
    if (remedy) (void)why_remedy(why, RES_BROKEN, "%s", remedy + 1);
    return why_set(why, RES_BROKEN, "%.*s", len, result);
}

/* What the person sees. */
struct display {
    char *shown; /* the sentence that was printed last; owned */
    struct progress_line line;
};

static void show_progress(struct display *d, const char *text)
{
    struct progress progress;
    const char *sentence = progress_read(text, &progress);
    bool has_figures = *progress.unit != '\0';
    bool is_new = strcmp(sentence, d->shown) != 0;
    if (is_new && !(has_figures && d->line.is_terminal && isatty(STDOUT_FILENO))) {
        progress_line_erase(&d->line);
        print_lines(stdout, sentence);
        (void)fflush(stdout);
    }
    if (has_figures) progress_line_show(&d->line, &progress);
    if (!is_new) return;
    free(d->shown);
    d->shown = copy(sentence);
}

static enum result show(const struct control_call *call, const struct state *state, struct display *display,
                        struct why *why)
{
    if (state->is_done) progress_line_erase(&display->line);
    if (state->is_done && state->has_failed) return explain_failure(state->result, why);
    if (call->answer) {
        if (state->is_done) buf_append_text(call->answer, state->result);
        return RES_OK;
    }
    if (state->is_done)
        print_lines(stdout, state->result);
    else if (*state->progress)
        show_progress(display, state->progress);
    return RES_OK;
}

static enum result give_up(const struct control_call *call, struct why *why)
{
    (void)why_remedy(why, RES_RETRY, "see with `eventspool status` what it does, and try again");
    return why_set(why, RES_RETRY, "the running %s has not answered within %d s", call->program,
                   call->patience_ms / 1000);
}

/* The running program does not answer: what does it say about itself? On a full disk that is all it can do. */
static void show_problems(const struct control_call *call)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    const char *text = lockfile_read(call->spool_path, call->program, buffer);
    struct problem problem;
    print_line(stdout, "waiting for the running %s, which has not begun yet", call->program);
    while (problems_parse(&text, call->program, &problem))
        print_line(stdout, "  %s: %s: %s", problem.code, problem.message, problem.remedy);
    (void)fflush(stdout);
}

static enum result await_result(struct db *db, const struct control_call *call, int64_t id, struct why *why)
{
    struct display display = {.shown = copy("")};
    bool is_done = false;
    int64_t patience_due = clock_monotonic_ms() + (call->answer ? call->patience_ms : PATIENCE_MS);
    enum result res = RES_OK;
    progress_line_init(&display.line, call->action);
    while (res == RES_OK && !is_done) {
        struct state state;
        res = load_state(db, id, &state, why);
        if (res == RES_OK && !state.exists)
            res = why_set(why, RES_RETRY, "the %s was restarted meanwhile", call->program);
        if (res == RES_OK) res = show(call, &state, &display, why);
        is_done = state.is_done;
        state_fini(&state);
        if (res == RES_OK && !is_done) res = pass_time(call, why);
        if (res != RES_OK || is_done || clock_monotonic_ms() < patience_due) continue;
        if (call->answer) res = give_up(call, why);
        if (!*display.shown && !call->serve && !call->answer) {
            show_problems(call);
            patience_due = INT64_MAX; /* once */
        }
    }
    progress_line_erase(&display.line);
    free(display.shown);
    return res;
}

enum result control_client_run(struct db *db, const struct control_call *call, struct why *why)
{
    int64_t id = 0;
    enum result res = trim_requests(db, why);
    if (res == RES_OK) res = leave_request(db, call, &id, why);
    if (res == RES_OK) res = await_result(db, call, id, why);
    if (res != RES_OK && id != 0) withdraw_request(db, id); /* does nothing if the request is over */
    return res;
}
