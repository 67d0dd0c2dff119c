/* reject_rows -- see reject_rows.h. What is known of the rows that a transaction has touched is forgotten when it fails. */
#include "collector/spool/reject_rows.h"

#include <stdlib.h>

#include "collector/spool/reject_cap.h"
#include "collector/spool/reject_size.h"
#include "common/clock.h"
#include "common/db.h"
#include "common/sql.h"

#define COUNT_SHARE 20 /* counting takes at most this part of the time */

/* What a transaction that is rolled back has to undo. */
struct progress {
    struct reject_size size;
    int64_t appended; /* bytes since the last count */
};

struct reject_rows {
    struct stmt *append_reject, *join_rejects, *may_join_rejects, *load_unshipped_rejects;
    int64_t max_bytes;
    int64_t counted;   /* bytes that unshipped rejects took at the last count */
    int64_t count_due; /* monotonic ms: when the next count is due */
    struct progress now, before;
    struct reject_cap *cap;

    /* of the present transaction */
    bool is_counted;
    bool has_capped; /* what follows is capped, too */
};

enum result reject_rows_open(struct reject_rows **out, struct db *db, int64_t page_bytes, struct why *why)
{
    struct reject_rows *rows = calloc(1, sizeof *rows);
    if (!rows) abort();
    rows->now.size.page_bytes = page_bytes;
    rows->cap = reject_cap_new();
    enum result res = stmt_prepare(&rows->append_reject, db, sql_append_reject, why);
    if (res == RES_OK) res = stmt_prepare(&rows->join_rejects, db, sql_join_rejects, why);
    if (res == RES_OK) res = stmt_prepare(&rows->may_join_rejects, db, sql_may_join_rejects, why);
    if (res == RES_OK) res = stmt_prepare(&rows->load_unshipped_rejects, db, sql_load_unshipped_rejects, why);
    if (res != RES_OK) {
        reject_rows_close(rows);
        rows = NULL;
    }
    *out = rows;
    return res;
}

void reject_rows_close(struct reject_rows *rows)
{
    if (!rows) return;
    stmt_free(rows->append_reject);
    stmt_free(rows->join_rejects);
    stmt_free(rows->may_join_rejects);
    stmt_free(rows->load_unshipped_rejects);
    reject_cap_free(rows->cap);
    free(rows);
}

void reject_rows_set_max(struct reject_rows *rows, int64_t max_bytes)
{
    rows->max_bytes = max_bytes;
}

bool reject_rows_has_capped(const struct reject_rows *rows)
{
    return rows->has_capped;
}

/* ---- counting ---- */

/* Not while rows are inserted that are not committed: _intake's total comes behind them. */
static enum result count(struct reject_rows *rows, struct why *why)
{
    bool has_row = false;
    int64_t began = clock_monotonic_ms();
    if (began < rows->count_due) return RES_OK;
    enum result res = stmt_step(rows->load_unshipped_rejects, &has_row, why);
    if (res != RES_OK) return res;
    rows->counted = has_row ? stmt_int(rows->load_unshipped_rejects, 0) : 0;
    rows->now.appended = rows->before.appended = 0;
    stmt_reset(rows->load_unshipped_rejects);
    int64_t now = clock_monotonic_ms();
    rows->count_due = now + (now - began) * (COUNT_SHARE - 1);
    return RES_OK;
}

enum result reject_rows_unshipped(struct reject_rows *rows, int64_t *bytes, struct why *why)
{
    enum result res = count(rows, why);
    *bytes = rows->counted + rows->now.appended;
    return res;
}

/* ---- a transaction ---- */

void reject_rows_begin(struct reject_rows *rows)
{
    struct joined_reject *row;
    for (size_t i = 0; (row = reject_cap_row(rows->cap, i)); i++) row->is_checked = false;
    rows->before = rows->now;
    rows->is_counted = rows->has_capped = false;
}

void reject_rows_end(struct reject_rows *rows, enum result res)
{
    if (res == RES_OK) return;
    rows->now = rows->before;
    for (size_t i = REJECT_CAP_PLACES; i-- > 0;) {
        struct joined_reject *row = reject_cap_row(rows->cap, i);
        if (row && row->is_checked) reject_cap_forget(rows->cap, row);
    }
}

static void set_slice(struct stmt *stmt, const char *name, struct slice slice)
{
    stmt_set_text_n(stmt, name, slice.data ? slice.data : "", slice.len);
}

