/* silent_senders -- see silent_senders.h. */
#include "collector/status/silent_senders.h"

#include "collector/status/silence_alert.h"
#include "common/db.h"
#include "common/sql.h"

static enum result read_senders(struct silence_alert *alert, struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_load_senders, why);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        silence_alert_add(alert, &(struct silence_row){
                                     .sender = stmt_text(stmt, 0),
                                     .source = stmt_text(stmt, 1),
                                     .last_received_at = stmt_int(stmt, 2),
                                     .day = stmt_int(stmt, 3),
                                     .days = stmt_int(stmt, 4),
                                     .events = stmt_int(stmt, 5),
                                 });
    }
    silence_alert_end(alert);
    stmt_free(stmt);
    return res;
}

enum result silent_senders_update(const struct silent_senders *senders, struct db *db, int64_t now,
                                  struct why *why)
{
    struct silence_alert alert;
    char message[PROBLEM_TEXT_SIZE];
    if (senders->silence_ms == 0) return RES_OK;
    silence_alert_begin(&alert, &(struct silence_rule){
                                    .silence_ms = senders->silence_ms,
                                    .listening = listening_load(senders->listening),
                                    .now = now,
                                });
    enum result res = read_senders(&alert, db, why);
    if (res != RES_OK) return why_wrap(why, res, "look for silent senders");
    if (alert.count == 0) {
        problems_end(senders->problems, PROBLEM_SENDER_SILENT);
        return RES_OK;
    }
    silence_alert_write(&alert, message);
    problems_raise(
        senders->problems, PROBLEM_SENDER_SILENT, message,
        "see whether the sender runs, reaches this host and is set to send here; if it was taken away, "
        "`eventspool senders forget NAME`; SILENCE_ALERT says how long a sender may be silent");
    return RES_OK;
}
