/*
 * batches -- `uploader batches list` and `show`: what was sealed, what keeps it from being shipped, and what a person can
 * do about it. Errors and keys may hold a server's or a person's text, so everything is made printable.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/command.h"
#include "common/positive.h"
#include "common/print.h"
#include "common/printable.h"
#include "uploader/commands/run.h"
#include "uploader/settings.h"
#include "uploader/spool/batches.h"
#include "uploader/spool/resolve.h"

#define LIST_COUNT 20

static int explain(const char *command, const char *arguments, const char *value)
{
    print_line(stderr, "eventspool batches %s: '%s' is not understood", command, value);
    print_line(stderr, "usage: eventspool batches %s %s", command, arguments);
    return EX_USAGE;
}

/* Prints all at once, after the rows were read: a person who pages through them must not hold up the spool's WAL. */
static int print(struct buf *out, enum result res, const struct why *why)
{
    buf_append_char(out, '\0');
    if (res == RES_OK && out->len > 1) print_lines(stdout, out->data);
    buf_fini(out);
    return command_exit(res, why);
}

/* ---- list ---- */

static void append_indented(struct buf *out, const char *title, const char *text)
{
    if (!text || !*text) return;
    buf_append_format(out, "      %s", title);
    printable_append_shown(out, text, strlen(text));
    buf_append_char(out, '\n');
}

/* One line; for a batch that has trouble, a second and a third. */
static void add_line(void *context, const struct batch_line *line)
{
    struct buf *out = context;
    buf_append_format(
        out, "%5" PRId64 " %s since %s, %s %" PRId64 "-%" PRId64 " (%" PRId64 "), tries: %" PRId64 "%s, ",
        line->id, line->state, line->since, line->kind, line->first_id, line->last_id, line->events,
        line->attempts, line->may_be_stored ? ", may be stored" : "");
    printable_append_shown(out, line->object_key, strlen(line->object_key));
    buf_append_char(out, '\n');
    append_indented(out, "error: ", line->last_error);
    append_indented(out, "to do: ", line->remedy);
}

int run_batches_list(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct spool_out *spool = NULL;
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    bool is_open = false;
    int64_t count = LIST_COUNT;

    for (int i = 1; i < line->argc; i++) {
        const char *argument = line->argv[i];
        bool is_count = strncmp(argument, "-n", 2) == 0;
        if (strcmp(argument, "--open") == 0)
            is_open = true;
        else if (is_count)
            count = positive_parse(argument[2] ? argument + 2 : line->argv[++i]);
        if ((!is_count && strcmp(argument, "--open") != 0) || count == 0)
            return explain("list", "[--open] [-n N], where N is how many of the newest to show", argument);
    }
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, &why);
    if (res == RES_OK) res = spool_batches_list(spool, is_open, count, add_line, &out, &why);
    spool_out_close(spool);
    return print(&out, res, &why);
}

/* ---- show ---- */

static void add_column(void *context, const char *name, const char *value)
{
    struct buf *out = context;
    buf_append_format(out, "%-14s", name);
    if (value && *value) {
        buf_append_char(out, ' ');
        printable_append_shown(out, value, strlen(value));
    }
    buf_append_char(out, '\n');
}

/* Which words `resolve` would take now, and what each means. A try that goes on is the running uploader's to know. */
static enum result add_words(struct buf *out, struct spool_out *spool, const struct settings *settings,
                             int64_t id, struct why *why)
{
    struct resolve_order order = {.batch_id = id, .ships_rejects = settings->rejects_prefix != NULL};
    enum result res = RES_OK;
    buf_append_format(out, "\neventspool resolve --batch %" PRId64 " --as ...\n", id);
    for (int word = 0; word < RESOLVE_WORD_COUNT && res == RES_OK; word++) {
        struct batch batch;
        struct resolve_decision decision = {RESOLVE_NO, ""};
        order.word = (enum resolve_word)word;
        res = spool_resolve_look(spool, &order, &batch, &decision, why);
        if (res == RES_OK)
            buf_append_format(out, "  %-10s %s: %s\n", resolve_word_name(order.word),
                              decision.verdict == RESOLVE_YES ? "possible" : "not possible", decision.text);
    }
    return res;
}

int run_batches_show(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct spool_out *spool = NULL;
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    bool is_there = false;
    int64_t id = line->argc == 2 ? positive_parse(line->argv[1]) : 0;

    if (id == 0) return explain("show", "ID", line->argc > 1 ? line->argv[1] : "");
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, &why);
    if (res == RES_OK) res = spool_batches_load(spool, id, &is_there, add_column, &out, &why);
    if (res == RES_OK && is_there) res = add_words(&out, spool, settings, id, &why);
    spool_out_close(spool);
    if (res != RES_OK || is_there) return print(&out, res, &why);
    buf_fini(&out);
    print_line(stderr,
               "uploader: there is no batch %" PRId64
               " in the spool: `eventspool batches list` shows the newest",
               id);
    return EX_FAILED;
}
