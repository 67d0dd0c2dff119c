/*
 * page_size -- choose the spool's page size by measuring, because it can never be changed later.
 *
 *     page_size DIR [ROUNDS [ROWS]]          defaults: 5 rounds, 200000 rows
 *
 * Each round gives every page size a fresh spool in DIR and takes it through a spool's life: filled in
 * groups, read in slices, fed one event at a time, purged, vacuumed. The rounds interleave the page sizes and
 * medians are printed, so a noisy neighbour hurts all sizes alike. DIR must lie on a real disk: on tmpfs a
 * sync costs nothing and write_bytes stays 0. Any failure ends the program with a message; DIR may then keep
 * a stale file.
 */
#include <assert.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    GROUP_ROWS = 1000,
    PURGE_ROWS = 500,
    PURGE_MANY_ROWS = 5000,
    VACUUM_SLICE_BYTES = 1 << 20,
    SINGLES = 300,
    LOAD_ROWS = 10000,
    CHECKPOINT_BYTES = 8 << 20,
    PURGE_BYTES = 22000000,
    PURGES = 3, /* ways to purge that are compared in one spool */
    FRAME_HEADER_BYTES = 24,
    PAYLOAD_MAX_BYTES = 4100,
    ROUNDS_MAX = 99,
    ROWS_MIN = 20000, /* enough to load LOAD_ROWS from the middle and to purge in slices */
    SLICES_MAX = 10000,
    ROWS_MAX = SLICES_MAX * GROUP_ROWS,
};

static const int page_sizes[] = {4096, 8192, 16384, 32768, 65536};

/* Equal rows fit a page well or badly by luck; the mixed sizes take the luck out. */
static const struct payload {
    const char *name;
    int min_bytes, max_bytes;
} payloads[] = {
    {"2,200-byte payloads", 2200, 2200},
    {"600-byte payloads", 600, 600},
    {"payloads of 300 to 4,100 bytes, 2,200 on average", 300, 4100},
};

enum { PAGE_SIZES = sizeof page_sizes / sizeof *page_sizes, PAYLOADS = sizeof payloads / sizeof *payloads };

enum metric {
    INSERT_RATE,
    INSERT_LOCKED,
    INSERT_CPU,
    INSERT_WRITTEN,
    FILE_PER_ROW,
    LOAD_MS,
    SINGLE_MEDIAN,
    SINGLE_P99,
    SINGLE_WAL,
    SINGLE_WRITTEN,
    PURGE_WAL,
    PURGE_WRITTEN,
    PURGE_MEDIAN,
    PURGE_MAX,
    PURGE_EACH_WAL,
    PURGE_EACH_MEDIAN,
    PURGE_MANY_WAL,
    PURGE_MANY_MEDIAN,
    VACUUM_WAL,
    VACUUM_MEDIAN,
    VACUUM_MAX,
    CLEAR_WAL,
    METRICS,
};

static const struct {
    const char *label;
    int decimals;
} metrics[METRICS] = {
    [INSERT_RATE] = {"insert, groups of 1,000: rows/s", 0},
    [INSERT_LOCKED] = {"  ms per group, median, without checkpoints", 2},
    [INSERT_CPU] = {"  CPU s per million rows", 2},
    [INSERT_WRITTEN] = {"  disk bytes per payload byte", 2},
    [FILE_PER_ROW] = {"file bytes per row", 0},
    [LOAD_MS] = {"load 10,000 rows by id: ms", 1},
    [SINGLE_MEDIAN] = {"single event: median ms", 2},
    [SINGLE_P99] = {"  p99 ms", 2},
    [SINGLE_WAL] = {"  WAL KB per event", 1},
    [SINGLE_WRITTEN] = {"  disk KB per event, checkpoint included", 1},
    [PURGE_WAL] = {"purge 22 MB, 500 rows a slice: WAL MB", 1},
    [PURGE_WRITTEN] = {"  disk MB, checkpoint included", 1},
    [PURGE_MEDIAN] = {"  ms per slice, median", 1},
    [PURGE_MAX] = {"  ms per slice, max", 1},
    [PURGE_EACH_WAL] = {"  same, one DELETE per row: WAL MB", 1},
    [PURGE_EACH_MEDIAN] = {"    ms per slice, median", 1},
    [PURGE_MANY_WAL] = {"  same, 5,000 rows a slice: WAL MB", 1},
    [PURGE_MANY_MEDIAN] = {"    ms per slice, median", 1},
    [VACUUM_WAL] = {"vacuum of those 22 MB, 1 MB a slice: WAL MB", 1},
    [VACUUM_MEDIAN] = {"  ms per slice, median", 1},
    [VACUUM_MAX] = {"  ms per slice, max", 1},
    [CLEAR_WAL] = {"clear the whole table: WAL MB per 22 MB", 2},
};

