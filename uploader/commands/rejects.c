/*
 * rejects -- `uploader rejects list`, `show` and `dismiss`. Payloads are personal data, so `list` shows nothing of them,
 * not even what a detail quotes; `show` shows all that is in the spool. They may hold any bytes, so everything is made
 * printable, unless --raw asks for the bytes themselves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/command.h"
#include "common/positive.h"
#include "common/print.h"
#include "common/printable.h"
#include "uploader/commands/control.h"
#include "uploader/commands/run.h"
#include "uploader/render/coarse.h"
#include "uploader/ship/handlers.h"
#include "uploader/spool/rejects.h"

#define LIST_COUNT 20

static int explain(const char *command, const char *arguments, const char *value)
{
    print_line(stderr, "eventspool rejects %s: '%s' is not understood", command, value);
    print_line(stderr, "usage: eventspool rejects %s %s", command, arguments);
    return EX_USAGE;
}

static void append_printable(struct buf *out, const char *text)
{
    printable_append(out, text, strlen(text));
}

/* Prints all at once, after the rows were read: a person who pages through them must not hold up the spool's WAL. */
static int print(struct buf *out, enum result res, const struct why *why)
{
    if (res == RES_OK && out->len > 0) (void)fwrite(out->data, 1, out->len, stdout);
    buf_fini(out);
    return command_exit(res, why);
}

/* ---- list ---- */

static void add_line(void *context, const struct reject_line *line)
{
    char coarse[COARSE_SIZE];
    struct buf *out = context;
    buf_append_format(out, "%" PRId64 "\t%s\t", line->id, line->received_at);
    append_printable(out, line->source);
    buf_append_format(out, "\t%s\t%" PRId64 "\t%s\t%s\n", line->reason, line->bytes, line->state,
                      coarse_detail(line->reason, line->detail, coarse));
}

int run_rejects_list(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct spool_out *spool = NULL;
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    bool is_all = false;
    int64_t count = LIST_COUNT;

    for (int i = 1; i < line->argc; i++) {
        const char *argument = line->argv[i];
        bool is_count = strncmp(argument, "-n", 2) == 0;
        if (strcmp(argument, "--all") == 0)
            is_all = true;
        else if (is_count)
            count = positive_parse(argument[2] ? argument + 2 : line->argv[++i]);
        if ((!is_count && strcmp(argument, "--all") != 0) || count == 0)
            return explain("list", "[--all] [-n N], where N is how many of the newest to show", argument);
    }
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, &why);
    if (res == RES_OK) res = spool_rejects_list(spool, is_all, count, add_line, &out, &why);
    spool_out_close(spool);
    return print(&out, res, &why);
}

/* ---- show ---- */

/* Lines of text stay lines; every other character that is not printable is written as an escape. */
static void append_lines(struct buf *out, const char *text, size_t len)
{
    for (size_t done = 0; done < len;) {
        const char *end = memchr(text + done, '\n', len - done);
        size_t line_len = end ? (size_t)(end - text) - done : len - done;
        printable_append(out, text + done, line_len);
        buf_append_char(out, '\n');
        done += line_len + 1;
    }
}

static void add_readable(void *context, const struct reject_line *line, const char *payload, size_t len,
                         bool is_truncated)
{
    struct buf *out = context;
    buf_append_format(out, "reject    %" PRId64 ", %s\nreceived  %s from ", line->id, line->state,
                      line->received_at);
    append_printable(out, line->source);
    buf_append_format(out, "\nreason    %s: ", line->reason);
    append_printable(out, line->detail);
    buf_append_format(out, "\nbytes     %" PRId64, line->bytes);
    if (is_truncated) buf_append_format(out, ", the first %zu are kept", len);
    buf_append_text(out, "\n\n");
    append_lines(out, payload, len);
}

static void add_raw(void *context, const struct reject_line *line, const char *payload, size_t len,
                    bool is_truncated)
{
    (void)line;
    (void)is_truncated;
    buf_append(context, payload, len);
}

int run_rejects_show(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct spool_out *spool = NULL;
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    bool is_raw = false;
    bool is_there = false;
    int64_t id = 0;

    for (int i = 1; i < line->argc; i++) {
        if (strcmp(line->argv[i], "--raw") == 0)
            is_raw = true;
        else if (id != 0 || (id = positive_parse(line->argv[i])) == 0)
            return explain("show", "ID [--raw]", line->argv[i]);
    }
    if (id == 0) return explain("show", "ID [--raw]", "");
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, &why);
    if (res == RES_OK)
        res = spool_rejects_load(spool, id, &is_there, is_raw ? add_raw : add_readable, &out, &why);
    spool_out_close(spool);
    if (res != RES_OK || is_there) return print(&out, res, &why);
    print_line(stderr,
               "uploader: there is no reject %" PRId64
               " in the spool: `eventspool rejects list --all` shows them",
               id);
    return EX_FAILED;
}

/* ---- dismiss ---- */

int run_rejects_dismiss(const struct command_line *line)
{
    struct buf ids = BUF_EMPTY;
    bool is_all = line->argc == 2 && strcmp(line->argv[1], "--all") == 0;
    if (line->argc == 1) return explain("dismiss", "ID... | --all", "");
    for (int i = 1; i < line->argc && !is_all; i++) {
        int64_t id = positive_parse(line->argv[i]);
        if (id == 0) {
            buf_fini(&ids);
            return explain("dismiss", "ID... | --all", line->argv[i]);
        }
        buf_append_format(&ids, "%s%" PRId64, i > 1 ? " " : "", id);
    }
    buf_append_char(&ids, '\0');
    int exit_code = control_uploader(line->settings, CONTROL_NEEDS_SPOOL, HANDLERS_DISMISS, ids.data);
    buf_fini(&ids);
    return exit_code;
}
