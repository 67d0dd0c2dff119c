/*
 * spool -- see spool.h. This file opens the spool and checks whose file it is; the other parts of spool.h are in
 *
 *   seal.c           rows that are in no batch yet, where they are cut, their sealing
 *   insert.c         the row of a batch, and its key
 *   load.c           batches as the spool has them, and which are to be shipped
 *   render_rows.c    rows to an object's bytes
 *   ledger.c         what happened to a batch
 *   purge.c          deleting rows that have been kept long enough, free pages
 *   control_row.c    what the collector and people write for the uploader, and what it reports
 */
#include "uploader/spool/spool.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/spool/statements.h"

static void note_wal(void *context, int wal_pages)
{
    struct spool_out *out = context;
    out->wal_bytes = wal_pages * out->page_size;
    out->wants_checkpoint = out->wal_bytes > SPOOL_WAL_PASSIVE_BYTES;
}

/* One row: how long rows have been kept, and when that was stored. */
static enum result load_kept(struct spool_out *out, int64_t *kept_ms, int64_t *kept_at, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = spool_out_use(out, LOAD_KEPT, &stmt, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row) return why_set(why, RES_BROKEN, "the uploader's row is missing in the spool");
    *kept_ms = stmt_int(stmt, 0);
    *kept_at = stmt_int(stmt, 1);
    stmt_reset(stmt);
    return RES_OK;
}

static enum result start_clock(struct spool_out *out, struct why *why)
{
    int64_t kept_ms = 0;
    int64_t kept_at = 0;
    enum result res = load_kept(out, &kept_ms, &kept_at, why);
    out->clock = retention_start(kept_ms, kept_at, clock_now_ms(), clock_monotonic_ms());
    return res;
}

int64_t spool_out_kept_ms(const struct spool_out *out)
{
    return retention_now(&out->clock, clock_monotonic_ms());
}

static enum result open_out(struct spool_out **result, const char *path, bool is_command, struct why *why)
{
    struct spool_out *out = calloc(1, sizeof *out);
    if (!out) abort();
    enum result res = (is_command ? spool_open_for_command : spool_open)(&out->db, path, why);
    if (res == RES_OK) res = db_get_int(out->db, "PRAGMA page_size", &out->page_size, why);
    if (res == RES_OK) res = spool_check_version(out->db, path, &out->schema, why);
    if (res == RES_OK && spool_age_of(out->schema, SPOOL_SCHEMA) == SPOOL_AGE_OLDER)
        res =
            why_set(why, RES_RETRY,
                    "the spool %s has schema %" PRId64 ", older than this program's %d: a collector of this "
                    "version brings it up to date",
                    path, out->schema, SPOOL_SCHEMA);
    if (res == RES_OK) res = start_clock(out, why);
    if (res == RES_OK) {
        db_on_commit(out->db, note_wal, out);
    } else {
        spool_out_close(out);
        out = NULL;
    }
    *result = out;
    return res;
}

enum result spool_out_open(struct spool_out **out, const char *path, struct why *why)
{
    return open_out(out, path, false, why);
}

enum result spool_out_open_for_command(struct spool_out **out, const char *path, struct why *why)
{
    return open_out(out, path, true, why);
}

void spool_out_close(struct spool_out *out)
{
    if (!out) return;
    for (int i = 0; i < STATEMENT_COUNT; i++) stmt_free(out->statements[i]);
    db_close(out->db);
    free(out);
}

void spool_out_leave_log(struct spool_out *out, bool is_left)
{
    out->leaves_log = is_left;
}

struct db *spool_out_db(struct spool_out *out)
{
    return out->db;
}

enum result spool_out_check_schema(struct spool_out *out, const char *path, bool *is_too_new, struct why *why)
{
    enum result res = spool_check_version(out->db, path, &out->schema, why);
    *is_too_new = spool_age_of(out->schema, SPOOL_SCHEMA) == SPOOL_AGE_TOO_NEW;
    return res;
}

enum result spool_out_check_file(struct spool_out *out, const char *path, bool *is_same, struct why *why)
{
    struct spool_file file;
    *is_same = false;
    enum result res = spool_stat_file(path, &file, why);
    return res == RES_OK ? spool_check_file(out->db, &file, is_same, why) : res;
}

enum result spool_out_refuse_copy(struct spool_out *out, const char *path, struct why *why)
{
    bool is_same = false;
    enum result res = spool_out_check_file(out, path, &is_same, why);
    if (res != RES_OK || is_same) return res;
    (void)why_remedy(why, RES_RETRY,
                     "start the collector on it first: it gives the copy an identity of its own");
    return why_set(why, RES_RETRY, "the spool %s is a copy of another one", path);
}

enum result spool_out_identity(struct spool_out *out, struct spool_identity *identity, struct why *why)
{
    return spool_load_identity(out->db, identity, why);
}
