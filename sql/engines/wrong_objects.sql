-- Is every object read whole? The objects that have other numbers of rows in acm.events_typed than their names say. For
-- DuckDB, Athena, Databricks and BigQuery in these same words.
-- Executed: on DuckDB 1.5.6 by tests/e2e/test_engines.py, which also parses it as Athena's and BigQuery's SQL; on none
-- of the others.
-- Sources: docs/reference-objects.md, "Keys": an object holds last - first + 1 events.
CREATE OR REPLACE VIEW acm.wrong_objects AS
SELECT o.filename, count(e.filename) AS events, o.last_id - o.first_id + 1 AS expected
FROM acm.objects AS o
LEFT JOIN acm.events_typed AS e ON e.filename = o.filename
GROUP BY o.filename, o.first_id, o.last_id
HAVING count(e.filename) <> o.last_id - o.first_id + 1;
