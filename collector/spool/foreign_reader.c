/*
 * foreign_reader -- see foreign_reader.h. Who holds the log for long is seen in each of several looks; short readers of
 * which one or the other is there at a look, the uploader among them, are not.
 */
#include "collector/spool/foreign_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

#define LOOK_MS    1000
#define LOOKS      2          /* before a long reader is named */
#define STEP_BYTES (16 << 20) /* the text follows the log's growth in such steps */
#define MIB        (1 << 20)
#define CLOCK_SIZE 9

struct foreign_reader {
    struct problems *problems;
    const char *spool_path;
    enum wal_readers kind; /* that is being reported, as the next five */
    int64_t since;         /* monotonic */
    int64_t since_at;      /* the same as wall time */
    int64_t looked_at;     /* monotonic */
    int looks;
    struct log_readers who;
};

struct foreign_reader *foreign_reader_new(struct problems *problems, const char *spool_path)
{
    struct foreign_reader *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->problems = problems;
    r->spool_path = spool_path;
    return r;
}

void foreign_reader_free(struct foreign_reader *r)
{
    free(r);
}

static void look(struct foreign_reader *r, int64_t now_ms)
{
    struct log_readers now;
    log_readers_look(&now, r->spool_path);
    if (r->looks > 0 && r->kind == WAL_READERS_LONG)
        log_readers_keep_common(&r->who, &now);
    else
        r->who = now;
    r->looks++;
    r->looked_at = now_ms;
}

static void begin(struct foreign_reader *r, const struct wal_readers_report *report, int64_t now_ms)
{
    r->kind = report->kind;
    r->since = report->since;
    r->since_at = clock_now_ms() - (now_ms - report->since);
    r->looks = 0;
}

/* hh:mm:ss of the day. */
static const char *time_of_day(int64_t at_ms, char out[CLOCK_SIZE])
{
    char iso[CLOCK_ISO_SIZE];
    (void)snprintf(out, CLOCK_SIZE, "%.8s", clock_iso(at_ms, iso) + 11);
    return out;
}

void foreign_reader_write(char message[PROBLEM_TEXT_SIZE], const struct wal_readers_report *report,
                          const struct log_readers *who, int64_t since_at)
{
    char clock[CLOCK_SIZE];
    struct buf names = BUF_EMPTY;
    int64_t mib = report->bytes / STEP_BYTES * STEP_BYTES / MIB;
    log_readers_describe(who, &names);
    (void)time_of_day(since_at, clock);
    if (report->kind == WAL_READERS_LONG)
        (void)snprintf(
            message, PROBLEM_TEXT_SIZE,
            "%s reading the spool since about %s UTC, so that the write-ahead log has grown to more than "
            "%" PRId64 " MiB: %.*s",
            who->count > 1 ? "transactions that share a position have been" : "one transaction has been",
            clock, mib, (int)names.len, names.data);
    else
        (void)snprintf(
            message, PROBLEM_TEXT_SIZE,
            "many short reads of the spool overlap, so that the write-ahead log has not begun again since "
            "%s UTC and has grown to more than %" PRId64 " MiB: %.*s",
            clock, mib, (int)names.len, names.data);
    buf_fini(&names);
}

static const char *remedy_for(enum wal_readers kind)
{
    return kind == WAL_READERS_LONG
               ? "end that query or transaction, or the program; events are kept meanwhile"
               : "let those programs read for less than half a second at a time, or pause between two reads";
}

void foreign_reader_update(struct foreign_reader *r, const struct wal_readers_report *report, int64_t now_ms)
{
    char message[PROBLEM_TEXT_SIZE];
    if (report->kind == WAL_READERS_NONE) {
        if (r->kind != WAL_READERS_NONE) problems_end(r->problems, PROBLEM_FOREIGN_READER);
        r->kind = WAL_READERS_NONE;
        return;
    }
    if (r->kind != report->kind || r->since != report->since) begin(r, report, now_ms);
    if (r->looks == 0 || now_ms - r->looked_at >= LOOK_MS) look(r, now_ms);
    if (r->kind == WAL_READERS_LONG && r->looks < LOOKS) return;
    foreign_reader_write(message, report, &r->who, r->since_at);
    problems_raise(r->problems, PROBLEM_FOREIGN_READER, message, remedy_for(r->kind));
}
