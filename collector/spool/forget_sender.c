/* forget_sender -- see forget_sender.h. */
#include "collector/spool/forget_sender.h"

#include <string.h>

#include "common/buf.h"
#include "common/printable.h"
#include "common/sql.h"

static enum result delete_rows(struct db *db, const char *name, int64_t *rows, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, db, sql_forget_sender, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":sender", name);
        res = stmt_run(stmt, rows, why);
    }
    stmt_free(stmt);
    return res;
}

static bool is_shown_as(const char *name, const char *shown, struct buf *scratch)
{
    buf_clear(scratch);
    if (*name)
        printable_append(scratch, name, strlen(name));
    else
        buf_append_text(scratch, FORGET_SENDER_NONE);
    return scratch->len == strlen(shown) && memcmp(scratch->data, shown, scratch->len) == 0;
}

/* `found` gets the name that is shown so, with its NUL; it stays empty if there is none. */
static enum result find_shown(struct db *db, const char *shown, struct buf *found, struct why *why)
{
    struct stmt *stmt = NULL;
    struct buf scratch = BUF_EMPTY;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_load_sender_names, why);
    while (res == RES_OK && has_row && found->len == 0) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) continue;
        const char *name = stmt_text(stmt, 0);
        if (is_shown_as(name, shown, &scratch)) buf_append(found, name, strlen(name) + 1);
    }
    stmt_free(stmt);
    buf_fini(&scratch);
    return res;
}

enum result forget_sender(struct db *db, const char *name, int64_t *addresses, struct why *why)
{
    struct buf found = BUF_EMPTY;
    enum result res = db_begin(db, why);
    *addresses = 0;
    if (res != RES_OK) return res;
    res = delete_rows(db, name, addresses, why);
    if (res == RES_OK && *addresses == 0) res = find_shown(db, name, &found, why);
    if (res == RES_OK && found.len > 0) res = delete_rows(db, found.data, addresses, why);
    buf_fini(&found);
    res = db_end(db, res, why);
    if (res != RES_OK || *addresses > 0) return res;
    (void)why_remedy(why, RES_REFUSE, "`eventspool senders list` shows those that are known");
    return why_set(why, RES_REFUSE, "there is no sender '%s'", name);
}
