/* control_server -- see control_server.h. Each access to a request's row is a short statement of its own. */
#include "common/control_server.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sql.h"

#define REPORT_MS  1000 /* between two reports of a request's progress */
#define TROUBLE_MS 1000 /* before what failed is tried again */

/* The request that one handler works on. */
struct slot {
    const struct control_handler *handler; /* NULL: for requests whose action nobody knows */
    int64_t request_id;                    /* 0: the handler is free */
    char *action, *argument;               /* owned */
    bool has_begun;
    void *work;
    struct control_response response; /* its text is terminated after a slice */
    bool has_logged_trouble;
    int64_t next_at, report_due; /* monotonic */
};

struct control_server {
    struct db *db;
    struct control_server_options options;
    int64_t born_at; /* wall clock: requests from before it were left for an earlier process */
    bool has_forgotten, has_logged_trouble;
    int64_t query_at; /* monotonic: when to query for new requests */
    struct slot *slots;
    size_t slot_count;
};

/* ---- life ---- */

struct control_server *control_server_new(struct db *db, const struct control_server_options *options)
{
    struct control_server *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->db = db;
    s->options = *options;
    s->born_at = options->born_at != 0 ? options->born_at : clock_now_ms();
    while (options->handlers[s->slot_count].action) s->slot_count++;
    s->slots = calloc(s->slot_count + 1, sizeof *s->slots);
    if (!s->slots) abort();
    for (size_t i = 0; i < s->slot_count; i++) s->slots[i].handler = &options->handlers[i];
    s->slot_count++; /* the last one has no handler */
    return s;
}

/* The slot's request is over, whether it is done or given up. */
static void clear_slot(struct slot *slot)
{
    const struct control_handler *handler = slot->handler;
    if (handler && slot->has_begun) handler->end(slot->work);
    free(slot->action);
    free(slot->argument);
    buf_fini(&slot->response.text);
    *slot = (struct slot){.handler = handler};
}

void control_server_free(struct control_server *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->slot_count; i++) clear_slot(&s->slots[i]);
    free(s->slots);
    free(s);
}

/* ---- new requests ---- */

/* Once, at the first poll: nobody works any more on what was left for an earlier process. */
static enum result forget_old_requests(struct control_server *s, struct why *why)
{
    struct stmt *stmt = NULL;
    if (s->has_forgotten) return RES_OK;
    enum result res = stmt_prepare(&stmt, s->db, sql_forget_requests, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":program", s->options.program);
        stmt_set_int(stmt, ":before", s->born_at);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    s->has_forgotten = res == RES_OK;
    return res;
}

static struct slot *find_slot(struct control_server *s, const char *action)
{
    struct slot *slot = s->slots;
    while (slot->handler && strcmp(slot->handler->action, action) != 0) slot++;
    return slot;
}

static char *copy(const char *text)
{
    char *copied = strdup(text);
    if (!copied) abort();
    return copied;
}

/* Every free handler takes the oldest open request for its action. */
static enum result take_requests(struct control_server *s, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, s->db, sql_load_requests, why);
    if (res == RES_OK) stmt_set_text(stmt, ":program", s->options.program);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        struct slot *slot = find_slot(s, stmt_text(stmt, 1));
        if (slot->request_id != 0) continue;
        slot->request_id = stmt_int(stmt, 0);
        slot->action = copy(stmt_text(stmt, 1));
        slot->argument = copy(stmt_text(stmt, 2));
    }
    stmt_free(stmt);
    return res;
}

static void query_requests(struct control_server *s)
{
    struct why why = {0};
    enum result res = forget_old_requests(s, &why);
    if (res == RES_OK) res = take_requests(s, &why);
    if (res != RES_OK && !s->has_logged_trouble)
        log_warn("requests of commands cannot be read now", "why=%s", LOG_QUOTE(why.text));
    s->has_logged_trouble = res != RES_OK;
    s->query_at = clock_monotonic_ms() + (res == RES_OK ? s->options.poll_ms : TROUBLE_MS);
}

/* ---- the row of a request in work ---- */

static void write_progress(const struct control_response *response, struct buf *out)
{
    progress_write(&response->progress, response->text.data, strlen(response->text.data), out);
    buf_append_char(out, '\0');
}

/* Once in a while, for the command that waits. If the row is gone, nobody waits any more. */
static enum result report_progress(struct control_server *s, struct slot *slot, struct why *why)
{
    struct stmt *stmt = NULL;
    struct buf text = BUF_EMPTY;
    int64_t changed = 1;
    if (clock_monotonic_ms() < slot->report_due) return RES_OK;
    slot->report_due = clock_monotonic_ms() + REPORT_MS;
    enum result res = stmt_prepare(&stmt, s->db, sql_report_progress, why);
    if (res == RES_OK) {
        write_progress(&slot->response, &text);
        stmt_set_text(stmt, ":progress", text.data);
        stmt_set_int(stmt, ":id", slot->request_id);
        res = stmt_run(stmt, &changed, why);
    }
    stmt_free(stmt);
    buf_fini(&text);
    if (res != RES_OK || changed == 1) return res;
    log_info("a request was withdrawn: the work on it is given up", "action=%s", slot->action);
    clear_slot(slot);
    return RES_OK;
}

