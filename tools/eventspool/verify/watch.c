/* watch -- see watch.h. Only rows that are new since the last look are searched. */
#include "tools/eventspool/verify/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/spool.h"
#include "common/sql.h"
#include "common/status/gather.h"

#define STATUS_EVERY_MS 500

struct watch {
    struct db *db;
    const char *spool_path, *mark; /* borrowed */
    int64_t event_id, reject_id;   /* up to which all rows were searched */
    struct status *status;
    int64_t status_due; /* monotonic */
};

static enum result load_newest(struct watch *watch, int64_t *event_id, int64_t *reject_id, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, watch->db, sql_load_intake, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *event_id = stmt_int(stmt, 0);
    if (res == RES_OK && has_row) *reject_id = stmt_int(stmt, 2);
    stmt_free(stmt);
    return res;
}

enum result watch_open(struct watch **out, const char *spool_path, const char *mark, struct why *why)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch || !(watch->status = calloc(1, sizeof *watch->status))) abort();
    watch->spool_path = spool_path;
    watch->mark = mark;
    enum result res = spool_open_for_command(&watch->db, spool_path, why);
    if (res == RES_OK) res = load_newest(watch, &watch->event_id, &watch->reject_id, why);
    *out = watch;
    return res;
}

void watch_close(struct watch *watch)
{
    if (!watch) return;
    db_close(watch->db);
    free(watch->status);
    free(watch);
}

/* ---- rows ---- */

static void copy(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text ? text : "");
}

/* The statement's row, if one of the new rows holds the mark; to be freed in either case. */
static enum result find(struct watch *watch, const char *sql, int64_t after_id, int64_t last_id,
                        struct stmt **stmt, bool *is_found, struct why *why)
{
    enum result res = stmt_prepare(stmt, watch->db, sql, why);
    *is_found = false;
    if (res != RES_OK) return res;
    stmt_set_int(*stmt, ":after_id", after_id);
    stmt_set_int(*stmt, ":last_id", last_id);
    stmt_set_text(*stmt, ":mark", watch->mark);
    return stmt_step(*stmt, is_found, why);
}

static enum result find_event(struct watch *watch, int64_t last_id, struct verify_facts *facts,
                              struct why *why)
{
    struct stmt *stmt = NULL;
    bool is_found = false;
    enum result res = find(watch, sql_find_marked_event, watch->event_id, last_id, &stmt, &is_found, why);
    if (res == RES_OK && is_found) {
        facts->event_id = stmt_int(stmt, 0);
        watch->status_due = 0; /* the status of before knows nothing of it */
    }
    if (res == RES_OK) watch->event_id = last_id;
    stmt_free(stmt);
    return res;
}

static enum result find_reject(struct watch *watch, int64_t last_id, struct verify_facts *facts,
                               struct why *why)
{
    struct stmt *stmt = NULL;
    bool is_found = false;
    enum result res = find(watch, sql_find_marked_reject, watch->reject_id, last_id, &stmt, &is_found, why);
    if (res == RES_OK && is_found) {
        facts->reject_id = stmt_int(stmt, 0);
        copy(facts->reject_reason, sizeof facts->reject_reason, stmt_text(stmt, 1));
        copy(facts->reject_detail, sizeof facts->reject_detail, stmt_text(stmt, 2));
    }
    if (res == RES_OK) watch->reject_id = last_id;
    stmt_free(stmt);
    return res;
}

static bool is_text(struct stmt *stmt, int column, const char *text)
{
    const char *value = stmt_text(stmt, column);
    return value && strcmp(value, text) == 0;
}

/* The columns of load_event_batch.sql. What is known of an earlier batch stays, until another one has the event. */
static enum result load_batch(struct watch *watch, struct verify_facts *facts, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, watch->db, sql_load_event_batch, why);
    if (res == RES_OK) stmt_set_int(stmt, ":id", facts->event_id);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        facts->batch_id = stmt_int(stmt, 0);
        facts->is_shipped = is_text(stmt, 1, "shipped");
        facts->is_abandoned = is_text(stmt, 1, "abandoned");
        facts->is_blocked = is_text(stmt, 1, "blocked");
        facts->first_id = stmt_int(stmt, 2);
        facts->last_id = stmt_int(stmt, 3);
        copy(facts->key, sizeof facts->key, stmt_text(stmt, 4));
        facts->is_verified = stmt_int(stmt, 5) != 0;
        copy(facts->last_error, sizeof facts->last_error, stmt_text(stmt, 6));
        copy(facts->remedy, sizeof facts->remedy, stmt_text(stmt, 7));
        facts->is_resolved = stmt_text(stmt, 8) != NULL;
    }
    stmt_free(stmt);
    return res;
}

/* ---- a look ---- */

static enum result look_at_status(struct watch *watch, struct verify_facts *facts, struct why *why)
{
    facts->status = watch->status;
    if (clock_monotonic_ms() < watch->status_due) return RES_OK;
    watch->status_due = clock_monotonic_ms() + STATUS_EVERY_MS;
    return status_gather(watch->status, watch->db, watch->spool_path, why);
}

enum result watch_look(struct watch *watch, struct verify_facts *facts, struct why *why)
{
    int64_t event_id = watch->event_id;
    int64_t reject_id = watch->reject_id;
    enum result res = look_at_status(watch, facts, why);
    if (res == RES_OK) res = load_newest(watch, &event_id, &reject_id, why);
    if (res == RES_OK && facts->event_id == 0) res = find_event(watch, event_id, facts, why);
    if (res == RES_OK && facts->event_id == 0 && facts->reject_id == 0)
        res = find_reject(watch, reject_id, facts, why);
    if (res == RES_OK && facts->event_id > 0) res = load_batch(watch, facts, why);
    return res;
}
