-- Which doors were forced, or held open, and when?
-- An event counts if its name is one of `names`, or if its number is that of an event which had one of these names at
-- any time: so events from before and after a renaming are found, in every language. An event that lacks one of its two
-- numbers (`point_address`, `event_type_address`) is known by its name alone.
-- Parameters: `since`; `names`, as patterns of ILIKE. The names below are those of samples, not proven to be every
-- site's: take your own from list_event_names.sql.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, VALUES, ILIKE.
WITH asked AS (
    SELECT DATEADD(day, -7, CURRENT_TIMESTAMP) AS since
),
names AS (
    SELECT pattern FROM (VALUES ('%forced open%'), ('%held open%')) AS v (pattern)
),
known AS (
    SELECT *, COALESCE(event_type_address || ' ' || point_address, event_name) AS kind FROM events
),
kinds AS (
    SELECT DISTINCT known.kind
    FROM known
    INNER JOIN names ON known.event_name ILIKE names.pattern
)
SELECT
    known.happened_at,
    known.source_name,
    known.source_location,
    known.panel_name,
    known.event_name,
    known.message,
    known.priority
FROM known
INNER JOIN kinds ON known.kind = kinds.kind
CROSS JOIN asked
WHERE known.happened_at_utc >= asked.since
ORDER BY known.happened_at_utc DESC, known.source_name;
