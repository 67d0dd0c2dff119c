/* screen -- see screen.h. */
#include "common/status/screen.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/print.h"
#include "common/status/judge.h"

#define LABEL "%-12s "

const char *screen_span(int64_t ms, char out[SCREEN_SPAN_SIZE])
{
    int64_t s = ms > 0 ? ms / 1000 : 0;
    if (s >= 2 * 86400)
        (void)snprintf(out, SCREEN_SPAN_SIZE, "%" PRId64 " days", s / 86400);
    else if (s >= 2 * 3600)
        (void)snprintf(out, SCREEN_SPAN_SIZE, "%" PRId64 " h", s / 3600);
    else if (s >= 2 * 60)
        (void)snprintf(out, SCREEN_SPAN_SIZE, "%" PRId64 " min", s / 60);
    else
        (void)snprintf(out, SCREEN_SPAN_SIZE, "%" PRId64 " s", s);
    return out;
}

/* A time with how long ago it was, e.g. `2031-05-04T10:11:12.345Z, 40 s ago`. */
static void print_time(FILE *out, const struct status *s, const char *label, int64_t at)
{
    char iso[CLOCK_ISO_SIZE];
    char span[SCREEN_SPAN_SIZE];
    if (at == 0)
        print_line(out, LABEL "never", label);
    else
        print_line(out, LABEL "%s, %s ago", label, clock_iso(at, iso), screen_span(s->now - at, span));
}

/* ---- what is wrong ---- */

static void print_problem(FILE *out, const struct status *s, const struct problem *problem)
{
    char span[SCREEN_SPAN_SIZE];
    char tries[48] = "";
    bool is_info = problem_severity(problem->code) == PROBLEM_INFO;
    if (problem->tries > 0) (void)snprintf(tries, sizeof tries, ", tried %" PRId64 " times", problem->tries);
    print_line(out, LABEL "%s for %s%s: %s", is_info ? "note" : "problem", problem->code,
               screen_span(s->now - problem->since, span), tries, problem->message);
    if (*problem->remedy) print_line(out, LABEL "%s", "what to do", problem->remedy);
}

/* What the uploader reports is shown as its problems; an incident of the last day is none of them. */
static void print_incident(FILE *out, const struct status *s)
{
    for (size_t i = 0; i < s->uploader.problem_count; i++)
        if (problem_severity(s->uploader.problems[i].code) != PROBLEM_INFO) return;
    if (!*s->last_error) return;
    print_line(out, LABEL "%s", "problem", s->last_error);
    print_line(out, LABEL "%s", "what to do", *s->remedy ? s->remedy : "nothing: it is being tried again");
}

/* ---- the figures ---- */

static void print_program(FILE *out, const struct status *s, const char *name,
                          const struct status_program *program)
{
    char span[SCREEN_SPAN_SIZE];
    if (!program->is_running)
        print_line(out, LABEL "%s", name, program->why_not.text);
    else if (program->started_at > 0)
        print_line(out, LABEL "running for %s, version %s", name,
                   screen_span(s->now - program->started_at, span), program->version);
    else
        print_line(out, LABEL "running", name);
}

static void print_backlog(FILE *out, const struct status *s)
{
    char oldest[96] = "";
    char span[SCREEN_SPAN_SIZE];
    if (s->oldest_at > 0)
        (void)snprintf(oldest, sizeof oldest, ", the oldest waits for %s",
                       screen_span(s->now - s->oldest_at, span));
    print_line(out, LABEL "%" PRId64 " events, %" PRId64 " bytes%s", "backlog", s->backlog_events,
               s->backlog_bytes, oldest);
    int64_t due_at = status_next_due_at(s);
    if (due_at > s->now)
        print_line(out, LABEL "due in %s, or at %" PRId64 " bytes", "next object",
                   screen_span(due_at - s->now, span), s->max_file_bytes);
}

static void print_batches(FILE *out, const struct status *s)
{
    char given_up[80] = "";
    if (s->abandoned > 0)
        (void)snprintf(given_up, sizeof given_up, ", %" PRId64 " given up (see the view `batches`)",
                       s->abandoned);
    print_line(out, LABEL "%" PRId64 " to ship, %" PRId64 " blocked%s", "batches", s->sealed, s->blocked,
               given_up);
}

static void print_disk(FILE *out, const struct status *s)
{
    char hours[96] = "";
    int64_t room = status_room_bytes(s);
    if (status_room_hours(s) >= 0)
        (void)snprintf(hours, sizeof hours, ", enough for %" PRId64 " h at the rate of the last 24 h",
                       status_room_hours(s));
    if (room >= 0) print_line(out, LABEL "%" PRId64 " MiB for events%s", "room", room >> 20, hours);
}

static void print_request(FILE *out, const struct status_request *request)
{
    struct buf figures = BUF_EMPTY;
    if (*request->progress.unit) {
        buf_append_text(&figures, " (");
        progress_append_figures(&figures, &request->progress);
        buf_append_char(&figures, ')');
    }
    print_line(out, LABEL "%s of the %s since %s%s%s%.*s", "asked for", request->action, request->program,
               request->requested_at, *request->sentence ? ": " : "", request->sentence, (int)figures.len,
               figures.len > 0 ? figures.data : "");
    buf_fini(&figures);
}

static void print_requests(FILE *out, const struct status *s)
{
    for (size_t i = 0; i < s->request_count; i++) print_request(out, &s->requests[i]);
}

static void print_figures(FILE *out, const struct status *s)
{
    print_line(out, LABEL "%s (%s), node %s, %" PRId64 " KiB", "spool", s->spool_path, s->identity.spool,
               s->identity.node, s->spool_bytes / 1024);
    print_program(out, s, "collector", &s->collector);
    print_program(out, s, "uploader", &s->uploader);
    if (*s->destination) print_line(out, LABEL "%s", "destination", s->destination);
    print_backlog(out, s);
    print_time(out, s, "last event", s->last_event_at);
    print_time(out, s, "last shipped", s->last_shipped_at);
    print_batches(out, s);
    print_line(out, LABEL "%" PRId64 " in 24 h", "rejects", s->rejects_24h);
    print_disk(out, s);
    print_requests(out, s);
}

void status_print(FILE *out, const struct status *s)
{
    char line[STATUS_VERDICT_SIZE];
    print_line(out, LABEL "%s", "verdict", status_verdict_line(s, line));
    for (size_t i = 0; i < s->problem_count; i++) print_problem(out, s, &s->problems[i]);
    if (!s->has_spool) {
        print_line(out, LABEL "%s", "spool", s->why_no_spool.text);
        if (*s->why_no_spool.remedy) print_line(out, LABEL "%s", "what to do", s->why_no_spool.remedy);
        print_program(out, s, "collector", &s->collector);
        print_program(out, s, "uploader", &s->uploader);
        return;
    }
    print_incident(out, s);
    print_figures(out, s);
}
