-- How often was a badge denied, by door and hour? Which events count is found as in list_door_alarms.sql.
-- Parameters: `since`; `zone`, in whose hours to count; `names`, as patterns of ILIKE for the event or its type. Take
-- your own from list_event_names.sql.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, VALUES, ILIKE, CONVERT_TIMEZONE, DATE_TRUNC.
WITH asked AS (
    SELECT DATEADD(day, -7, CURRENT_TIMESTAMP) AS since, 'UTC' AS zone
),
names AS (
    SELECT pattern FROM (VALUES ('%invalid credential%'), ('%denied%')) AS v (pattern)
),
known AS (
    SELECT *, COALESCE(event_type_address || ' ' || point_address, event_name, event_type_name) AS kind FROM events
),
kinds AS (
    SELECT DISTINCT known.kind
    FROM known
    INNER JOIN names ON known.event_name ILIKE names.pattern OR known.event_type_name ILIKE names.pattern
)
SELECT
    DATE_TRUNC('hour', CONVERT_TIMEZONE(asked.zone, known.happened_at_utc)) AS hour_began_at,
    known.source_name,
    COUNT(*) AS denied_count,
    COUNT(DISTINCT known.card_number) AS card_count,
    LISTAGG(DISTINCT known.event_name, ', ') AS reasons
FROM known
INNER JOIN kinds ON known.kind = kinds.kind
CROSS JOIN asked
WHERE known.happened_at_utc >= asked.since
GROUP BY hour_began_at, known.source_name
ORDER BY hour_began_at DESC, denied_count DESC, known.source_name;
