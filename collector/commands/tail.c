/*
 * tail -- `collector tail`: follows the spool, one line per event as it commits: the time of receipt, its sender, its
 * name and its source's name, separated by tabs. No payload, no personal data. It reads in short transactions, so that
 * it never delays the collector. Ends with SIGINT, SIGTERM, or when the reader of its output ends.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/commands/run.h"
#include "collector/settings.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/print.h"
#include "common/printable.h"
#include "common/signals.h"
#include "common/spool.h"
#include "common/sql.h"

#define FIRST_COUNT 10   /* events shown at the start, as tail(1) does */
#define POLL_MS     300  /* between two queries for new events */
#define SLICE       1000 /* events read by one query */

struct tail {
    const char *spool_path;
    struct signals signals;
    struct spool_file file; /* the file that was opened */
    struct db *db;
    struct stmt *load_new_events;
    int64_t last_shown_id;
    struct buf lines;
    bool is_over; /* a stop was requested, or nobody reads the output any more */
};

static void append_column(struct buf *out, const char *text, char end)
{
    if (text && *text)
        printable_append(out, text, strlen(text));
    else
        buf_append_char(out, '-');
    buf_append_char(out, end);
}

static void append_line(struct tail *t)
{
    char received_at[CLOCK_ISO_SIZE];
    t->last_shown_id = stmt_int(t->load_new_events, 0);
    append_column(&t->lines, clock_iso(stmt_int(t->load_new_events, 1), received_at), '\t');
    append_column(&t->lines, stmt_text(t->load_new_events, 2), '\t');
    append_column(&t->lines, stmt_text(t->load_new_events, 3), '\t');
    append_column(&t->lines, stmt_text(t->load_new_events, 4), '\n');
}

/* Reads up to SLICE new events into `lines`. No transaction stays open while they are written. */
static enum result load_slice(struct tail *t, int *count, struct why *why)
{
    bool has_row = true;
    enum result res = RES_OK;
    buf_clear(&t->lines);
    stmt_set_int(t->load_new_events, ":after", t->last_shown_id);
    stmt_set_int(t->load_new_events, ":count", SLICE);
    for (*count = 0; res == RES_OK && has_row; *count += has_row) {
        res = stmt_step(t->load_new_events, &has_row, why);
        if (res == RES_OK && has_row) append_line(t);
    }
    return res;
}

/* Never blocks in write(2): a reader that pauses must not prevent a stop. */
static enum result write_lines(struct tail *t, struct why *why)
{
    struct pollfd wait[] = {{.fd = t->signals.fd, .events = POLLIN},
                            {.fd = STDOUT_FILENO, .events = POLLOUT}};
    for (size_t done = 0; done < t->lines.len && !t->is_over;) {
        (void)poll(wait, 2, -1);
        t->is_over = signals_stop_requested(&t->signals);
        if (t->is_over || !wait[1].revents) continue;
        size_t len = t->lines.len - done < PIPE_BUF ? t->lines.len - done : PIPE_BUF;
        ssize_t n = write(STDOUT_FILENO, t->lines.data + done, len);
        if (n > 0) done += (size_t)n;
        t->is_over = n < 0 && errno == EPIPE;
        if (n < 0 && errno != EPIPE && errno != EINTR && errno != EAGAIN)
            return why_set(why, RES_BROKEN, "write: %s", strerror(errno));
    }
    return RES_OK;
}

static enum result check_file(const struct tail *t, struct why *why)
{
    struct spool_file now;
    struct why ignored = {0};
    if (spool_stat_file(t->spool_path, &now, &ignored) == RES_OK && now.inode == t->file.inode &&
        now.device == t->file.device)
        return RES_OK;
    (void)why_remedy(why, RES_RETRY, "run the command again when the spool is back at its path");
    return why_set(why, RES_RETRY, "the spool %s was deleted or replaced", t->spool_path);
}

/* Sleeps until the next query is due, a stop is requested, or the reader of a pipe ends. */
static void pass_time(struct tail *t)
{
    struct pollfd wait[] = {{.fd = t->signals.fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    if (poll(wait, 2, POLL_MS) > 0 && wait[1].revents & (POLLERR | POLLNVAL)) t->is_over = true;
    t->is_over |= signals_stop_requested(&t->signals);
}

static enum result follow(struct tail *t, struct why *why)
{
    enum result res = RES_OK;
    while (res == RES_OK && !t->is_over) {
        int count = 0;
        res = check_file(t, why);
        if (res == RES_OK) res = load_slice(t, &count, why);
        if (res == RES_OK) res = write_lines(t, why);
        if (res == RES_OK && count < SLICE) pass_time(t);
        t->is_over |= signals_stop_requested(&t->signals);
    }
    return res;
}

/* Begins `count` events before the newest event. */
static enum result find_start(struct tail *t, int64_t count, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, t->db, sql_load_intake, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) t->last_shown_id = stmt_int(stmt, 0) - count;
    stmt_free(stmt);
    return res;
}

/* The number of past events to show; -1 if the arguments are wrong. */
static int64_t parse_count(const struct command_line *line)
{
    const char *text = NULL;
    if (line->argc == 1) return FIRST_COUNT;
    if (line->argc == 2 && strncmp(line->argv[1], "-n", 2) == 0) text = line->argv[1] + 2;
    if (line->argc == 3 && strcmp(line->argv[1], "-n") == 0) text = line->argv[2];
    size_t len = text ? strlen(text) : 0;
    return len > 0 && len < 10 && strspn(text, "0123456789") == len ? strtoll(text, NULL, 10) : -1;
}

int run_tail(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct tail t = {.spool_path = settings->spool_path, .signals = {.fd = -1}};
    struct why why = {0};

    int64_t count = parse_count(line);
    if (count < 0) {
        print_line(stderr, "usage: collector tail [-n N], where N is how many past events to show first");
        return EX_USAGE;
    }
    if (spool_stat_file(t.spool_path, &t.file, &why) != RES_OK)
        why_clear(&why); /* spool_open() explains it better */
    enum result res = signals_open(&t.signals, &why);
    if (res == RES_OK) res = spool_open_for_command(&t.db, t.spool_path, &why);
    if (res == RES_OK) res = stmt_prepare(&t.load_new_events, t.db, sql_load_new_events, &why);
    if (res == RES_OK) res = find_start(&t, count, &why);
    if (res == RES_OK) res = follow(&t, &why);

    buf_fini(&t.lines);
    stmt_free(t.load_new_events);
    db_close(t.db);
    signals_close(&t.signals);
    return command_exit(res, &why);
}
