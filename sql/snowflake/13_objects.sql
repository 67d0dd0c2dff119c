-- The objects of events that are known: those in the bucket, by the directory table, and those that were loaded.
-- Executed: not on Snowflake. Translated and run on DuckDB by tests/e2e/test_snowflake_completeness.py, and in random
-- worlds by tests/e2e/test_snowflake_completeness_worlds.py.
-- Sources: docs.snowflake.com, "Querying directory tables", CONVERT_TIMEZONE, "Querying metadata for staged files".
USE SCHEMA eventspool.acm;

-- One row for each object that is in the bucket or was loaded; `name` is the last part of its key. An object that was
-- deleted after it was loaded, by a lifecycle rule for example, is still known from its rows.
CREATE OR REPLACE VIEW objects AS
WITH loaded_files AS (
    SELECT filename, object_name(filename) AS name, MIN(file_last_modified) AS came_at FROM raw_events GROUP BY filename
),
loaded AS (
    SELECT name, MIN(came_at) AS came_at FROM loaded_files GROUP BY name
),
staged AS (
    SELECT object_name(relative_path) AS name, MIN(CONVERT_TIMEZONE('UTC', last_modified)::TIMESTAMP_NTZ) AS came_at
    FROM DIRECTORY(@events_stage)
    GROUP BY object_name(relative_path)
),
known AS (
    SELECT COALESCE(s.name, l.name) AS name, s.name IS NOT NULL AS is_in_bucket,
           LEAST(COALESCE(s.came_at, l.came_at), COALESCE(l.came_at, s.came_at)) AS came_at
    FROM staged s
    FULL OUTER JOIN loaded l ON l.name = s.name
),
named AS (
    SELECT object_spool(name) AS spool, object_first_id(name) AS first_id, object_last_id(name) AS last_id,
           object_repetition(name) AS repetition, name, came_at, is_in_bucket
    FROM known
),
-- Each row is counted once, however often the object was loaded; and a row that it cannot have is none of its own.
counted AS (
    SELECT n.name, COUNT(DISTINCT r.file_row_number) AS rows_loaded
    FROM named n
    JOIN loaded_files f ON f.name = n.name
    JOIN raw_events r ON r.filename = f.filename AND r.file_row_number <= n.last_id - n.first_id + 1
    GROUP BY n.name
)
SELECT n.spool, n.first_id, n.last_id, n.repetition, n.name, COALESCE(c.rows_loaded, 0) AS rows_loaded, n.came_at,
       n.is_in_bucket, COALESCE(c.rows_loaded, 0) = n.last_id - n.first_id + 1 AS is_loaded
FROM named n
LEFT JOIN counted c ON c.name = n.name
WHERE n.spool IS NOT NULL; -- the document that proves the destination is no object
