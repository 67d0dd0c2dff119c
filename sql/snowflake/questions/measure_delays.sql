-- How old is an event when it can be asked for, and where does it wait? Seconds, by the day of receipt and node: from
-- the door to the collector (a panel's wrong clock shows here), from there into the bucket (ROTATION_INTERVAL, or an
-- outage), and from the bucket into the table (the pipe).
-- Parameters: `since`.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, "Querying metadata for staged files" (FILE_LAST_MODIFIED is a TIMESTAMP_NTZ in UTC),
-- CONVERT_TIMEZONE, MEDIAN, PERCENTILE_CONT.
WITH asked AS (
    SELECT DATEADD(day, -7, CURRENT_TIMESTAMP) AS since
),
stations AS (
    SELECT
        events.node,
        CONVERT_TIMEZONE('UTC', events.happened_at_utc)::TIMESTAMP_NTZ AS happened,
        CONVERT_TIMEZONE('UTC', events.received_at)::TIMESTAMP_NTZ AS received,
        events.file_last_modified AS stored,
        CONVERT_TIMEZONE('UTC', events.start_scan_time)::TIMESTAMP_NTZ AS loaded
    FROM events
    CROSS JOIN asked
    WHERE events.received_at >= asked.since
)
SELECT
    received::DATE AS day,
    node,
    COUNT(*) AS event_count,
    MEDIAN(DATEDIFF(second, happened, received)) AS to_collector_median,
    MEDIAN(DATEDIFF(second, received, stored)) AS to_bucket_median,
    MEDIAN(DATEDIFF(second, stored, loaded)) AS to_table_median,
    MEDIAN(DATEDIFF(second, happened, loaded)) AS in_all_median,
    PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY DATEDIFF(second, happened, loaded)) AS in_all_95th,
    MAX(DATEDIFF(second, happened, loaded)) AS in_all_longest
FROM stations
GROUP BY day, node
ORDER BY day DESC, node;
