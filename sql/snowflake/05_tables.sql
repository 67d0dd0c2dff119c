-- The tables: what is loaded, as it is in the objects, one row for each event, reject or status document, with the
-- columns that Snowflake adds to each row of a file (METADATA$...). Nothing is cast here: a failed cast in COPY would
-- cost the file.
-- Executed: not on Snowflake. The statements are translated and run on DuckDB (tests/support/sql/warehouse.py).
-- Sources: docs.snowflake.com, "Querying metadata for staged files" and "Semi-structured data types".
USE SCHEMA eventspool.acm;

-- One row for each event of each object, whatever its format. `event` is NULL where a deletion request was carried out
-- (docs/snowflake.md): the row stays, so that completeness can still count it.
CREATE TABLE IF NOT EXISTS raw_events (
    event              VARIANT,
    filename           VARCHAR       NOT NULL, -- METADATA$FILENAME: the object's key
    file_row_number    NUMBER        NOT NULL, -- METADATA$FILE_ROW_NUMBER: 1 is the first event of the object
    file_content_key   VARCHAR,                -- METADATA$FILE_CONTENT_KEY
    file_last_modified TIMESTAMP_NTZ,          -- METADATA$FILE_LAST_MODIFIED: when it came into the bucket, UTC
    start_scan_time    TIMESTAMP_LTZ           -- METADATA$START_SCAN_TIME: when it was loaded
);

-- One row for each reject: what came and is no event.
CREATE TABLE IF NOT EXISTS raw_rejects (
    reject             VARIANT,
    filename           VARCHAR       NOT NULL,
    file_row_number    NUMBER        NOT NULL,
    file_content_key   VARCHAR,
    file_last_modified TIMESTAMP_NTZ,
    start_scan_time    TIMESTAMP_LTZ
);

-- One row for each version of each status document (STATUS_PREFIX) that was seen. Each overwrites the one before it
-- under the same key, so they are loaded by COPY, which knows a file by its name and its ETag, and never by a pipe,
-- which knows it by its name alone.
CREATE TABLE IF NOT EXISTS status_documents (
    document           VARIANT,
    filename           VARCHAR       NOT NULL,
    file_last_modified TIMESTAMP_NTZ NOT NULL,
    start_scan_time    TIMESTAMP_LTZ
);

-- From which id on a spool has to be complete: for spools whose earlier rows were deleted from raw_events. Without a
-- row that is the first id that the spool's status document names, or 1.
CREATE TABLE IF NOT EXISTS completeness_starts (
    spool    VARCHAR NOT NULL,
    first_id NUMBER  NOT NULL
);
