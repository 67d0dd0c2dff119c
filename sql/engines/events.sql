-- Each event once: of an id that several objects hold, the one with the highest -rN counts. Without EVENT_METADATA the
-- events have no id, and each is kept. Test events, as `make send` sends them, are left out. For DuckDB,
-- Databricks and BigQuery in these same words; Athena has no QUALIFY (sql/athena/).
-- Executed: on DuckDB 1.5.6 by tests/e2e/test_engines.py, which also parses it as BigQuery's SQL; not on Databricks,
-- not on BigQuery.
-- Sources: duckdb.org, "QUALIFY Clause"; docs.databricks.com, "QUALIFY clause"; docs.cloud.google.com, "Query syntax".
CREATE OR REPLACE VIEW acm.events AS
SELECT *
FROM acm.events_typed
WHERE coalesce(gateway_dn, '') <> 'cn=eventspool-test'
QUALIFY id IS NULL
    OR repetition = max(repetition) OVER (PARTITION BY spool, id)
        AND row_number() OVER (PARTITION BY spool, id, repetition, received_at ORDER BY filename) = 1;
