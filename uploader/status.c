/* status -- `uploader status`: a person's view of the spool on one screen. */
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/problems.h"
#include "uploader/run.h"
#include "uploader/settings.h"
#include "uploader/spool_out.h"

static void print_problems(const char *spool_path, const char *program)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    const char *text = lockfile_read(spool_path, program, buffer);
    struct problem problem;
    while (problems_parse(&text, &problem))
        (void)printf("%-12s %s for %" PRId64 " s: %s\n%-12s %s\n", "problem", problem.code,
                     (clock_now_ms() - problem.since) / 1000, problem.message, "what to do", problem.remedy);
}

static void print_program(const char *spool_path, const char *program)
{
    struct why why = {0};
    bool lives = lockfile_check(spool_path, program, &why) == RES_OK;
    (void)printf("%-12s %s\n", program, lives ? "running" : why.text);
    print_problems(spool_path, program);
}

static const char *or_never(const char *text)
{
    return *text ? text : "never";
}

static void print_summary(const struct settings *settings, const struct spool_identity *identity,
                          const struct summary *summary)
{
    (void)printf("%-12s %s (%s), node %s, %" PRId64 " KiB\n", "spool", settings->spool_path, identity->spool,
                 identity->node, summary->spool_bytes / 1024);
    print_program(settings->spool_path, "collector");
    print_program(settings->spool_path, "uploader");
    (void)printf("%-12s %" PRId64 " events, %" PRId64 " bytes", "backlog", summary->events, summary->bytes);
    if (summary->events > 0) (void)printf(", oldest waits for %" PRId64 " s", summary->oldest_age_seconds);
    (void)printf("\n%-12s %s\n%-12s %s\n", "last event", or_never(summary->last_event_at), "last shipped",
                 or_never(summary->last_shipped_at));
    (void)printf("%-12s %" PRId64 " in 24 h\n", "rejects", summary->rejects_24h);
    if (summary->is_trial)
        (void)printf("%-12s objects are files in DESTINATION_DIR; set BUCKET_NAME to ship to S3\n",
                     "trial mode");
    if (!*summary->last_error) return;
    (void)printf("%-12s %s\n%-12s %s\n", "problem", summary->last_error, "what to do",
                 *summary->remedy ? summary->remedy : "nothing: it is being tried again");
}

int run_status(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct why why = {0};
    struct spool_out *spool = NULL;
    struct spool_identity identity;
    struct summary summary;

    enum result res = spool_out_open(&spool, settings->spool_path, &why);
    if (res == RES_OK) res = spool_out_identity(spool, &identity, &why);
    if (res == RES_OK) res = spool_out_summary(spool, &summary, &why);
    if (res == RES_OK) print_summary(settings, &identity, &summary);
    spool_out_close(spool);
    return command_exit(res, &why);
}