struct results {
    double samples[PAYLOADS][PAGE_SIZES][METRICS][ROUNDS_MAX];
};

/* One spool under test, from creation to removal. */
struct spool {
    sqlite3 *db;
    sqlite3_stmt *insert, *count_in, *delete_below, *delete_one;
    const struct payload *payload;
    int page_size;
    int64_t first_id, last_id; /* the rows that are there: first_id < id <= last_id */
    int64_t total_bytes;
    int wal_frames;  /* in the WAL after the last commit */
    unsigned random; /* the same rows for every page size */
    char text[PAYLOAD_MAX_BYTES];
};

struct timings {
    size_t count;
    double ms[SLICES_MAX];
};

static const char schema[] =
    "CREATE TABLE _event (id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, total_bytes INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, source TEXT NOT NULL, sender TEXT, uid TEXT, name TEXT, time TEXT,"
    " source_name TEXT, payload TEXT NOT NULL) STRICT;"
    "CREATE TABLE _intake (one INTEGER PRIMARY KEY, last_id INTEGER, total_bytes INTEGER) STRICT;"
    "INSERT INTO _intake VALUES (1, 0, 0);";

/* ---- failures, clocks and counters ---- */

static void must(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    fprintf(stderr, "page_size: %s\n", db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    exit(EXIT_FAILURE);
}

static void *must_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory) abort();
    return memory;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* What this process has sent towards the disk: the WAL, its headers and the checkpoints alike. */
static double disk_bytes(void)
{
    char line[80];
    double bytes = -1;
    FILE *io = fopen("/proc/self/io", "r");

    while (io && fgets(line, sizeof line, io)) {
        if (strncmp(line, "write_bytes: ", 13) == 0) bytes = strtod(line + 13, NULL);
    }
    if (io) fclose(io);
    assert(bytes >= 0);
    return bytes;
}

/* In WAL mode every page that leaves SQLite's cache becomes one frame of the WAL. */
static double wal_bytes(const struct spool *sp)
{
    int pages = 0, unused = 0;
    must(sp->db, sqlite3_db_status(sp->db, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &unused, 0));
    return (double)pages * (sp->page_size + FRAME_HEADER_BYTES);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value below which `share` of the values lie. Sorts them. */
static double percentile(double *values, size_t count, double share)
{
    if (count == 0) return 0;
    qsort(values, count, sizeof *values, by_value);
    return values[(size_t)((double)(count - 1) * share + 0.5)];
}

static void timings_add(struct timings *t, double ms)
{
    assert(t->count < SLICES_MAX);
    t->ms[t->count++] = ms;
}

/* ---- the spool ---- */

static void run_sql(struct spool *sp, const char *sql)
{
    must(sp->db, sqlite3_exec(sp->db, sql, NULL, NULL, NULL));
}

static int64_t query_number(struct spool *sp, const char *sql)
{
    sqlite3_stmt *query = NULL;
    must(sp->db, sqlite3_prepare_v2(sp->db, sql, -1, &query, NULL));
    must(sp->db, sqlite3_step(query));
    int64_t answer = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return answer;
}

static void step_once(struct spool *sp, sqlite3_stmt *statement)
{
    must(sp->db, sqlite3_step(statement));
    must(sp->db, sqlite3_reset(statement));
}

static int note_wal(void *spool, sqlite3 *db, const char *name, int frames)
{
    (void)db, (void)name;
    ((struct spool *)spool)->wal_frames = frames;
    return SQLITE_OK;
}

static void checkpoint(struct spool *sp, int mode)
{
    must(sp->db, sqlite3_wal_checkpoint_v2(sp->db, NULL, mode, NULL, NULL));
    sp->wal_frames = 0;
}

static void checkpoint_if_due(struct spool *sp)
{
    if ((int64_t)sp->wal_frames * (sp->page_size + FRAME_HEADER_BYTES) > CHECKPOINT_BYTES) {
        checkpoint(sp, SQLITE_CHECKPOINT_PASSIVE);
    }
}

static void remove_spool(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *file = sqlite3_mprintf("%s%s", path, suffixes[i]);
        if (file) unlink(file);
        sqlite3_free(file);
    }
}

