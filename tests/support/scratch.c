/* scratch -- see scratch.h. */
#include "tests/support/scratch.h"

#include <assert.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"

struct scratch *scratch_new(void)
{
    const char *tmp = getenv("TMPDIR");
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch) abort();
    int len = snprintf(scratch->dir, sizeof scratch->dir, "%s/eventspool-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert(len > 0 && (size_t)len < sizeof scratch->dir);
    char *made = mkdtemp(scratch->dir);
    assert(made);
    (void)snprintf(scratch->spool, sizeof scratch->spool, "%s/spool.db", scratch->dir);
    return scratch;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void scratch_free(struct scratch *scratch)
{
    if (!scratch) return;
    (void)nftw(scratch->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(scratch);
}

char *scratch_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    assert(file);
    (void)fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*len + 1);
    if (!data) abort();
    size_t got = fread(data, 1, *len, file);
    assert(got == *len);
    data[got] = '\0';
    (void)fclose(file);
    return data;
}

void scratch_write(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert(file);
    size_t written = fwrite(data, 1, len, file);
    int res = fclose(file);
    assert(written == len && res == 0);
}

void scratch_copy(const char *from, const char *to)
{
    size_t len;
    char *data = scratch_read(from, &len);
    scratch_write(to, data, len);
    free(data);
}

bool scratch_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- plain SQL ---- */

static void must(sqlite3 *db, int code, const char *sql)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    (void)fprintf(stderr, "%s (%d) in: %s\n", sqlite3_errmsg(db), sqlite3_extended_errcode(db), sql);
    abort();
}

static sqlite3 *open_plain(const char *path)
{
    sqlite3 *db = NULL;
    must(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix"), path);
    must(db, sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), path);
    return db;
}

static void add_row(struct buf *out, sqlite3_stmt *stmt)
{
    if (out->len > 0) buf_append_char(out, '\n');
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, i);
        if (i > 0) buf_append_char(out, '|');
        if (text) buf_append_text(out, text);
    }
}

__attribute__((format(printf, 2, 0))) static char *query(const char *path, const char *format, va_list args)
{
    struct buf out = BUF_EMPTY;
    sqlite3 *db = open_plain(path);
    sqlite3_stmt *stmt = NULL;
    char *sql = NULL;
    int code = vasprintf(&sql, format, args);
    assert(code >= 0);
    for (const char *rest = sql; *rest;) {
        must(db, sqlite3_prepare_v2(db, rest, -1, &stmt, &rest), sql);
        if (!stmt) continue; /* white space or a comment */
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW) add_row(&out, stmt);
        must(db, code, sql);
        (void)sqlite3_finalize(stmt);
    }
    free(sql);
    code = sqlite3_close(db);
    assert(code == SQLITE_OK);
    buf_append_char(&out, '\0');
    return out.data;
}

char *query_text(const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = query(path, format, args);
    va_end(args);
    return text;
}

int64_t query_int(const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = query(path, format, args);
    va_end(args);
    int64_t value = strtoll(text, NULL, 10);
    free(text);
    return value;
}

void query_do(const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(query(path, format, args));
    va_end(args);
}
