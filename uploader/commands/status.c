/* status -- `eventspool status`: on one screen for a person, again and again with --watch, or as JSON for programs. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/command.h"
#include "common/lock_wait.h"
#include "common/lockfile.h"
#include "common/log_place.h"
#include "common/print.h"
#include "common/signals.h"
#include "common/status/document.h"
#include "common/status/gather.h"
#include "common/status/judge.h"
#include "common/status/screen.h"
#include "uploader/commands/run.h"
#include "uploader/settings.h"

#define WATCH_MS     2000
#define CLEAR_SCREEN "\033[H\033[2J"
#define CANNOT_TELL  3
#define COLUMNS_MAX  100

struct options {
    bool is_json, is_watch;
};

static bool parse(const struct command_line *line, struct options *options)
{
    for (int i = 1; i < line->argc; i++) {
        bool is_json = strcmp(line->argv[i], "--json") == 0;
        bool is_watch = strcmp(line->argv[i], "--watch") == 0;
        options->is_json |= is_json;
        options->is_watch |= is_watch;
        if (is_json || is_watch) continue;
        print_line(stderr, "eventspool status: '%s' is not understood", line->argv[i]);
        print_line(stderr, "usage: eventspool status [--json] [--watch]");
        return false;
    }
    return true;
}

static void print_json(const struct status *status)
{
    struct buf out = BUF_EMPTY;
    status_document(status, NULL, &out);
    (void)fwrite(out.data, 1, out.len, stdout);
    buf_fini(&out);
}

/*
 * Somebody has deleted the log of a running collector: to open the spool would put an empty one in its place, and the
 * uploader, which sees that, would end.
 */
static enum result check_log(const char *spool_path, struct why *why)
{
    struct stat st;
    struct why ignored = {0};
    char path[PATH_MAX];
    bool is_there = spool_is_missing(spool_path) || stat(log_place_path(spool_path, "-wal", path), &st) == 0;
    if (is_there || lockfile_check(spool_path, "collector", &ignored) != RES_OK) return RES_OK;
    return why_set(why, RES_RETRY, "the write-ahead log of %s is not in its place", spool_path);
}

/* Where the spool cannot be read, the programs may know why. */
static void gather(struct status *status, const char *spool_path)
{
    struct why why = {0};
    struct spool_out *spool = NULL;
    bool is_gathered = false;
    enum result res = check_log(spool_path, &why);
    if (res == RES_OK) res = spool_out_open_for_command(&spool, spool_path, &why);
    if (res == RES_OK) {
        res = status_gather(status, spool_out_db(spool), spool_path, &why);
        is_gathered = true;
    }
    spool_out_close(spool);
    if (res == RES_OK) return;
    (void)lock_wait_explain(res, &why);
    if (is_gathered)
        status->why_no_spool = why;
    else
        status_gather_programs(status, spool_path, &why);
}

/* Long lines are hard to read. */
static size_t width(void)
{
    size_t columns = print_columns(stdout);
    return columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
}

static int show(const char *spool_path, const struct options *options)
{
    struct status status;
    gather(&status, spool_path);
    if (options->is_watch && !options->is_json) (void)fputs(CLEAR_SCREEN, stdout);
    if (options->is_json)
        print_json(&status);
    else
        status_print(stdout, &status, width());
    (void)fflush(stdout);
    return status_exit_code(&status);
}

int run_status(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct options options = {false, false};
    struct signals signals = {.fd = -1};
    struct why why = {0};
    int exit_code = CANNOT_TELL;

    if (!parse(line, &options)) return EX_USAGE;
    if (!options.is_watch) return show(settings->spool_path, &options);
    enum result res = signals_open(&signals, &why);
    if (res != RES_OK) return command_exit(res, &why);
    do exit_code = show(settings->spool_path, &options);
    while (!ferror(stdout) && !signals_wait(&signals, WATCH_MS));
    signals_close(&signals);
    return exit_code;
}
