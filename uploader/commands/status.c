/* status -- `uploader status`: on one screen for a person, or as JSON for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/print.h"
#include "uploader/commands/run.h"
#include "uploader/commands/status_json.h"
#include "uploader/settings.h"

static void print_program(FILE *out, const char *name, const struct status_program *program)
{
    print_line(out, "%-12s %s", name, program->is_running ? "running" : program->why_not.text);
    if (!program->is_running)
        print_line(out, "%-12s start the %s; its log says why it has ended", "what to do", name);
    if (program->is_silent) {
        print_line(out, "%-12s its lock file is empty: its problems are not known", "problem");
        print_line(out, "%-12s free space on the disk of SPOOL_PATH", "what to do");
    }
    for (size_t i = 0; i < program->problem_count; i++) {
        const struct problem *problem = &program->problems[i];
        print_line(out, "%-12s %s for %" PRId64 " s: %s", "problem", problem->code,
                   (clock_now_ms() - problem->since) / 1000, problem->message);
        print_line(out, "%-12s %s", "what to do", problem->remedy);
    }
}

static const char *or_never(const char *text)
{
    return *text ? text : "never";
}

static void print_batches(const struct status *s)
{
    char given_up[80] = "";
    if (s->abandoned > 0)
        (void)snprintf(given_up, sizeof given_up, ", %" PRId64 " given up (see the view `batches`)",
                       s->abandoned);
    print_line(stdout, "%-12s %" PRId64 " to ship, %" PRId64 " blocked%s", "batches", s->sealed, s->blocked,
               given_up);
}

static void print_requests(const struct status *s)
{
    for (size_t i = 0; i < s->request_count; i++)
        print_line(stdout, "%-12s %s of the %s since %s%s%s", "asked for", s->requests[i].action,
                   s->requests[i].program, s->requests[i].requested_at, *s->requests[i].progress ? ": " : "",
                   s->requests[i].progress);
}

static void print_backlog(const struct summary *summary)
{
    char oldest[64] = "";
    if (summary->events > 0)
        (void)snprintf(oldest, sizeof oldest, ", oldest waits for %" PRId64 " s",
                       summary->oldest_age_seconds);
    print_line(stdout, "%-12s %" PRId64 " events, %" PRId64 " bytes%s", "backlog", summary->events,
               summary->bytes, oldest);
}

static void print_screen(const struct status *s)
{
    const struct summary *summary = &s->summary;
    print_line(stdout, "%-12s %s (%s), node %s, %" PRId64 " KiB", "spool", s->spool_path, s->identity.spool,
               s->identity.node, summary->spool_bytes / 1024);
    print_program(stdout, "collector", &s->collector);
    print_program(stdout, "uploader", &s->uploader);
    print_backlog(summary);
    print_line(stdout, "%-12s %s", "last event", or_never(summary->last_event_at));
    print_line(stdout, "%-12s %s", "last shipped", or_never(summary->last_shipped_at));
    print_batches(s);
    print_line(stdout, "%-12s %" PRId64 " in 24 h", "rejects", summary->rejects_24h);
    print_requests(s);
    if (summary->is_trial)
        print_line(stdout, "%-12s objects are files in DESTINATION_DIR; set BUCKET_NAME to ship to S3",
                   "trial mode");
    if (!*summary->last_error) return;
    print_line(stdout, "%-12s %s", "problem", summary->last_error);
    print_line(stdout, "%-12s %s", "what to do",
               *summary->remedy ? summary->remedy : "nothing: it is being tried again");
}

static void print_json(const struct status *s)
{
    struct buf out = BUF_EMPTY;
    status_json(s, &out);
    (void)fwrite(out.data, 1, out.len, stdout);
    buf_fini(&out);
}

/* The spool cannot be read now: the programs may know why. */
static void print_programs(FILE *out, const char *spool_path)
{
    struct status status;
    status_gather_programs(&status, spool_path);
    print_program(out, "collector", &status.collector);
    print_program(out, "uploader", &status.uploader);
    (void)fflush(out);
}

int run_status(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct why why = {0};
    struct spool_out *spool = NULL;
    struct status status;

    bool is_json = line->argc == 2 && strcmp(line->argv[1], "--json") == 0;
    if (line->argc > 1 && !is_json) {
        print_line(stderr, "uploader status: '%s' is not understood", line->argv[line->argc - 1]);
        print_line(stderr, "usage: uploader status [--json]");
        return EX_USAGE;
    }
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, &why);
    if (res == RES_OK) res = status_gather(&status, spool, settings->spool_path, &why);
    spool_out_close(spool);
    if (res == RES_OK && is_json) print_json(&status);
    if (res == RES_OK && !is_json) print_screen(&status);
    if (res == RES_RETRY) print_programs(is_json ? stderr : stdout, settings->spool_path);
    return command_exit(res, &why);
}
