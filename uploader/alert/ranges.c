/* ranges -- see ranges.h. */
#include "uploader/alert/ranges.h"

#include <stdio.h>

#include "common/sql.h"

static void copy_text(char *to, size_t size, struct stmt *row, int column)
{
    const char *text = stmt_text(row, column);
    (void)snprintf(to, size, "%s", text ? text : "");
}

/* Of each statement the columns are the same. */
static void read_range(struct status_range_list *ranges, struct stmt *row)
{
    if (ranges->count == STATUS_RANGES_MAX) {
        ranges->is_cut = true;
        return;
    }
    struct status_range *range = &ranges->list[ranges->count++];
    copy_text(range->kind, sizeof range->kind, row, 0);
    copy_text(range->state, sizeof range->state, row, 1);
    range->first_id = stmt_int(row, 2);
    range->last_id = stmt_int(row, 3);
    copy_text(range->key, sizeof range->key, row, 4);
    range->since = stmt_int(row, 5);
}

static enum result load(struct status_range_list *ranges, struct db *db, const char *sql, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    ranges->count = 0;
    ranges->is_cut = false;
    enum result res = stmt_prepare(&stmt, db, sql, why);
    if (res == RES_OK) stmt_set_int(stmt, ":most", STATUS_RANGES_MAX + 1);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res == RES_OK && has_row) read_range(ranges, stmt);
    }
    stmt_free(stmt);
    return res;
}

enum result ranges_load(struct status_ranges *ranges, struct db *db, struct why *why)
{
    enum result res = load(&ranges->open, db, sql_load_open_ranges, why);
    return res == RES_OK ? load(&ranges->abandoned, db, sql_load_abandoned_ranges, why) : res;
}
