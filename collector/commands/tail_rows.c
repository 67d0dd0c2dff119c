/* tail_rows -- see tail_rows.h. Both queries have five columns: the id, the time of receipt, and three to show. */
#include "collector/commands/tail_rows.h"

#include <string.h>

#include "common/clock.h"
#include "common/json_text.h"
#include "common/printable.h"
#include "common/sql.h"

#define SHOWN_FIRST   2
#define SHOWN_COUNT   3
#define SENDER        2 /* columns of events */
#define NAME          3
#define NEWEST_EVENT  0 /* columns of load_intake.sql */
#define NEWEST_REJECT 2

static const char *const event_fields[SHOWN_COUNT] = {"sender", "name", "source_name"};
static const char *const reject_fields[SHOWN_COUNT] = {"source", "reason", "bytes"};

enum result tail_rows_open(struct tail_rows *rows, struct db *db, const struct tail_options *options,
                           struct why *why)
{
    rows->options = options;
    return stmt_prepare(&rows->load, db, options->is_rejects ? sql_load_new_rejects : sql_load_new_events,
                        why);
}

void tail_rows_close(struct tail_rows *rows)
{
    stmt_free(rows->load);
    rows->load = NULL;
}

enum result tail_rows_newest(const struct tail_rows *rows, struct db *db, int64_t *id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_load_intake, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    *id = res == RES_OK && has_row ? stmt_int(stmt, rows->options->is_rejects ? NEWEST_REJECT : NEWEST_EVENT)
                                   : 0;
    stmt_free(stmt);
    return res;
}

/* ---- lines ---- */

static void append_column(struct buf *out, const char *text, char end)
{
    if (text && *text)
        printable_append(out, text, strlen(text));
    else
        buf_append_char(out, '-');
    buf_append_char(out, end);
}

static void append_text_line(struct stmt *row, const char *received_at, struct buf *out)
{
    append_column(out, received_at, '\t');
    for (int i = 0; i < SHOWN_COUNT; i++)
        append_column(out, stmt_text(row, SHOWN_FIRST + i), i + 1 < SHOWN_COUNT ? '\t' : '\n');
}

static void append_json_line(struct stmt *row, bool is_reject, const char *received_at, struct buf *out)
{
    const char *const *fields = is_reject ? reject_fields : event_fields;
    buf_append_format(out, "{\"received_at\":\"%s\"", received_at);
    for (int i = 0; i < SHOWN_COUNT; i++) {
        const char *text = stmt_text(row, SHOWN_FIRST + i);
        buf_append_format(out, ",\"%s\":", fields[i]);
        if (strcmp(fields[i], "bytes") == 0)
            buf_append_text(out, text);
        else
            json_text_append_or_null(out, text);
    }
    buf_append_text(out, "}\n");
}

static bool matches(const struct tail_rows *rows)
{
    const struct tail_options *o = rows->options;
    return !tail_options_have_filter(o) || (tail_options_match(o->sender, stmt_text(rows->load, SENDER)) &&
                                            tail_options_match(o->name, stmt_text(rows->load, NAME)));
}

static void append_line(const struct tail_rows *rows, struct buf *out)
{
    char buffer[CLOCK_ISO_SIZE];
    const char *received_at = clock_iso(stmt_int(rows->load, 1), buffer);
    if (rows->options->is_json)
        append_json_line(rows->load, rows->options->is_rejects, received_at, out);
    else
        append_text_line(rows->load, received_at, out);
}

/* ---- slices ---- */

static void bind(const struct tail_rows *rows, int64_t after, int64_t last)
{
    stmt_set_int(rows->load, ":after", after);
    stmt_set_int(rows->load, ":last", last);
    stmt_set_int(rows->load, ":count", TAIL_SLICE);
}

enum result tail_rows_read(struct tail_rows *rows, int64_t *after, int *count, struct buf *lines,
                           struct why *why)
{
    bool has_row = true;
    enum result res = RES_OK;
    bind(rows, *after, INT64_MAX);
    for (*count = 0; res == RES_OK && has_row; *count += has_row) {
        res = stmt_step(rows->load, &has_row, why);
        if (res != RES_OK || !has_row) continue;
        *after = stmt_int(rows->load, 0);
        if (matches(rows)) append_line(rows, lines);
    }
    return res;
}

enum result tail_rows_match(struct tail_rows *rows, int64_t last, int64_t ids[TAIL_SLICE], int *count,
                            struct why *why)
{
    bool has_row = true;
    enum result res = RES_OK;
    *count = 0;
    bind(rows, last - TAIL_SLICE, last);
    while (res == RES_OK && has_row) {
        res = stmt_step(rows->load, &has_row, why);
        if (res == RES_OK && has_row && matches(rows)) ids[(*count)++] = stmt_int(rows->load, 0);
    }
    return res;
}
