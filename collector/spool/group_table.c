/*
 * group_table -- see group_table.h. Reading has two states: a cursor stands at an event, or behind the last item. It
 * cannot fail, but for want of memory, which ends the program.
 */
#include "collector/spool/group_table.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "collector/intake/group.h"
#include "common/db.h"

struct group_table {
    const struct group *group; /* borrowed; NULL: the table is empty */
    struct event_counters before, after;
};

struct view { /* the table as SQLite knows it; there may be another one after the schema has changed */
    sqlite3_vtab base;
    struct group_table *table;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct group_table *table;
    size_t next; /* the first item that was not looked at */
    bool is_at_end;
    struct event event;             /* the present row */
    struct event_counters counters; /* its id and running total */
};

/* The order of the columns in `columns`, and in _event. */
enum column {
    COLUMN_ID,
    COLUMN_RECEIVED_AT,
    COLUMN_TOTAL_BYTES,
    COLUMN_BYTES,
    COLUMN_SOURCE,
    COLUMN_SENDER,
    COLUMN_UID,
    COLUMN_NAME,
    COLUMN_TIME,
    COLUMN_SOURCE_NAME,
    COLUMN_PAYLOAD,
};

static const char columns[] =
    "CREATE TABLE group_events (id INTEGER, received_at INTEGER, total_bytes INTEGER, "
    "bytes INTEGER, source TEXT, sender TEXT, uid TEXT, name TEXT, time TEXT, "
    "source_name TEXT, payload TEXT)";

/* ---- the table ---- */

static int on_connect(sqlite3 *handle, void *table, int argc, const char *const *argv, sqlite3_vtab **out,
                      char **error)
{
    (void)argc, (void)argv, (void)error;
    /* A view or trigger that somebody adds to the spool's file must not read what is not committed. */
    int code = sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY);
    if (code == SQLITE_OK) code = sqlite3_declare_vtab(handle, columns);
    if (code != SQLITE_OK) return code;
    struct view *view = calloc(1, sizeof *view);
    if (!view) abort();
    view->table = table;
    *out = &view->base;
    return SQLITE_OK;
}

static int on_disconnect(sqlite3_vtab *view)
{
    free(view);
    return SQLITE_OK;
}

/* There is one way to read it: from the first row to the last. */
static int on_best_index(sqlite3_vtab *view, sqlite3_index_info *info)
{
    (void)view;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

/* ---- a cursor ---- */

static int on_open(sqlite3_vtab *view, sqlite3_vtab_cursor **out)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor) abort();
    cursor->table = ((struct view *)view)->table;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct group *group = cursor->table->group;
    size_t count = group ? group->item_count : 0;
    while (cursor->next < count && group->items[cursor->next].kind != ITEM_EVENT) cursor->next++;
    if (cursor->next == count) {
        cursor->is_at_end = true;
        cursor->table->after = cursor->counters;
        return SQLITE_OK;
    }
    cursor->event = item_event(&group->items[cursor->next++]);
    cursor->counters.last_id++;
    cursor->counters.total_bytes += (int64_t)cursor->event.bytes;
    return SQLITE_OK;
}

/* From the first row on; a statement that is prepared again because the schema has changed does this once more. */
static int on_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int argc,
                     sqlite3_value **argv)
{
    (void)plan, (void)plan_text, (void)argc, (void)argv;
    struct cursor *cursor = (struct cursor *)base;
    cursor->next = 0;
    cursor->is_at_end = false;
    cursor->counters = cursor->table->before;
    return on_next(base);
}

static int on_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct cursor *)cursor)->is_at_end;
}

static int on_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = ((struct cursor *)cursor)->counters.last_id;
    return SQLITE_OK;
}

/*
 * An absent text is NULL, which a result is unless it is set. SQLITE_STATIC, without a copy: the bytes are the group's,
 * which does not change before group_table_end(), and no statement has a row of it any more by then.
 */
static void set_text(sqlite3_context *result, struct slice text)
{
    if (text.data) sqlite3_result_text64(result, text.data, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *result, int column)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct event *event = &cursor->event;
    switch ((enum column)column) {
    case COLUMN_ID: sqlite3_result_int64(result, cursor->counters.last_id); break;
    case COLUMN_RECEIVED_AT: sqlite3_result_int64(result, event->received_at); break;
    case COLUMN_TOTAL_BYTES: sqlite3_result_int64(result, cursor->counters.total_bytes); break;
    case COLUMN_BYTES: sqlite3_result_int64(result, (int64_t)event->bytes); break;
    case COLUMN_SOURCE: set_text(result, event->source); break;
    case COLUMN_SENDER: set_text(result, event->fields[EVENT_SENDER]); break;
    case COLUMN_UID: set_text(result, event->fields[EVENT_UID]); break;
    case COLUMN_NAME: set_text(result, event->fields[EVENT_NAME]); break;
    case COLUMN_TIME: set_text(result, event->fields[EVENT_TIME]); break;
    case COLUMN_SOURCE_NAME: set_text(result, event->fields[EVENT_SOURCE_NAME]); break;
    case COLUMN_PAYLOAD: set_text(result, event->payload); break;
    }
    return SQLITE_OK;
}

/* ---- for the caller ---- */

/* Without xCreate the table is there without being created, and only so. */
static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = on_connect,
    .xBestIndex = on_best_index,
    .xDisconnect = on_disconnect,
    .xOpen = on_open,
    .xClose = on_close,
    .xFilter = on_filter,
    .xNext = on_next,
    .xEof = on_eof,
    .xColumn = on_column,
    .xRowid = on_rowid,
};

enum result group_table_open(struct group_table **out, struct db *db, struct why *why)
{
    struct group_table *table = calloc(1, sizeof *table);
    if (!table) abort();
    enum result res = db_add_table(db, "group_events", &module, table, free, why);
    *out = res == RES_OK ? table : NULL;
    return res;
}

void group_table_begin(struct group_table *table, const struct group *group,
                       const struct event_counters *before)
{
    table->group = group;
    table->before = table->after = *before;
}

struct event_counters group_table_end(struct group_table *table)
{
    table->group = NULL;
    return table->after;
}
