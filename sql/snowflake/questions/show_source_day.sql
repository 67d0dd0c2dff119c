-- What happened at one door (or other source) on one day, from midnight to midnight at its place?
-- Parameters: `source` and `day`, a date; `zone`, whose midnight it is.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, CONVERT_TIMEZONE, LAG, DATEDIFF.
WITH asked AS (
    SELECT 'Loading Dock North' AS source, '2025-08-04'::DATE AS day, 'UTC' AS zone
)
SELECT
    CONVERT_TIMEZONE(asked.zone, events.happened_at_utc) AS happened_at,
    DATEDIFF(second, LAG(events.happened_at_utc) OVER (
        ORDER BY events.happened_at_utc, events.id
    ), events.happened_at_utc) AS seconds_after_previous,
    events.event_name,
    events.message,
    events.card_number,
    events.last_name,
    events.first_name,
    events.operator_name,
    events.is_alarm
FROM events
CROSS JOIN asked
WHERE events.source_name = asked.source
    AND CONVERT_TIMEZONE(asked.zone, events.happened_at_utc)::DATE = asked.day
ORDER BY events.happened_at_utc, events.id;