static struct spool *spool_open(const char *path, int page_size, const struct payload *payload)
{
    struct spool *sp = must_alloc(sizeof *sp);
    char *pragmas = sqlite3_mprintf("PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL;"
                                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                    "PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=OFF;"
                                    "PRAGMA cache_size=-16384",
                                    page_size);
    if (!pragmas) abort();
    sp->payload = payload;
    sp->page_size = page_size;
    for (size_t i = 0; i < sizeof sp->text; i++) sp->text[i] = (char)('a' + i % 26);

    remove_spool(path);
    must(NULL, sqlite3_open(path, &sp->db));
    run_sql(sp, pragmas);
    run_sql(sp, schema);
    sqlite3_free(pragmas);
    sqlite3_wal_hook(sp->db, note_wal, sp); /* after the pragmas: wal_autocheckpoint takes the hook away */

    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } prepared[] = {
        {&sp->insert, "INSERT INTO _event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
        {&sp->count_in, "UPDATE _intake SET last_id = ?, total_bytes = ? WHERE one = 1"},
        {&sp->delete_below, "DELETE FROM _event WHERE id <= ?"},
        {&sp->delete_one, "DELETE FROM _event WHERE id = ?"},
    };
    for (size_t i = 0; i < sizeof prepared / sizeof *prepared; i++) {
        must(sp->db, sqlite3_prepare_v2(sp->db, prepared[i].sql, -1, prepared[i].statement, NULL));
    }
    return sp;
}

static void spool_close(struct spool *sp, const char *path)
{
    sqlite3_finalize(sp->insert);
    sqlite3_finalize(sp->count_in);
    sqlite3_finalize(sp->delete_below);
    sqlite3_finalize(sp->delete_one);
    must(sp->db, sqlite3_close(sp->db));
    remove_spool(path);
    free(sp);
}

static void append_row(struct spool *sp)
{
    static const char *const columns[] = {
        "192.0.2.17",
        "acm-north",
        "5b0c7a1e-93d4-4c52-8f6e-2a7d90c1e4b8",
        "Card read",
        "2031-05-04T10:11:12.345Z",
        "Main entrance",
    };
    int spread = sp->payload->max_bytes - sp->payload->min_bytes + 1;

    sp->random = sp->random * 1664525u + 1013904223u;
    int bytes = sp->payload->min_bytes + (int)((sp->random >> 8) % (unsigned)spread);
    sp->last_id++;
    sp->total_bytes += bytes;
    sqlite3_bind_int64(sp->insert, 1, sp->last_id);
    sqlite3_bind_int64(sp->insert, 2, INT64_C(1935742272345) + sp->last_id);
    sqlite3_bind_int64(sp->insert, 3, sp->total_bytes);
    sqlite3_bind_int(sp->insert, 4, bytes);
    for (int i = 0; i < 6; i++) sqlite3_bind_text(sp->insert, 5 + i, columns[i], -1, SQLITE_STATIC);
    sqlite3_bind_text(sp->insert, 11, sp->text, bytes, SQLITE_STATIC);
    step_once(sp, sp->insert);
}

static void append_group(struct spool *sp, int64_t rows)
{
    run_sql(sp, "BEGIN IMMEDIATE");
    for (int64_t i = 0; i < rows; i++) append_row(sp);
    sqlite3_bind_int64(sp->count_in, 1, sp->last_id);
    sqlite3_bind_int64(sp->count_in, 2, sp->total_bytes);
    step_once(sp, sp->count_in);
    run_sql(sp, "COMMIT");
}

static void purge_slice(struct spool *sp, int64_t rows, bool row_by_row)
{
    int64_t upto = sp->first_id + rows;

    run_sql(sp, "BEGIN IMMEDIATE");
    if (!row_by_row) {
        sqlite3_bind_int64(sp->delete_below, 1, upto);
        step_once(sp, sp->delete_below);
    }
    for (int64_t id = sp->first_id + 1; row_by_row && id <= upto; id++) {
        sqlite3_bind_int64(sp->delete_one, 1, id);
        step_once(sp, sp->delete_one);
    }
    run_sql(sp, "COMMIT");
    sp->first_id = upto;
}

/* ---- the measurements: each leaves its samples in `out`, one double per metric ---- */

