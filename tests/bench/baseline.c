/*
 * baseline -- what plain SQLite does with the same rows: reads a sender's stream from standard input, frames and
 * validates it beforehand, then inserts the rows in transactions of ROWS, synchronous=FULL, the spool's page size and
 * tables, a checkpoint whenever the write-ahead log passes 8 MiB. Prints rows per second and CPU seconds.
 * usage: baseline DIRECTORY < events
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/spool/schema.h"
#include "common/clock.h"
#include "common/spool.h"
#include "common/sql.h"
#include "tests/bench/rows.h"

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

static void bind(sqlite3_stmt *insert, int column, struct slice slice)
{
    check(sqlite3_bind_text64(insert, column, slice.data, slice.len, SQLITE_STATIC, SQLITE_UTF8), NULL);
}

static const char insert_event[] = "INSERT INTO _event (id, received_at, total_bytes, bytes, source, sender, "
                                   "uid, name, time, source_name, payload) "
                                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static void insert_row(sqlite3 *db, sqlite3_stmt *insert, const struct event *event, int64_t id,
                       int64_t total)
{
    static const enum event_field order[] = {EVENT_SENDER, EVENT_UID, EVENT_NAME, EVENT_TIME,
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

static int note_wal(void *wal_pages, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    *(int *)wal_pages = pages;
    return SQLITE_OK;
}

static sqlite3 *open_spool(const char *directory)
{
    char path[4096];
    char shape[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/baseline.db", directory);
    check(sqlite3_open(path, &db), db);
    (void)snprintf(shape, sizeof shape, "PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL",
                   SPOOL_PAGE_SIZE);
    execute(db, shape);
    execute(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA "
                "secure_delete=OFF");
    execute(db, sql_schema_001_init);
    return db;
}

/* Callgrind counts from its entry to its exit. */
__attribute__((noinline)) static void insert_all(sqlite3 *db, const struct group *rows)
{
    sqlite3_stmt *insert = NULL;
    int64_t total = 0;
    int wal_pages = 0; /* of the last commit */
    (void)sqlite3_wal_hook(db, note_wal, &wal_pages);
    check(sqlite3_prepare_v2(db, insert_event, -1, &insert, NULL), db);
    for (size_t i = 0; i < rows->item_count; i++) {
        if (i % ROWS == 0) execute(db, "BEGIN IMMEDIATE");
        struct event event = item_event(&rows->items[i]);
        total += (int64_t)event.bytes;
        insert_row(db, insert, &event, (int64_t)i + 1, total);
        if ((i + 1) % ROWS != 0 && i + 1 < rows->item_count) continue;
        execute(db, "COMMIT");
        if ((int64_t)wal_pages * SPOOL_PAGE_SIZE > SPOOL_WAL_PASSIVE_BYTES)
            check(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), db);
    }
    check(sqlite3_finalize(insert), db);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 64;
    struct group *rows = rows_read();
    sqlite3 *db = open_spool(argv[1]);

    double cpu = rows_cpu_seconds();
    int64_t since = clock_monotonic_ms();
    insert_all(db, rows);
    double seconds = (double)(clock_monotonic_ms() - since) / 1000;
    (void)printf("rows=%zu seconds=%.3f rows_per_second=%.0f cpu_seconds=%.3f\n", rows->item_count, seconds,
                 (double)rows->item_count / seconds, rows_cpu_seconds() - cpu);
    check(sqlite3_close(db), db);
    group_free(rows);
    return 0;
}
