/*
 * baseline -- what plain SQLite does with the same rows: reads a sender's stream from standard input, frames and
 * validates it beforehand, then inserts the rows in transactions of ROWS, synchronous=FULL, the spool's page size and
 * tables, a checkpoint whenever the write-ahead log passes 8 MiB. Prints rows per second and CPU seconds.
 * usage: baseline DIRECTORY < events
 */
#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/framer.h"
#include "collector/group.h"
#include "collector/spool_schema.h"
#include "collector/validator.h"
#include "common/clock.h"
#include "common/spool.h"
#include "common/sql.h"

#define ROWS 1000

static void check(int code, sqlite3 *db)
{
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    (void)fprintf(stderr, "baseline: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void execute(sqlite3 *db, const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL), db);
}

/* All events of the stream, as rows. */
static struct group *read_rows(void)
{
    static char block[1 << 18];
    struct framer *framer = framer_new("EVENT", 1 << 20);
    struct validator *validator = validator_new();
    struct group *group = group_new();
    struct frame frame;
    struct verdict verdict;
    ssize_t n;
    while ((n = read(STDIN_FILENO, block, sizeof block)) > 0) {
        framer_feed(framer, block, (size_t)n);
        while (framer_next(framer, &frame)) {
            assert(frame.is_event);
            validator_check(validator, frame.data, frame.len, frame.encoding, &verdict);
            assert(verdict.is_valid);
            struct event event = {.received_at = clock_now_ms(),
                                  .source = {"127.0.0.1", 9},
                                  .bytes = frame.len,
                                  .payload = group_copy(group, verdict.payload)};
            for (int i = 0; i < EVENT_FIELD_COUNT; i++) event.fields[i] = verdict.fields[i];
            group_add_event(group, &event);
        }
    }
    validator_free(validator);
    framer_free(framer);
    return group;
}

static void bind(sqlite3_stmt *insert, int column, struct slice slice)
{
    check(sqlite3_bind_text64(insert, column, slice.data, slice.len, SQLITE_STATIC, SQLITE_UTF8), NULL);
}

/* The parameters of sql/append_event.sql in their order. */
static void insert_row(sqlite3 *db, sqlite3_stmt *insert, const struct event *event, int64_t id,
                       int64_t total)
{
    static const enum event_field order[] = {EVENT_UID, EVENT_NAME, EVENT_TIME, EVENT_SENDER,
                                             EVENT_SOURCE_NAME};
    check(sqlite3_bind_int64(insert, 1, id), db);
    check(sqlite3_bind_int64(insert, 2, event->received_at), db);
    check(sqlite3_bind_int64(insert, 3, total), db);
    check(sqlite3_bind_int64(insert, 4, (int64_t)event->bytes), db);
    bind(insert, 5, event->source);
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) bind(insert, 6 + i, event->fields[order[i]]);
    bind(insert, 11, event->payload);
    check(sqlite3_step(insert), db);
    check(sqlite3_reset(insert), db);
}

static double cpu_seconds(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static int wal_pages; /* of the last commit */

static int note_wal(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)context, (void)db, (void)name;
    wal_pages = pages;
    return SQLITE_OK;
}

int main(int argc, char **argv)
{
    char path[4096];
    char shape[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    int64_t total = 0;

    if (argc != 2) return 64;
    (void)snprintf(path, sizeof path, "%s/baseline.db", argv[1]);
    struct group *rows = read_rows();
    check(sqlite3_open(path, &db), db);
    (void)snprintf(shape, sizeof shape, "PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL",
                   SPOOL_PAGE_SIZE);
    execute(db, shape);
    execute(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA "
                "secure_delete=OFF");
    execute(db, sql_schema_001_init);
    check(sqlite3_prepare_v2(db, sql_append_event, -1, &insert, NULL), db);
    (void)sqlite3_wal_hook(db, note_wal, NULL);

    double cpu = cpu_seconds();
    int64_t since = clock_monotonic_ms();
    for (size_t i = 0; i < rows->event_count; i++) {
        if (i % ROWS == 0) execute(db, "BEGIN IMMEDIATE");
        total += (int64_t)rows->events[i].bytes;
        insert_row(db, insert, &rows->events[i], (int64_t)i + 1, total);
        if ((i + 1) % ROWS != 0 && i + 1 < rows->event_count) continue;
        execute(db, "COMMIT");
        if ((int64_t)wal_pages * SPOOL_PAGE_SIZE > SPOOL_WAL_PASSIVE_BYTES)
            check(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), db);
    }
    double seconds = (double)(clock_monotonic_ms() - since) / 1000;
    (void)printf("rows=%zu seconds=%.3f rows_per_second=%.0f cpu_seconds=%.3f\n", rows->event_count, seconds,
                 (double)rows->event_count / seconds, cpu_seconds() - cpu);
    check(sqlite3_finalize(insert), db);
    check(sqlite3_close(db), db);
    group_free(rows);
    return 0;
}
