/*
 * group_table -- the events of one group as the rows of a table that a statement can read, `group_events`: a virtual
 * table of SQLite (https://www.sqlite.org/vtab.html) that exists in one connection and is never written to.
 *
 * It has the columns of _event in their order. The rows are the group's events in the order of adding; their ids and
 * running totals go on from counters that the caller passes. Nothing is copied on the way: SQLite gets pointers into
 * the group, and keeps them until the statement that reads them is reset.
 */
#ifndef COLLECTOR_SPOOL_GROUP_TABLE_H
#define COLLECTOR_SPOOL_GROUP_TABLE_H

#include <stdint.h>

#include "common/why.h"

struct db;    /* common/db.h */
struct group; /* collector/intake/group.h */
struct group_table;

/* The counters in _intake that belong to events. */
struct event_counters {
    int64_t last_id;
    int64_t total_bytes; /* of all events that were ever received */
};

/*
 * Adds the table, empty, to the connection, which owns it from now on: it lives as long as the connection. `*table` is
 * NULL unless RES_OK. RES_BROKEN: this SQLite does not take it.
 */
MUST_CHECK enum result group_table_open(struct group_table **table, struct db *db, struct why *why);

/*
 * The table has the events of `group` from now on, which is borrowed and must not change until group_table_end(); the
 * first of them comes behind `before`.
 */
void group_table_begin(struct group_table *table, const struct group *group,
                       const struct event_counters *before);

/*
 * The table is empty again. Returns the counters after the last row that a statement has read to the end; `before` if
 * none has. No statement that reads the table may be running.
 */
struct event_counters group_table_end(struct group_table *table);

#endif
