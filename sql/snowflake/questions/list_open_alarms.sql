-- Which alarms has nobody acknowledged or cleared?
-- THIS IS A GUESS. Acknowledgements, clears and notes come as events of their own, if the collaboration sends them, and
-- are believed to repeat the alarm's cn. So an alarm counts as open while no event with its cn names an operator, and
-- none says that it is no alarm any more. Check before you rely on it: acknowledge one alarm in ACM, then look at all
-- columns of
--   SELECT * FROM events WHERE cn = '<the alarm''s cn>' ORDER BY happened_at_utc;
-- If nothing but the alarm is there, tick Send Acknowledgments, Send Clears and Send Notes on the collaboration's
-- Events tab. A note alone makes an alarm count as seen here, as it names the operator, too. An alarm without a cn
-- stays open, as nothing can be known to belong to it.
-- Parameters: `since`.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, GROUP BY, MIN_BY.
WITH asked AS (
    SELECT DATEADD(day, -7, CURRENT_TIMESTAMP) AS since
)
SELECT
    MIN(events.happened_at_utc) AS first_happened_at,
    MIN_BY(events.source_name, events.happened_at_utc) AS source_name,
    MIN_BY(events.event_name, events.happened_at_utc) AS event_name,
    MIN_BY(events.priority, events.happened_at_utc) AS alarm_priority,
    COUNT(*) AS event_count,
    events.gateway_dn,
    events.cn
FROM events
CROSS JOIN asked
WHERE events.happened_at_utc >= asked.since
GROUP BY events.gateway_dn, events.cn, CASE WHEN events.cn IS NULL THEN events.spool || '-' || events.id END
HAVING COUNT(CASE WHEN events.is_alarm THEN 1 END) > 0
    AND COUNT(events.operator_name) = 0
    AND COUNT(CASE WHEN NOT events.is_alarm THEN 1 END) = 0
ORDER BY alarm_priority, first_happened_at;
