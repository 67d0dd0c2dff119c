/* some_spool -- see some_spool.h. */
#include "tests/support/some_spool.h"

#include <inttypes.h>

#include "common/spool.h"
#include "common/sql.h"
#include "tests/support/scratch.h"

void some_spool_make(const char *path)
{
    query_do(path, "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
    query_do(path, "BEGIN; %s COMMIT", sql_schema_001_init);
    query_do(path, "PRAGMA user_version = %d; PRAGMA application_id = %d", SPOOL_SCHEMA,
             SPOOL_APPLICATION_ID);
    query_do(path, "INSERT INTO _spool VALUES (1, '" SOME_SPOOL_ID "', 'node', 0, 1, 0, 0, 0)");
}

#define NUMBERS                                                                                              \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %" PRId64 ") INSERT INTO "

void some_spool_add_events(const char *path, int64_t count, int64_t bytes, int64_t received_at)
{
    query_do(
        path,
        "BEGIN;" NUMBERS "_event (id, received_at, total_bytes, bytes, source, sender, payload)"
        " SELECT k.last_event_id + i, %" PRId64 ", k.event_bytes + i * %" PRId64 ", %" PRId64 ", '192.0.2.1',"
        " 'acm', printf('%%-*s', %" PRId64 ", '<E>' || (k.last_event_id + i) || '</E>') FROM n, _intake k;"
        " UPDATE _intake SET last_event_id = last_event_id + %" PRId64
        ", event_bytes = event_bytes + %" PRId64 ", last_event_at = %" PRId64 "; COMMIT",
        count, received_at, bytes, bytes, bytes, count, count * bytes, received_at);
}

void some_spool_add_rejects(const char *path, int64_t count, int64_t bytes, int64_t received_at)
{
    query_do(path,
             "BEGIN;" NUMBERS
             "_reject (id, received_at, total_bytes, row_bytes, bytes, source, reason, detail, encoding,"
             " namespaces, payload)"
             " SELECT k.last_reject_id + i, %" PRId64 ", k.reject_bytes + i * %" PRId64 ", %" PRId64
             ", %" PRId64 ", '192.0.2.1',"
             " 'malformed', 'line 1', '', '', CAST(printf('%%-*s', %" PRId64
             ", '<E>' || (k.last_reject_id + i)) AS BLOB)"
             " FROM n, _intake k;"
             " UPDATE _intake SET last_reject_id = last_reject_id + %" PRId64
             ", reject_bytes = reject_bytes + %" PRId64 "; COMMIT",
             count, received_at, bytes, bytes, bytes, bytes, count, count * bytes);
}
