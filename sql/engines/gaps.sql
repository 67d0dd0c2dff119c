-- Is everything there? The ids of each spool between two objects, or before the first one, that no object holds, by the
-- names of the objects. A hole that is younger than two hours may be on its way; what is behind the last object cannot
-- be seen from here. For DuckDB, Athena, Databricks and BigQuery in these same words.
-- Executed: on DuckDB 1.5.6 by tests/e2e/test_engines.py, which also parses it as Athena's and BigQuery's SQL; on none
-- of the others.
-- Sources: duckdb.org, "Window Functions"; trino.io, "Window functions"; docs.databricks.com, "Window functions";
-- docs.cloud.google.com, "Window function calls".
CREATE OR REPLACE VIEW acm.gaps AS
WITH ordered AS (
    SELECT spool, first_id,
           coalesce(max(last_id) OVER (PARTITION BY spool ORDER BY first_id, last_id
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS covered
    FROM acm.objects
)
SELECT spool, covered + 1 AS first_id, first_id - 1 AS last_id
FROM ordered
WHERE first_id > covered + 1;
