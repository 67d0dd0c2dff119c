-- Loads the objects that were not loaded yet: the statement of a scheduled query. Objects never change, so a name says
-- all. One statement is all or nothing, so an object is loaded whole or not yet; let only one run at a time.
-- Executed: not on BigQuery. tests/e2e/test_engines.py parses it, and runs it on DuckDB.
-- Sources: docs.cloud.google.com, BigQuery, "Query Cloud Storage data in external tables" (_FILE_NAME), "Data
-- manipulation language", "Scheduling queries".
INSERT INTO acm.raw_events (event, filename, loaded_at)
SELECT event, _FILE_NAME AS filename, CURRENT_TIMESTAMP()
FROM acm.lines
WHERE _FILE_NAME NOT IN (SELECT filename FROM acm.raw_events);
