-- A person asks to be forgotten. Run this on request, after all files with a number. As it stands it finds nobody and
-- changes nothing: put the person's identity_dn into the first statement. Events may also name a person by a card
-- number or a name alone; find those first, and widen both conditions.
--
-- That is not the end of it:
-- * Time Travel shows the old rows for DATA_RETENTION_TIME_IN_DAYS, one day unless you have set more, and for up to 14
--   days where the stream of 12_events_merged.sql is not read. Fail-safe keeps them for Snowflake's own people for 7
--   days after that. Neither can be cut short for single rows.
-- * The objects in S3 still hold the events, and so do old versions of them if the bucket keeps versions. An event
--   cannot be cut out of an object, and eventspool replaces none: delete the objects, by a lifecycle rule for all or by
--   hand. Until then nothing may load them again: no TRUNCATE with COPY, no FORCE, no REFRESH of a new pipe. Deleted
--   objects whose rows are loaded stay complete.
-- * The spools keep shipped events for RETENTION, and so do copies of a spool's file.
-- * The columns do not show everything: not an event that was given as `#xml` (09_fields.sql), nor a field that
--   list_unmapped_fields.sql names. And rejects have no columns for persons. Look for each name and number in the whole
--   (a payload in base64 has to be decoded first), before the last statement:
--     UPDATE raw_events SET event = NULL WHERE CONTAINS(event::VARCHAR, '<the name>');
--     UPDATE raw_rejects SET reject = NULL WHERE CONTAINS(reject::VARCHAR, '<the name>');
-- * These statements, with what you write into them, stay in SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY for a year.
--
-- Executed: not on Snowflake. The statements are run on DuckDB by tests/e2e/test_snowflake_statements.py.
-- Sources: docs.snowflake.com, UPDATE, DELETE, IN, CONTAINS, "Understanding & using Time Travel", "Understanding and
-- viewing Fail-safe", "Introduction to Streams" (Data retention period and staleness), "QUERY_HISTORY view".
USE ROLE eventspool_loader;
USE WAREHOUSE eventspool_wh;
USE SCHEMA eventspool.acm;

SET forgotten = 'cn=nobody';

-- All copies of the person's events, also those that a higher -rN has replaced. The row stays, without its event, so
-- that completeness still counts it.
UPDATE raw_events SET event = NULL
FROM events_typed AS typed
WHERE raw_events.filename = typed.filename
    AND raw_events.file_row_number = typed.file_row_number
    AND typed.identity_dn = $forgotten;
SELECT COUNT(*) AS must_be_zero FROM events_typed WHERE identity_dn = $forgotten;

-- With 12_events_merged.sql, and after the rows of raw_events, so that the task cannot merge them again. Without that
-- file this is one statement too many, and fails.
DELETE FROM events_merged
WHERE (filename, file_row_number) IN (
    SELECT filename, file_row_number FROM raw_events GROUP BY filename, file_row_number HAVING COUNT(event) = 0
);
