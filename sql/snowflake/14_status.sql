-- What the nodes say of themselves: their status documents (STATUS_PREFIX; docs/operating.md, "A fleet at a glance").
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_completeness.py, and in random
-- worlds by tests/e2e/test_snowflake_completeness_worlds.py.
-- Sources: docs.snowflake.com, "Querying semi-structured data", QUALIFY, FLATTEN, AS_ARRAY, SYSDATE.
USE SCHEMA eventspool.acm;

-- Each version of each status document, and what is asked of them below. put_at is the store's clock.
CREATE OR REPLACE VIEW status_versions AS
SELECT filename, file_last_modified AS put_at, document, document:now::VARCHAR AS written_at,
       document:spool.node::VARCHAR AS node, document:spool.id::VARCHAR AS spool,
       COALESCE(document:spool.first_id::NUMBER, 1) AS first_id, document:received.events::NUMBER AS received
FROM status_documents;

-- A fleet at a glance: each node's newest document. is_name_shared: within a day two spools wrote it in turns, and not one
-- after the other, as where a spool is restored. So two installations have one NODE_ID, and each hides the other here. Only
-- versions that were loaded can tell: docs/scaling.md, "Two nodes of one name", has a question that does not depend on that.
CREATE OR REPLACE VIEW nodes AS
WITH newest AS (
    SELECT node, spool, put_at, document:status::VARCHAR AS status, document:verdict::VARCHAR AS verdict,
           document:problems AS problems, received, document:shipped.events::NUMBER AS shipped,
           document:backlog.events::NUMBER AS backlog, filename
    FROM status_versions
    QUALIFY ROW_NUMBER() OVER (PARTITION BY filename ORDER BY put_at DESC, written_at DESC) = 1
),
writers AS (
    SELECT filename, spool, MIN(put_at) AS first_at, MAX(put_at) AS last_at
    FROM status_versions
    WHERE put_at >= DATEADD(day, -1, SYSDATE())
    GROUP BY filename, spool
),
shared AS (
    SELECT DISTINCT a.filename
    FROM writers a
    JOIN writers b ON b.filename = a.filename AND b.spool <> a.spool
    WHERE a.first_at <= b.last_at AND b.first_at <= a.last_at
)
SELECT n.node, n.spool, n.put_at, DATEDIFF(minute, n.put_at, SYSDATE()) AS age_minutes,
       n.put_at < DATEADD(minute, -15, SYSDATE()) AS is_silent, -- dead, or cut off: one comes every five minutes
       s.filename IS NOT NULL AS is_name_shared, n.status, n.verdict, n.problems, n.received, n.shipped, n.backlog,
       n.filename
FROM newest n
LEFT JOIN shared s ON s.filename = n.filename;

-- The two versions that count of each spool's documents: the newest one, and the newest of those that are settled: what
-- such a one says of an id has had two hours to become true of the directory table. They may be the same.
CREATE OR REPLACE VIEW status_used AS
SELECT spool, filename, put_at, first_id, received, age_rank = 1 AS is_newest, settled_rank = 1 AS is_settled,
       AS_ARRAY(document:open_ranges) AS open_ranges, document:open_ranges_cut::BOOLEAN AS is_open_cut,
       AS_ARRAY(document:abandoned_ranges) AS abandoned_ranges, document:abandoned_ranges_cut::BOOLEAN AS is_abandoned_cut
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY spool ORDER BY put_at DESC, written_at DESC) AS age_rank,
           IFF(put_at <= DATEADD(hour, -2, SYSDATE()),
               ROW_NUMBER() OVER (PARTITION BY spool, put_at <= DATEADD(hour, -2, SYSDATE())
                                  ORDER BY put_at DESC, written_at DESC), NULL) AS settled_rank
    FROM status_versions
    WHERE spool IS NOT NULL
) AS ranked
WHERE age_rank = 1 OR settled_rank = 1;

-- What these list of events: ranges of ids, `spool` being the name under which they come, which a batch that was sealed
-- before the spool was restored has kept. A list has the events first: those that are sealed, in their order, then
-- those that are pending. If it was cut, ids behind the last sealed one may belong to what it had no place for.
CREATE OR REPLACE VIEW status_ranges AS
WITH listed AS (
    SELECT u.spool AS written_by, u.put_at, u.received, u.is_newest, u.is_settled,
           u.is_open_cut AS is_cut, 'open' AS list, r.value AS entry
    FROM status_used u, LATERAL FLATTEN(input => u.open_ranges, mode => 'ARRAY') r
    UNION ALL
    SELECT u.spool, u.put_at, u.received, u.is_newest, u.is_settled,
           u.is_abandoned_cut, 'abandoned', r.value
    FROM status_used u, LATERAL FLATTEN(input => u.abandoned_ranges, mode => 'ARRAY') r
),
entries AS (
    SELECT written_by, put_at, received, is_newest, is_settled, is_cut, list, entry:kind::VARCHAR AS kind,
           entry:first_id::NUMBER AS first_id, entry:last_id::NUMBER AS last_id, entry:state::VARCHAR AS state,
           object_name(entry:key::VARCHAR) AS name,
           TRY_TO_TIMESTAMP_NTZ(entry:since::VARCHAR, 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"') AS since
    FROM listed
)
SELECT written_by, COALESCE(object_spool(name), written_by) AS spool, put_at, is_newest, is_settled, first_id, last_id,
       state, name, since
FROM entries
WHERE kind = 'events'
UNION ALL
SELECT written_by, written_by, put_at, is_newest, is_settled, MAX(last_id) + 1, MAX(received), list || '_cut', NULL,
       put_at
FROM entries
WHERE is_cut
GROUP BY written_by, put_at, is_newest, is_settled, list
HAVING COUNT_IF(kind = 'rejects' OR state = 'pending') = 0 AND MAX(last_id) < MAX(received);
