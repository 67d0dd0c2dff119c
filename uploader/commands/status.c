/* status -- `uploader status`: on one screen for a person, or as JSON for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/printable.h"
#include "uploader/commands/run.h"
#include "uploader/commands/status_json.h"
#include "uploader/settings.h"

static void print_program(FILE *out, const char *name, const struct status_program *program)
{
    (void)fprintf(out, "%-12s %s\n", name, program->is_running ? "running" : program->why_not.text);
    if (!program->is_running)
        (void)fprintf(out, "%-12s start the %s; its log says why it has ended\n", "what to do", name);
    if (program->is_silent)
        (void)fprintf(out, "%-12s its lock file is empty: its problems are not known\n%-12s %s\n", "problem",
                      "what to do", "free space on the disk of SPOOL_PATH");
    for (size_t i = 0; i < program->problem_count; i++) {
        const struct problem *problem = &program->problems[i];
        (void)fprintf(out, "%-12s %s for %" PRId64 " s: %s\n%-12s %s\n", "problem", problem->code,
                      (clock_now_ms() - problem->since) / 1000, problem->message, "what to do",
                      problem->remedy);
    }
}

static const char *or_never(const char *text)
{
    return *text ? text : "never";
}

static void print_batches(const struct status *s)
{
    (void)printf("%-12s %" PRId64 " to ship, %" PRId64 " blocked", "batches", s->sealed, s->blocked);
    if (s->abandoned > 0) (void)printf(", %" PRId64 " given up (see the view `batches`)", s->abandoned);
    (void)printf("\n");
}

/* The text may be a server's, so it is made printable. */
static void print_text(const char *name, const char *text)
{
    struct buf out = BUF_EMPTY;
    printable_append(&out, text, strlen(text));
    (void)printf("%-12s %.*s\n", name, (int)out.len, out.data ? out.data : "");
    buf_fini(&out);
}

static void print_requests(const struct status *s)
{
    for (size_t i = 0; i < s->request_count; i++)
        (void)printf("%-12s %s of the %s since %s%s%s\n", "asked for", s->requests[i].action,
                     s->requests[i].program, s->requests[i].requested_at,
                     *s->requests[i].progress ? ": " : "", s->requests[i].progress);
}

static void print_screen(const struct status *s)
{
    const struct summary *summary = &s->summary;
    (void)printf("%-12s %s (%s), node %s, %" PRId64 " KiB\n", "spool", s->spool_path, s->identity.spool,
                 s->identity.node, summary->spool_bytes / 1024);
    print_program(stdout, "collector", &s->collector);
    print_program(stdout, "uploader", &s->uploader);
    (void)printf("%-12s %" PRId64 " events, %" PRId64 " bytes", "backlog", summary->events, summary->bytes);
    if (summary->events > 0) (void)printf(", oldest waits for %" PRId64 " s", summary->oldest_age_seconds);
    (void)printf("\n%-12s %s\n%-12s %s\n", "last event", or_never(summary->last_event_at), "last shipped",
                 or_never(summary->last_shipped_at));
    print_batches(s);
    (void)printf("%-12s %" PRId64 " in 24 h\n", "rejects", summary->rejects_24h);
    print_requests(s);
    if (summary->is_trial)
        (void)printf("%-12s objects are files in DESTINATION_DIR; set BUCKET_NAME to ship to S3\n",
                     "trial mode");
    if (!*summary->last_error) return;
    print_text("problem", summary->last_error);
    print_text("what to do", *summary->remedy ? summary->remedy : "nothing: it is being tried again");
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
        (void)fprintf(stderr, "uploader status: '%s' is not understood\nusage: uploader status [--json]\n",
                      line->argv[line->argc - 1]);
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