static void measure_insert(struct spool *sp, struct timings *t, int64_t rows, double *out)
{
    double began = now_ms(), cpu = cpu_ms(), disk = disk_bytes();

    t->count = 0;
    while (sp->last_id < rows) {
        double group_began = now_ms();
        append_group(sp, GROUP_ROWS);
        timings_add(t, now_ms() - group_began);
        checkpoint_if_due(sp);
    }
    checkpoint(sp, SQLITE_CHECKPOINT_PASSIVE); /* so that every size has paid for all its rows */

    out[INSERT_RATE] = (double)sp->last_id / (now_ms() - began) * 1e3;
    out[INSERT_LOCKED] = percentile(t->ms, t->count, 0.5);
    out[INSERT_CPU] = (cpu_ms() - cpu) / (double)sp->last_id * 1e3;
    out[INSERT_WRITTEN] = (disk_bytes() - disk) / (double)sp->total_bytes;
    out[FILE_PER_ROW] = (double)(query_number(sp, "PRAGMA page_count") * sp->page_size) / (double)sp->last_id;
}

static void measure_load(struct spool *sp, double *out)
{
    sqlite3_stmt *load = NULL;
    int64_t bytes = 0, first = sp->last_id / 4; /* long gone from SQLite's cache, still in the kernel's */
    double began = now_ms();

    must(sp->db, sqlite3_prepare_v2(sp->db, "SELECT * FROM _event WHERE id > ? LIMIT ?", -1, &load, NULL));
    sqlite3_bind_int64(load, 1, first);
    sqlite3_bind_int64(load, 2, LOAD_ROWS);
    while (sqlite3_step(load) == SQLITE_ROW) {
        const unsigned char *payload = sqlite3_column_text(load, 10);
        bytes += sqlite3_column_int64(load, 3) + (payload[0] != 'a');
    }
    must(sp->db, sqlite3_finalize(load));
    assert(bytes > 0);
    out[LOAD_MS] = now_ms() - began;
}

/* The time is the commit's alone: checkpoints are another thread's work. Their bytes count. */
static void measure_singles(struct spool *sp, struct timings *t, double *out)
{
    double wal = wal_bytes(sp), disk = disk_bytes();

    t->count = 0;
    for (int i = 0; i < SINGLES; i++) {
        double began = now_ms();
        append_group(sp, 1);
        timings_add(t, now_ms() - began);
        checkpoint_if_due(sp);
    }
    checkpoint(sp, SQLITE_CHECKPOINT_PASSIVE);

    out[SINGLE_WAL] = (wal_bytes(sp) - wal) / SINGLES / 1e3;
    out[SINGLE_WRITTEN] = (disk_bytes() - disk) / SINGLES / 1e3;
    out[SINGLE_MEDIAN] = percentile(t->ms, t->count, 0.5);
    out[SINGLE_P99] = percentile(t->ms, t->count, 0.99);
}

/* Purge `rows` in slices; the answer is the WAL's bytes. As above, checkpoints stay out of the times. */
static double purge(struct spool *sp, struct timings *t, int64_t rows, int64_t slice_rows, bool row_by_row)
{
    double wal = wal_bytes(sp);

    t->count = 0;
    for (int64_t left = rows; left > 0; left -= slice_rows) {
        double began = now_ms();
        purge_slice(sp, left < slice_rows ? left : slice_rows, row_by_row);
        timings_add(t, now_ms() - began);
        checkpoint_if_due(sp);
    }
    checkpoint(sp, SQLITE_CHECKPOINT_PASSIVE);
    return wal_bytes(sp) - wal;
}

static double vacuum(struct spool *sp, struct timings *t)
{
    char *slice = sqlite3_mprintf("PRAGMA incremental_vacuum(%d)", VACUUM_SLICE_BYTES / sp->page_size);
    double wal = wal_bytes(sp);

    if (!slice) abort();
    t->count = 0;
    while (query_number(sp, "PRAGMA freelist_count") > 0) {
        double began = now_ms();
        run_sql(sp, slice);
        timings_add(t, now_ms() - began);
        checkpoint_if_due(sp);
    }
    sqlite3_free(slice);
    return wal_bytes(sp) - wal;
}

/* A DELETE without WHERE frees whole pages unread: what one table per range of ids would cost. */
static double clear(struct spool *sp)
{
    double wal = wal_bytes(sp);
    run_sql(sp, "DELETE FROM _event");
    return wal_bytes(sp) - wal;
}

