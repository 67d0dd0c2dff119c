/*
 * append -- what the collector's side of the spool alone costs: reads a sender's stream from standard input, frames and
 * validates it beforehand, then appends groups of ROWS events from memory as the writer does, with a checkpoint whenever
 * the write-ahead log passes 8 MiB. Prints events per second and CPU seconds, and bytes written for each of the payload.
 * usage: append DIRECTORY < events
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/spool/append.h"
#include "collector/spool/schema.h"
#include "collector/spool/wal.h"
#include "common/clock.h"
#include "common/db.h"
#include "tests/bench/rows.h"

#define ROWS 1000

static void check(enum result res, const struct why *why)
{
    if (res == RES_OK) return;
    (void)fprintf(stderr, "append: %s\n", why->text);
    exit(1);
}

static void note_wal(void *pages, int wal_pages)
{
    *(int *)pages = wal_pages;
}

static void append(struct spool_in *in, struct group *group)
{
    struct append_outcome outcome;
    struct why why = {0};
    check(spool_append(in, group, &outcome, &why), &why);
}

/* Callgrind counts from its entry to its exit. */
__attribute__((noinline)) static void append_all(struct spool_in *in, const struct group *rows)
{
    int wal_pages = 0; /* of the last commit */
    db_on_commit(spool_in_db(in), note_wal, &wal_pages);
    for (size_t i = 0; i < rows->item_count; i += ROWS) {
        size_t left = rows->item_count - i;
        struct group group = {.items = rows->items + i, .item_count = left < ROWS ? left : ROWS};
        append(in, &group);
        if ((int64_t)wal_pages * SPOOL_PAGE_SIZE <= SPOOL_WAL_PASSIVE_BYTES) continue;
        struct db_wal wal;
        struct why why = {0};
        check(db_checkpoint(spool_in_db(in), DB_PASSIVE, &wal, &why), &why);
    }
}

static int64_t payload_bytes(const struct group *rows)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < rows->item_count; i++) bytes += rows->items[i].len;
    return bytes;
}

/* What this process has had written to disks, as the kernel counts it. */
static int64_t written_bytes(void)
{
    char line[128];
    int64_t bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file)) (void)sscanf(line, "write_bytes: %" SCNd64, &bytes);
    (void)fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 64;
    char path[4096];
    struct spool_in *in = NULL;
    struct why why = {0};
    struct group *rows = rows_read();
    (void)snprintf(path, sizeof path, "%s/append.db", argv[1]);
    check(spool_in_open(&in, path, "bench", SPOOL_SYNC_FULL, &why), &why);
    check(wal_settle(spool_in_wal(in), &why), &why);

    int64_t written = written_bytes();
    double cpu = rows_cpu_seconds();
    int64_t since = clock_monotonic_ms();
    append_all(in, rows);
    double seconds = (double)(clock_monotonic_ms() - since) / 1000;
    cpu = rows_cpu_seconds() - cpu;
    written = written_bytes() - written;
    (void)printf("events=%zu seconds=%.3f events_per_second=%.0f cpu_seconds=%.3f written_ratio=%.3f\n",
                 rows->item_count, seconds, (double)rows->item_count / seconds, cpu,
                 (double)written / (double)payload_bytes(rows));
    spool_in_close(in);
    group_free(rows);
    return 0;
}