static enum result store_result(struct control_server *s, struct slot *slot, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, s->db, sql_finish_request, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":now", clock_now_ms());
        stmt_set_text(stmt, ":result", slot->response.text.data);
        stmt_set_int(stmt, ":failed", slot->response.has_failed);
        stmt_set_int(stmt, ":id", slot->request_id);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    if (res == RES_OK) clear_slot(slot);
    return res;
}

/* ---- a slice ---- */

/* The result has two lines if there is a remedy: what failed, and what a person can do. */
static void set_failure(struct control_response *response, const struct why *why)
{
    buf_clear(&response->text);
    buf_append_text(&response->text, why->text);
    if (*why->remedy) buf_append_format(&response->text, "\n%s", why->remedy);
    response->is_done = response->has_failed = true;
}

static enum result call_handler(struct control_server *s, struct slot *slot, struct why *why)
{
    const struct control_handler *handler = slot->handler;
    void *context = s->options.context;
    enum result res = RES_OK;
    if (!handler)
        return why_set(why, RES_REFUSE, "this %s does not know how to do '%.40s'", s->options.program,
                       slot->action);
    if (!slot->has_begun) res = handler->begin(context, slot->argument, &slot->work, why);
    slot->has_begun |= res == RES_OK;
    return res == RES_OK ? handler->do_slice(context, slot->work, &slot->response, why) : res;
}

static enum result do_slice(struct control_server *s, struct slot *slot, struct why *why)
{
    struct control_response *response = &slot->response;
    buf_clear(&response->text);
    response->progress = (struct progress){0};
    response->wait_ms = 0;
    enum result res = call_handler(s, slot, why);
    if (res == RES_RETRY) return res;
    if (res != RES_OK) set_failure(response, why);
    buf_append_char(&response->text, '\0');
    if (response->is_done)
        log_info(response->has_failed ? "a request has failed" : "a request is done", "action=%s result=%s",
                 slot->action, LOG_QUOTE(response->text.data));
    return RES_OK;
}

/* The command that waits is told why. Where not even that can be stored, it sees the program's problems instead. */
static void report_waiting(struct control_server *s, struct slot *slot, const struct why *reason)
{
    struct buf *text = &slot->response.text;
    struct why why = {0};
    if (slot->response.is_done) return; /* the text is the result */
    buf_clear(text);
    slot->response.progress = (struct progress){0};
    buf_append_format(text, "it has to wait: %s%s%s", reason->text, *reason->remedy ? "; what helps: " : "",
                      reason->remedy);
    buf_append_char(text, '\0');
    slot->report_due = 0;
    if (report_progress(s, slot, &why) != RES_OK)
        log_debug("cannot report that a request waits", "why=%s", LOG_QUOTE(why.text));
}

/* A result that could not be stored the last time is stored now: the work is not done again. */
static void serve(struct control_server *s, struct slot *slot)
{
    struct why why = {0};
    enum result res = slot->response.is_done ? RES_OK : do_slice(s, slot, &why);
    if (res == RES_OK)
        res = slot->response.is_done ? store_result(s, slot, &why) : report_progress(s, slot, &why);
    if (slot->request_id == 0) return;
    if (res != RES_OK && !slot->has_logged_trouble)
        log_warn("a request has to wait", "action=%s why=%s", slot->action, LOG_QUOTE(why.text));
    slot->has_logged_trouble = res != RES_OK;
    slot->next_at = clock_monotonic_ms() + (res == RES_OK ? slot->response.wait_ms : TROUBLE_MS);
    if (res != RES_OK) report_waiting(s, slot, &why);
}

int control_server_poll(struct control_server *s)
{
    bool is_idle = clock_monotonic_ms() >= s->query_at;
    if (is_idle) query_requests(s);
    is_idle &= !s->has_logged_trouble;
    int64_t next_at = s->query_at;
    for (size_t i = 0; i < s->slot_count; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->request_id != 0 && clock_monotonic_ms() >= slot->next_at) serve(s, slot);
        if (slot->request_id == 0) continue;
        is_idle = false;
        if (slot->next_at < next_at) next_at = slot->next_at;
    }
    int64_t wait_ms = next_at - clock_monotonic_ms();
    if (is_idle) return s->options.idle_ms;
    return wait_ms > 0 ? (int)wait_ms : 0;
}
