/*
 * senders -- `collector senders list` and `forget`: who has sent events, and when last. Their names come from the senders,
 * so everything is made printable.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/commands/control.h"
#include "collector/commands/run.h"
#include "collector/settings.h"
#include "collector/spool/handlers.h"
#include "common/command.h"
#include "common/json_text.h"
#include "common/print.h"
#include "common/printable.h"
#include "common/spool.h"
#include "common/sql.h"

/* ---- list ---- */

#define AGE_SIZE 32

/* "3 s", "5 min", "7 h", "12 d" */
static const char *age(int64_t seconds, char out[AGE_SIZE])
{
    if (seconds < 120)
        (void)snprintf(out, AGE_SIZE, "%" PRId64 " s", seconds);
    else if (seconds < 7200)
        (void)snprintf(out, AGE_SIZE, "%" PRId64 " min", seconds / 60);
    else if (seconds < 172800)
        (void)snprintf(out, AGE_SIZE, "%" PRId64 " h", seconds / 3600);
    else
        (void)snprintf(out, AGE_SIZE, "%" PRId64 " d", seconds / 86400);
    return out;
}

static void append_text(struct buf *out, const char *text)
{
    if (text && *text)
        printable_append(out, text, strlen(text));
    else
        buf_append_char(out, '-');
}

static void append_row(struct stmt *row, struct buf *out)
{
    char silent[AGE_SIZE];
    buf_append_format(out, "%-24s  %9s  %12" PRId64 "  ", stmt_text(row, 2), age(stmt_int(row, 3), silent),
                      stmt_int(row, 4));
    size_t begin = out->len;
    append_text(out, stmt_text(row, 1));
    buf_append_format(out, "%*s  ", out->len - begin < 15 ? (int)(15 - (out->len - begin)) : 0, "");
    append_text(out, stmt_text(row, 0));
    buf_append_char(out, '\n');
}

static void append_json(struct stmt *row, struct buf *out)
{
    buf_append_text(out, "{\"sender\":");
    json_text_append_or_null(out, stmt_text(row, 0));
    buf_append_text(out, ",\"source\":");
    json_text_append_or_null(out, stmt_text(row, 1));
    buf_append_text(out, ",\"last_received_at\":");
    json_text_append_or_null(out, stmt_text(row, 2));
    buf_append_format(out, ",\"silent_seconds\":%" PRId64 ",\"events_today\":%" PRId64 "}\n",
                      stmt_int(row, 3), stmt_int(row, 4));
}

/* At most a thousand rows, which are read before anything is written: no snapshot is held for a person who pages. */
static enum result load(struct db *db, bool is_json, struct buf *out, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_list_senders, why);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) continue;
        if (is_json)
            append_json(stmt, out);
        else
            append_row(stmt, out);
    }
    stmt_free(stmt);
    return res;
}

int run_senders_list(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    bool is_json = line->argc == 2 && strcmp(line->argv[1], "--json") == 0;
    struct db *db = NULL;
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    if (line->argc > 1 && !is_json) {
        print_line(stderr, "eventspool senders list [--json]: '%s' is not understood",
                   line->argv[line->argc - 1]);
        return EX_USAGE;
    }
    enum result res = spool_open_for_command(&db, settings->spool_path, &why);
    if (res == RES_OK) res = load(db, is_json, &out, &why);
    db_close(db);
    if (res == RES_OK && !is_json)
        print_line(stdout, "%-24s  %9s  %12s  %-15s  %s", "last event", "silent", "events today", "address",
                   "sender");
    buf_append_char(&out, '\0');
    if (res == RES_OK && out.len > 1) print_lines(stdout, out.data);
    buf_fini(&out);
    return command_exit(res, &why);
}

/* ---- forget ---- */

int run_senders_forget(const struct command_line *line)
{
    if (line->argc == 2) return control_collector(line->settings, HANDLERS_FORGET, line->argv[1]);
    print_line(stderr, "eventspool senders forget NAME: one sender, as `eventspool senders list` shows it; "
                       "one without a name is called '-'");
    return EX_USAGE;
}
