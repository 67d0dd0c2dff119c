/*
 * sql -- the statements of sql/, embedded at build time: sql/ROOM/NAME.sql is sql_NAME, sql/schema/NAME.sql is
 * sql_schema_NAME. sql_all lists them for the test that prepares each and checks its query plan.
 */
#ifndef COMMON_SQL_H
#define COMMON_SQL_H

struct sql_text {
    const char *name; /* NULL ends the list */
    const char *text;
};

extern const struct sql_text sql_all[];

#include "sql_names.h" /* generated from the same files: a declaration for each */

#endif
