-- What came and was no event? Rejects by reason, with the sentence that explains the newest of each. What each reason
-- means: docs/reference-spool.md, "Rejects".
-- Parameters: `since`.
-- Executed: not on Snowflake. It is translated and run on DuckDB by tests/e2e/test_snowflake_questions.py.
-- Sources: docs.snowflake.com, MAX_BY.
WITH asked AS (
    SELECT DATEADD(day, -30, CURRENT_TIMESTAMP) AS since
)
SELECT
    rejects.reason,
    COUNT(*) AS reject_count,
    COUNT(DISTINCT rejects.source_address) AS sender_count,
    MAX(rejects.received_at) AS last_received_at,
    MAX_BY(rejects.detail, rejects.received_at) AS newest_detail
FROM rejects
CROSS JOIN asked
WHERE rejects.received_at >= asked.since
GROUP BY rejects.reason
ORDER BY reject_count DESC, rejects.reason;
