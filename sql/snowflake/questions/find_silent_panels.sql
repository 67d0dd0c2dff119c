-- Which panels have been silent for longer than ever in the last weeks?
-- A panel is listed if its last event is longer ago than the longest pause between two of its events. Quiet panels are
-- therefore not listed on a quiet night, and a panel that has not been heard of for the whole period is not known here.
-- Parameters: `since`; `minimum_events`, below which no pause can be called usual; `minimum_minutes`.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, LAG, DATEDIFF.
WITH asked AS (
    SELECT DATEADD(day, -30, CURRENT_TIMESTAMP) AS since, 20 AS minimum_events, 60 AS minimum_minutes
),
pauses AS (
    SELECT
        events.gateway_dn,
        events.panel_name,
        events.happened_at_utc,
        DATEDIFF(minute, LAG(events.happened_at_utc) OVER (
            PARTITION BY events.gateway_dn, events.panel_name ORDER BY events.happened_at_utc
        ), events.happened_at_utc) AS minutes
    FROM events
    CROSS JOIN asked
    WHERE events.happened_at_utc >= asked.since
),
panels AS (
    SELECT
        gateway_dn,
        panel_name,
        COUNT(*) AS event_count,
        MAX(minutes) AS longest_pause_minutes,
        MAX(happened_at_utc) AS last_happened_at,
        DATEDIFF(minute, CONVERT_TIMEZONE('UTC', MAX(happened_at_utc))::TIMESTAMP_NTZ, SYSDATE()) AS silent_minutes
    FROM pauses
    GROUP BY gateway_dn, panel_name
)
SELECT
    panels.panel_name,
    panels.silent_minutes,
    panels.longest_pause_minutes,
    panels.last_happened_at,
    panels.event_count,
    panels.gateway_dn
FROM panels
CROSS JOIN asked
WHERE panels.event_count >= asked.minimum_events
    AND panels.silent_minutes > GREATEST(panels.longest_pause_minutes, asked.minimum_minutes)
ORDER BY panels.silent_minutes DESC;
