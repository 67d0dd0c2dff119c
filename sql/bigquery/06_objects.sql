-- The objects that were loaded, by their names. sql/engines/gaps.sql and wrong_objects.sql come after this file.
-- Executed: not on BigQuery. tests/e2e/test_engines.py parses it as BigQuery's SQL and runs it on DuckDB.
-- Sources: docs.cloud.google.com, BigQuery, "String functions" (REGEXP_EXTRACT: at most one group).
CREATE OR REPLACE VIEW acm.objects AS
SELECT REGEXP_EXTRACT(filename, r'-([0-9a-f]{10})-[0-9]{10,}-[0-9]{10,}(?:-r[0-9]+)?[.]') AS spool,
       CAST(REGEXP_EXTRACT(filename, r'-([0-9]{10,})-[0-9]{10,}(?:-r[0-9]+)?[.]') AS INT64) AS first_id,
       CAST(REGEXP_EXTRACT(filename, r'-[0-9]{10,}-([0-9]{10,})(?:-r[0-9]+)?[.]') AS INT64) AS last_id,
       filename
FROM (SELECT DISTINCT filename FROM acm.raw_events)
WHERE REGEXP_CONTAINS(filename, r'-[0-9a-f]{10}-[0-9]{10,}-[0-9]{10,}(?:-r[0-9]+)?[.]ndjson(?:[.]gz)?$');
