-- Each event once, in Athena: of an id that several objects hold, the one with the highest -rN counts. Without
-- EVENT_METADATA the events have no id, and each is kept. Test events, as `make send` sends them, are left out. It
-- reads all days, whatever is asked: a repetition may lie in another day's folder. Ask acm.events_typed for single
-- days.
-- Executed: not on Athena. tests/e2e/test_engines.py parses it as Trino's SQL and runs it on DuckDB.
-- Sources: trino.io, "Window functions".
CREATE OR REPLACE VIEW acm.events AS
SELECT *
FROM (
    SELECT *, max(repetition) OVER (PARTITION BY spool, id) AS highest,
           row_number() OVER (PARTITION BY spool, id, repetition, received_at ORDER BY filename) AS place
    FROM acm.events_typed
)
WHERE (id IS NULL OR repetition = highest AND place = 1) AND coalesce(gateway_dn, '') <> 'cn=eventspool-test';
