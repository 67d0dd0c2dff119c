/* reject_watch -- see reject_watch.h. The counters are read before the rows, so that no row is newer than its counter. */
#include "collector/status/reject_watch.h"

#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "common/sql.h"

/* Returns whether any reason may arrive now. */
static bool read_counter(struct stmt *stmt, struct arrivals_facts *facts)
{
    size_t reason = reasons_find(stmt_text(stmt, 0));
    if (reason == REASONS_COUNT) return false;
    facts->of[reason].total = stmt_int(stmt, 1);
    facts->of[reason].last_at = stmt_int(stmt, 2);
    return facts->now - facts->of[reason].last_at < ARRIVALS_MS;
}

static enum result read_counters(struct arrivals_facts *facts, struct db *db, bool *is_recent,
                                 struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_load_reject_counters, why);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res == RES_OK && has_row) *is_recent |= read_counter(stmt, facts);
    }
    stmt_free(stmt);
    return res;
}

static void read_row(struct stmt *stmt, struct arrivals_facts *facts)
{
    size_t reason = reasons_find(stmt_text(stmt, 0));
    if (reason == REASONS_COUNT) return;
    struct arrivals_reason *r = &facts->of[reason];
    int64_t received_at = stmt_int(stmt, 1);
    bool is_settled = stmt_int(stmt, 2) != 0;
    r->rows++;
    if (received_at > r->newest_at) r->newest_at = received_at;
    if (is_settled) return;
    r->unsettled++;
    if (reason == REASONS_UNKNOWN_ELEMENT && !*facts->detail)
        (void)snprintf(facts->detail, sizeof facts->detail, "%s", stmt_text(stmt, 3));
}

static enum result read_rows(struct arrivals_facts *facts, struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_load_recent_rejects, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":since", facts->now - ARRIVALS_MS);
        stmt_set_int(stmt, ":most", REJECT_WATCH_ROWS);
    }
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res == RES_OK && has_row) read_row(stmt, facts);
    }
    stmt_free(stmt);
    return res;
}

static void show(struct problems *problems, enum problem_code code, bool is_present,
                 const struct arrivals_texts *texts)
{
    if (is_present)
        problems_raise(problems, code, texts->message, texts->remedy);
    else
        problems_end(problems, code);
}

enum result reject_watch_update(struct reject_watch *watch, struct db *db, int64_t now, struct why *why)
{
    struct arrivals_facts facts = {.now = now};
    struct arrivals_texts texts;
    bool is_recent = false;
    enum result res = read_counters(&facts, db, &is_recent, why);
    if (res == RES_OK && is_recent) res = read_rows(&facts, db, why);
    if (res != RES_OK) return why_wrap(why, res, "look for rejects that arrive");
    arrivals_note(&watch->arrivals, &facts);
    bool is_present = arrivals_find_rejects(&watch->arrivals, &facts, &texts);
    show(watch->problems, PROBLEM_REJECTS_ARRIVING, is_present, &texts);
    is_present = arrivals_find_unknown(&watch->arrivals, &facts, &texts);
    show(watch->problems, PROBLEM_UNKNOWN_ELEMENTS, is_present, &texts);
    return RES_OK;
}
