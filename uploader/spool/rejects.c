/* rejects -- see rejects.h. Statements are prepared at each use, because these calls are rare. */
#include "uploader/spool/rejects.h"

#include "common/clock.h"
#include "common/sql.h"

/* The first seven columns of list_rejects.sql and load_reject.sql. */
static struct reject_line read_line(struct stmt *stmt)
{
    return (struct reject_line){
        .id = stmt_int(stmt, 0),
        .received_at = stmt_text(stmt, 1),
        .source = stmt_text(stmt, 2),
        .reason = stmt_text(stmt, 3),
        .bytes = stmt_int(stmt, 4),
        .state = stmt_text(stmt, 5),
        .detail = stmt_text(stmt, 6),
    };
}

enum result spool_rejects_list(struct spool_out *out, bool is_all, int64_t count,
                               void (*show)(void *context, const struct reject_line *line), void *context,
                               struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_list_rejects, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":last_id", INT64_MAX);
        stmt_set_int(stmt, ":all", is_all);
        stmt_set_int(stmt, ":count", count);
    }
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        struct reject_line line = read_line(stmt);
        show(context, &line);
    }
    stmt_free(stmt);
    return res;
}

enum result spool_rejects_load(struct spool_out *out, int64_t id, bool *is_there,
                               void (*show)(void *context, const struct reject_line *line,
                                            const char *payload, size_t len, bool is_truncated),
                               void *context, struct why *why)
{
    struct stmt *stmt = NULL;
    *is_there = false;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_reject, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":id", id);
        res = stmt_step(stmt, is_there, why);
    }
    if (res == RES_OK && *is_there) {
        size_t len = 0;
        struct reject_line line = read_line(stmt);
        const char *payload = stmt_blob(stmt, 8, &len);
        show(context, &line, payload, len, stmt_int(stmt, 7) != 0);
    }
    stmt_free(stmt);
    return res;
}

enum result spool_rejects_range(struct spool_out *out, int64_t *first_id, int64_t *last_id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *first_id = 1;
    *last_id = 0;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_reject_range, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        *first_id = stmt_int(stmt, 0);
        *last_id = stmt_int(stmt, 1);
    }
    stmt_free(stmt);
    return res;
}

enum result spool_rejects_run(struct spool_out *out, int64_t from_id, int64_t count_max, int64_t *first_id,
                              int64_t *last_id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    *first_id = from_id;
    *last_id = from_id - 1;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_reject_run, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":from_id", from_id);
        stmt_set_int(stmt, ":count", count_max);
    }
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        int64_t id = stmt_int(stmt, 0);
        bool is_first = *last_id < *first_id;
        if (is_first) *first_id = id;
        if (!is_first && id != *last_id + 1) break;
        *last_id = id;
    }
    stmt_free(stmt);
    return res;
}

enum result spool_rejects_record_privacy(struct spool_out *out, bool omits_payload, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_record_privacy, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":omits_payload", omits_payload);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

enum result spool_rejects_were_withheld(struct spool_out *out, bool *were_withheld, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *were_withheld = false;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_load_privacy, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *were_withheld = stmt_int(stmt, 0) != 0;
    stmt_free(stmt);
    return res;
}

enum result spool_rejects_dismiss(struct spool_out *out, int64_t id, bool *is_done, struct why *why)
{
    struct stmt *stmt = NULL;
    int64_t changed = 0;
    enum result res = stmt_prepare(&stmt, spool_out_db(out), sql_dismiss_reject, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":now", clock_now_ms());
        stmt_set_int(stmt, ":id", id);
        res = stmt_run(stmt, &changed, why);
    }
    stmt_free(stmt);
    *is_done = changed == 1;
    return res;
}
