-- Which events does this site have? Administrators rename and translate event types and event names; the numbers stay.
-- Look here for the names and numbers that the other questions take as their parameters.
-- Parameters: none.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, LISTAGG.
SELECT
    event_type_address,
    LISTAGG(DISTINCT event_type_name, ' | ') AS event_type_names,
    point_address,
    LISTAGG(DISTINCT event_name, ' | ') AS event_names,
    COUNT(*) AS event_count,
    COUNT(CASE WHEN is_alarm THEN 1 END) AS alarm_count,
    MAX(happened_at_utc) AS last_happened_at
FROM events
GROUP BY event_type_address, point_address
ORDER BY event_count DESC, event_type_address, point_address;
