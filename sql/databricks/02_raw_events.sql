-- One row for each event, as it is in the object, with the object that it came from: a streaming table, which Auto
-- Loader fills with each object once. The lines of NDJSON are read as text and parsed, so no name is lower-cased, none
-- collides with another, and no type is guessed. A schedule refreshes it.
-- Executed: not at all; the parser of the tests does not know these statements (tests/e2e/test_engines.py).
-- Sources: docs.databricks.com, "CREATE STREAMING TABLE", "read_files table-valued function", "File metadata column",
-- "Common data loading patterns" (pathGlobFilter), "parse_json function" (Databricks Runtime 15.3 and later).
USE CATALOG eventspool;
CREATE OR REFRESH STREAMING TABLE acm.raw_events
SCHEDULE EVERY 1 HOUR
AS SELECT parse_json(value) AS event,
          _metadata.file_path AS filename,
          _metadata.file_modification_time AS file_last_modified,
          current_timestamp() AS loaded_at
FROM STREAM read_files(
    's3://my-bucket/xml-events/',
    format => 'text',
    pathGlobFilter => '[0-9]*_[0-9]*-*-*-*.ndjson*'
);
