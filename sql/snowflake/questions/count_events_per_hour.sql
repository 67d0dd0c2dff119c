-- Is it flowing? Events by hour and node, as they were received by the collector, the newest hour first. An hour that
-- is missing for a node had no event, or its events are not loaded yet: 15_completeness.sql knows which.
-- Without EVENT_METADATA there is neither a node nor a time of receipt: then all events stand in one row without an
-- hour.
-- Parameters: `since`.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, DATE_TRUNC.
WITH asked AS (
    SELECT DATEADD(day, -2, CURRENT_TIMESTAMP) AS since
)
SELECT
    DATE_TRUNC('hour', events.received_at) AS hour_began_at,
    events.node,
    COUNT(*) AS event_count,
    COUNT(DISTINCT events.filename) AS object_count,
    MAX(events.received_at) AS last_received_at
FROM events
CROSS JOIN asked
WHERE events.received_at >= asked.since OR events.received_at IS NULL
GROUP BY hour_began_at, events.node
ORDER BY hour_began_at DESC, events.node;
