-- The view `events` as a table, for those who have so many events that it takes too long to count each one once at
-- every question: a stream notes which rows were loaded, and a task merges them. Whatever the order in which objects
-- are loaded, once the task has run the table holds what the view shows. Without such a need, leave this file out.
-- Executed: not on Snowflake. The table and the task's MERGE are translated and run on DuckDB by
-- tests/e2e/test_snowflake_merged.py, in random orders of loading, with a table in the place of the stream.
-- Sources: docs.snowflake.com, "Introduction to Streams", CREATE STREAM, CREATE TASK, MERGE ("ALL BY NAME", "Duplicate
-- join behavior"), "Understanding compute cost".
--
-- What it costs. The table is a second copy of the events. A run of the task finds the rows that were loaded since the
-- last one in raw_events, by filename and file_row_number, and their ids in events_merged; the query profile shows how
-- many partitions it has read for that. Without new rows there is no run, and asking whether there are any needs no
-- warehouse. A warehouse that starts is billed for 60 seconds at least: that makes 24 minutes a day or more if an
-- object comes each hour, and 144 if one comes each minute. Once they are merged, old rows of raw_events may be
-- deleted; completeness_starts has to say so. An object that comes late, or again, is merged all the same, but the
-- table can then not be made anew.
--
-- A stream that is not read for longer than 14 days (MAX_DATA_EXTENSION_TIME_IN_DAYS) may go stale. To begin anew, then
-- or after a change of the views, run this file again. That makes the table from raw_events, without grants and masking
-- policies: what 17_privacy.sql says of the view is said of the view alone.
--
-- A deletion request is carried out in both: first in raw_events, then in events_merged (forget_person.sql). That is
-- all, unless a deleted event was the one of several that counted (the spool was set back, or an
-- object of somebody else lies under a key of ours): then the view shows what it had displaced, and the table does so
-- when this file has run again.
USE SCHEMA eventspool.acm;
USE WAREHOUSE eventspool_wh;

ALTER TASK IF EXISTS merge_events SUSPEND;

-- First the stream, then the table: what is loaded between the two is in both, and merging it changes nothing.
CREATE OR REPLACE STREAM raw_events_stream ON TABLE raw_events APPEND_ONLY = TRUE;

CREATE OR REPLACE TABLE events_merged AS SELECT * FROM events;

-- The view itself can have no stream, as a view with QUALIFY or with functions that are not the system's has none. So
-- the stream tells which rows were loaded, and events_typed what is in them. Among these rows and those that the table
-- has of the same ids, the same ones count as in the view `events`. What counts and is not in the table is inserted,
-- and what is in the table and counts no more is deleted. Each is in `changed` once, so no row of the table matches two
-- of them: the result does not depend on chance.
CREATE OR REPLACE TASK merge_events
    WAREHOUSE = eventspool_wh
    SCHEDULE = '10 MINUTES'
    WHEN SYSTEM$STREAM_HAS_DATA('eventspool.acm.raw_events_stream')
AS
MERGE INTO events_merged AS merged
USING (
    WITH loaded AS (
        SELECT typed.*
        FROM events_typed AS typed
        JOIN (SELECT DISTINCT filename, file_row_number FROM raw_events_stream) AS fresh
            ON fresh.filename = typed.filename AND fresh.file_row_number = typed.file_row_number
        WHERE typed.gateway_dn IS DISTINCT FROM 'cn=eventspool-test'
    ), known AS (
        SELECT * FROM events_merged WHERE (spool, id) IN (SELECT spool, id FROM loaded)
    ), candidates AS (
        SELECT *, FALSE AS is_merged FROM loaded
        UNION ALL
        SELECT *, TRUE AS is_merged FROM known
    ), counted AS (
        SELECT
            *,
            repetition = MAX(repetition) OVER (PARTITION BY spool, id)
                AND ROW_NUMBER() OVER (
                    PARTITION BY spool, id, repetition, received_at
                    ORDER BY filename, file_row_number, is_merged DESC, start_scan_time
                ) = 1 AS counts
        FROM candidates
    )
    SELECT * EXCLUDE (is_merged, counts) FROM counted WHERE counts <> is_merged
) AS changed
ON merged.spool = changed.spool
    AND merged.id = changed.id
    AND merged.filename = changed.filename
    AND merged.file_row_number = changed.file_row_number
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED THEN INSERT ALL BY NAME;

ALTER TASK merge_events RESUME;
