/* screen -- see screen.h. */
#include "common/status/screen.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/figures.h"
#include "common/print.h"
#include "common/status/judge.h"

#define HOUR_MS   INT64_C(3600000)
#define TEXT_SIZE 160

/* Where it is printed, and what. */
struct screen {
    FILE *out;
    size_t columns;
    const struct status *status;
};

#define entry(screen, label, ...) print_entry((screen)->out, label, (screen)->columns, __VA_ARGS__)

/* `40 s ago, 2031-05-04T10:11:12.345Z`; 0 is never. */
static void print_time(const struct screen *to, const char *label, int64_t at)
{
    char iso[CLOCK_ISO_SIZE];
    char span[FIGURES_SIZE];
    if (at == 0)
        entry(to, label, "never");
    else
        entry(to, label, "%s ago, %s", figures_span(to->status->now - at, span), clock_iso(at, iso));
}

/* ---- what is wrong ---- */

static void print_problem(const struct screen *to, const struct problem *problem)
{
    char span[FIGURES_SIZE];
    char count[FIGURES_SIZE];
    char tries[TEXT_SIZE] = "";
    bool is_info = problem_severity(problem->code) == PROBLEM_INFO;
    if (problem->tries == 1)
        (void)snprintf(tries, sizeof tries, ", tried once");
    else if (problem->tries > 1)
        (void)snprintf(tries, sizeof tries, ", tried %s times", figures_count(problem->tries, count));
    entry(to, is_info ? "note" : "problem", "%s for %s%s: %s", problem->code,
          figures_span(to->status->now - problem->since, span), tries, problem->message);
    if (*problem->remedy) entry(to, "what to do", "%s", problem->remedy);
}

/* What the uploader reports is shown as its problems; an incident of the last day is none of them. */
static void print_incident(const struct screen *to)
{
    const struct status *s = to->status;
    for (size_t i = 0; i < s->uploader.problem_count; i++)
        if (problem_severity(s->uploader.problems[i].code) != PROBLEM_INFO) return;
    if (!*s->last_error) return;
    entry(to, "problem", "%s", s->last_error);
    entry(to, "what to do", "%s", *s->remedy ? s->remedy : "nothing: it is being tried again");
}

/* ---- the figures ---- */

/* Why a program does not run is said once: by its problem, if there is one. */
static void print_program(const struct screen *to, const char *name, const struct status_program *program,
                          enum problem_code absent)
{
    char span[FIGURES_SIZE];
    int64_t now = to->status->now;
    if (!program->is_running && program->seen_at > 0 && status_has(to->status, absent))
        entry(to, name, "absent, last seen %s ago", figures_span(now - program->seen_at, span));
    else if (!program->is_running)
        entry(to, name, "%s", program->why_not.text);
    else if (program->started_at > 0)
        entry(to, name, "running for %s, version %s", figures_span(now - program->started_at, span),
              program->version);
    else
        entry(to, name, "running");
}

static void print_programs(const struct screen *to)
{
    print_program(to, "collector", &to->status->collector, PROBLEM_COLLECTOR_ABSENT);
    print_program(to, "uploader", &to->status->uploader, PROBLEM_UPLOADER_ABSENT);
}

/* When the next object is due says nothing where nobody makes it. */
static void print_backlog(const struct screen *to)
{
    const struct status *s = to->status;
    char oldest[TEXT_SIZE] = "";
    char count[FIGURES_SIZE];
    char size[FIGURES_SIZE];
    char span[FIGURES_SIZE];
    if (s->oldest_at > 0)
        (void)snprintf(oldest, sizeof oldest, ", the oldest waits for %s",
                       figures_span(s->now - s->oldest_at, span));
    entry(to, "backlog", "%s event%s, %s%s", figures_count(s->backlog_events, count),
          s->backlog_events == 1 ? "" : "s", figures_bytes(s->backlog_bytes, size), oldest);
    int64_t due_at = status_next_due_at(s);
    if (due_at > s->now && s->uploader.is_running)
        entry(to, "next object", "due in %s, or at %s", figures_span(due_at - s->now, span),
              figures_bytes(s->max_file_bytes, size));
}

static void print_batches(const struct screen *to)
{
    const struct status *s = to->status;
    char given_up[TEXT_SIZE] = "";
    if (s->abandoned > 0)
        (void)snprintf(given_up, sizeof given_up, ", %" PRId64 " given up (see the view `batches`)",
                       s->abandoned);
    entry(to, "batches", "%" PRId64 " to ship, %" PRId64 " blocked%s", s->sealed, s->blocked, given_up);
}

/* What came within some minutes tells nothing of a day. */
static void print_room(const struct screen *to)
{
    const struct status *s = to->status;
    char size[FIGURES_SIZE];
    char span[FIGURES_SIZE];
    char lasts[TEXT_SIZE] = "";
    int64_t room = status_room_bytes(s);
    int64_t hours = status_room_hours(s);
    if (room < 0) return;
    if (hours >= 0 && s->disk.measured_ms >= HOUR_MS)
        (void)snprintf(lasts, sizeof lasts, ", at today's rate enough for %s",
                       figures_span(hours * HOUR_MS, span));
    if (room == 0)
        entry(to, "room", "none for events: nothing is read");
    else
        entry(to, "room", "%s for events%s", figures_bytes(room, size), lasts);
}

static void print_request(const struct screen *to, const struct status_request *request)
{
    struct buf figures = BUF_EMPTY;
    if (*request->progress.unit) {
        buf_append_text(&figures, " (");
        progress_append_figures(&figures, &request->progress);
        buf_append_char(&figures, ')');
    }
    entry(to, "asked for", "%s of the %s since %s%s%s%.*s", request->action, request->program,
          request->requested_at, *request->sentence ? ": " : "", request->sentence, (int)figures.len,
          figures.len > 0 ? figures.data : "");
    buf_fini(&figures);
}

static void print_figures(const struct screen *to)
{
    const struct status *s = to->status;
    char size[FIGURES_SIZE];
    print_programs(to);
    print_time(to, "last event", s->last_event_at);
    entry(to, "rejects", "%" PRId64 " in 24 h", s->rejects_24h);
    print_backlog(to);
    print_batches(to);
    print_time(to, "last shipped", s->last_shipped_at);
    if (*s->destination) entry(to, "destination", "%s", s->destination);
    entry(to, "spool", "%s (%s), node %s, %s", s->spool_path, s->identity.spool, s->identity.node,
          figures_bytes(s->spool_bytes, size));
    print_room(to);
    for (size_t i = 0; i < s->request_count; i++) print_request(to, &s->requests[i]);
}

/* ---- the whole ---- */

static void print_missing_spool(const struct screen *to)
{
    const struct why *why = &to->status->why_no_spool;
    entry(to, "spool", "%s", why->text);
    if (*why->remedy) entry(to, "what to do", "%s", why->remedy);
    print_programs(to);
}

void status_print(FILE *out, const struct status *status, size_t columns)
{
    struct screen to = {out, columns, status};
    char line[STATUS_VERDICT_SIZE];
    entry(&to, "verdict", "%s", status_verdict_line(status, line));
    for (size_t i = 0; i < status->problem_count; i++) print_problem(&to, &status->problems[i]);
    if (status->has_spool) print_incident(&to);
    print_line(out, "%s", "");
    if (status->has_spool)
        print_figures(&to);
    else
        print_missing_spool(&to);
}
