-- The objects that were loaded, by their names. sql/engines/gaps.sql and wrong_objects.sql come after this file.
-- Executed: not on Databricks. tests/e2e/test_engines.py parses it as Snowflake's SQL, which has the same functions
-- here, and runs it on DuckDB.
-- Sources: docs.databricks.com, "regexp_extract function", "regexp operator".
USE CATALOG eventspool;
CREATE OR REPLACE VIEW acm.objects AS
SELECT regexp_extract(filename, '-([0-9a-f]{10})-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]', 1) AS spool,
       CAST(regexp_extract(filename, '-([0-9]{10,})-[0-9]{10,}(-r[0-9]+)?[.]', 1) AS BIGINT) AS first_id,
       CAST(regexp_extract(filename, '-[0-9]{10,}-([0-9]{10,})(-r[0-9]+)?[.]', 1) AS BIGINT) AS last_id,
       filename
FROM (SELECT DISTINCT filename FROM acm.raw_events)
WHERE filename REGEXP '-[0-9a-f]{10}-[0-9]{10,}-[0-9]{10,}(-r[0-9]+)?[.]ndjson([.]gz)?$';
