/* state -- see state.h. */
#include "uploader/alert/state.h"

#include <stdio.h>
#include <string.h>

#include "common/sql.h"

static const char *const stages[] = {
    [ALERT_WAITING] = "waiting", [ALERT_OPEN] = "open", [ALERT_ENDED] = "ended", [ALERT_CLOSED] = "closed"};
#define STAGES (sizeof stages / sizeof *stages)

/* ---- load ---- */

static void copy_text(char *to, size_t size, struct stmt *row, int column)
{
    const char *text = stmt_text(row, column);
    (void)snprintf(to, size, "%s", text ? text : "");
}

static enum alert_stage find_stage(const char *name)
{
    for (size_t i = 0; i < STAGES; i++)
        if (name && strcmp(stages[i], name) == 0) return (enum alert_stage)i;
    return ALERT_GONE; /* the schema allows no other */
}

/* The columns of load_alerts.sql. */
static void read_alert(struct stmt *row, struct alert *alert)
{
    struct problem *problem = &alert->problem;
    memset(alert, 0, sizeof *alert);
    copy_text(alert->id, sizeof alert->id, row, 0);
    alert->stage = find_stage(stmt_text(row, 1));
    copy_text(problem->code, sizeof problem->code, row, 2);
    copy_text(problem->program, sizeof problem->program, row, 3);
    copy_text(problem->message, sizeof problem->message, row, 4);
    copy_text(problem->remedy, sizeof problem->remedy, row, 5);
    problem->since = stmt_int(row, 6);
    alert->is_in_doubt = stmt_int(row, 7) != 0;
    alert->lasted_ms = stmt_int(row, 8);
    alert->saved_at = stmt_int(row, 9);
    alert->begun_at = stmt_int(row, 10);
    alert->told_at = stmt_int(row, 11);
    alert->away_at = stmt_int(row, 12);
    alert->closed_at = stmt_int(row, 13);
    alert->reminders = stmt_int(row, 14);
    alert->repetitions = stmt_int(row, 15);
}

enum result alert_state_load(struct alert_policy *policy, struct db *db, struct alert_now now,
                             struct why *why)
{
    struct stmt *stmt = NULL;
    struct alert alert;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_load_alerts, why);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        read_alert(stmt, &alert);
        alert_policy_load(policy, &alert, now);
    }
    stmt_free(stmt);
    return res == RES_OK ? res : why_wrap(why, res, "load the alerts");
}

/* ---- save ---- */

static enum result save(struct stmt *stmt, const struct alert *alert, struct alert_now now, struct why *why)
{
    const struct problem *problem = &alert->problem;
    stmt_set_text(stmt, ":id", alert->id);
    stmt_set_text(stmt, ":stage", stages[alert->stage]);
    stmt_set_text(stmt, ":code", problem->code);
    stmt_set_text(stmt, ":program", problem->program);
    stmt_set_text(stmt, ":message", problem->message);
    stmt_set_text(stmt, ":remedy", problem->remedy);
    stmt_set_int(stmt, ":since", problem->since);
    stmt_set_int(stmt, ":in_doubt", alert->is_in_doubt);
    stmt_set_int(stmt, ":lasted_ms", alert->lasted_ms);
    stmt_set_int(stmt, ":saved_at", now.wall);
    stmt_set_int(stmt, ":begun_at", alert->begun_at);
    stmt_set_int(stmt, ":told_at", alert->told_at);
    stmt_set_int(stmt, ":away_at", alert->away_at);
    stmt_set_int(stmt, ":closed_at", alert->closed_at);
    stmt_set_int(stmt, ":reminders", alert->reminders);
    stmt_set_int(stmt, ":repetitions", alert->repetitions);
    return stmt_run(stmt, NULL, why);
}

static enum result save_all(struct alert_policy *policy, struct stmt *saving, struct stmt *deleting,
                            struct alert_now now, struct why *why)
{
    enum result res = RES_OK;
    for (size_t i = 0; i < policy->count && res == RES_OK; i++) {
        const struct alert *alert = &policy->list[i];
        if (!alert->is_dirty) continue;
        if (alert->stage != ALERT_GONE) {
            res = save(saving, alert, now, why);
        } else if (alert->has_row) {
            stmt_set_text(deleting, ":id", alert->id);
            res = stmt_run(deleting, NULL, why);
        }
    }
    return res;
}

static bool is_anything_dirty(const struct alert_policy *policy)
{
    for (size_t i = 0; i < policy->count; i++)
        if (policy->list[i].is_dirty) return true;
    return false;
}

/* What was to be stored is. */
static void settle(struct alert_policy *policy)
{
    for (size_t i = policy->count; i-- > 0;) {
        struct alert *alert = &policy->list[i];
        if (alert->stage == ALERT_GONE) {
            alert_policy_remove(policy, i);
        } else if (alert->is_dirty) {
            alert->is_dirty = false;
            alert->has_row = true;
            alert->saved_ms = alert->lasted_ms;
        }
    }
}

enum result alert_state_save(struct alert_policy *policy, struct db *db, struct alert_now now,
                             struct why *why)
{
    struct stmt *saving = NULL;
    struct stmt *deleting = NULL;
    if (!is_anything_dirty(policy)) return RES_OK;
    enum result res = stmt_prepare(&saving, db, sql_save_alert, why);
    if (res == RES_OK) res = stmt_prepare(&deleting, db, sql_delete_alert, why);
    if (res == RES_OK) res = db_begin(db, why);
    if (res == RES_OK) res = db_end(db, save_all(policy, saving, deleting, now, why), why);
    stmt_free(saving);
    stmt_free(deleting);
    if (res == RES_OK) settle(policy);
    return res == RES_OK ? res : why_wrap(why, res, "store the alerts");
}