/* All bytes are scaled to PURGE_BYTES of payload, however few rows there were. */
static void measure_purge(struct spool *sp, struct timings *t, double *out)
{
    double row_bytes = (double)sp->total_bytes / (double)sp->last_id;
    int64_t rows = (int64_t)(PURGE_BYTES / row_bytes), most = sp->last_id / (PURGES + 1);
    if (rows > most) rows = most;
    double scale = PURGE_BYTES / (row_bytes * (double)rows) / 1e6, disk = disk_bytes();

    out[PURGE_WAL] = purge(sp, t, rows, PURGE_ROWS, false) * scale;
    out[PURGE_WRITTEN] = (disk_bytes() - disk) * scale;
    out[PURGE_MEDIAN] = percentile(t->ms, t->count, 0.5);
    out[PURGE_MAX] = percentile(t->ms, t->count, 1);

    out[VACUUM_WAL] = vacuum(sp, t) * scale;
    out[VACUUM_MEDIAN] = percentile(t->ms, t->count, 0.5);
    out[VACUUM_MAX] = percentile(t->ms, t->count, 1);

    out[PURGE_EACH_WAL] = purge(sp, t, rows, PURGE_ROWS, true) * scale;
    out[PURGE_EACH_MEDIAN] = percentile(t->ms, t->count, 0.5);
    out[PURGE_MANY_WAL] = purge(sp, t, rows, PURGE_MANY_ROWS, false) * scale;
    out[PURGE_MANY_MEDIAN] = percentile(t->ms, t->count, 0.5);

    double left_rows = (double)(sp->last_id - sp->first_id);
    out[CLEAR_WAL] = clear(sp) * scale * (double)rows / left_rows;
}

static void measure_life(const char *path, int page_size, const struct payload *payload, int64_t rows,
                         double *out)
{
    struct timings *t = must_alloc(sizeof *t);
    struct spool *sp = spool_open(path, page_size, payload);

    measure_insert(sp, t, rows, out);
    measure_load(sp, out);
    measure_singles(sp, t, out);
    measure_purge(sp, t, out);

    spool_close(sp, path);
    free(t);
}

/* ---- the report ---- */

static void print_table(struct results *results, size_t payload, size_t rounds)
{
    printf("\n%-46s", payloads[payload].name);
    for (size_t size = 0; size < PAGE_SIZES; size++) printf("%10d", page_sizes[size]);
    printf("\n");
    for (size_t metric = 0; metric < METRICS; metric++) {
        printf("%-46s", metrics[metric].label);
        for (size_t size = 0; size < PAGE_SIZES; size++) {
            double *samples = results->samples[payload][size][metric];
            printf("%10.*f", metrics[metric].decimals, percentile(samples, rounds, 0.5));
        }
        printf("\n");
    }
}

static void measure_round(struct results *results, size_t round, const char *path, int64_t rows)
{
    for (size_t payload = 0; payload < PAYLOADS; payload++) {
        for (size_t size = 0; size < PAGE_SIZES; size++) {
            double out[METRICS] = {0};
            measure_life(path, page_sizes[size], &payloads[payload], rows, out);
            for (size_t metric = 0; metric < METRICS; metric++) {
                results->samples[payload][size][metric][round] = out[metric];
            }
        }
    }
}

/* A whole number from `least` to `most`, or the end: a benchmark of "many" rows measures nothing. */
static int64_t number_argument(const char *text, int64_t least, int64_t most)
{
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    if (*text && !*end && value >= least && value <= most) return value;
    fprintf(stderr, "page_size: %s is not a number from %" PRId64 " to %" PRId64 "\n", text, least, most);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: page_size DIR [ROUNDS [ROWS]]\n");
        return EXIT_FAILURE;
    }
    int64_t rounds = argc > 2 ? number_argument(argv[2], 1, ROUNDS_MAX) : 5;
    int64_t rows = argc > 3 ? number_argument(argv[3], ROWS_MIN, ROWS_MAX) : 200000;
    struct results *results = must_alloc(sizeof *results);
    char *path = sqlite3_mprintf("%s/page_size.db", argv[1]);
    if (!path) abort();

    for (int64_t round = 0; round < rounds; round++) measure_round(results, (size_t)round, path, rows);

    printf("SQLite %s, %" PRId64 " rows, medians of %" PRId64 " rounds\n", sqlite3_libversion(), rows,
           rounds);
    for (size_t payload = 0; payload < PAYLOADS; payload++) print_table(results, payload, (size_t)rounds);

    sqlite3_free(path);
    free(results);
    return EXIT_SUCCESS;
}
