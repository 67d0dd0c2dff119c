/*
 * rejects_export -- `uploader rejects export`: all rejects of the spool as NDJSON, as they are shipped. A file is
 * written aside (common/aside.h) and synced before it gets its name, so it is there whole or not at all, even if the
 * command is killed. What has the name already is refused (name_file.h).
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/aside.h"
#include "common/command.h"
#include "common/print.h"
#include "common/signals.h"
#include "uploader/commands/name_file.h"
#include "uploader/commands/reject_privacy.h"
#include "uploader/commands/run.h"
#include "uploader/settings.h"
#include "uploader/spool/rejects.h"

#define LABEL "export" /* of the file that is written aside */
#define CHUNK 16       /* rejects that are rendered at a time: each may be MAX_MESSAGE_SIZE long */

struct target {
    const char *path; /* NULL: stdout */
    bool may_replace; /* --force */
    struct aside aside;
    /* for a file only: on a pipe a signal ends the process as usual, even while it is blocked */
    struct signals signals;
};

static enum result failed(const char *what, const char *path, struct why *why)
{
    return why_set(why, RES_BROKEN, "%s %s: %s", what, path, strerror(errno));
}

static enum result target_open(struct target *t, const char *path, bool may_replace, struct why *why)
{
    char directory[PATH_MAX];
    *t = (struct target){.may_replace = may_replace, .aside = ASIDE_NONE, .signals = {.fd = -1}};
    if (strcmp(path, "-") == 0) return RES_OK;
    t->path = path;
    (void)snprintf(directory, sizeof directory, "%s",
                   path); /* one that is cut is too long for the next calls, too */
    enum result res = name_file_check(path, may_replace, why);
    if (res == RES_OK) res = signals_open(&t->signals, why);
    if (res != RES_OK) return res;
    (void)dirname(directory);
    aside_clean(directory, LABEL);
    /* Only its owner may read it, as it holds personal data. */
    return aside_open(&t->aside, directory, LABEL, may_replace, 0600) ? RES_OK : failed("create", path, why);
}

static enum result refuse_stop(struct target *t, struct why *why)
{
    if (!signals_stop_requested(&t->signals)) return RES_OK;
    return why_set(why, RES_RETRY, "stopped before all rejects were exported");
}

static enum result settle_file(struct target *t, struct why *why)
{
    if (fsync(t->aside.fd) != 0) return failed("sync", t->path, why);
    enum result res = refuse_stop(t, why);
    return res == RES_OK ? name_file(&t->aside, t->path, t->may_replace, why) : res;
}

/* Gives the file its name, or removes it if the work has failed. */
static enum result target_close(struct target *t, enum result res, struct why *why)
{
    if (res == RES_OK && t->path) res = settle_file(t, why);
    aside_close(&t->aside);
    signals_close(&t->signals);
    return res;
}

static enum result write_all(const struct target *t, const struct buf *body, struct why *why)
{
    int fd = t->path ? t->aside.fd : STDOUT_FILENO;
    for (size_t done = 0; done < body->len;) {
        ssize_t n = write(fd, body->data + done, body->len - done);
        if (n < 0 && errno != EINTR) return failed("write", t->path ? t->path : "to the output", why);
        if (n > 0) done += (size_t)n;
    }
    return RES_OK;
}

/* Renders the next few rejects; those that were purged are left out. */
static enum result render_chunk(struct spool_out *spool, struct batch *chunk, int64_t last_id,
                                struct buf *body, struct why *why)
{
    struct rendition ignored;
    int64_t from_id = chunk->first_id;
    enum result res = spool_rejects_run(spool, from_id, CHUNK, &chunk->first_id, &chunk->last_id, why);
    if (res != RES_OK) return res;
    buf_clear(body);
    bool is_end = chunk->last_id < chunk->first_id || chunk->first_id > last_id;
    if (is_end || chunk->last_id > last_id) chunk->last_id = last_id;
    return !is_end ? spool_out_render(spool, chunk, body, &ignored, NULL, why) : RES_OK;
}

static enum result export_all(struct spool_out *spool, bool omits_payload, struct target *target,
                              struct why *why)
{
    struct batch chunk = {.kind = BATCH_REJECTS, .format = BATCH_NDJSON, .first_id = 1};
    struct buf body = BUF_EMPTY;
    int64_t first_id = 0;
    int64_t last_id = 0; /* the newest at the start */
    chunk.omits_payload = omits_payload;
    enum result res = spool_rejects_range(spool, &first_id, &last_id, why);
    while (res == RES_OK && chunk.first_id <= last_id) {
        res = render_chunk(spool, &chunk, last_id, &body, why);
        if (res == RES_OK) res = write_all(target, &body, why);
        if (res == RES_OK) res = refuse_stop(target, why);
        chunk.first_id = chunk.last_id + 1;
    }
    buf_fini(&body);
    return res;
}

/* NULL if the usage is wrong. */
static const char *parse_arguments(const struct command_line *line, bool *may_replace)
{
    const char *path = NULL;
    for (int i = 1; i < line->argc; i++) {
        const char *argument = line->argv[i];
        bool is_force = strcmp(argument, "--force") == 0;
        bool is_path = *argument && (*argument != '-' || !argument[1]) && !path;
        if (!is_force && !is_path) return NULL;
        if (is_force) *may_replace = true;
        if (is_path) path = argument;
    }
    return path ? path : "-";
}

int run_rejects_export(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct spool_out *spool = NULL;
    struct target target = {.aside = ASIDE_NONE, .signals = {.fd = -1}};
    struct why why = {0};

    bool may_replace = false;
    bool omits_payload = true;
    const char *path = parse_arguments(line, &may_replace);
    if (!path) {
        print_line(stderr, "%s",
                   "eventspool rejects export: one file at most, and no other option than --force");
        print_line(stderr, "usage: eventspool rejects export [--force] [FILE], or - for the standard output");
        return EX_USAGE;
    }
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, &why);
    if (res == RES_OK) res = reject_privacy_ask(spool, settings, &omits_payload, &why);
    if (res == RES_OK) res = target_open(&target, path, may_replace, &why);
    if (res == RES_OK) res = export_all(spool, omits_payload, &target, &why);
    res = target_close(&target, res, &why);
    spool_out_close(spool);
    return command_exit(res, &why);
}