static enum result insert(struct reject_rows *rows, const struct reject *reject, int64_t row_bytes,
                          struct reject_counters *counters, struct why *why)
{
    struct stmt *stmt = rows->append_reject;
    counters->total_bytes += row_bytes;
    rows->now.appended += row_bytes;
    stmt_set_int(stmt, ":id", ++counters->last_id);
    stmt_set_int(stmt, ":received_at", reject->received_at);
    stmt_set_int(stmt, ":total_bytes", counters->total_bytes);
    stmt_set_int(stmt, ":row_bytes", row_bytes);
    stmt_set_int(stmt, ":bytes", (int64_t)reject->bytes);
    set_slice(stmt, ":source", reject->source);
    stmt_set_text(stmt, ":reason", reject_reason_name(reject->reason));
    set_slice(stmt, ":detail", reject->detail);
    set_slice(stmt, ":encoding", reject->encoding);
    set_slice(stmt, ":namespaces", reject->namespaces);
    stmt_set_blob(stmt, ":payload", reject->payload.data, reject->payload.len);
    return stmt_run(stmt, NULL, why);
}

/* ---- above the cap ---- */

/* The row that takes `reject`, NULL if there is none, or if a batch, a retry or a dismissal has fixed what it is. */
static enum result find_row(struct reject_rows *rows, const struct reject *reject, struct joined_reject **row,
                            struct why *why)
{
    *row = reject_cap_find(rows->cap, reject);
    if (!*row || (*row)->is_checked) return RES_OK;
    stmt_set_int(rows->may_join_rejects, ":id", (*row)->id);
    enum result res = stmt_step(rows->may_join_rejects, &(*row)->is_checked, why);
    if (res != RES_OK) return res;
    if ((*row)->is_checked) {
        stmt_reset(rows->may_join_rejects);
    } else {
        reject_cap_forget(rows->cap, *row);
        *row = NULL;
    }
    return RES_OK;
}

static enum result write_row(struct reject_rows *rows, const struct joined_reject *row, struct why *why)
{
    char text[REJECT_CAP_DETAIL_SIZE];
    char source[ADDRESS_NETWORK_SIZE];
    stmt_set_int(rows->join_rejects, ":id", row->id);
    stmt_set_int(rows->join_rejects, ":bytes", (int64_t)row->bytes);
    set_slice(rows->join_rejects, ":detail", reject_cap_detail(row, text));
    set_slice(rows->join_rejects, ":source", reject_cap_source(row, source));
    return stmt_run(rows->join_rejects, NULL, why);
}

static enum result write_rows(struct reject_rows *rows, struct why *why)
{
    struct joined_reject *row;
    enum result res = RES_OK;
    for (size_t i = 0; res == RES_OK && (row = reject_cap_row(rows->cap, i)); i++) {
        if (!row->is_changed) continue;
        row->is_changed = false;
        res = write_row(rows, row, why);
    }
    return res;
}

/* A row that later takes further rejects; its detail and source grow then, and it is counted with that. */
static enum result begin_row(struct reject_rows *rows, const struct reject *reject,
                             struct reject_counters *counters, struct why *why)
{
    struct capped_reject capped;
    reject_cap(&capped, reject);
    int64_t row_bytes = reject_size_next(&rows->now.size, &capped.reject, REJECT_CAP_ROOM);
    enum result res = insert(rows, &capped.reject, row_bytes, counters, why);
    if (res == RES_OK) reject_cap_begin(rows->cap, reject, counters->last_id);
    return res;
}

static enum result add_capped(struct reject_rows *rows, const struct reject *reject,
                              struct reject_counters *counters, struct why *why)
{
    struct joined_reject *row = NULL;
    enum result res = find_row(rows, reject, &row, why);
    if (res != RES_OK) return res;
    if (!row) return begin_row(rows, reject, counters, why);
    reject_cap_join(row, reject);
    return RES_OK;
}

static enum result add_remainder(struct reject_rows *rows, const struct reject *reject,
                                 struct reject_counters *counters, struct why *why)
{
    struct capped_reject capped;
    reject_cap(&capped, reject);
    return insert(rows, &capped.reject, reject_size_next(&rows->now.size, &capped.reject, 0), counters, why);
}

enum result reject_rows_add(struct reject_rows *rows, const struct reject *reject, bool is_remainder,
                            struct reject_counters *counters, struct why *why)
{
    if (rows->max_bytes > 0 && !rows->is_counted) {
        enum result res = count(rows, why);
        if (res != RES_OK) return res;
        rows->is_counted = true;
    }
    struct reject_size size = rows->now.size;
    int64_t row_bytes = reject_size_next(&size, reject, 0);
    if (rows->max_bytes > 0 && rows->counted + rows->now.appended + row_bytes > rows->max_bytes)
        rows->has_capped = true;
    if (rows->has_capped) return (is_remainder ? add_remainder : add_capped)(rows, reject, counters, why);
    rows->now.size = size;
    return insert(rows, reject, row_bytes, counters, why);
}

enum result reject_rows_finish(struct reject_rows *rows, struct why *why)
{
    return write_rows(rows, why);
}
