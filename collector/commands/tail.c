/*
 * tail -- `collector tail`: follows the spool, one line per event as it commits: the time of receipt, its sender, its
 * name and its source's name, separated by tabs; or rejects. No payload, no personal data. It reads in short transactions,
 * so that it never delays the collector. Ends with SIGINT, SIGTERM, or when the reader of its output ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/commands/run.h"
#include "collector/commands/tail_options.h"
#include "collector/commands/tail_rows.h"
#include "collector/settings.h"
#include "common/command.h"
#include "common/print.h"
#include "common/signals.h"
#include "common/spool.h"

#define POLL_MS   300    /* between two queries for new rows */
#define LOOK_BACK 100000 /* so many of the newest rows are searched for the past ones that a filter wants */

struct tail {
    const char *spool_path;
    struct tail_options options;
    struct signals signals;
    struct spool_file file; /* the file that was opened */
    struct db *db;
    struct tail_rows rows;
    int64_t last_shown_id;
    struct buf lines;
    bool is_over; /* a stop was requested, or nobody reads the output any more */
};

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
        buf_clear(&t->lines);
        if (res == RES_OK) res = tail_rows_read(&t->rows, &t->last_shown_id, &count, &t->lines, why);
        if (res == RES_OK) res = write_lines(t, why);
        if (res == RES_OK && count < TAIL_SLICE) pass_time(t);
        t->is_over |= signals_stop_requested(&t->signals);
    }
    return res;
}

/*
 * Goes back from the newest row until enough of them match, slice by slice, and not further than LOOK_BACK rows: how
 * long it takes must not depend on how rare they are.
 */
static enum result find_matches(struct tail *t, int64_t newest, struct why *why)
{
    int64_t wanted = t->options.count;
    int64_t oldest = newest > LOOK_BACK ? newest - LOOK_BACK : 0;
    int64_t ids[TAIL_SLICE];
    enum result res = RES_OK;
    t->last_shown_id = newest;
    while (res == RES_OK && wanted > 0 && t->last_shown_id > oldest && !t->is_over) {
        int count = 0;
        res = tail_rows_match(&t->rows, t->last_shown_id, ids, &count, why);
        if (res == RES_OK)
            t->last_shown_id = count < wanted ? t->last_shown_id - TAIL_SLICE : ids[count - wanted] - 1;
        wanted -= count;
        t->is_over = signals_stop_requested(&t->signals);
    }
    if (res == RES_OK && wanted > 0 && oldest > 0 && !t->is_over)
        print_line(stderr,
                   "eventspool tail: %" PRId64 " of the newest %d events match; older ones are not searched",
                   t->options.count - wanted, LOOK_BACK);
    return res;
}

/* Begins so many rows before the newest one. */
static enum result find_start(struct tail *t, struct why *why)
{
    int64_t newest = 0;
    enum result res = tail_rows_newest(&t->rows, t->db, &newest, why);
    if (res == RES_OK && tail_options_have_filter(&t->options)) return find_matches(t, newest, why);
    t->last_shown_id = newest - t->options.count;
    return res;
}

int run_tail(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct tail t = {.spool_path = settings->spool_path, .signals = {.fd = -1}};
    struct why why = {0};

    if (!tail_options_parse(line, &t.options)) return EX_USAGE;
    if (spool_stat_file(t.spool_path, &t.file, &why) != RES_OK)
        why_clear(&why); /* spool_open() explains it better */
    enum result res = signals_open(&t.signals, &why);
    if (res == RES_OK) res = spool_open_for_command(&t.db, t.spool_path, &why);
    if (res == RES_OK) res = tail_rows_open(&t.rows, t.db, &t.options, &why);
    if (res == RES_OK) res = find_start(&t, &why);
    if (res == RES_OK) res = follow(&t, &why);

    buf_fini(&t.lines);
    tail_rows_close(&t.rows);
    db_close(t.db);
    signals_close(&t.signals);
    return command_exit(res, &why);
}
